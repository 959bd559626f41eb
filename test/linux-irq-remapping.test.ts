/**
 * Interrupt remapping at the start of both kernels: what is written in which order, what is copied from the old
 * table, and which entries the new kernel may then use. The order is the one recorded from Linux 6.1.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event, Happening } from '../src/base/event.ts';
import { bareHex } from '../src/base/word.ts';
import type { IrqLine } from '../src/linux/core/interrupts.ts';
import { irqRemapping } from '../src/linux/irq-remapping/irq-remapping.ts';
import { KernelDriver } from './support/kernel-driver.ts';
import { play, type Pieces, type Played } from './support/handoff.ts';

const withIoApic = 'ioapic 8 f0:1f.7\nioapic 0 ff:00.0';

function played(pieces: Pieces = {}): Played {
  return play({ profile: 'qemu-39', unit: withIoApic, release: 'linux-4.12', crashedRelease: 'linux-4.12', ...pieces });
}

/** Register writes and descriptors of one kernel's start, up to its root table. */
function startOf(run: Played, kernel: 'crashed' | 'capture'): readonly string[] {
  const starts = run.events.flatMap(({ what }, index) => (what.kind === 'kernel-start' ? [index] : []));
  const from = starts[kernel === 'crashed' ? 0 : 1] ?? -1;
  const lines = run.events.slice(from).map(({ what }) => lineOf(what)).filter((line) => line !== '');
  return lines.slice(0, lines.findIndex((line) => line.startsWith('RTADDR')));
}

function lineOf(what: Happening): string {
  if (what.kind === 'descriptor') return what.text.startsWith('wait') ? '' : what.text;
  if (what.kind !== 'register-write' || what.target !== 'dmar0' || what.register === 'IQT') return '';
  const isAddress = what.register === 'IQA' || what.register === 'IRTA';
  return `${what.register} ${isAddress ? '' : bareHex(what.value)}`.trim();
}

/** Indices whose entries the kernel wrote, in order. */
function indices(run: Played, kernel: 'crashed' | 'capture'): readonly number[] {
  return run.events.filter(({ actor }: Event) => actor === kernel)
    .flatMap(({ what }) => (what.kind === 'routine-enter' && what.routine === 'modify_irte'
      ? [Number(what.detail.replace('index ', ''))] : []));
}

test('an ordinary kernel takes the queue, sets its table, switches remapping on, then its fault interrupt', () => {
  const lines = startOf(played(), 'crashed');
  assert.deepEqual(lines.slice(0, 6), [
    'IQA', 'GCMD 4000000', 'IRTA', 'GCMD 5000000', lines[4], 'GCMD 6000000',
  ]);
  assert.match(lines[4] ?? '', /interrupt-entry.*global/);
  assert.deepEqual(lines.slice(6, 11), ['FEDATA 31', 'FEADDR fee00000', 'FEUADDR 0', 'FECTL 0', 'FSTS 0']);
});

test('a capture kernel leaves remapping and translation on while it changes queue and table', () => {
  const lines = startOf(played(), 'capture');
  assert.deepEqual(lines.slice(0, 5), ['GCMD 82000000', 'IQA', 'GCMD 86000000', 'IRTA', 'GCMD 87000000']);
  assert.match(lines[5] ?? '', /interrupt-entry.*global/);
  assert.equal(lines[6], 'FEDATA 31');
});

test('what the old kernel had in use is copied, and its entries are not given out again', () => {
  const run = played();
  // The timer at pin 2, ACPI, the mouse twice, keyboard, clock, console: their pins have entries from the start.
  assert.deepEqual(indices(run, 'crashed'), [1, 1, 8, 8, 11, 11, 11, 11, 11, 0, 0, 7, 7, 3, 3]);
  // The same with 0, 1, 3, 7, 8 and 11 taken.
  assert.deepEqual(indices(run, 'capture'), [4, 4, 14, 14, 17, 17, 17, 17, 17, 2, 2, 13, 13, 6, 6]);
  assert.ok(run.log.includes('DMAR-IR: Copied IR table for dmar0 from previous kernel'));
});

test('every entry that the old kernel wrote stands in the new table as it was', () => {
  const run = played();
  const [table] = run.happenings('copy');
  assert.ok(table !== undefined && table.length === 0x10_0000);
  const stores = run.events.filter(({ actor }) => actor === 'capture')
    .flatMap(({ what }) => (what.kind === 'store' ? [what.address] : []));
  const oldEntries = [0, 1, 3, 7, 8, 11].map((index) => Number(table.to) + 16 * index);
  assert.deepEqual(oldEntries.filter((address) => stores.some((stored) => Number(stored) === address)), []);
});

