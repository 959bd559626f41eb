import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Journal } from '../src/base/journal.ts';
import { PhysicalMemory, frameRange } from '../src/base/memory.ts';
import { addressOf, frameAt, frameNumber, toBigInt, word } from '../src/base/word.ts';

/** Memory 0 … 0x3fff and one page at 5 GiB. */
function memoryOf(twoViews: boolean): PhysicalMemory {
  return new PhysicalMemory(new Journal(true), [
    frameRange(addressOf(0), addressOf(0x3fff)),
    frameRange(addressOf(0x1_4000_0000), addressOf(0x1_4000_0fff)),
  ], twoViews);
}

function ram32(memory: PhysicalMemory, address: number): number | undefined {
  return memory.view(false).page(frameAt(Math.floor(address / 4096)))?.getUint32(address % 4096, true);
}

test('a CPU store is in the CPU\'s view at once and in RAM only when its line is written back (6.2)', () => {
  const memory = memoryOf(true);
  memory.store32(addressOf(0x1040), 0xdead_beef);
  assert.equal(memory.read32(addressOf(0x1040)), 0xdead_beef);
  assert.equal(ram32(memory, 0x1040), 0);
  assert.equal(memory.isDirty(addressOf(0x1040), 4), true);
  // The neighbouring lines are written back: nothing happens to this one.
  memory.writeBack(addressOf(0x1000), 0x40);
  memory.writeBack(addressOf(0x1080), 0x40);
  assert.equal(ram32(memory, 0x1040), 0);
  // One byte of the line is enough.
  memory.writeBack(addressOf(0x107f), 1);
  assert.equal(ram32(memory, 0x1040), 0xdead_beef);
  assert.equal(memory.isDirty(addressOf(0x1040), 4), false);
});

test('a write-back takes the whole line, and every line that the range touches', () => {
  const memory = memoryOf(true);
  for (const address of [0x0fc0, 0x0ffc, 0x1000, 0x103c, 0x1040]) memory.store32(addressOf(address), 1);
  memory.writeBack(addressOf(0x0fff), 2);
  assert.deepEqual([0x0fc0, 0x0ffc, 0x1000, 0x103c, 0x1040].map((at) => ram32(memory, at)), [1, 1, 1, 1, 0]);
  memory.writeBack(addressOf(0x1040), 0);
  assert.equal(ram32(memory, 0x1040), 0);
});

test('dirtiness is by line: a store anywhere in it shows for every byte of the line', () => {
  const memory = memoryOf(true);
  memory.store32(addressOf(0x1078), 7);
  assert.equal(memory.isDirty(addressOf(0x1040), 1), true);
  assert.equal(memory.isDirty(addressOf(0x1080), 0x40), false);
  memory.store32(addressOf(0x1078), 0);
  assert.equal(memory.isDirty(addressOf(0x1040), 0x40), false);
});

test('a store of zero over what RAM holds is a difference too', () => {
  const memory = memoryOf(true);
  memory.store32(addressOf(0x1000), 5);
  memory.writeBack(addressOf(0x1000), 4);
  memory.store32(addressOf(0x1000), 0);
  assert.equal(ram32(memory, 0x1000), 5);
  memory.writeBack(addressOf(0x1000), 4);
  assert.equal(ram32(memory, 0x1000), 0);
});

test('a device write is in both views, and writes the dirty rest of its line back', () => {
  const memory = memoryOf(true);
  memory.store32(addressOf(0x1044), 0x1111_1111);
  assert.equal(memory.write(addressOf(0x1040), Uint8Array.of(1, 2, 3, 4)), true);
  assert.equal(memory.read32(addressOf(0x1040)), 0x0403_0201);
  assert.equal(ram32(memory, 0x1040), 0x0403_0201);
  assert.equal(memory.read32(addressOf(0x1044)), 0x1111_1111);
  assert.equal(ram32(memory, 0x1044), 0x1111_1111);
});

test('with one view a store is in RAM at once and nothing is ever dirty', () => {
  const memory = memoryOf(false);
  memory.store32(addressOf(0x1040), 9);
  assert.equal(ram32(memory, 0x1040), 9);
  assert.equal(memory.isDirty(addressOf(0x1000), 0x1000), false);
});

test('unaligned device writes change their bytes and no others, across words and pages', () => {
  for (const twoViews of [false, true]) {
    const memory = memoryOf(twoViews);
    memory.store64(addressOf(0x1ff8), word(0xffff_ffff_ffff_ffffn));
    memory.store64(addressOf(0x2000), word(0xffff_ffff_ffff_ffffn));
    assert.equal(memory.write(addressOf(0x1ffd), Uint8Array.of(1, 2, 3, 4, 5, 6)), true);
    assert.equal(toBigInt(memory.read64(addressOf(0x1ff8))), 0x0302_01ff_ffff_ffffn);
    assert.equal(toBigInt(memory.read64(addressOf(0x2000))), 0xffff_ffff_ff06_0504n);
    assert.deepEqual(memory.read(addressOf(0x1ffc), 9), Uint8Array.of(0xff, 1, 2, 3, 4, 5, 6, 0xff, 0xff));
    assert.equal(memory.write(addressOf(0x2001), Uint8Array.of(0xab)), true);
    assert.equal(memory.read32(addressOf(0x2000)), 0xff06_ab04);
    assert.equal(memory.write(addressOf(0x2001), new Uint8Array(0)), true);
  }
});

