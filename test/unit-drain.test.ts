/** Requests in flight: drains (6.5.4), and walks in progress during an invalidation. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  contextDescriptor, invalidateContext, invalidateIotlb, iotlbDescriptor, waitDescriptor, ways, type IotlbCommand,
} from './support/commands.ts';
import { noDrain } from './support/custom-profiles.ts';
import { UnitDriver, type Settings } from './support/unit-driver.ts';
import { device, prepared } from './support/walk-cases.ts';

const status = 0x8000;

function withQueue(settings: Settings = {}): UnitDriver {
  const driver = prepared((_, tree) => tree.map(0x6000, 0x21_0003n), settings);
  driver.startQueue();
  return driver;
}

const draining = iotlbDescriptor({ granularity: 1, drains: true });

test('a wait behind a draining invalidation is complete only when earlier requests are', () => {
  const driver = withQueue();
  driver.begin(1, device, 0x5000, 'write');
  driver.finish(1, 0x5000);
  driver.submit(draining, waitDescriptor(status, 1));
  assert.equal(driver.happenings('invalidate').length, 1, 'the invalidation itself is done');
  assert.equal(driver.peek(status), 0n);
  driver.unit.retire(1);
  driver.settle();
  assert.equal(driver.peek(status), 1n);
});

test('requests translated after the invalidation do not hold the wait up', () => {
  const driver = withQueue();
  driver.begin(1, device, 0x5000);
  driver.finish(1, 0x5000);
  driver.submit(draining, waitDescriptor(status, 1));
  driver.begin(2, device, 0x6000);
  driver.finish(2, 0x6000);
  driver.unit.retire(1);
  driver.settle();
  assert.equal(driver.peek(status), 1n);
});

test('all of several earlier requests count, in whatever order they end', () => {
  const driver = withQueue();
  for (const slot of [1, 2, 3]) {
    driver.begin(slot, device, 0x5000);
    driver.finish(slot, 0x5000);
  }
  driver.submit(draining, waitDescriptor(status, 1));
  for (const slot of [3, 1]) {
    driver.unit.retire(slot);
    driver.settle();
    assert.equal(driver.peek(status), 0n);
  }
  driver.unit.retire(2);
  driver.settle();
  assert.equal(driver.peek(status), 1n);
});

test('a second draining invalidation before the wait drains what came between', () => {
  const driver = withQueue();
  driver.submit(draining);
  driver.begin(1, device, 0x5000);
  driver.finish(1, 0x5000);
  driver.submit(draining, waitDescriptor(status, 1));
  assert.equal(driver.peek(status), 0n);
  driver.unit.retire(1);
  driver.settle();
  assert.equal(driver.peek(status), 1n);
});

test('an invalidation without DW and DR, a unit without drains, and a wait alone hold nothing up', () => {
  for (const [settings, descriptor] of [
    [{}, iotlbDescriptor({ granularity: 1 })], [{ profile: noDrain }, draining],
    [{}, contextDescriptor({ granularity: 1 })],
  ] as const) {
    const driver = withQueue(settings);
    driver.begin(1, device, 0x5000);
    driver.finish(1, 0x5000);
    driver.submit(descriptor, waitDescriptor(status, 1));
    assert.equal(driver.peek(status), 1n);
  }
});

test('one flag is enough to drain', () => {
  for (const flag of [0x40n, 0x80n]) {
    const driver = withQueue();
    driver.begin(1, device, 0x5000);
    driver.finish(1, 0x5000);
    driver.submit([0x12n + flag, 0n], waitDescriptor(status, 1));
    assert.equal(driver.peek(status), 0n);
  }
});

test('units of version 2 and later drain without being asked', () => {
  const { choices } = new UnitDriver().unit.core;
  const driver = withQueue({
    profile: {
      name: 'version 2', about: 'ivy-bridge-ep of version 2', version: 0x20, choices,
      capability: { low: 0x106f_0466, high: 0x00d2_078c }, extendedCapability: { low: 0x00f0_20de, high: 0 },
      departures: [],
    },
  });
  driver.begin(1, device, 0x5000);
  driver.finish(1, 0x5000);
  driver.submit(iotlbDescriptor({ granularity: 1 }), waitDescriptor(status, 1));
  assert.equal(driver.peek(status), 0n);
});

test('a request that was blocked, or is not translated yet, holds nothing up', () => {
  const driver = withQueue();
  driver.begin(1, device, 0x7000);
  assert.equal(driver.finish(1, 0x7000), 'blocked 0x6');
  driver.begin(2, device, 0x5000);
  driver.submit(draining, waitDescriptor(status, 1));
  assert.equal(driver.peek(status), 1n);
});

test('by register: IVT stays set until earlier requests are drained', () => {
  const driver = prepared((_, tree) => tree.map(0x6000, 0x21_0003n));
  driver.begin(1, device, 0x5000);
  driver.finish(1, 0x5000);
  invalidateIotlb(driver, 'registers', { granularity: 1, drains: true });
  assert.equal(driver.read64(0x208) / 2n ** 63n, 1n);
  driver.begin(2, device, 0x6000);
  driver.finish(2, 0x6000);
  driver.unit.retire(1);
  assert.equal(driver.read64(0x208) / 2n ** 63n, 0n);
  assert.equal((driver.read64(0x208) / 2n ** 57n) % 4n, 1n, 'IAIG');
  invalidateIotlb(driver, 'registers', { granularity: 1 });
  assert.equal(driver.read64(0x208) / 2n ** 63n, 0n);
});

/** A walk that holds the level-1 table, while memory's level-2 entry leads to another one. */
function midWalk(settings: Settings = {}): UnitDriver {
  const driver = prepared((unit, tree) => {
    unit.begin(1, device, 0x5000);
    for (let step = 0; step < 6; step += 1) unit.step(1);
    const other = unit.newTable();
    unit.poke(other + 8 * 5, 0x30_0003n);
    tree.map(0x5000, BigInt(other) + 3n, 2);
  }, settings);
  return driver;
}

