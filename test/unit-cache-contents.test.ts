/** What the context cache and the IOTLB answer, hold and forget by themselves (6.1, 6.2). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invalidateContext, invalidateIotlb } from './support/commands.ts';
import { fiveLevels } from './support/custom-profiles.ts';
import { UnitDriver } from './support/unit-driver.ts';
import { device, prepared } from './support/walk-cases.ts';

test('an IOTLB hit needs neither the context cache nor memory (6.2.4)', () => {
  const driver = prepared(() => {});
  assert.equal(driver.dma(device, 0x5000), 'to 0x200000');
  invalidateContext(driver, 'registers', { granularity: 1 });
  driver.context(device, 0n, 0n);
  driver.root(0, 0n);
  assert.equal(driver.dma(device, 0x5abc, 'write'), 'to 0x200abc');
  assert.equal(driver.dma(device, 0x6000), 'blocked 0x1', 'another page is walked for');
});

test('a cached context entry is used in place of memory, for every page (6.2.2)', () => {
  const driver = prepared((_, tree) => tree.map(0x6000, 0x21_0003n));
  assert.equal(driver.dma(device, 0x5000), 'to 0x200000');
  driver.context(device, 0n, 0n);
  assert.equal(driver.dma(device, 0x6000), 'to 0x210000');
});

test('the entries of one source are not those of another', () => {
  const driver = prepared((unit, tree) => {
    const other = unit.tree();
    other.map(0x5000, 0x30_0003n);
    unit.context(0x0021, other.pointer, 0x0502n);
    unit.context(0x0120, tree.pointer, 0x0502n);
  });
  assert.equal(driver.dma(device, 0x5000), 'to 0x200000');
  assert.equal(driver.dma(0x0021, 0x5000), 'to 0x300000');
  driver.context(0x0120, 0n, 0n);
  assert.equal(driver.dma(0x0120, 0x5000), 'blocked 0x2');
});

test('an IOTLB entry keeps the domain-id it was filled under, whatever the context entry says later', () => {
  const driver = prepared(() => {});
  driver.dma(device, 0x5000);
  const other = driver.tree();
  other.map(0x5000, 0x30_0003n);
  // The device moves to domain 9: flushing domain 9 leaves the entry of domain 5 in use.
  driver.context(device, other.pointer, 0x0902n);
  invalidateContext(driver, 'registers', { granularity: 3, domain: 5, source: device });
  invalidateIotlb(driver, 'registers', { granularity: 2, domain: 9 });
  assert.equal(driver.dma(device, 0x5000), 'to 0x200000');
  invalidateIotlb(driver, 'registers', { granularity: 2, domain: 5 });
  assert.equal(driver.dma(device, 0x5000), 'to 0x300000');
});

test('an entry filled through a stale context entry carries the stale domain-id', () => {
  const driver = prepared((_, tree) => tree.map(0x6000, 0x21_0003n));
  driver.dma(device, 0x5000);
  const other = driver.tree();
  other.map(0x6000, 0x31_0003n);
  driver.context(device, other.pointer, 0x0902n);
  assert.equal(driver.dma(device, 0x6000), 'to 0x210000');
  invalidateContext(driver, 'registers', { granularity: 1 });
  invalidateIotlb(driver, 'registers', { granularity: 2, domain: 9 });
  assert.equal(driver.dma(device, 0x6000), 'to 0x210000');
  invalidateIotlb(driver, 'registers', { granularity: 2, domain: 5 });
  assert.equal(driver.dma(device, 0x6000), 'to 0x310000');
});

test('rights are cached as the walk found them, over all levels', () => {
  // What the level-3 entry lacks, the access that fills the cache, and the one that is then denied.
  for (const [lacking, first, second, answer] of [
    [2n, 'read', 'write', 'blocked 0x5'], [1n, 'write', 'read', 'blocked 0x6'],
  ] as const) {
    const driver = prepared(() => {}, { choices: { 'cached-denial': 'faults' } });
    const tree = driver.tree();
    tree.map(0x5000, 0x20_0003n);
    const above = tree.entryAddress(0x5000, 3);
    driver.poke(above, driver.peek(above) - lacking);
    driver.context(device, tree.pointer, 0x0502n);
    assert.equal(driver.dma(device, 0x5000, first), 'to 0x200000');
    driver.poke(above, driver.peek(above) + lacking);
    assert.equal(driver.dma(device, 0x5000, second), answer);
  }
});

test('an entry that lacks the right faults at once or walks again, as the unit chooses (6.2.4)', () => {
  for (const [choice, answer] of [['faults', 'blocked 0x5'], ['walks-again', 'to 0x300000']] as const) {
    const driver = prepared(() => {}, { choices: { 'cached-denial': choice } });
    const tree = driver.tree();
    tree.map(0x5000, 0x20_0001n);
    driver.context(device, tree.pointer, 0x0502n);
    assert.equal(driver.dma(device, 0x5000), 'to 0x200000');
    tree.map(0x5000, 0x30_0003n);
    assert.equal(driver.dma(device, 0x5000, 'write'), answer, choice);
    assert.equal(driver.record(), choice === 'faults' ? '0x8000000500000020 0x5000' : '0x0 0x0');
    // A read is answered by what is cached: the old entry, or the one that the new walk put there.
    assert.equal(driver.dma(device, 0x5000), choice === 'faults' ? 'to 0x200000' : 'to 0x300000');
  }
});

test('a right that memory takes away stays granted until the entry is invalidated', () => {
  const driver = prepared(() => {});
  driver.dma(device, 0x5000, 'write');
  const tree = driver.tree();
  tree.map(0x5000, 0x20_0001n);
  driver.context(device, tree.pointer, 0x0502n);
  assert.equal(driver.dma(device, 0x5000, 'write'), 'to 0x200000');
  invalidateContext(driver, 'registers', { granularity: 1 });
  invalidateIotlb(driver, 'registers', { granularity: 1 });
  assert.equal(driver.dma(device, 0x5000, 'write'), 'blocked 0x5');
});

test('nothing is cached from a fault: what becomes present needs no invalidation (CM 0, 6.1)', () => {
  const driver = new UnitDriver();
  driver.start();
  const tree = driver.tree();
  assert.equal(driver.dma(device, 0x5000), 'blocked 0x1');
  driver.root(0, 0x2001n);
  assert.equal(driver.dma(device, 0x5000), 'blocked 0x2');
  driver.context(device, tree.pointer + 16n, 0x0502n);
  assert.equal(driver.dma(device, 0x5000), 'blocked 0xb');
  driver.context(device, tree.pointer, 0x0507n);
  assert.equal(driver.dma(device, 0x5000), 'blocked 0x3');
  driver.context(device, tree.pointer, 0x0502n);
  assert.equal(driver.dma(device, 0x5000), 'blocked 0x6');
  tree.map(0x5000, 0x4000_0000_0020_0003n);
  assert.equal(driver.dma(device, 0x5000), 'blocked 0xc');
  tree.map(0x5000, 0xfee0_0003n);
  assert.equal(driver.dma(device, 0x5000), 'blocked 0xe');
  tree.map(0x5000, 0x20_0003n);
  assert.equal(driver.dma(device, 0x5000), 'to 0x200000');
});

test('a large page is one entry that answers for all of its addresses', () => {
  for (const [level, leaf, far] of [[2, 0x400_0083n, 0x1f_f000], [3, 0x1_4000_0083n, 0x3fff_f000]] as const) {
    const driver = prepared((_, tree) => tree.map(0x8000_0000, leaf, level));
    const base = Number(leaf) - 0x83;
    assert.equal(driver.dma(device, 0x8000_0000), `to 0x${base.toString(16)}`);
    driver.root(0, 0n);
    invalidateContext(driver, 'registers', { granularity: 1 });
    assert.equal(driver.dma(device, 0x8000_0000 + far), `to 0x${(base + far).toString(16)}`);
    assert.equal(driver.dma(device, 0x8000_0000 + far + 0x1000), 'blocked 0x1');
  }
});

test('two pages of a 57-bit space that share their low 48 address bits are two pages', () => {
  const far = 2 ** 48 + 0x5000;
  const driver = prepared((unit) => {
    const tree = unit.tree(5);
    tree.map(0x5000, 0x20_0003n);
    tree.map(far, 0x30_0003n);
    tree.map(0x8000_0000, 0x40_0083n, 2);
    tree.map(2 ** 48 + 0x8000_0000, 0x60_0083n, 2);
    unit.context(device, tree.pointer, 0x0503n);
  }, { profile: fiveLevels });
  for (let turn = 0; turn < 2; turn += 1) {
    assert.equal(driver.dma(device, 0x5000), 'to 0x200000');
    assert.equal(driver.dma(device, far), 'to 0x300000');
    assert.equal(driver.dma(device, 0x8000_1000), 'to 0x401000');
    assert.equal(driver.dma(device, 2 ** 48 + 0x8000_1000), 'to 0x601000');
  }
});

test('pass-through takes the cached context entry and adds nothing to the IOTLB', () => {
  const driver = prepared((unit) => unit.context(device, 9n, 0x0502n));
  assert.equal(driver.dma(device, 0x7000), 'to 0x7000');
  const tree = driver.tree();
  tree.map(0x7000, 0x20_0003n);
  driver.context(device, tree.pointer, 0x0502n);
  assert.equal(driver.dma(device, 0x7000), 'to 0x7000');
  invalidateContext(driver, 'registers', { granularity: 1 });
  assert.equal(driver.dma(device, 0x7000), 'to 0x200000');
});
