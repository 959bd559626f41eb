// Protects the order in which IOVAs come out, which is what makes the two kernels collide: top-down,
// aligned to their size, freed ones last in first out, as drivers/iommu/iova.c of 4.9 has it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../src/base/hash.ts';
import { AnchoredIova } from '../src/linux/iova/anchored-iova.ts';
import { IovaDomain } from '../src/linux/iova/iova.ts';
import { play } from './support/handoff.ts';

const limit = 0xfffff;

function take(domain: IovaDomain, count: number, size = 1, below = limit): readonly number[] {
  return Array.from({ length: count }, () => domain.allocate(size, below));
}

test('single pages come from the top of the first 4 GiB downwards', () => {
  assert.deepEqual(take(new IovaDomain(), 4), [0xfffff, 0xffffe, 0xffffd, 0xffffc]);
});

test('a range is aligned to its size, and the search goes on below it', () => {
  const domain = new IovaDomain();
  assert.deepEqual([...take(domain, 1), ...take(domain, 1, 4), ...take(domain, 1), ...take(domain, 1, 16),
    ...take(domain, 1, 2), ...take(domain, 1)], [0xfffff, 0xffff8, 0xffff7, 0xfffe0, 0xfffde, 0xfffdd]);
  assert.equal(new IovaDomain().allocate(4, limit), 0xffffc);
});

test('the gap that alignment leaves is only found by a search that does not begin at the cached node', () => {
  const domain = new IovaDomain();
  domain.allocate(1, limit);
  domain.allocate(4, limit);
  // Below another limit the search begins at the top: 0xffffe to 0xffffc are free.
  assert.equal(domain.allocate(1, 0xffffe), 0xffffe);
  assert.equal(domain.allocate(1, 0xffffe), 0xffffd);
  assert.equal(domain.allocate(1, limit), 0xffff7);
});

test('reserved ranges are stepped over, merged when they overlap, and page 0 is never given out', () => {
  const domain = new IovaDomain();
  domain.reserve(0xffffe, limit);
  domain.reserve(0xffff0, 0xffffb);
  domain.reserve(0xfffe8, 0xffff4);
  assert.deepEqual(take(domain, 3), [0xffffd, 0xffffc, 0xfffe7]);
  const small = new IovaDomain();
  assert.deepEqual(take(small, 4, 1, 3), [3, 2, 0, 0], 'the last page of 4.9\'s space is lost to its own test');
});

test('limits below 4 GiB are honoured, and above 4 GiB the space begins at its own top', () => {
  const domain = new IovaDomain();
  assert.equal(domain.allocate(1, 0x7ffff), 0x7ffff);
  assert.equal(domain.allocate(1, 0xf_ffff_ffff), 0xf_ffff_ffff);
  assert.equal(domain.allocate(1, limit), 0xfffff);
});

test('freed ranges come back last in first out, each size from its own magazine', () => {
  const domain = new IovaDomain();
  take(domain, 4);
  domain.allocate(2, limit);
  domain.free(0xffffd, 1);
  domain.free(0xffffc, 1);
  domain.free(0xffffa, 2);
  assert.deepEqual([...take(domain, 2), ...take(domain, 1, 2), ...take(domain, 1)],
    [0xffffc, 0xffffd, 0xffffa, 0xffff9]);
});

test('a freed range at the limit itself is not given out again: the magazine compares with >=', () => {
  const domain = new IovaDomain();
  take(domain, 2);
  domain.free(0xffffe, 1);
  domain.free(0xfffff, 1);
  // It lies on top of the other and blocks it.
  assert.deepEqual(take(domain, 2), [0xffffd, 0xffffc]);
  domain.free(0xffffd, 1);
  assert.equal(domain.allocate(1, limit), 0xffffd);
  assert.equal(domain.allocate(1, limit), 0xffffb);
});

