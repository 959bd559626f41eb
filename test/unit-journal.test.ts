/** A unit is journalled whole: going back restores it, and its fingerprint is that of its state. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFingerprint, Random } from '../src/base/hash.ts';
import { invalidateContext, invalidateIotlb, iotlbDescriptor, waitDescriptor } from './support/commands.ts';
import type { Tree } from './support/tree.ts';
import { UnitDriver } from './support/unit-driver.ts';
import { device, prepared } from './support/walk-cases.ts';

const seed = 62131;

/** One random access of software or a device; what the outside sees of it. */
function disturb(driver: UnitDriver, tree: Tree, random: Random): string {
  const page = 0x5000 + 0x1000 * random.below(4);
  const source = device + random.below(3);
  switch (random.below(10)) {
    case 0: {
      tree.map(page, BigInt(0x20_0000 + 0x1000 * random.below(8) + random.below(4)));
      return 'map';
    }
    case 1: {
      driver.poke(driver.contextAddress(source) + 8, BigInt(2 + 256 * random.below(4)));
      return 'move';
    }
    case 2: {
      invalidateContext(driver, 'registers', { granularity: 1 + random.below(3), domain: random.below(4), source });
      return driver.read64(0x28).toString(16);
    }
    case 3: {
      invalidateIotlb(driver, 'registers', { granularity: 1 + random.below(3), domain: random.below(4), address: page });
      return driver.read64(0x208).toString(16);
    }
    case 4: {
      driver.clearRecord(random.below(8));
      driver.write32(0x34, random.below(32));
      return driver.read32(0x34).toString(16);
    }
    case 5: {
      driver.levels(random.below(4) === 0 ? 0 : 0x8000_0000);
      return driver.read32(0x1c).toString(16);
    }
    default:
      return driver.dma(source, page, random.below(2) === 0 ? 'read' : 'write');
  }
}

function scene(): readonly [UnitDriver, Tree] {
  const driver = new UnitDriver({ choices: { 'iotlb-entries': '32', 'context-cache-entries': '16' } });
  const tree = driver.tree();
  for (let source = device; source < device + 3; source += 1) driver.context(source, tree.pointer, 0x0102n);
  driver.start();
  return [driver, tree];
}

function allRegisters(driver: UnitDriver): string {
  return Array.from({ length: 1024 }, (_, dword) => driver.read32(dword * 4)).join();
}

test('after any accesses the running fingerprint is that of the state, and going back restores the unit', (t) => {
  t.diagnostic(`seed ${seed}`);
  const random = new Random(seed);
  const [driver, tree] = scene();
  const marks: { mark: number; registers: string; print: string }[] = [];
  for (let turn = 0; turn < 300; turn += 1) {
    marks.push({
      mark: driver.journal.mark(), registers: allRegisters(driver),
      print: formatFingerprint(driver.journal.fingerprint()),
    });
    disturb(driver, tree, random);
    if (turn % 20 === 0) {
      assert.deepEqual(driver.journal.fingerprint(), driver.journal.rehash(), `access ${turn}`);
    }
  }
  for (let jump = 0; jump < 60; jump += 1) {
    const there = marks[random.below(marks.length)];
    assert.ok(there !== undefined);
    driver.journal.moveTo(there.mark);
    assert.equal(allRegisters(driver), there.registers);
    assert.equal(formatFingerprint(driver.journal.fingerprint()), there.print);
    assert.deepEqual(driver.journal.fingerprint(), driver.journal.rehash());
  }
});

test('the same accesses give the same answers, from the start and after going back', (t) => {
  t.diagnostic(`seed ${seed}`);
  const play = (driver: UnitDriver, tree: Tree): readonly string[] => {
    const random = new Random(seed);
    return Array.from({ length: 200 }, () => disturb(driver, tree, random));
  };
  const [first, tree] = scene();
  for (const page of [0x5000, 0x6000, 0x7000, 0x8000]) tree.entryAddress(page, 1);
  const mark = first.journal.mark();
  const answers = play(first, tree);
  const [second, other] = scene();
  for (const page of [0x5000, 0x6000, 0x7000, 0x8000]) other.entryAddress(page, 1);
  assert.deepEqual(play(second, other), answers);
  first.journal.moveTo(mark);
  first.levels(0x8000_0000);
  assert.deepEqual(play(first, tree), answers);
});

test('a request has another fingerprint at each of its steps, and for each of its accesses', () => {
  const prints = new Set<string>();
  for (const access of ['read', 'write', 'atomic', 'zero-length-read'] as const) {
    const driver = prepared(() => {});
    driver.begin(1, device, 0x5000, access);
    for (let step = 0; step < 6; step += 1) {
      driver.step(1);
      // The caches and the request alone differ; both count.
      prints.add(formatFingerprint(driver.journal.fingerprint()));
    }
  }
  assert.equal(prints.size, 24);
});

test('two walks that go on differently have different fingerprints although memory is the same', () => {
  // The level-3 entry granted both rights, or only reading, when the walk passed it.
  const prints = [3n, 1n].map((rights) => {
    const driver = prepared((unit, tree) => {
      const at = tree.entryAddress(0x5000, 3);
      unit.poke(at, unit.peek(at) - 3n + rights);
      unit.begin(1, device, 0x5000);
      for (let step = 0; step < 5; step += 1) unit.step(1);
      unit.poke(at, unit.peek(at) - rights + 3n);
    });
    return formatFingerprint(driver.journal.fingerprint());
  });
  assert.notEqual(prints[0], prints[1]);
});

test('a wait that is held up by a drain survives going back and forth', () => {
  const driver = prepared(() => {});
  driver.startQueue();
  driver.begin(1, device, 0x5000);
  driver.finish(1, 0x5000);
  const before = driver.journal.mark();
  driver.submit(iotlbDescriptor({ granularity: 1, drains: true }), waitDescriptor(0x8000, 1));
  const waiting = driver.journal.mark();
  driver.journal.moveTo(before);
  driver.journal.moveTo(waiting);
  assert.equal(driver.peek(0x8000), 0n);
  driver.unit.retire(1);
  driver.settle();
  assert.equal(driver.peek(0x8000), 1n);
});
