/**
 * Words, bit fields and addresses. All bit arithmetic of the simulator lives in this file.
 *
 * JavaScript's `&` and `>>>` silently cut a number to 32 bits. So what is an address, a frame or an
 * identifier is a type that the compiler does not take for a number, 64-bit words are two uint32
 * halves, and the fields of a word are described once, high bit first, as the specification does:
 *
 *     const DOMAIN_ID = upperField(87, 72);
 *     get(DOMAIN_ID, entry.upper)           // 0 … 65535
 */
import { fail } from './assert.ts';

declare const tag: unique symbol;
/** A physical or DMA byte address below 2^53. */
export type Address = { readonly [tag]: 'Address' };
/** An address divided by 4096: what every address field of VT-d holds. */
export type Frame = { readonly [tag]: 'Frame' };
/** Bus 15:8, device 7:3, function 2:0 (specification 3.4.1). */
export type SourceId = { readonly [tag]: 'SourceId' };
export type DomainId = { readonly [tag]: 'DomainId' };

export const frameBytes = 4096;
const twoTo32 = 0x1_0000_0000;

/** A 64-bit word as two uint32 halves. */
export interface Word64 {
  readonly low: number;
  readonly high: number;
}

export const zeroWord: Word64 = { low: 0, high: 0 };

/** A bit field of a 64-bit word; made by `field`, `bit` and their `upper` forms. */
export interface Field {
  readonly highBit: number;
  readonly lowBit: number;
  readonly lowMask: number;
  readonly lowShift: number;
  readonly highMask: number;
  readonly highShift: number;
  /** What one unit of the high half's part is worth in the field's value. */
  readonly highScale: number;
}

function halfMask(high: number, low: number): number {
  if (high < low) return 0;
  return ((high === 31 ? 0xffffffff : (1 << (high + 1)) - 1) & ~((1 << low) - 1)) >>> 0;
}

/** Bits `high`…`low` of a 64-bit word, at most 53 of them. */
export function field(high: number, low: number): Field {
  if (!(high <= 63 && low >= 0 && high >= low && high - low < 53)) fail(`field(${high}, ${low})`);
  return {
    highBit: high,
    lowBit: low,
    lowMask: halfMask(Math.min(high, 31), low),
    lowShift: Math.min(low, 31),
    highMask: halfMask(high - 32, Math.max(low - 32, 0)),
    highShift: Math.max(low - 32, 0),
    highScale: low < 32 ? 2 ** (32 - low) : 1,
  };
}

export function bit(position: number): Field {
  return field(position, position);
}

/** A field of the upper word of a 128-bit structure, in the numbering of the whole: 127…64. */
export function upperField(high: number, low: number): Field {
  return field(high - 64, low - 64);
}

export function upperBit(position: number): Field {
  return field(position - 64, position - 64);
}

export function get(part: Field, word: Word64): number {
  return getHalves(part, word.low, word.high);
}

/** As `get`, for callers on the hot path that hold the halves apart. */
export function getHalves(part: Field, low: number, high: number): number {
  return ((low & part.lowMask) >>> part.lowShift)
    + ((high & part.highMask) >>> part.highShift) * part.highScale;
}

export function isSet(part: Field, word: Word64): boolean {
  return (word.low & part.lowMask) !== 0 || (word.high & part.highMask) !== 0;
}

export function isSetHalves(part: Field, low: number, high: number): boolean {
  return (low & part.lowMask) !== 0 || (high & part.highMask) !== 0;
}

export function put(part: Field, word: Word64, value: number): Word64 {
  const limit = powerOfTwo(part.highBit - part.lowBit + 1);
  if (!(Number.isInteger(value) && value >= 0 && value < limit)) {
    fail(`${value} does not fit bits ${part.highBit}:${part.lowBit}`);
  }
  const aboveLow = part.lowMask === 0 ? value : Math.floor(value / part.highScale);
  const lowPart = part.lowMask === 0 ? 0 : (value % part.highScale) << part.lowShift;
  const highPart = part.highMask === 0 ? 0 : aboveLow << part.highShift;
  return {
    low: ((word.low & ~part.lowMask) | (lowPart & part.lowMask)) >>> 0,
    high: ((word.high & ~part.highMask) | (highPart & part.highMask)) >>> 0,
  };
}

/** A word in which only the given fields are set. */
export function compose(...parts: readonly (readonly [Field, number])[]): Word64 {
  return parts.reduce<Word64>((word, [part, value]) => put(part, word, value), zeroWord);
}

/** The mask of the given fields, for "these bits are reserved". */
export function maskOf(...parts: readonly Field[]): Word64 {
  return parts.reduce<Word64>(
    (mask, part) => ({
      low: (mask.low | part.lowMask) >>> 0,
      high: (mask.high | part.highMask) >>> 0,
    }),
    zeroWord,
  );
}