test('two magazines of 128 and a depot take all of 250 freed pages, and give them back in their order', () => {
  const domain = new IovaDomain();
  const pages = take(domain, 301).slice(1);
  for (const page of pages.slice(0, 250)) domain.free(page, 1);
  // The second magazine holds the last 122; when it is empty, the first one's turn comes.
  assert.deepEqual(take(domain, 250), pages.slice(0, 250).reverse());
  for (const page of pages) domain.free(page, 1);
  // With 300: the first full one goes to the depot, and comes back last.
  const [first, second, third] = [pages.slice(0, 128), pages.slice(128, 256), pages.slice(256)];
  assert.deepEqual(new Set(take(domain, 44)), new Set(third));
  const rest = take(domain, 256);
  assert.deepEqual([...rest].sort((a, b) => a - b), [...first, ...second].sort((a, b) => a - b));
});

test('ranges above 32 pages never go to a magazine: the tree gives the highest free place', () => {
  const domain = new IovaDomain();
  const [first = 0, second = 0] = take(domain, 2, 64);
  assert.deepEqual([first, second], [0xfffc0, 0xfff80]);
  domain.free(first, 64);
  assert.equal(domain.allocate(64, limit), first);
});

test('when the space is full the magazines are emptied, and what they held is found again', () => {
  const domain = new IovaDomain();
  domain.reserve(1, 0xffff7);
  const pages = take(domain, 8);
  assert.deepEqual(pages, [0xfffff, 0xffffe, 0xffffd, 0xffffc, 0xffffb, 0xffffa, 0xffff9, 0xffff8]);
  assert.equal(domain.allocate(1, limit), 0);
  domain.free(0xfffff, 1);
  assert.equal(domain.allocate(1, limit), 0xfffff, 'not from the magazine, whose top is at the limit');
});

test('whatever is taken and freed, no two ranges in use overlap and none leaves the space', () => {
  const seed = 20161118;
  const random = new Random(seed);
  const domain = new IovaDomain();
  domain.reserve(0xfee00, 0xfeeff);
  const inUse: { readonly low: number; readonly size: number }[] = [];
  for (let step = 0; step < 3000; step += 1) {
    if (inUse.length > 0 && random.below(5) < 2) {
      const [range] = inUse.splice(random.below(inUse.length), 1);
      if (range !== undefined) domain.free(range.low, range.size);
      continue;
    }
    const size = 2 ** random.below(8);
    const low = domain.allocate(size, random.below(3) === 0 ? 0x7ffff : limit);
    const what = `seed ${seed}, step ${step}: ${size} pages at 0x${low.toString(16)}`;
    assert.ok(low > 0 && low + size - 1 <= limit && low % size === 0, what);
    assert.ok(low + size <= 0xfee00 || low > 0xfeeff, what);
    assert.ok(!inUse.some((other) => low < other.low + other.size && other.low < low + size), what);
    inUse.push({ low, size });
  }
});

test('a 64-bit device gets addresses below 4 GiB first, and with forcedac from the top of the table', () => {
  const crashed = 'map a 4K to-device on hpsa\ndma read a every 1ms until panic\nwait 3ms\npanic';
  const frame = (options: string, profile: string): number | undefined =>
    Number(play({ crashed, crashedOptions: options, profile }).happenings('iotlb-fill')[0]?.frame);
  assert.equal(frame('intel_iommu=on', 'ivy-bridge-ep'), 0xfffff);
  assert.equal(frame('intel_iommu=on,forcedac', 'ivy-bridge-ep'), 0xf_ffff_ffff);
  // 39 bits of address, whatever the tables could hold.
  assert.equal(frame('intel_iommu=on,forcedac', 'skylake-client'), 0x7ff_ffff);
});

test('reserved ranges that overlap are one, from the first frame of either to the last', () => {
  for (const space of [new IovaDomain(), new AnchoredIova()]) {
    space.reserve(0xffff0, 0xffff8);
    space.reserve(0xffff4, 0xfffff);
    space.reserve(0xfffe8, 0xffff1);
    assert.equal(space.allocate(1, 0xfffff), 0xfffe7);
  }
});
