/**
 * Default domains and dma-iommu, 5.3 to 7.0: groups, ids, what is attached when, what is mapped and flushed. The
 * machine is the one whose Linux 6.1 was recorded, with another device in the place of its disk.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from '../src/base/word.ts';
import { playText, type Played } from './support/handoff.ts';

interface Setup {
  readonly profile?: string;
  readonly crashed?: string;
  readonly release?: string;
  readonly options?: string;
  readonly crashedOptions?: string;
  readonly work?: string;
  readonly device?: string;
  readonly capture?: string;
  readonly config?: string;
}

const debug = 'dyndbg=\\"file drivers/iommu/intel/iommu.c +p\\"';

function q35(setup: Setup = {}): Played {
  return playText(`DMAR q35
platform {
  host-address-width 39
  memory 0x1000-0x9fbff
  memory 0x100000-0x3ffd6fff
  crash-kernel 0x2f000000-0x3effffff
  pci-window 0xa0000-0xbffff
  pci-window 0x40000000-0xafffffff
  pci-window 0xc0000000-0xfebfffff
  pci-window 0x100000000-0x8ffffffff
}
unit dmar0 { profile ${setup.profile ?? 'qemu-39'}; base 0xfed90000; scope listed; ioapic 0 ff:00.0 }
device host 00:00.0 { model host-bridge }
device disk 00:03.0 { model hpsa; ${setup.device ?? ''} }
device isa 00:1f.0 { model isa-bridge }
device sata 00:1f.2 { model smbus }
device smbus 00:1f.3 { model smbus }
crashed ${setup.crashed ?? 'linux-6.1'} {
  command-line "intel_iommu=on ${setup.crashedOptions ?? setup.options ?? ''} ${debug}"
  ${setup.config ?? ''}
  ${setup.work ?? 'map ring 4K from-device on disk\ndma write ring every 100ms until reset'}
  wait 350ms
  panic
}
capture ${setup.release ?? setup.crashed ?? 'linux-6.1'} {
  command-line "intel_iommu=on reset_devices ${setup.options ?? ''} ${debug}"
  ${setup.config ?? ''}
  ${setup.capture ?? 'wait 500ms\nprobe disk'}
}
never fault
`);
}

/** Descriptors of the context cache and the IOTLB, and TE, of one kernel; without waits. */
function flushes(run: Played, kernel: 'crashed' | 'capture'): readonly string[] {
  const panic = run.events.findIndex(({ what }) => what.kind === 'panic');
  const part = kernel === 'crashed' ? run.events.slice(0, panic) : run.events.slice(panic);
  return part.flatMap(({ what }) => {
    if (what.kind === 'command' && what.command.startsWith('TE')) return [what.command];
    if (what.kind !== 'descriptor' || what.text.startsWith('wait') || what.text.startsWith('interrupt')) return [];
    return [what.text];
  });
}

test('groups are numbered by slot, said in order of address, then each device comes into its domain', () => {
  const log = q35().log;
  const begin = log.indexOf('pci 0000:00:00.0: Adding to iommu group 0');
  assert.deepEqual(log.slice(begin, begin + 11), [
    'pci 0000:00:00.0: Adding to iommu group 0',
    'pci 0000:00:03.0: Adding to iommu group 1',
    'pci 0000:00:1f.0: Adding to iommu group 2',
    'pci 0000:00:1f.2: Adding to iommu group 2',
    'pci 0000:00:1f.3: Adding to iommu group 2',
    'DMAR: Set context mapping for 00:00.0',
    'DMAR: Set context mapping for 00:03.0',
    'DMAR: Set context mapping for 00:1f.0',
    'DMAR: Set context mapping for 00:1f.2',
    'DMAR: Set context mapping for 00:1f.3',
    'DMAR: Intel(R) Virtualization Technology for Directed I/O',
  ]);
});

test('an ordinary start attaches every device before translation goes on; 6.1 keeps the ids 0 and 1', () => {
  const run = q35({ profile: 'qemu-39-caching-mode' });
  const from = flushes(run, 'crashed').slice(2, 13);
  assert.deepEqual(from.map((line) => line.replace(/^.*invalidation /, '')), [
    'device 00:00.0 domain 0', 'domain 2', 'device 00:03.0 domain 0', 'domain 3',
    'device 00:1f.0 domain 0', 'domain 4', 'device 00:1f.2 domain 0', 'domain 4',
    'device 00:1f.3 domain 0', 'domain 4', 'TE on',
  ]);
});