test('a walk in progress goes on with what it has read when nothing is invalidated', () => {
  assert.equal(midWalk().finish(1, 0x5000), 'to 0x200000');
});

const reaching: readonly (readonly [string, IotlbCommand, string])[] = [
  ['global', { granularity: 1 }, 'to 0x300000'],
  ['its domain', { granularity: 2, domain: 5 }, 'to 0x300000'],
  ['its page', { granularity: 3, domain: 5, address: 0x5000 }, 'to 0x300000'],
  ['another domain', { granularity: 2, domain: 6 }, 'to 0x200000'],
];

for (const [name, command, answer] of reaching) {
  for (const way of ways) {
    test(`an IOTLB invalidation of ${name} by ${way}: a walk in progress ends ${answer}`, () => {
      const driver = midWalk();
      if (way === 'queue') driver.startQueue();
      invalidateIotlb(driver, way, command);
      assert.equal(driver.finish(1, 0x5000), answer);
      driver.unit.retire(1);
      // And no entry is left behind that the invalidation should have removed.
      assert.equal(driver.dma(device, 0x5000), answer);
    });
  }
}

test('a walk in progress is matched by the bits of the domain-id that the unit implements', () => {
  const driver = midWalk({ profile: 'sandy-bridge-ep' });
  invalidateIotlb(driver, 'registers', { granularity: 2, domain: 0x0105 });
  assert.equal(driver.finish(1, 0x5000), 'to 0x300000');
});

test('a walk behind an old context entry ends with it when only the context cache is invalidated', () => {
  const driver = prepared(() => {});
  driver.begin(1, device, 0x5000);
  for (let step = 0; step < 4; step += 1) driver.step(1);
  const tree = driver.tree();
  tree.map(0x5000, 0x30_0003n);
  driver.context(device, tree.pointer, 0x0902n);
  invalidateContext(driver, 'registers', { granularity: 3, domain: 5, source: device });
  invalidateIotlb(driver, 'registers', { granularity: 2, domain: 9 });
  assert.equal(driver.finish(1, 0x5000), 'to 0x200000');
  driver.unit.retire(1);
  // It has put its answer into the IOTLB under the old domain-id: flushing the new one is no help.
  invalidateIotlb(driver, 'registers', { granularity: 2, domain: 9 });
  assert.equal(driver.dma(device, 0x5000), 'to 0x200000');
  invalidateIotlb(driver, 'registers', { granularity: 2, domain: 5 });
  assert.equal(driver.dma(device, 0x5000), 'to 0x300000');
});