export function or(left: Word64, right: Word64): Word64 {
  return { low: (left.low | right.low) >>> 0, high: (left.high | right.high) >>> 0 };
}

export function and(left: Word64, right: Word64): Word64 {
  return { low: (left.low & right.low) >>> 0, high: (left.high & right.high) >>> 0 };
}

export function without(left: Word64, right: Word64): Word64 {
  return { low: (left.low & ~right.low) >>> 0, high: (left.high & ~right.high) >>> 0 };
}

export function overlaps(left: Word64, right: Word64): boolean {
  return (left.low & right.low) !== 0 || (left.high & right.high) !== 0;
}

/** As `overlaps`, for callers on the hot path that hold the halves apart. */
export function overlapsHalves(mask: Word64, low: number, high: number): boolean {
  return (mask.low & low) !== 0 || (mask.high & high) !== 0;
}

export function equalWords(left: Word64, right: Word64): boolean {
  return left.low === right.low && left.high === right.high;
}

export function isZero(word: Word64): boolean {
  return word.low === 0 && word.high === 0;
}

/** Splits a literal once, so that tables can be written in the manual's notation. */
export function word(literal: bigint): Word64 {
  if (!(literal >= 0n && literal < 1n << 64n)) fail(`${literal} is not a 64-bit word`);
  return { low: Number(literal & 0xffff_ffffn), high: Number(literal >> 32n) };
}

export function wordOf(value: number): Word64 {
  if (!(Number.isSafeInteger(value) && value >= 0)) fail(`${value} is not a word`);
  return { low: value % twoTo32, high: Math.floor(value / twoTo32) };
}

export function toBigInt(value: Word64): bigint {
  return (BigInt(value.high) << 32n) | BigInt(value.low);
}

/** The word as a number; only for words known to be below 2^53. */
export function toNumber(value: Word64): number {
  if (!(value.high < 0x20_0000)) fail(`${hex(value)} is not exact as a number`);
  return value.high * twoTo32 + value.low;
}

/** The halves of a number below 2^53, and the number of two halves, for tables of 32-bit words. */
export function lowHalf(value: number): number {
  return value >>> 0;
}

export function highHalf(value: number): number {
  return value < twoTo32 ? 0 : Math.floor(value / twoTo32);
}

export function joined(low: number, high: number): number {
  return high === 0 ? low : high * twoTo32 + low;
}

// --- 32-bit helpers ---------------------------------------------------------------------------

export function and32(left: number, right: number): number {
  return (left & right) >>> 0;
}

export function or32(left: number, right: number): number {
  return (left | right) >>> 0;
}

export function without32(left: number, right: number): number {
  return (left & ~right) >>> 0;
}

export function hasBits(value: number, bits: number): boolean {
  return (value & bits) !== 0;
}

/** What is above the `count` low bits of a 32-bit value. */
export function upperBits(value: number, count: number): number {
  return value >>> count;
}

/** Whether the values agree in the bits of `mask`. */
export function equalUnder(mask: number, left: number, right: number): boolean {
  return ((left ^ right) & mask) === 0;
}

const powersOfTwo = Array.from({ length: 64 }, (_, order) => 2 ** order);

/** 2^`order` for orders below 64; a table, because ** is slow. */
export function powerOfTwo(order: number): number {
  return powersOfTwo[order] ?? fail(`2^${order} is not needed`);
}

/** Smallest order with 2^order >= count. */
export function orderOf(count: number): number {
  let order = 0;
  while (2 ** order < count) order += 1;
  return order;
}

// --- addresses --------------------------------------------------------------------------------

export function addressOf(bytes: number): Address {
  if (!(Number.isSafeInteger(bytes) && bytes >= 0)) fail(`${bytes} is not an address`);
  return bytes as unknown as Address;
}

export function bytesOf(address: Address): number {
  return address as unknown as number;
}

export function addressOfWord(value: Word64): Address {
  return addressOf(toNumber(value));
}

export function wordOfAddress(address: Address): Word64 {
  return wordOf(bytesOf(address));
}

/** An entry with an address field that begins at bit 12, `pages` pages further on. */
export function pagesFurther(entry: Word64, pages: number): Word64 {
  const low = entry.low + pages * frameBytes;
  return { low: low % 2 ** 32, high: entry.high + Math.floor(low / 2 ** 32) };
}

export function offsetBy(address: Address, bytes: number): Address {
  return addressOf(bytesOf(address) + bytes);
}

export function frameOf(address: Address): Frame {
  return Math.floor(bytesOf(address) / frameBytes) as unknown as Frame;
}