test('a capture kernel attaches nothing at its start, and the device at its first mapping, with a new id', () => {
  const run = q35();
  const lines = flushes(run, 'capture');
  assert.match(lines[0] ?? '', /context.*global/);
  assert.match(lines[1] ?? '', /IOTLB.*global/);
  assert.match(lines[2] ?? '', /device 00:03.0 domain 3/);
  assert.match(lines[3] ?? '', /domain 3/);
  // What follows is the lazy queue, of the new domain alone.
  assert.ok(lines.length > 4 && lines.slice(4).every((line) => line.endsWith('domain 5')), lines.join('; '));
  assert.ok(run.log.indexOf('DMAR: Set context mapping for 00:03.0', 30) > run.log.indexOf('HP HPSA Driver (v 3.4.16-0)'));
});

test('5.3 and 5.11 give the first domain the id 1', () => {
  for (const release of ['linux-5.3', 'linux-5.11']) {
    const run = q35({ crashed: release, capture: '', profile: 'qemu-39-caching-mode' });
    assert.ok(flushes(run, 'crashed').some((line) => line.endsWith('domain 1')), release);
  }
});

test('6.12 clears the copied entry before it flushes, 6.1 behind it', () => {
  for (const [release, expected] of [['linux-6.1', 'flush'], ['linux-6.12', 'clear']] as const) {
    const run = q35({ crashed: 'linux-6.1', release });
    const from = run.events.findLastIndex(({ what }) =>
      what.kind === 'routine-enter' && what.routine === 'domain_context_mapping_one');
    const first = run.events.slice(from).find(({ what }) =>
      (what.kind === 'store' && what.bytes === 8) || what.kind === 'descriptor');
    const isClear = first?.what.kind === 'store' && first.what.value.low === 0 && first.what.value.high === 0;
    assert.equal(isClear ? 'clear' : 'flush', expected, release);
  }
});

test('what an ISA bridge may reach is mapped to itself, page by page, without a flush', () => {
  const run = q35();
  const panic = run.events.findIndex(({ what }) => what.kind === 'panic');
  const fills = run.events.slice(0, panic).flatMap(({ what }) => (what.kind === 'fill' ? [what] : []));
  assert.equal(fills.length, 8);
  assert.equal(fills.reduce((sum, { count }) => sum + count, 0), 4096);
  assert.deepEqual(fills.map(({ first }) => first.low), Array.from({ length: 8 }, (_, index) => index * 0x20_0000 + 3));
});

test('the reserved region of a device is mapped by the core, in silence, and no address is given out in it', () => {
  const run = q35({ device: 'rmrr 0xfffff000-0xffffffff' });
  assert.ok(!run.log.some((line) => line.includes('identity map')));
  assert.ok(!run.log.includes('DMAR: No RMRR found'));
  assert.match(run.of('crashed')[0] ?? '', /0xffffe000/);
});

test('a mapping is flushed under caching mode alone, page by page, and an unmapping at once', () => {
  const work = 'map ring 16K bidirectional on disk\nunmap ring\nmap other 16K bidirectional on disk';
  const lines = flushes(q35({ profile: 'qemu-39-caching-mode', work, capture: '' }), 'crashed').slice(13);
  assert.equal(lines.length, 3);
  assert.ok(lines.every((line) => /domain 3/.test(line) && /0xffffc000/.test(line)), lines.join('; '));
  assert.deepEqual(flushes(q35({ work: 'map ring 16K bidirectional on disk', capture: '' }), 'crashed').slice(3), []);
});

test('unmapped ranges wait ten milliseconds, for one flush of the domain; an address comes again behind it', () => {
  const work = 'map a 4K bidirectional on disk\nmap b 4K bidirectional on disk\nunmap a\nunmap b\nwait 9ms\n'
    + 'map c 4K bidirectional on disk\nwait 2ms\nmap d 4K bidirectional on disk\ndma write d every 1s times 1';
  const run = q35({ work, capture: '' });
  assert.deepEqual(flushes(run, 'crashed').slice(3).map((line) => line.replace(/^.*invalidation /, '')), ['domain 3']);
  // b was freed last.
  assert.match(run.of('crashed')[0] ?? '', /0xffffe000/);
});

test('the 256th unmapping finds the ring full and flushes', () => {
  const maps = Array.from({ length: 256 }, (_, index) => `map b${index} 4K bidirectional on disk\nunmap b${index}`);
  assert.equal(flushes(q35({ work: maps.slice(1).join('\n'), capture: 'wait 1ms' }), 'crashed').length, 4);
  const full = q35({ work: maps.join('\n') });
  assert.equal(flushes(full, 'crashed').slice(3).length, 2);
});

