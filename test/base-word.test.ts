import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../src/base/hash.ts';
import {
  addressIn, addressOf, addressOfWord, alignedFrame, and, bareHex, bdf, bit, blocksOverlap, bytesOf, compose,
  domainIdOf, equalUnder, equalWords, field, frameAt, frameNumber, frameOf, frameWithin, get, getHalves,
  hex, hexAddress, hexFrame, isSet, isSetHalves, isZero, maskOf, offsetBy, offsetInFrame, or, orderOf,
  overlaps, put, sourceIdAt, sourceIdNumber, sourceIdOf, tableIndex, toBigInt, toNumber, upperBit,
  upperField, wideHex, without, word, wordOf, wordOfAddress, zeroWord, type Word64,
} from '../src/base/word.ts';

const seed = 20240607;

/** The reference: bits high…low of a 64-bit value by division. */
function bitsOf(value: bigint, high: number, low: number): bigint {
  return (value / 2n ** BigInt(low)) % 2n ** BigInt(high - low + 1);
}

function randomWord(random: Random): Word64 {
  const half = (): number => random.below(0x10000) * 0x10000 + random.below(0x10000);
  return { low: half(), high: half() };
}

test('every field of up to 53 bits, in either half or across both, is read as division reads it', (t) => {
  t.diagnostic(`seed ${seed}`);
  const random = new Random(seed);
  for (let high = 0; high < 64; high += 1) {
    for (let low = Math.max(0, high - 52); low <= high; low += 1) {
      const part = field(high, low);
      const value = randomWord(random);
      const expected = bitsOf(toBigInt(value), high, low);
      assert.equal(BigInt(get(part, value)), expected, `field(${high}, ${low}) of ${wideHex(value)}`);
      assert.equal(getHalves(part, value.low, value.high), get(part, value));
      assert.equal(isSet(part, value), expected !== 0n);
      assert.equal(isSetHalves(part, value.low, value.high), expected !== 0n);
    }
  }
});

test('put changes the bits of its field and no other, for every field', (t) => {
  t.diagnostic(`seed ${seed}`);
  const random = new Random(seed);
  for (let high = 0; high < 64; high += 1) {
    for (let low = Math.max(0, high - 52); low <= high; low += 1) {
      const part = field(high, low);
      const before = randomWord(random);
      const value = get(part, randomWord(random));
      const after = put(part, before, value);
      const rest = toBigInt(before) - bitsOf(toBigInt(before), high, low) * 2n ** BigInt(low);
      assert.equal(toBigInt(after), rest + BigInt(value) * 2n ** BigInt(low), `field(${high}, ${low})`);
    }
  }
});

test('a value that does not fit its field is refused, the largest that fits is not', () => {
  assert.equal(wideHex(put(field(51, 12), zeroWord, 2 ** 40 - 1)), '0x000ffffffffff000');
  for (const wrong of [2 ** 40, -1, 0.5, NaN]) {
    assert.throws(() => put(field(51, 12), zeroWord, wrong), { name: 'AssertionFailure' });
  }
});

test('a field is at most 53 bits wide, high bit first, inside the word', () => {
  assert.equal(get(field(52, 0), word(0xffff_ffff_ffff_ffffn)), 2 ** 53 - 1);
  for (const [high, low] of [[53, 0], [63, 2], [64, 60], [3, 4], [0, -1]] as const) {
    assert.throws(() => field(high, low), { name: 'AssertionFailure' }, `field(${high}, ${low})`);
  }
});

test('upper fields are numbered as in the 128-bit structure', () => {
  // DID of a context entry is 87:72 of the whole, AW 66:64.
  const upper = word(0x0000_0000_00ab_cd02n);
  assert.equal(get(upperField(87, 72), upper), 0xabcd);
  assert.equal(get(upperField(66, 64), upper), 2);
  assert.equal(get(upperBit(127), word(0x8000_0000_0000_0000n)), 1);
});

test('masks and words combine in both halves', () => {
  const left = word(0xf0f0_f0f0_8000_0001n);
  const right = word(0xff00_0000_8000_0010n);
  assert.equal(wideHex(or(left, right)), '0xfff0f0f080000011');
  assert.equal(wideHex(and(left, right)), '0xf000000080000000');
  assert.equal(wideHex(without(left, right)), '0x00f0f0f000000001');
  assert.equal(wideHex(maskOf(field(63, 46), bit(7))), '0xffffc00000000080');
  assert.equal(wideHex(compose([field(63, 32), 0xdead_beef], [bit(0), 1])), '0xdeadbeef00000001');
  assert.equal(overlaps(word(0x8000_0000_0000_0000n), left), true);
  assert.equal(overlaps(word(0x0000_0000_0000_0002n), left), false);
  assert.equal(equalWords(left, { ...left }), true);
  assert.equal(equalWords(left, { ...left, high: 0 }), false);
  assert.equal(isZero(zeroWord), true);
  assert.equal(isZero(word(0x1_0000_0000n)), false);
  assert.equal(equalUnder(0xfff8, 0x0023, 0x0024), true);
  assert.equal(equalUnder(0xfff9, 0x0021, 0x0022), false);
});