export function offsetInFrame(address: Address): number {
  return bytesOf(address) % frameBytes;
}

export function addressIn(frame: Frame, offset: number): Address {
  return addressOf(frameNumber(frame) * frameBytes + offset);
}

export function frameAt(number: number): Frame {
  if (!(Number.isSafeInteger(number) && number >= 0)) fail(`${number} is not a frame number`);
  return number as unknown as Frame;
}

export function frameNumber(frame: Frame): number {
  return frame as unknown as number;
}

/** Frames that one entry of a table of each level covers. */
const framesPerEntry = [0, 1, 512, 512 ** 2, 512 ** 3, 512 ** 4];

/** The nine address bits that index a table of the given level; level 1 is the last (3.6). */
export function tableIndex(frame: Frame, level: number): number {
  // The index of the three last levels lies within the low 32 bits, which need no division.
  return level < 4 ? (frameNumber(frame) >>> (9 * (level - 1))) & 511
    : Math.floor(frameNumber(frame) / (framesPerEntry[level] ?? 1)) & 511;
}

/** Bits 51:12 of the halves of an entry, for callers on the hot path. */
export function frameInHalves(low: number, high: number): Frame {
  return ((low >>> 12) + (high & 0xf_ffff) * 0x10_0000) as unknown as Frame;
}

/** First frame of the naturally aligned block of 2^order frames around `frame`. */
export function alignedFrame(frame: Frame, order: number): Frame {
  if (order === 0) return frame;
  const size = powerOfTwo(order);
  return frameAt(Math.floor(frameNumber(frame) / size) * size);
}

/** `frame` of a page of 2^order frames starting at `base`, for the input frame `input`. */
export function frameWithin(base: Frame, input: Frame, order: number): Frame {
  return order === 0 ? base : frameAt(frameNumber(base) + (frameNumber(input) % powerOfTwo(order)));
}

/** Whether two naturally aligned blocks of frames share a frame. */
export function blocksOverlap(left: Frame, leftOrder: number, right: Frame, rightOrder: number): boolean {
  const order = Math.max(leftOrder, rightOrder);
  return frameNumber(alignedFrame(left, order)) === frameNumber(alignedFrame(right, order));
}

// --- identifiers ------------------------------------------------------------------------------

export function sourceIdOf(value: number): SourceId {
  if (!(Number.isInteger(value) && value >= 0 && value <= 0xffff)) fail(`${value} is not a source-id`);
  return value as unknown as SourceId;
}

export function sourceIdNumber(source: SourceId): number {
  return source as unknown as number;
}

export function sourceIdAt(bus: number, device: number, func: number): SourceId {
  return sourceIdOf(bus * 256 + device * 8 + func);
}

export function busOf(source: SourceId): number {
  return sourceIdNumber(source) >>> 8;
}

/** Device and function packed in eight bits, the index into a context table. */
export function devfnOf(source: SourceId): number {
  return sourceIdNumber(source) & 0xff;
}

export function domainIdOf(value: number): DomainId {
  if (!(Number.isInteger(value) && value >= 0 && value <= 0xffff)) fail(`${value} is not a domain-id`);
  return value as unknown as DomainId;
}

export function domainIdNumber(domain: DomainId): number {
  return domain as unknown as number;
}

/** As `frameAt`, `sourceIdOf` and `domainIdOf`, of what was one when it was stored: not checked again. */
export function storedFrame(number: number): Frame {
  return number as unknown as Frame;
}

export function storedSourceId(number: number): SourceId {
  return number as unknown as SourceId;
}

export function storedDomainId(number: number): DomainId {
  return number as unknown as DomainId;
}

// --- printing ---------------------------------------------------------------------------------

function padded(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** Hexadecimal without prefix, as the kernel's %x and %llx. */
export function bareHex(value: Word64 | number): string {
  const whole = typeof value === 'number' ? wordOf(value) : value;
  return whole.high === 0 ? whole.low.toString(16) : whole.high.toString(16) + padded(whole.low, 8);
}

export function hex(value: Word64 | number): string {
  return `0x${bareHex(value)}`;
}

/** All sixteen digits, for dumps in columns. */
export function wideHex(value: Word64): string {
  return `0x${padded(value.high, 8)}${padded(value.low, 8)}`;
}

export function hexAddress(address: Address): string {
  return hex(bytesOf(address));
}

export function hexFrame(frame: Frame): string {
  return hexAddress(addressIn(frame, 0));
}

/** `02:00.0`, as the kernel prints a source-id. */
export function bdf(source: SourceId): string {
  const value = sourceIdNumber(source);
  return `${padded(value >>> 8, 2)}:${padded((value >>> 3) & 0x1f, 2)}.${value & 7}`;
}