test('strict mode flushes each unmapping by itself', () => {
  const work = 'map a 4K bidirectional on disk\nunmap a';
  for (const options of ['iommu.strict=1', 'intel_iommu=strict']) {
    const lines = flushes(q35({ work, crashedOptions: options, capture: '' }), 'crashed').slice(3);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /0xfffff000/);
  }
});

test('addresses are below 4 GiB unless told otherwise; then they end with the width of the tables', () => {
  const at = (options: string): string => q35({ crashedOptions: options, capture: '' }).of('crashed')[0] ?? '';
  assert.match(at(''), /0xfffff000/);
  assert.match(at('iommu.forcedac=1'), /0x7ffffff000/);
});

test('with iommu=pt devices are passed through, and a capture kernel that does so never takes them over', () => {
  const both = q35({ options: 'iommu=pt' });
  assert.equal(flushes(both, 'capture').length, 2);
  assert.ok(both.log.includes('iommu: Default domain type: Passthrough (set via kernel command line)'));
  // The crashed kernel translated, the capture kernel writes physical addresses: its DMA meets the old tables.
  const second = q35({ crashedOptions: '', options: 'iommu=pt' });
  assert.equal(flushes(second, 'capture').length, 2);
  assert.ok(second.of('capture').some((line) => line.includes('fault')), second.of('capture').join('; '));
  const first = q35({ crashedOptions: 'iommu=pt', options: '' });
  assert.match(flushes(first, 'capture')[2] ?? '', /device 00:03.0 domain 2/);
});

test('a pass-through entry has no table, and the widest width of the unit', () => {
  const run = q35({ options: 'iommu=pt', capture: '' });
  const stores = run.events.flatMap(({ what }) => (what.kind === 'store' && what.bytes === 8 ? [what] : []));
  const last = stores.filter(({ address }) => bytesOf(address) % 4096 === 16 * 0xfb).at(-1);
  assert.deepEqual(last?.value, { low: 9, high: 0 });
  const high = stores.filter(({ address }) => bytesOf(address) % 4096 === 16 * 0xfb + 8).at(-1);
  assert.deepEqual(high?.value, { low: 0x201, high: 0 });
});

test('5.3 says of each device in turn what became of it', () => {
  const log = q35({ crashed: 'linux-5.3', crashedOptions: 'dyndbg=\\"file drivers/iommu/intel-iommu.c +p\\"', capture: '' }).log;
  const begin = log.indexOf('DMAR: Set context mapping for 00:00.0');
  assert.deepEqual(log.slice(begin, begin + 4), [
    'DMAR: Set context mapping for 00:00.0', 'pci 0000:00:00.0: Adding to iommu group 0',
    'DMAR: Set context mapping for 00:03.0', 'pci 0000:00:03.0: Adding to iommu group 1',
  ]);
});

test('an entry for what a device writes can be read since 5.13, and not before', () => {
  // This unit has no zero-length reads: intel_dma_ops let it read what is only written.
  for (const [release, reads] of [['linux-5.3', true], ['linux-5.11', false], ['linux-6.1', true]] as const) {
    const run = q35({ crashed: release, work: 'map ring 4K from-device on disk\ndma read ring every 1s times 1', capture: '' });
    assert.equal(run.of('crashed')[0]?.includes('fault 6'), !reads, release);
  }
});

test('a build with the debug option shows the tables behind a fault, as they are now', () => {
  const at = (release: string, config: string): readonly string[] => {
    const log = q35({
      crashed: release, work: 'map ring 4K to-device on disk\ndma write ring every 1s times 1', config, capture: '',
    }).log;
    return log.slice(log.findIndex((line) => line.includes('fault addr'))).slice(1, 8);
  };
  const dump = at('linux-6.1', 'config dmar-debug');
  assert.equal(dump[0], 'DMAR: Dump dmar0 table entries for IOVA 0xfffff000');
  assert.match(dump[1] ?? '', /^DMAR: root entry: 0x[0-9a-f]{13}001$/);
  assert.match(dump[2] ?? '', /^DMAR: context entry: hi 0x0000000000000301, low 0x[0-9a-f]{13}001$/);
  for (const [index, level] of [3, 2, 1].entries()) {
    assert.match(dump[3 + index] ?? '', new RegExp(`^DMAR: pte level: ${level}, pte value: 0x[0-9a-f]{13}00${level === 1 ? 1 : 3}$`));
  }
  assert.ok(!at('linux-6.1', '').some((line) => line.includes('Dump')));
  assert.ok(!at('linux-5.11', 'config dmar-debug').some((line) => line.includes('Dump')));
});