test('where nothing answers the CPU reads ones, stores vanish, and devices get no answer', () => {
  const memory = memoryOf(true);
  const nowhere = addressOf(0x4000);
  memory.store32(nowhere, 5);
  memory.writeBack(nowhere, 4);
  assert.equal(memory.read32(nowhere), 0xffff_ffff);
  assert.equal(toBigInt(memory.read64(nowhere)), 0xffff_ffff_ffff_ffffn);
  assert.equal(memory.read(nowhere, 1), undefined);
  assert.equal(memory.write(nowhere, Uint8Array.of(1)), false);
  assert.equal(memory.isDirty(nowhere, 64), false);
  assert.equal(memory.isBacked(frameAt(4)), false);
  assert.equal(memory.isBacked(frameAt(0x140000)), true);
});

test('a device write that leaves memory half way has no effect at all', () => {
  const memory = memoryOf(true);
  assert.equal(memory.write(addressOf(0x3ffe), Uint8Array.of(1, 2, 3, 4)), false);
  assert.equal(memory.read32(addressOf(0x3ffc)), 0);
  assert.equal(memory.read(addressOf(0x3ffe), 4), undefined);
});

test('clearing is CPU stores of zero: seen at once by the CPU, in RAM after the write-back', () => {
  const memory = memoryOf(true);
  for (const address of [0x0ffc, 0x1000, 0x1ffc, 0x2000, 0x2ffc, 0x3000]) memory.store32(addressOf(address), 5);
  memory.writeBack(addressOf(0), 0x4000);
  memory.clear(addressOf(0x1000), 0x2000);
  const seen = [0x0ffc, 0x1000, 0x1ffc, 0x2000, 0x2ffc, 0x3000];
  assert.deepEqual(seen.map((at) => memory.read32(addressOf(at))), [5, 0, 0, 0, 0, 5]);
  assert.deepEqual(seen.map((at) => ram32(memory, at)), [5, 5, 5, 5, 5, 5]);
  memory.writeBack(addressOf(0x1000), 0x2000);
  assert.deepEqual(seen.map((at) => ram32(memory, at)), [5, 0, 0, 0, 0, 5]);
  memory.clear(addressOf(0x4000), 0x1000);
  assert.equal(memory.read32(addressOf(0x4000)), 0xffff_ffff);
});

test('a write of several pages is what was written, byte for byte', () => {
  const memory = memoryOf(true);
  const bytes = Uint8Array.from({ length: 0x2345 }, (_, index) => (index * 7 + 1) % 256);
  assert.equal(memory.write(addressOf(0x0ff3), bytes), true);
  assert.deepEqual(memory.read(addressOf(0x0ff3), bytes.length), bytes);
  assert.deepEqual(memory.read(addressOf(0x0ff0), 3), Uint8Array.of(0, 0, 0));
  assert.deepEqual(memory.read(addressOf(0x0ff3 + 0x2345), 4), Uint8Array.of(0, 0, 0, 0));
  assert.equal(memory.isDirty(addressOf(0), 0x4000), false);
  // A part of a larger buffer is written from where it begins.
  assert.equal(memory.write(addressOf(0x3000), bytes.subarray(4, 8)), true);
  assert.deepEqual(memory.read(addressOf(0x3000), 4), bytes.slice(4, 8));
});

test('memory above 4 GiB is not the memory below it', () => {
  const memory = memoryOf(true);
  memory.store64(addressOf(0x1_4000_0008), word(0x1234_5678_9abc_def0n));
  assert.equal(toBigInt(memory.read64(addressOf(0x1_4000_0008))), 0x1234_5678_9abc_def0n);
  assert.equal(memory.read32(addressOf(0x0000_0008)), 0);
});

test('a store must be aligned', () => {
  assert.throws(() => memoryOf(true).store32(addressOf(0x1002), 1), { name: 'AssertionFailure' });
});

test('a range has the frames that lie in it whole', () => {
  const range = frameRange(addressOf(0x1001), addressOf(0x3ffe));
  assert.deepEqual([frameNumber(range.first), frameNumber(range.last)], [2, 2]);
  const exact = frameRange(addressOf(0x1000), addressOf(0x3fff));
  assert.deepEqual([frameNumber(exact.first), frameNumber(exact.last)], [1, 3]);
});

test('a range smaller than a frame has none, also at address zero', () => {
  for (const first of [0, 0x1000, 0x1010]) {
    const range = frameRange(addressOf(first), addressOf(first + 0x7ff));
    const memory = new PhysicalMemory(new Journal(true), [range], false);
    assert.deepEqual([0, 1, 2].map((frame) => memory.isBacked(frameAt(frame))), [false, false, false]);
  }
});
