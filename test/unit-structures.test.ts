/**
 * Paging-structure caches (specification 6.2.5, 6.5.1.2): an entry that leads to a table is found and
 * removed by domain-id and address, survives flushes that speak of leaves only, and what it leads to is
 * read from memory each time.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnitDriver } from './support/unit-driver.ts';

const first = 0x0200;
const second = 0x0300;
const page = 0x1234_5000;
const choices = { 'paging-structure-cache': 'kept' } as const;

/** Two devices on one tree in domain 5, queue on. */
function scene(): { driver: UnitDriver; tree: ReturnType<UnitDriver['tree']> } {
  const driver = new UnitDriver({ choices });
  const tree = driver.tree();
  tree.map(page, 0x7000_0003n);
  for (const source of [first, second]) driver.context(source, tree.pointer, 0x502n);
  driver.start();
  driver.startQueue();
  return { driver, tree };
}

/** Type 2: G 5:4, DID 31:16; AM 5:0, IH 6, address 63:12. */
function flush(driver: UnitDriver, granularity: number, domain: number, options: { hint?: boolean;
  address?: number } = {}): void {
  driver.submit([2n + BigInt(granularity) * 16n + BigInt(domain) * 0x1_0000n,
    BigInt(options.address ?? 0) + (options.hint === true ? 0x40n : 0n)]);
}

test('a cached PDE leads another device of the domain into the old table, read live', () => {
  const { driver, tree } = scene();
  assert.equal(driver.dma(first, page), 'to 0x70000000');
  const old = tree.entryAddress(page, 1);
  // The PDE now leads nowhere in memory; the cache still has it.
  driver.poke(tree.entryAddress(page, 2), 0n);
  assert.equal(driver.dma(second, page), 'to 0x70000000');
  driver.poke(old + 8, 0x7111_1003n);
  assert.equal(driver.dma(second, page + 0x1000), 'to 0x71111000');
});

test('without such a cache the walk finds the cleared entry', () => {
  const driver = new UnitDriver();
  const tree = driver.tree();
  tree.map(page, 0x7000_0003n);
  for (const source of [first, second]) driver.context(source, tree.pointer, 0x502n);
  driver.start();
  driver.dma(first, page);
  driver.poke(tree.entryAddress(page, 2), 0n);
  assert.equal(driver.dma(second, page), 'blocked 0x6');
});

for (const [what, act, survives] of [
  ['a page flush with the hint set', (driver: UnitDriver) => flush(driver, 3, 5, { hint: true, address: page }), true],
  ['a page flush without it', (driver: UnitDriver) => flush(driver, 3, 5, { address: page }), false],
  ['a page flush of another domain', (driver: UnitDriver) => flush(driver, 3, 6, { address: page }), true],
  ['a page flush elsewhere', (driver: UnitDriver) => flush(driver, 3, 5, { address: 0x80_0000_0000 }), true],
  ['a page flush under the same PDE', (driver: UnitDriver) => flush(driver, 3, 5, { address: page + 0x1000 }), false],
  ['a domain flush', (driver: UnitDriver) => flush(driver, 2, 5), false],
  ['a flush of another domain', (driver: UnitDriver) => flush(driver, 2, 6), true],
  ['a global flush', (driver: UnitDriver) => flush(driver, 1, 0), false],
  ['a context-cache invalidation', (driver: UnitDriver) => driver.submit([0x11n, 0n]), true],
] as const) {
  test(`${what} ${survives ? 'leaves' : 'removes'} the entry that leads to the table`, () => {
    const { driver, tree } = scene();
    driver.dma(first, page);
    driver.poke(tree.entryAddress(page, 2), 0n);
    act(driver);
    assert.equal(driver.dma(second, page + 0x1000), 'blocked 0x6');
    driver.poke(tree.entryAddress(page, 1) + 16, 0x7222_2003n);
    assert.equal(driver.dma(second, page + 0x2000), survives ? 'to 0x72222000' : 'blocked 0x6');
  });
}

test('an entry carries the rights of all levels above it', () => {
  const { driver, tree } = scene();
  const place = tree.entryAddress(page, 3);
  driver.poke(place, driver.peek(place) - 2n);
  assert.equal(driver.dma(first, page), 'to 0x70000000');
  driver.poke(place, driver.peek(place) + 2n);
  assert.equal(driver.dma(second, page, 'write'), 'blocked 0x5');
  flush(driver, 2, 5);
  assert.equal(driver.dma(second, page, 'write'), 'to 0x70000000');
});

test('a stale answer through such an entry is told apart from memory', () => {
  const { driver, tree } = scene();
  driver.dma(first, page);
  driver.poke(tree.entryAddress(page, 2), 0n);
  driver.dma(second, page);
  const answer = driver.last;
  assert.ok(answer?.kind === 'translated' && answer.freshness.kind === 'stale');
  const fill = driver.trace.events[answer.freshness.filledBy];
  assert.equal(fill?.what.kind, 'structure-fill');
});
