import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digest, formatFingerprint, Random } from '../src/base/hash.ts';
import { Journal } from '../src/base/journal.ts';
import { PhysicalMemory, frameRange } from '../src/base/memory.ts';
import { Numbers, Table } from '../src/base/stores.ts';
import { addressOf } from '../src/base/word.ts';

const seed = 4711;

interface Entry {
  readonly value: number;
}

class World {
  readonly journal: Journal;
  readonly numbers: Numbers;
  readonly table: Table<Entry>;
  readonly memory: PhysicalMemory;
  readonly random: Random;

  constructor(recording: boolean, start: number) {
    this.journal = new Journal(recording);
    this.numbers = new Numbers(this.journal, 'numbers', 8, ['zero', 'one']);
    this.table = new Table(this.journal, 'table', (entry: Entry) => digest([entry.value]),
      (entry) => `of ${entry.value}`);
    this.memory = new PhysicalMemory(
      this.journal, [frameRange(addressOf(0), addressOf(0xffff))], true);
    this.random = new Random(start);
  }

  /** One random change of one of the stores. */
  disturb(): void {
    const { random } = this;
    const address = random.below(4) * 4096 + random.below(16) * 4;
    switch (random.below(7)) {
      case 0: return this.numbers.set(random.below(8), random.below(3) * 2 ** random.below(40));
      case 1: return this.table.set(random.below(5) * 2 ** 40, { value: random.below(4) });
      case 2: return this.table.delete(random.below(5) * 2 ** 40);
      case 3: return this.memory.store32(addressOf(address), random.below(3));
      case 4: return this.memory.writeBack(addressOf(address), 4);
      case 5: return this.memory.clear(addressOf(address), 4 * random.below(40));
      default:
        this.memory.write(addressOf(address + random.below(4)), Uint8Array.of(random.below(256), 7));
    }
  }

  /** Everything that can be seen of the stores. */
  picture(): string {
    const words = (page: (frame: number) => DataView | undefined): string =>
      [0, 1, 2, 3].map((frame) => Array.from({ length: 17 }, (_, index) =>
        page(frame)?.getUint32(index * 4, true)).join()).join(';');
    return JSON.stringify([
      Array.from({ length: 8 }, (_, cell) => this.numbers.get(cell)),
      this.table.entries(),
      words((frame) => this.memory.view(true).page(frameOfNumber(frame))),
      words((frame) => this.memory.view(false).page(frameOfNumber(frame))),
    ]);
  }
}

function frameOfNumber(frame: number) {
  return frameRange(addressOf(frame * 4096), addressOf(frame * 4096 + 4095)).first;
}

test('moving to any mark, in any order, restores state and fingerprint exactly', (t) => {
  t.diagnostic(`seed ${seed}`);
  const world = new World(true, seed);
  const seen: { mark: number; picture: string; print: string }[] = [];
  for (let turn = 0; turn < 400; turn += 1) {
    seen.push({
      mark: world.journal.mark(), picture: world.picture(),
      print: formatFingerprint(world.journal.fingerprint()),
    });
    world.disturb();
  }
  const order = new Random(seed + 1);
  for (let jump = 0; jump < 400; jump += 1) {
    const there = seen[order.below(seen.length)];
    assert.ok(there !== undefined);
    world.journal.moveTo(there.mark);
    assert.equal(world.picture(), there.picture, `mark ${there.mark}`);
    assert.equal(formatFingerprint(world.journal.fingerprint()), there.print, `mark ${there.mark}`);
  }
});

test('the running fingerprint is the fingerprint of the state, after every change', (t) => {
  t.diagnostic(`seed ${seed}`);
  const world = new World(true, seed);
  const prints = new Map<string, string>();
  for (let turn = 0; turn < 500; turn += 1) {
    world.disturb();
    const print = formatFingerprint(world.journal.fingerprint());
    assert.equal(print, formatFingerprint(world.journal.rehash()), `change ${turn}`);
    // Equal fingerprints stand for equal states, and the other way round.
    const picture = world.picture();
    assert.equal(prints.get(print) ?? picture, picture, `change ${turn} collides`);
    prints.set(print, picture);
  }
  assert.equal(new Set(prints.values()).size, prints.size);
});

