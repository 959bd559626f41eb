/** How many entries a cache has and what makes room is the hardware's choice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invalidateIotlb } from './support/commands.ts';
import { UnitDriver } from './support/unit-driver.ts';
import { device } from './support/walk-cases.ts';
import type { HardwareChoices } from '../src/vtd/choices.ts';

/** A unit whose device has `count` pages mapped from 0x100_0000 on, all filled into the IOTLB. */
function filled(count: number, choices: Partial<HardwareChoices>): UnitDriver {
  const driver = new UnitDriver({ choices, recording: false });
  const tree = driver.tree();
  for (let page = 0; page < count; page += 1) tree.map(0x100_0000 + 4096 * page, 0x20_0003n);
  driver.context(device, tree.pointer, 0x0502n);
  driver.start();
  for (let page = 0; page < count; page += 1) driver.dma(device, 0x100_0000 + 4096 * page);
  // What is still cached answers; anything else is blocked now.
  driver.root(0, 0n);
  driver.write64(0x28, 0xa000_0000_0000_0000n);
  driver.settle();
  return driver;
}

function cachedPages(driver: UnitDriver, count: number): readonly number[] {
  return Array.from({ length: count }, (_, page) => page)
    .filter((page) => driver.dma(device, 0x100_0000 + 4096 * page) === 'to 0x200000');
}

for (const limit of ['32', '64', '256', '1024'] as const) {
  test(`an IOTLB of ${limit} entries holds exactly that many, and loses the oldest`, () => {
    const entries = Number(limit);
    const choices = { 'iotlb-entries': limit, 'when-full': 'oldest' } as const;
    assert.equal(cachedPages(filled(entries, choices), entries).length, entries);
    const kept = cachedPages(filled(entries + 3, choices), entries + 3);
    assert.deepEqual(kept, Array.from({ length: entries }, (_, page) => page + 3));
  });
}

test('a full IOTLB may be emptied instead', () => {
  const choices = { 'iotlb-entries': '32', 'when-full': 'all' } as const;
  assert.equal(cachedPages(filled(32, choices), 32).length, 32);
  assert.deepEqual(cachedPages(filled(34, choices), 34), [32, 33]);
});

test('an unlimited IOTLB forgets nothing', () => {
  assert.equal(cachedPages(filled(1500, { 'iotlb-entries': 'unlimited' }), 1500).length, 1500);
});

test('an invalidation makes room: nothing is evicted for the next entry', () => {
  const driver = new UnitDriver({ choices: { 'iotlb-entries': '32', 'when-full': 'all' } });
  const tree = driver.tree();
  for (let page = 0; page < 33; page += 1) tree.map(4096 * page, 0x20_0003n);
  driver.context(device, tree.pointer, 0x0502n);
  driver.start();
  for (let page = 0; page < 32; page += 1) driver.dma(device, 4096 * page);
  invalidateIotlb(driver, 'registers', { granularity: 3, domain: 5, address: 0 });
  driver.dma(device, 4096 * 32);
  assert.deepEqual(driver.happenings('evict'), []);
});

test('large pages count as one entry each', () => {
  const driver = new UnitDriver({ choices: { 'iotlb-entries': '32', 'when-full': 'oldest' } });
  const tree = driver.tree();
  for (let page = 0; page < 33; page += 1) tree.map(2 ** 30 + 2 ** 21 * page, 0x400_0083n, 2);
  driver.context(device, tree.pointer, 0x0502n);
  driver.start();
  for (let page = 0; page < 32; page += 1) driver.dma(device, 2 ** 30 + 2 ** 21 * page);
  assert.equal(driver.happenings('evict').length, 0);
  driver.dma(device, 2 ** 30 + 2 ** 21 * 32);
  assert.equal(driver.happenings('evict').length, 1);
});

for (const limit of ['16', '64', '256'] as const) {
  test(`a context cache of ${limit} entries loses the oldest, or all`, () => {
    const entries = Number(limit);
    for (const whenFull of ['oldest', 'all'] as const) {
      const driver = new UnitDriver({ choices: { 'context-cache-entries': limit, 'when-full': whenFull } });
      const tree = driver.tree();
      for (let page = 1; page <= 2; page += 1) tree.map(4096 * page, 0x20_0003n);
      // Two busses, so that there are more sources than entries.
      const sources = Array.from({ length: entries + 2 }, (_, index) => index);
      for (const source of sources) driver.context(source, tree.pointer, 0x0502n);
      driver.start();
      for (const source of sources) driver.dma(source, 0x1000);
      // Without their root entries only the cached ones go on. None of these fills anything: page 2 is
      // filled into the unlimited IOTLB alone.
      driver.root(0, 0n);
      driver.root(1, 0n);
      const cached = sources.filter((source) => driver.dma(source, 0x2000) === 'to 0x200000');
      assert.deepEqual(cached, whenFull === 'oldest' ? sources.slice(2) : sources.slice(entries));
    }
  });
}

test('evicting is an event that names the entry and the fill it came from', () => {
  const driver = new UnitDriver({ choices: { 'iotlb-entries': '32', 'when-full': 'oldest' } });
  const tree = driver.tree();
  for (let page = 0; page < 33; page += 1) tree.map(4096 * page, 0x20_0003n);
  driver.context(device, tree.pointer, 0x0502n);
  driver.start();
  for (let page = 0; page < 33; page += 1) driver.dma(device, 4096 * page);
  const fill = driver.trace.events.find((event) => event.what.kind === 'iotlb-fill');
  assert.deepEqual(driver.happenings('evict'), [{
    kind: 'evict', cache: 'iotlb', entry: { source: 0x20, frame: 0, domain: 5, filledBy: fill?.number },
  }]);
});
