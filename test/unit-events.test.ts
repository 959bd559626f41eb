/** What the unit tells: whether an answer agrees with memory, and what led to it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf } from '../src/base/word.ts';
import { invalidateContext, invalidateIotlb } from './support/commands.ts';
import type { UnitDriver } from './support/unit-driver.ts';
import { device, prepared } from './support/walk-cases.ts';

/** Number of the last event of a kind. */
function lastNumber(driver: UnitDriver, kind: string): number {
  return driver.trace.events.findLast((event) => event.what.kind === kind)?.number ?? -1;
}

function freshness(driver: UnitDriver) {
  assert.ok(driver.last !== undefined && driver.last.kind !== 'interrupt');
  return driver.last.freshness;
}

/** Moves the device to a tree of domain 9 that maps 0x5000 with the given entry, and nothing else. */
function move(driver: UnitDriver, entry: bigint): void {
  const tree = driver.tree();
  tree.map(0x5000, entry);
  driver.context(device, tree.pointer, 0x0902n);
}

test('an answer from a cache that memory would give too is fresh', () => {
  const driver = prepared(() => {});
  for (let turn = 0; turn < 3; turn += 1) {
    driver.dma(device, 0x5000);
    assert.deepEqual(freshness(driver), { kind: 'fresh' });
  }
  // The same page by another way is the same answer.
  move(driver, 0x20_0003n);
  driver.dma(device, 0x5000);
  assert.deepEqual(freshness(driver), { kind: 'fresh' });
});

test('a translation that memory would not give is stale: whose entry it was, and what memory says', () => {
  const driver = prepared(() => {});
  driver.dma(device, 0x5000);
  const filledBy = lastNumber(driver, 'iotlb-fill');
  move(driver, 0x30_0001n);
  driver.dma(device, 0x5abc);
  assert.deepEqual(freshness(driver), {
    kind: 'stale', filledBy, memory: 'memory maps it to 0x300000 r- in domain 9',
  });
  driver.context(device, 0n, 0n);
  driver.dma(device, 0x5000);
  assert.deepEqual(freshness(driver), {
    kind: 'stale', filledBy, memory: 'memory forbids it (reason 2: the context entry is not present)',
  });
});

test('a write that memory no longer grants is stale, a read of the same page is not', () => {
  const driver = prepared(() => {});
  driver.dma(device, 0x5000);
  move(driver, 0x20_0001n);
  driver.dma(device, 0x5000, 'read');
  assert.deepEqual(freshness(driver), { kind: 'fresh' });
  driver.dma(device, 0x5000, 'write');
  assert.equal(freshness(driver).kind, 'stale');
});

test('a fault that only a cached context entry makes is stale (the seed\'s case)', () => {
  const driver = prepared(() => {});
  driver.dma(device, 0x5000);
  const filledBy = lastNumber(driver, 'context-fill');
  const tree = driver.tree();
  tree.map(0x6000, 0x31_0003n);
  driver.context(device, tree.pointer, 0x0902n);
  assert.equal(driver.dma(device, 0x6000), 'blocked 0x6');
  const stale = { kind: 'stale', filledBy, memory: 'memory maps it to 0x310000 rw in domain 9' };
  assert.deepEqual(freshness(driver), stale);
  assert.deepEqual(driver.happenings('fault'), [{
    kind: 'fault', reason: 6, source: 0x20, access: 'read', frame: 6, freshness: stale,
  }]);
});

test('a fault for which memory has another reason is stale, the same reason is fresh', () => {
  const driver = prepared(() => {});
  driver.dma(device, 0x5000);
  driver.dma(device, 0x7000);
  assert.deepEqual(freshness(driver), { kind: 'fresh' });
  driver.root(0, 0n);
  driver.dma(device, 0x7000);
  assert.deepEqual(freshness(driver), {
    kind: 'stale', filledBy: lastNumber(driver, 'context-fill'),
    memory: 'memory forbids it (reason 1: the root entry is not present)',
  });
});

test('a denial by a cached entry that memory would grant is stale', () => {
  const driver = prepared((_, tree) => tree.map(0x5000, 0x20_0001n),
    { choices: { 'cached-denial': 'faults' } });
  driver.dma(device, 0x5000);
  move(driver, 0x20_0003n);
  assert.equal(driver.dma(device, 0x5000, 'write'), 'blocked 0x5');
  assert.deepEqual(freshness(driver), {
    kind: 'stale', filledBy: lastNumber(driver, 'iotlb-fill'), memory: 'memory maps it to 0x200000 rw in domain 9',
  });
});

test('a walk from the root is fresh, whatever it finds and whatever changes behind it', () => {
  const driver = prepared(() => {});
  assert.equal(driver.dma(0x0021, 0x5000), 'blocked 0x2');
  assert.deepEqual(freshness(driver), { kind: 'fresh' });
  driver.begin(1, device, 0x5000);
  for (let step = 0; step < 4; step += 1) driver.step(1);
  driver.root(0, 0n);
  assert.equal(driver.finish(1, 0x5000), 'to 0x200000');
  assert.deepEqual(freshness(driver), { kind: 'fresh' });
});