test('a change after going back forgets the future that was undone', () => {
  const journal = new Journal(true);
  const numbers = new Numbers(journal, 'numbers', 2);
  numbers.set(0, 1);
  const mark = journal.mark();
  numbers.set(0, 2);
  numbers.set(1, 3);
  journal.moveTo(mark);
  numbers.set(1, 9);
  assert.equal(journal.length, mark + 1);
  assert.throws(() => journal.moveTo(mark + 2), { name: 'AssertionFailure' });
  journal.moveTo(0);
  journal.moveTo(mark + 1);
  assert.deepEqual([numbers.get(0), numbers.get(1)], [1, 9]);
});

test('changesBetween tells cell, before and after, oldest first, and leaves the present alone', () => {
  const journal = new Journal(true);
  const numbers = new Numbers(journal, 'numbers', 2, ['zero', 'one']);
  const table = new Table<Entry>(journal, 'table', (entry) => entry.value, (entry) => `of ${entry.value}`);
  numbers.set(0, 5);
  const mark = journal.mark();
  numbers.set(0, 6);
  table.set(3, { value: 1 });
  numbers.set(0, 7);
  table.delete(3);
  const changes = journal.changesBetween(mark, journal.mark())
    .map(({ store, cell, before, after }) => [store.name, cell, before, after]);
  assert.deepEqual(changes, [
    ['numbers', 0, 5, 6], ['table', 3, undefined, { value: 1 }],
    ['numbers', 0, 6, 7], ['table', 3, { value: 1 }, undefined],
  ]);
  assert.deepEqual([numbers.get(0), table.size, journal.mark()], [7, 0, mark + 4]);
  assert.deepEqual(journal.changesBetween(mark, mark), []);
  assert.throws(() => journal.changesBetween(mark, mark + 5), { name: 'AssertionFailure' });
});

test('equal values in different cells or different stores never cancel', () => {
  const journal = new Journal(true);
  const stores = [new Numbers(journal, 'a', 300), new Numbers(journal, 'b', 300)];
  const prints = new Set([formatFingerprint(journal.fingerprint())]);
  for (const store of stores) {
    for (let cell = 0; cell < 300; cell += 1) {
      store.set(cell, 1);
      prints.add(formatFingerprint(journal.fingerprint()));
    }
  }
  assert.equal(prints.size, 601);
});

test('large values, negative ones and infinity are told apart in the fingerprint', () => {
  const journal = new Journal(true);
  const numbers = new Numbers(journal, 'numbers', 1);
  const values = [0, 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 52, 2 ** 53 - 1, Infinity, -2];
  const prints = values.map((value) => {
    numbers.set(0, value);
    return formatFingerprint(journal.fingerprint());
  });
  assert.equal(new Set(prints).size, values.length);
  numbers.set(0, 0);
  assert.equal(formatFingerprint(journal.fingerprint()), '0000000000000000');
});

test('a set that changes nothing is no change', () => {
  const journal = new Journal(true);
  const numbers = new Numbers(journal, 'numbers', 1);
  numbers.set(0, 0);
  const memory = new PhysicalMemory(journal, [frameRange(addressOf(0), addressOf(4095))], true);
  memory.store32(addressOf(8), 0);
  memory.store32(addressOf(0x9000), 5);
  assert.equal(journal.length, 0);
});

test('a journal that does not record lets everything change and keeps nothing', () => {
  const world = new World(false, seed);
  const recorded = new World(true, seed);
  for (let turn = 0; turn < 200; turn += 1) {
    world.disturb();
    recorded.disturb();
  }
  assert.equal(world.picture(), recorded.picture());
  assert.equal(world.journal.length, 0);
});

test('a store has one name in the journal and labels its cells', () => {
  const journal = new Journal(true);
  const numbers = new Numbers(journal, 'numbers', 3, ['zero']);
  assert.deepEqual([numbers.describe(0), numbers.describe(2)], ['zero', 'numbers[2]']);
  assert.throws(() => journal.register(numbers), { name: 'AssertionFailure' });
  assert.throws(() => numbers.get(3), { name: 'AssertionFailure' });
});
