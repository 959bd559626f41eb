/** What the trace and the fingerprint tell of a unit, where its answers would be the same without. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFingerprint } from '../src/base/hash.ts';
import { frameNumber, sourceIdNumber, sourceIdOf } from '../src/base/word.ts';
import { invalidateIotlb } from './support/commands.ts';
import { fiveLevels } from './support/custom-profiles.ts';
import { UnitDriver } from './support/unit-driver.ts';
import { device, prepared } from './support/walk-cases.ts';

const structures = { 'paging-structure-cache': 'kept' } as const;

function fingerprint(driver: UnitDriver): string {
  return formatFingerprint(driver.journal.fingerprint());
}

test('cached rights and FPD are part of the state', () => {
  // The entry with its rights when it is cached, and the same memory for all of them afterwards.
  const prints = [3n, 1n, 2n].flatMap((rights) => [0n, 2n].map((faultDisabled) => {
    const driver = prepared((unit, tree) => {
      tree.map(0x5000, 0x20_0000n + rights);
      unit.context(device, tree.pointer + faultDisabled, 0x0502n);
    });
    driver.dmaAtOnce(device, 0x5000, rights === 2n ? 'write' : 'read');
    driver.context(device, 0n, 0n);
    driver.write64(0x28, 0xa000_0000_0000_0000n);
    driver.settle();
    driver.poke(0x10_4000 + 8 * 5, 0n);
    return fingerprint(driver);
  }));
  assert.equal(new Set(prints).size, 6);
});

test('what a paging-structure cache holds is part of the state', () => {
  const prints = [3n, 1n, 2n].map((rights) => {
    const driver = prepared(() => {}, { choices: structures });
    const tree = driver.tree();
    const [top, leaf] = [tree.entryAddress(0x5000, 4), tree.entryAddress(0x5000, 1)];
    driver.poke(top, driver.peek(top) - 3n + rights);
    driver.poke(leaf, 0x4000_0000_0020_0003n);
    driver.context(device, tree.pointer, 0x0502n);
    driver.dma(device, 0x5000, rights === 2n ? 'write' : 'read');
    driver.clearRecord();
    driver.poke(top, driver.peek(top) - rights + 3n);
    return fingerprint(driver).concat(driver.record().slice(-3));
  });
  assert.equal(new Set(prints).size, 3);
});

test('a request waiting for its walk differs by its access alone', () => {
  const prints = ['read', 'write', 'atomic', 'zero-length-read'].map((_, index, names) => {
    const driver = prepared(() => {});
    driver.begin(1, device, 0x5000, (['read', 'write', 'atomic', 'zero-length-read'] as const)[index] ?? 'read');
    return `${names.length} ${fingerprint(driver)}`;
  });
  assert.equal(new Set(prints).size, 4);
});

test('removed entries are named by size of page, source and address, whatever order they came in', () => {
  const pages = [0x4000_5000, 0x5000, 0x20_5000, 0x6000, 0x7f_f000, 0x4000_6000, 0x9000];
  const driver = prepared((unit, tree) => {
    for (const address of pages) tree.map(address, 0x21_0003n);
    tree.map(0x8000_0000, 0x40_0083n, 2);
    unit.context(device + 1, tree.pointer, 0x0502n);
  });
  for (const source of [device + 1, device]) {
    for (const address of [0x8000_0000, ...pages]) driver.dma(source, address);
  }
  invalidateIotlb(driver, 'registers', { granularity: 2, domain: 5 });
  const removed = driver.happenings('invalidate').at(-1)?.removed ?? [];
  const small = [0x5, 0x6, 0x9, 0x205, 0x7ff, 0x4_0005, 0x4_0006];
  assert.deepEqual(removed.map(({ source, frame }) => [
    source === null ? null : sourceIdNumber(source), frame === null ? null : frameNumber(frame),
  ]), [...small.map((frame) => [32, frame]), ...small.map((frame) => [33, frame]), [32, 0x8_0000], [33, 0x8_0000]]);
});

test('an interrupt entry that is removed has no fill, source, page or domain to its name', () => {
  const driver = new UnitDriver();
  driver.start();
  driver.startQueue();
  driver.write64(0xb8, 0x4_0007n);
  driver.command(0x0100_0000);
  driver.levels(0x8600_0000);
  driver.poke(0x4_0030, 0x0000_0100_0077_0001n);
  driver.unit.interrupt({ source: sourceIdOf(device), address: 0xfee0_0070, data: 0, cause: -1 });
  driver.submit([4n, 0n]);
  assert.deepEqual(driver.happenings('invalidate').at(-1)?.removed,
    [{ source: null, frame: null, domain: null, filledBy: -1 }]);
});

test('descriptors that a unit takes without having what they are about are written of as unmodelled', () => {
  const driver = new UnitDriver({ profile: 'qemu-39' });
  driver.start();
  driver.startQueue();
  driver.submit([3n, 0n], [6n + 0x20n, 0n], [7n, 0n]);
  assert.deepEqual(driver.happenings('unmodelled'), [
    { kind: 'unmodelled', register: 'device-TLB', access: 'write' },
    { kind: 'unmodelled', register: 'PASID-based IOTLB', access: 'write' },
    { kind: 'unmodelled', register: 'PASID cache', access: 'write' },
  ]);
});

test('paging-structure caches serve requests that are traced, and requests that are not', () => {
  for (const recording of [true, false]) {
    for (const atOnce of [true, false]) {
      const driver = prepared((_, tree) => tree.map(0x6000, 0x21_0003n), { choices: structures, recording });
      const tree = driver.tree();
      tree.map(0x5000, 0x30_0003n);
      tree.map(0x6000, 0x31_0003n);
      driver.context(device, tree.pointer, 0x0502n);
      const dma = (address: number): string => (atOnce ? driver.dmaAtOnce(device, address) : driver.dma(device, address));
      assert.equal(dma(0x5000), 'to 0x300000');
      // Only what leads to the page table is stale; the page table itself is read.
      for (const level of [4, 3, 2]) driver.poke(tree.entryAddress(0x5000, level), 0n);
      assert.equal(dma(0x6000), 'to 0x310000', `${recording} ${atOnce}`);
      invalidateIotlb(driver, 'registers', { granularity: 1 });
      assert.equal(dma(0x6000), 'blocked 0x6');
      assert.equal(driver.unit.core.structures.size, 0);
    }
  }
});

test('a cached entry of any level is used when memory no longer has it', () => {
  // What is asked for shares with 0x5000 the entries down to this level, and no lower ones.
  for (const [level, address, recording] of [
    [2, 0x6000, true], [3, 0x20_5000, true], [4, 0x4000_5000, true], [4, 0x4000_5000, false],
  ] as const) {
    const driver = prepared(() => {}, { choices: structures, recording });
    const tree = driver.tree();
    tree.map(0x5000, 0x30_0003n);
    tree.map(address, 0x31_0003n);
    driver.context(device, tree.pointer, 0x0502n);
    driver.dma(device, 0x5000);
    driver.poke(tree.entryAddress(0x5000, level), 0n);
    assert.equal(recording ? driver.dma(device, address) : driver.dmaAtOnce(device, address), 'to 0x310000',
      `level ${level}`);
    // Another source of the domain, whose walk begins at the root, gets there by the same entry.
    driver.context(device + 1, tree.pointer, 0x0502n);
    assert.equal(recording ? driver.dma(device + 1, address) : driver.dmaAtOnce(device + 1, address), 'to 0x310000',
      `level ${level}, from the root`);
  }
});

test('a table of five levels has four that are cached', () => {
  const driver = prepared((unit) => {
    const tree = unit.tree(5);
    tree.map(0x5000, 0x30_0003n);
    unit.context(device, tree.pointer, 0x0503n);
  }, { profile: fiveLevels, choices: structures });
  driver.dma(device, 0x5000);
  assert.equal(driver.unit.core.structures.size, 4);
  assert.deepEqual(driver.happenings('structure-fill').map(({ level }) => level), [5, 4, 3, 2]);
});

test('a unit that latches pass-through looks again when translation is switched', () => {
  const driver = new UnitDriver({ profile: 'qemu-39' });
  driver.start();
  driver.context(device, 9n, 0x0501n);
  assert.equal(driver.dma(device, 0x5000), 'to 0x5000');
  // The entry in memory no longer passes anything through; the latch does, until TE changes.
  driver.context(device, 0n, 0n);
  assert.equal(driver.dma(device, 0x6000), 'to 0x6000');
  driver.levels(0);
  driver.levels(0x8000_0000);
  assert.equal(driver.dma(device, 0x6000), 'blocked 0x2');
});

test('a unit that latches pass-through looks at every bus', () => {
  for (const source of [0x0008, 0x7f08, 0xffff]) {
    const driver = new UnitDriver({ profile: 'qemu-39' });
    driver.context(source, 9n, 0x0501n);
    driver.start();
    driver.context(source, 0n, 0n);
    assert.equal(driver.dma(source, 0x5000), 'to 0x5000', source.toString(16));
  }
});

test('a wait that asks for nothing is taken, and refused by a unit that departs', () => {
  for (const [profile, status] of [['ivy-bridge-ep', 0], ['qemu-39', 0x10]] as const) {
    const driver = new UnitDriver({ profile });
    driver.start();
    driver.startQueue();
    // IQE is bit 4 of FSTS. With a status write (SW 5) or an interrupt (IF 4) the wait asks for something.
    driver.submit([0x25n, 0x30_0000n], [0x15n, 0n]);
    assert.equal(driver.read32(0x34), 0, profile);
    driver.submit([5n, 0n]);
    assert.equal(driver.read32(0x34), status, profile);
  }
});

test('what changed in a register is told by its name, with the half where it has two', () => {
  const driver = new UnitDriver();
  const mark = driver.journal.mark();
  driver.write64(0x20, 0x1_0000_1000n);
  driver.write32(0x3c, 0x41);
  assert.deepEqual(driver.journal.changesBetween(mark, driver.journal.mark())
    .map(({ store, cell }) => store.describe(cell)), ['RTADDR (low half)', 'RTADDR (high half)', 'FEDATA']);
});