test('memory means what this unit\'s walker sees: a store that is not written back is no difference yet', () => {
  const driver = prepared(() => {}, { twoViews: true });
  driver.dma(device, 0x5000);
  driver.store(driver.contextAddress(device), 0n);
  driver.dma(device, 0x5000);
  assert.deepEqual(freshness(driver), { kind: 'fresh' });
  driver.memory.writeBack(addressOf(driver.contextAddress(device)), 8);
  driver.dma(device, 0x5000);
  assert.equal(freshness(driver).kind, 'stale');
});

test('comparing with memory changes nothing: no fetch in the trace, no entry in a cache', () => {
  const driver = prepared(() => {});
  driver.dma(device, 0x5000);
  const fetches = driver.happenings('walk-read').length;
  const print = driver.journal.fingerprint();
  driver.dmaAtOnce(device, 0x5000);
  assert.equal(driver.happenings('walk-read').length, fetches);
  assert.deepEqual(driver.journal.fingerprint(), print);
});

test('the fetches of a walk are told in order, with address and content', () => {
  const driver = prepared(() => {});
  driver.dma(device, 0x5000);
  const fetches = driver.happenings('walk-read');
  assert.deepEqual(fetches.map(({ structure }) => structure),
    ['root', 'context', 'level 4', 'level 3', 'level 2', 'level 1']);
  assert.deepEqual(fetches[0], {
    kind: 'walk-read', structure: 'root', address: 0x1000, low: { low: 0x2001, high: 0 }, high: { low: 0, high: 0 },
  });
  assert.equal(fetches[1]?.address, driver.contextAddress(device));
  assert.deepEqual(fetches[1]?.high, { low: 0x0502, high: 0 });
  assert.deepEqual([fetches[5]?.low, fetches[5]?.high], [{ low: 0x20_0003, high: 0 }, null]);
});

test('a stale fault chains back: record, fault, fetch, context hit; and the hit names the fill', () => {
  const driver = prepared(() => {});
  driver.dma(device, 0x5000);
  driver.context(device, 0n, 0n);
  driver.dma(device, 0x6000);
  const chain: string[] = [];
  for (let at = lastNumber(driver, 'fault-record'); at !== -1; at = driver.trace.events[at]?.cause ?? -1) {
    chain.push(driver.trace.events[at]?.what.kind ?? 'nothing');
  }
  assert.deepEqual(chain,
    ['fault-record', 'fault', 'walk-read', 'walk-read', 'walk-read', 'walk-read', 'context-hit']);
  const fill = driver.trace.events[driver.happenings('context-hit')[0]?.filledBy ?? -1];
  assert.equal(fill?.what.kind, 'context-fill');
  assert.equal(driver.trace.events[fill?.cause ?? -1]?.what.kind, 'walk-read');
});

test('an IOTLB hit names the fill, the fill follows the walk', () => {
  const driver = prepared(() => {});
  driver.dma(device, 0x5000);
  driver.dma(device, 0x5000);
  const fill = lastNumber(driver, 'iotlb-fill');
  assert.deepEqual(driver.happenings('iotlb-hit'), [{
    kind: 'iotlb-hit', source: 0x20, domain: 5, frame: 5, target: 0x200, rights: 'rw', filledBy: fill,
  }]);
  const cause = driver.trace.events[fill]?.cause ?? -1;
  assert.deepEqual(driver.trace.events[cause]?.what.kind, 'walk-read');
});

test('an invalidation tells what was asked, what was done, and each entry that went', () => {
  const driver = prepared(() => {}, { profile: 'sandy-bridge-ep' });
  driver.dma(device, 0x5000);
  const [context, iotlb] = [lastNumber(driver, 'context-fill'), lastNumber(driver, 'iotlb-fill')];
  const before = driver.happenings('invalidate').length;
  invalidateContext(driver, 'registers', { granularity: 3, domain: 5, source: 0x28 });
  invalidateIotlb(driver, 'registers', { granularity: 3, domain: 5, address: 0x4000, mask: 1 });
  assert.deepEqual(driver.happenings('invalidate').slice(before), [
    { kind: 'invalidate', cache: 'context', asked: 'device 00:05.0 domain 5', did: 'domain',
      removed: [{ source: 0x20, frame: null, domain: 5, filledBy: context }] },
    { kind: 'invalidate', cache: 'iotlb', asked: 'domain 5 page 0x4000 mask 1', did: 'page',
      removed: [{ source: 0x20, frame: 5, domain: 5, filledBy: iotlb }] },
  ]);
});

test('a trace that does not record lets the unit answer the same', () => {
  const driver = prepared(() => {}, { recording: false });
  assert.equal(driver.dma(device, 0x5000), 'to 0x200000');
  assert.equal(driver.dma(device, 0x6000), 'blocked 0x6');
  assert.equal(driver.record(), '0xc000000600000020 0x6000');
  assert.deepEqual(driver.trace.events, []);
});

test('answers are judged without a trace where somebody asks for that, and only there', () => {
  for (const [judging, kind] of [[true, 'stale'], [false, 'fresh']] as const) {
    const driver = prepared(() => {}, { recording: false, judging });
    driver.dma(device, 0x5000);
    driver.context(device, 0n, 0n);
    driver.dma(device, 0x5000);
    assert.equal(freshness(driver).kind, kind);
    driver.dmaAtOnce(device, 0x5000);
    assert.equal(freshness(driver).kind, kind);
    // A walk relies on the cached context entry.
    driver.dmaAtOnce(device, 0x7000);
    assert.equal(freshness(driver).kind, kind);
    assert.deepEqual(driver.trace.events, []);
  }
});
