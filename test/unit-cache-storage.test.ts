// Protects the store of the caches: what was put by row and column is found, and nothing else, whatever was put,
// removed and cleared before; frames of a 57-bit space and pages of a 52-bit one come back as they were.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../src/base/hash.ts';
import { Journal } from '../src/base/journal.ts';
import { domainIdOf, frameAt, frameNumber, sourceIdNumber, sourceIdOf } from '../src/base/word.ts';
import { Iotlb, type CachedTranslation } from '../src/vtd/iotlb.ts';

const seed = 20261126;

function entryOf(random: Random): CachedTranslation {
  const order = [0, 0, 9, 18][random.below(4)] ?? 0;
  const size = 2 ** order;
  // Frames of large pages share their low bits; some lie above 2^36, where those columns come again.
  const frame = (random.below(200) + (random.below(4) === 0 ? 2 ** 36 : 0) / size) * size;
  return {
    source: sourceIdOf([0, 1, 0x0200, 0xffff][random.below(4)] ?? 0), domain: domainIdOf(random.below(0x1_0000)),
    frame: frameAt(frame), order, target: frameAt(random.below(2 ** 20) * 2 ** random.below(21)),
    readable: random.below(2) === 0, writable: random.below(2) === 0, faultDisabled: random.below(2) === 0,
    filledBy: random.below(1_000_000) - 1, sequence: 0,
  };
}

function keyOf({ source, frame, order }: CachedTranslation): string {
  // Columns that share their low 36 bits share a place.
  return `${order} ${sourceIdNumber(source)} ${frameNumber(frame) % 2 ** 36}`;
}

for (const recording of [false, true]) {
  test(`an IOTLB holds what a plain map holds, journal ${recording ? 'on' : 'off'} (seed ${seed})`, () => {
    const random = new Random(seed);
    const iotlb = new Iotlb(new Journal(recording), 'dmar0', { limit: Infinity, whenFull: 'oldest' });
    const plain = new Map<string, CachedTranslation>();
    const check = (): void => {
      assert.equal(iotlb.size, plain.size);
      const byKey = (left: CachedTranslation, right: CachedTranslation): number => keyOf(left) < keyOf(right) ? -1 : 1;
      assert.deepEqual([...iotlb.entries()].sort(byKey), [...plain.values()].sort(byKey));
    };
    for (let step = 0; step < 20_000; step += 1) {
      const entry = entryOf(random);
      const choice = random.below(1000);
      if (choice < 600) {
        iotlb.insert(entry);
        plain.set(keyOf(entry), entry);
      } else if (choice < 998) {
        iotlb.delete(entry);
        plain.delete(keyOf(entry));
      } else {
        iotlb.clear();
        plain.clear();
      }
      const asked = entryOf(random);
      const found = iotlb.lookUp(asked.source, asked.frame);
      const small = plain.get(keyOf({ ...asked, order: 0 }));
      if (small?.frame === asked.frame) assert.deepEqual(found, small);
      else if (found !== undefined) assert.notEqual(found.order, 0);
      const granted = iotlb.grantedTarget(asked.source, asked.frame);
      if (granted === null) {
        assert.equal(found, undefined);
      } else if (granted !== undefined) {
        assert.deepEqual(granted, found?.target);
        assert.ok(found?.readable === true && found.writable && found.order === 0);
      }
      if (step % 500 === 0) check();
    }
    check();
  });
}

test('many rows, all removed one by one, leave none behind; a cleared cache is as empty as a new one', () => {
  const iotlb = new Iotlb(new Journal(false), 'dmar0', { limit: Infinity, whenFull: 'oldest' });
  const entries = Array.from({ length: 5000 }, (_, page): CachedTranslation => ({
    source: sourceIdOf(0x0200), domain: domainIdOf(1), frame: frameAt(page * 3), order: 0, target: frameAt(page + 7),
    readable: true, writable: true, faultDisabled: false, filledBy: page, sequence: 0,
  }));
  for (let round = 0; round < 3; round += 1) {
    for (const entry of entries) iotlb.insert(entry);
    for (const { source, frame, target } of entries) assert.equal(iotlb.grantedTarget(source, frame), target);
    for (const [at, entry] of entries.entries()) {
      iotlb.delete(entry);
      assert.equal(iotlb.lookUp(entry.source, entry.frame), undefined);
      assert.equal(iotlb.size, entries.length - at - 1);
    }
    for (const entry of entries.slice(round * 100)) iotlb.insert(entry);
    iotlb.clear();
    iotlb.clear();
    assert.deepEqual(iotlb.entries(), []);
    // What was large once and holds little gives its room back, and takes it again.
    for (const entry of entries.slice(0, 10)) iotlb.insert(entry);
    assert.equal(iotlb.entries().length, 10);
    iotlb.clear();
    assert.deepEqual(iotlb.entries(), []);
    assert.equal(iotlb.lookUp(sourceIdOf(0x0200), frameAt(3)), undefined);
  }
});
