/** ECAP.C (11.4.3): whether the walker sees what the CPU stored and did not write back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf } from '../src/base/word.ts';
import { coherent } from './support/custom-profiles.ts';
import type { Tree } from './support/tree.ts';
import type { UnitDriver } from './support/unit-driver.ts';
import { device, prepared } from './support/walk-cases.ts';

type Store = readonly [address: number, value: bigint];

interface Structure {
  readonly name: string;
  /** The stores that change it, and the answer before and after they are seen. */
  readonly stores: (driver: UnitDriver, tree: Tree) => readonly Store[];
  readonly before: string;
  readonly after: string;
}

const structures: readonly Structure[] = [
  {
    name: 'root entry', before: 'to 0x200000', after: 'blocked 0x1',
    stores: () => [[0x1000, 0n]],
  },
  {
    name: 'context entry', before: 'to 0x200000', after: 'blocked 0x2',
    stores: (driver) => [[driver.contextAddress(device), 0n]],
  },
  {
    name: 'upper half of a context entry', before: 'to 0x200000', after: 'blocked 0x3',
    stores: (driver) => [[driver.contextAddress(device) + 8, 0x0507n]],
  },
  ...[4, 3, 2, 1].map((level): Structure => ({
    name: `level ${level}`, before: 'to 0x200000', after: 'blocked 0x6',
    stores: (_, tree) => [[tree.entryAddress(0x5000, level), 0n]],
  })),
];

for (const { name, stores, before, after } of structures) {
  test(`${name}: a unit with C=0 sees a store only when it is written back`, () => {
    const driver = prepared((unit, tree) => {
      for (const [address, value] of stores(unit, tree)) unit.store(address, value);
    }, { twoViews: true });
    // Nothing stays cached between the two requests.
    assert.equal(driver.dmaAtOnce(device, 0x5000), before);
    driver.write64(0x28, 0xa000_0000_0000_0000n);
    driver.write64(0x208, 0x9000_0000_0000_0000n);
    driver.settle();
    driver.memory.writeBack(addressOf(0), 0x40_0000);
    assert.equal(driver.dma(device, 0x5000), after);
  });

  test(`${name}: a unit with C=1 sees a store at once`, () => {
    const driver = prepared((unit, tree) => {
      for (const [address, value] of stores(unit, tree)) unit.store(address, value);
    }, { twoViews: true, profile: coherent });
    assert.equal(driver.dma(device, 0x5000), after);
  });
}

test('C=0: a context entry of which one half is written back is seen as RAM has it', () => {
  // Entries 0x23 and 0x24 share no line; the two halves of an entry always do.
  const driver = prepared(() => {}, { twoViews: true });
  const other = driver.tree();
  other.map(0x5000, 0x30_0003n);
  driver.store(driver.contextAddress(device), other.pointer);
  driver.store(driver.contextAddress(device) + 8, 0x0902n);
  driver.memory.writeBack(addressOf(driver.contextAddress(0x24)), 16);
  assert.equal(driver.dma(device, 0x5000), 'to 0x200000');
  driver.write64(0x28, 0xa000_0000_0000_0000n);
  driver.write64(0x208, 0x9000_0000_0000_0000n);
  driver.settle();
  driver.memory.writeBack(addressOf(driver.contextAddress(0x23)), 16);
  assert.equal(driver.dma(device, 0x5000), 'to 0x300000');
});

test('C=0: an invalidation between a store and its write-back lets the old entry in again', () => {
  const driver = prepared(() => {}, { twoViews: true });
  driver.dma(device, 0x5000);
  driver.store(driver.contextAddress(device), 0n);
  driver.write64(0x28, 0xa000_0000_0000_0000n);
  driver.write64(0x208, 0x9000_0000_0000_0000n);
  driver.settle();
  assert.equal(driver.dma(device, 0x5000), 'to 0x200000');
  driver.memory.writeBack(addressOf(driver.contextAddress(device)), 8);
  assert.equal(driver.dma(device, 0x5000), 'to 0x200000', 'from the cache');
});

test('C=0: a table that a device writes is seen at once', () => {
  const driver = prepared((unit, tree) => {
    const at = tree.entryAddress(0x5000, 1);
    unit.memory.write(addressOf(at), Uint8Array.of(3, 0, 0x30, 0, 0, 0, 0, 0));
  }, { twoViews: true });
  assert.equal(driver.dma(device, 0x5000), 'to 0x300000');
});