test('kernels from before the copy switch remapping off first', () => {
  const lines = startOf(played({ release: 'linux-4.1' }), 'capture');
  // IRE goes, then QIE; translation is still on.
  assert.deepEqual(lines.slice(0, 3), ['GCMD 84000000', 'GCMD 80000000', 'IQA']);
});

test('a kernel without an I/O APIC in the table, or told not to, leaves interrupts alone', () => {
  for (const run of [played({ unit: '' }), played({ captureOptions: 'intremap=off' }), played({ captureOptions: 'nointremap' })]) {
    const start = startOf(run, 'capture');
    assert.ok(!start.some((line) => line.startsWith('IRTA')), start.join(', '));
  }
});

test('a unit that cannot remap interrupts keeps every unit from it', () => {
  const run = played({ profile: 'nehalem-ep-no-intremap', platform: '' });
  assert.ok(!run.log.some((line) => line.startsWith('DMAR-IR')));
});

test('x2APIC needs EIM in every unit', () => {
  const without = played({ platform: 'apic x2apic' });
  assert.ok(without.log.includes('DMAR-IR: dmar0 does not support EIM'));
  assert.ok(without.log.includes('DMAR-IR: Enabled IRQ remapping in xapic mode'));
  const run = played({ platform: 'apic x2apic', profile: 'skylake-sp' });
  assert.ok(run.log.includes('DMAR-IR: Enabled IRQ remapping in x2apic mode'));
  const [irta] = run.happenings('register-write').filter(({ register }) => register === 'IRTA');
  assert.equal((irta?.value.low ?? 0) % 0x1000, 0x80f);
});

test('without remapping the fault interrupt is set up with the units, behind the interrupt of ACPI', () => {
  const run = play({ profile: 'qemu-39', release: 'linux-6.1', crashedRelease: 'linux-6.1' });
  const writes = run.happenings('register-write').filter(({ target, register }) => target === 'dmar0' && register !== 'IQT')
    .map(lineOf);
  const capture = writes.slice(writes.lastIndexOf('GCMD 80000000'));
  const root = capture.indexOf('GCMD c4000000');
  assert.deepEqual(capture.slice(0, 3), ['GCMD 80000000', 'IQA', 'GCMD 84000000']);
  assert.deepEqual(capture.slice(root + 1), ['FEDATA 22', 'FEADDR fee01004', 'FEUADDR 0', 'FEDATA 22', 'FEADDR fee01004',
    'FEUADDR 0', 'FECTL 0']);
});

test('a table of another size is not copied, and said so', () => {
  const bench = new KernelDriver({ release: 'linux-6.1', isKdump: true, ioapic: true });
  bench.setRegister(0x1c, 0x2000000n, 4);
  bench.setRegister(0xb8, 0x50_0007n);
  assert.equal(bench.run(irqRemapping(bench.driver)), true);
  assert.ok(bench.logged.includes('DMAR-IR: Failed to copy IR table for dmar0 from previous kernel'));
  assert.ok(!bench.operations.some((line) => line.startsWith('copy')));
  // Remapping was on before, and stays on.
  assert.ok(!bench.operations.includes('write32 +0x18 0x6000000'));
});

test('a freed entry is given out again, the old kernel\'s never', () => {
  const bench = new KernelDriver({ release: 'linux-6.1', isKdump: true, ioapic: true });
  bench.setRegister(0x1c, 0x2000000n, 4);
  bench.setRegister(0xb8, 0x50_000fn);
  bench.poke(0x50_0010, 1n);
  bench.run(irqRemapping(bench.driver));
  const take = (): { line: IrqLine; address: number } => {
    const line = bench.run(bench.kernel.irqChip.allocate(bench.device.source));
    return { line, address: bench.run(line.activate(0x41)).address };
  };
  const index = (address: number): number => Math.floor((address - 0xfee00000) / 32);
  const taken = [take(), take(), take()];
  assert.deepEqual(taken.map(({ address }) => index(address)), [0, 2, 3]);
  bench.run(taken[1]?.line.deactivate() ?? assert.fail());
  bench.run(taken[1]?.line.free() ?? assert.fail());
  assert.equal(index(take().address), 2);
  assert.equal(index(take().address), 4);
});