test('words go to numbers and back exactly below 2^53, and are refused beyond', () => {
  for (const value of [0, 1, 0xffff_ffff, 0x1_0000_0000, 2 ** 52 + 12345, 2 ** 53 - 1]) {
    assert.equal(toNumber(wordOf(value)), value);
    assert.equal(toBigInt(wordOf(value)), BigInt(value));
  }
  assert.throws(() => toNumber(word(2n ** 53n)), { name: 'AssertionFailure' });
  assert.throws(() => wordOf(2 ** 53), { name: 'AssertionFailure' });
  assert.throws(() => word(2n ** 64n), { name: 'AssertionFailure' });
  assert.throws(() => word(-1n), { name: 'AssertionFailure' });
});

test('addresses, frames and offsets beyond 32 bits lose nothing', () => {
  const address = addressOf(0xf_1234_5678_9abc);
  assert.equal(frameNumber(frameOf(address)), 0xf_1234_5678_9);
  assert.equal(offsetInFrame(address), 0xabc);
  assert.equal(bytesOf(addressIn(frameOf(address), 0xabc)), 0xf_1234_5678_9abc);
  assert.equal(bytesOf(offsetBy(address, 0x544)), 0xf_1234_5678_a000);
  assert.equal(bytesOf(addressOfWord(wordOfAddress(address))), 0xf_1234_5678_9abc);
  for (const wrong of [-1, 0.5, 2 ** 53]) {
    assert.throws(() => addressOf(wrong), { name: 'AssertionFailure' });
    assert.throws(() => frameAt(wrong), { name: 'AssertionFailure' });
  }
});

test('a frame gives nine index bits to each level (3.6)', () => {
  // Level 5 … 1 of an address whose indices are 1, 2, 3, 4, 5.
  const frame = frameAt(1 * 2 ** 36 + 2 * 2 ** 27 + 3 * 2 ** 18 + 4 * 2 ** 9 + 5);
  assert.deepEqual([5, 4, 3, 2, 1].map((level) => tableIndex(frame, level)), [1, 2, 3, 4, 5]);
});

test('blocks of frames are aligned, found within and compared by their size', () => {
  assert.equal(frameNumber(alignedFrame(frameAt(0x12345), 9)), 0x12200);
  assert.equal(frameNumber(frameWithin(frameAt(0x80000), frameAt(0x12345), 9)), 0x80145);
  assert.equal(frameNumber(frameWithin(frameAt(0x80000), frameAt(0x12345), 0)), 0x80000);
  assert.equal(blocksOverlap(frameAt(0x3ff), 0, frameAt(0x200), 9), true);
  assert.equal(blocksOverlap(frameAt(0x400), 0, frameAt(0x200), 9), false);
  assert.equal(blocksOverlap(frameAt(0x200), 9, frameAt(0x3ff), 0), true);
  assert.deepEqual([1, 2, 3, 4, 5, 512, 513].map(orderOf), [0, 1, 2, 2, 3, 9, 10]);
});

test('identifiers have 16 bits; a source-id is bus, device, function (3.4.1)', () => {
  assert.equal(sourceIdNumber(sourceIdAt(0x86, 5, 6)), 0x862e);
  assert.equal(bdf(sourceIdOf(0x862e)), '86:05.6');
  assert.equal(bdf(sourceIdOf(0x00ff)), '00:1f.7');
  for (const wrong of [-1, 0x1_0000, 1.5]) {
    assert.throws(() => sourceIdOf(wrong), { name: 'AssertionFailure' });
    assert.throws(() => domainIdOf(wrong), { name: 'AssertionFailure' });
  }
});

test('hexadecimal prints as the kernel prints it', () => {
  assert.equal(bareHex(word(0x1_0000_00ffn)), '1000000ff');
  assert.equal(bareHex(255), 'ff');
  assert.equal(hex(zeroWord), '0x0');
  assert.equal(wideHex(word(0x1_0000_00ffn)), '0x00000001000000ff');
  assert.equal(hexAddress(addressOf(0xff_ffff_f000)), '0xfffffff000');
  assert.equal(hexFrame(frameAt(0xffffe)), '0xffffe000');
});
