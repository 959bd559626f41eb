/** The I/O address allocator of 4.15 and later: where it looks, and what comes again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnchoredIova } from '../src/linux/iova/anchored-iova.ts';

const limit32 = 0xfffff;
const limit39 = 0x7ffffff;

function take(space: AnchoredIova, count: number, size = 1, limit = limit32): readonly number[] {
  return Array.from({ length: count }, () => space.allocate(size, limit));
}

/** The q35 machine's windows and the interrupt range. */
function reserved(): AnchoredIova {
  const space = new AnchoredIova();
  for (const [low, high] of [[0xa0, 0xbf], [0x40000, 0xaffff], [0xc0000, 0xfebff], [0x100000, 0x8fffff],
    [0xfee00, 0xfeeff]] as const) space.reserve(low, high);
  return space;
}

test('addresses are given out from the limit down, aligned to their size', () => {
  const space = reserved();
  assert.deepEqual(take(space, 3), [0xfffff, 0xffffe, 0xffffd]);
  assert.equal(space.allocate(4, limit32), 0xffff8);
  // What lies between is not gone back to: the search begins below the last result.
  assert.equal(space.allocate(1, limit32), 0xffff7);
  assert.equal(space.allocate(3, limit32), 0xffff0);
});

test('a search passes over windows and the interrupt range', () => {
  const space = reserved();
  const all = take(space, 0x1100 / 16, 16);
  assert.ok(all.includes(0xfef00) && !all.includes(0xfeef0));
  assert.equal(space.allocate(16, limit32), 0xfedf0);
  const below = take(space, 0x1f, 16).at(-1);
  assert.equal(below, 0xfec00);
  assert.equal(space.allocate(16, limit32), 0xbfff0);
});

test('what is freed last comes first, of its own size only', () => {
  const space = reserved();
  const [first, second] = take(space, 2);
  space.free(first ?? 0, 1);
  space.free(second ?? 0, 1);
  assert.deepEqual(take(space, 2), [second, first]);
  const block = space.allocate(4, limit32);
  space.free(block, 4);
  assert.notEqual(space.allocate(1, limit32), block);
  assert.equal(space.allocate(3, limit32), block);
});

test('a freed range above the limit stays where it is, and the one below it comes', () => {
  const space = new AnchoredIova();
  const low = space.allocate(1, limit32);
  const high = space.allocate(1, limit39);
  assert.equal(high, limit39);
  space.free(low, 1);
  space.free(high, 1);
  assert.equal(space.allocate(1, limit32), low);
  assert.equal(space.allocate(1, limit39), high);
});

test('ranges of 32 frames and more go back to the tree, and are found again', () => {
  const space = reserved();
  const block = space.allocate(40, limit32);
  assert.equal(block % 64, 0);
  space.free(block, 40);
  assert.equal(space.allocate(40, limit32), block);
});

test('when nothing is left below the last result, the search begins at the limit again', () => {
  const space = new AnchoredIova();
  space.reserve(1, 0xfff00);
  const all = take(space, 7, 32);
  assert.equal(all.at(-1), 0xfff20);
  space.free(all[0] ?? 0, 32);
  assert.equal(space.allocate(32, limit32), all[0]);
  assert.equal(space.allocate(32, limit32), 0);
});

test('a size that did not fit below 4 GiB is not looked for again until something is freed there', () => {
  const space = new AnchoredIova();
  space.reserve(1, 0xfffbf);
  const block = space.allocate(64, limit32);
  assert.equal(block, 0xfffc0);
  assert.equal(space.allocate(64, limit32), 0);
  // The magazines take up to 32 frames: this goes back to the tree.
  space.free(block, 64);
  assert.equal(space.allocate(64, limit32), block);
});

test('magazines of 127 fill two and then the depot; the last 127 freed come back newest first', () => {
  const space = new AnchoredIova();
  const all = take(space, 400);
  for (const low of all) space.free(low, 1);
  const again = take(space, 400);
  // 381 went to the depot and stay in order of their magazines; the loaded one is emptied first.
  assert.deepEqual(again.slice(0, 19), all.slice(381).reverse());
  assert.deepEqual([...again].sort(), [...all].sort());
});