test('the dump stops at a copied entry, which the lookup hides, and where no table is', () => {
  const dead = q35({
    work: 'map ring 4K to-device on disk\ndma write ring every 100ms until reset', config: 'config dmar-debug',
    capture: 'wait 500ms',
  }).log;
  const fault = dead.findLastIndex((line) => line.includes('fault addr'));
  assert.equal(dead[fault + 3], 'DMAR: context table is not present');
  const missing = q35({
    work: 'map ring 4K to-device on disk\ndma read ring every 1s times 1\nunmap ring\nwait 20ms\n'
      + 'map other 4K to-device on disk\ndma write other every 1s times 1',
    config: 'config dmar-debug', capture: '',
  });
  assert.ok(missing.log.some((line) => line.includes('pte level: 1')));
});

test('a unit in caching mode without scalable mode has no PASID allocator where the build wants one', () => {
  const line = 'DMAR: VT-d Scalable Mode not enabled, no PASID allocation';
  const cm = 'qemu-39-caching-mode';
  assert.ok(q35({ profile: cm, capture: '' }).log.includes(line));
  assert.ok(!q35({ profile: cm, capture: '', config: 'config no-svm', crashed: 'linux-6.1' }).log.slice(0, 25).includes(line));
  assert.ok(!q35({ capture: '' }).log.includes(line));
  assert.ok(!q35({ profile: cm, crashed: 'linux-6.12', capture: '' }).log.includes(line));
});

test('identity has the id 1 from 6.12 on, and comes in silence', () => {
  const run = q35({ crashed: 'linux-6.12', options: 'iommu=pt', profile: 'qemu-39-caching-mode', capture: '' });
  assert.ok(!run.log.some((line) => line.includes('Set context mapping')));
  const lines = flushes(run, 'crashed').slice(2, 4).map((line) => line.replace(/^.*invalidation /, ''));
  assert.deepEqual(lines, ['device 00:00.0 domain 0', 'domain 1']);
});

test('a unit that flushes by itself when its root is set is not flushed again by 6.1', () => {
  const own = 'qemu-39\n  capability 0x80d2008c22260206\n ';
  assert.match(flushes(q35({ profile: own }), 'capture')[0] ?? '', /device 00:03.0/);
  assert.match(flushes(q35({ profile: own, crashed: 'linux-5.11' }), 'capture')[0] ?? '', /global/);
});

test('without pass-through in the unit the identity is a table of all memory', () => {
  const own = 'qemu-39\n  extended-capability 0xf00f0a\n ';
  const run = q35({ profile: own, options: 'iommu=pt', capture: '', work: 'map ring 4K bidirectional on disk\ndma write ring every 1s times 1' });
  const [first] = run.of('crashed');
  assert.match(first ?? '', /^write 0x[0-9a-f]{7,8}: to crashed$/);
  const walked = run.happenings('iotlb-fill')[0];
  assert.equal(Number(walked?.frame), Number(walked?.target));
});

test('devices behind a conventional bridge are one group, and each brings the entry of their common id', () => {
  const run = playText(`DMAR behind-a-bridge
platform { host-address-width 39; memory 0x100000-0x3ffd6fff; crash-kernel 0x2f000000-0x3effffff }
unit dmar0 { profile qemu-39; base 0xfed90000 }
bridge old 00:1e.0 { kind pcie-to-pci; buses 0x5-0x5 }
device one 05:01.0 { model hpsa }
device two 05:02.0 { model hpsa }
crashed linux-6.1 {
  command-line "intel_iommu=on ${debug}"
  map ring 4K bidirectional on one
  dma write ring every 100ms until reset
  wait 350ms
  panic
}
capture linux-6.1 {
  command-line "intel_iommu=on reset_devices ${debug}"
  wait 500ms
  probe one
}
never fault
`);
  const first = run.log.slice(0, run.log.indexOf('DMAR: Intel(R) Virtualization Technology for Directed I/O'));
  assert.deepEqual(first.filter((line) => /iommu group|Set context/.test(line)), [
    'pci 0000:05:01.0: Adding to iommu group 0', 'pci 0000:05:02.0: Adding to iommu group 0',
    'DMAR: Set context mapping for 05:01.0', 'DMAR: Set context mapping for 05:00.0',
    'DMAR: Set context mapping for 05:02.0', 'DMAR: Set context mapping for 05:00.0',
  ]);
  // At the handoff of one the copied entry of the common id goes too; that of two stays.
  const lines = flushes(run, 'capture').slice(2, 6).map((line) => line.replace(/^.*invalidation /, ''));
  assert.deepEqual(lines, ['device 05:01.0 domain 2', 'domain 2', 'device 05:00.0 domain 2', 'domain 2']);
});
