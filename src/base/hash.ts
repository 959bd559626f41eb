/**
 * Hashing for fingerprints, and the one source of pseudo-randomness.
 *
 * A fingerprint is 64 bits wide, kept as two uint32 halves that are combined by exclusive or: adding
 * and removing a cell's contribution is the same operation, so a change costs two hashes and undoing
 * it restores the fingerprint exactly. A cell that holds zero contributes nothing, so memory that was
 * never touched and memory that is zero again are the same state.
 */
export interface Fingerprint {
  low: number;
  high: number;
}

function finish(value: number): number {
  let h = value;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Of the whole process, since fingerprints of one machine are compared with those of another. */
let fingerprintSeed = 0;

/**
 * Another seed, other fingerprints: two states that one seed takes for the same are told apart by the next. The
 * low four bits stay, by which an exploration decides what it stores. To be called before there is any fingerprint.
 */
export function seedFingerprints(seed: number): void {
  fingerprintSeed = seed === 0 ? 0 : finish(seed) | 0;
}

function seeded(half: number): number {
  return (finish(Math.imul(half ^ fingerprintSeed, 0x9e3779b1)) & ~0xf) | (half & 0xf);
}

/** Toggles the contribution of (store, cell, value) in the fingerprint. */
export function toggle(into: Fingerprint, store: number, cell: number, value: number): void {
  if (value === 0) return;
  const cellLow = cell | 0;
  const cellHigh = (cell / 0x1_0000_0000) | 0;
  const valueLow = value | 0;
  const valueHigh = Math.floor(value / 0x1_0000_0000) | 0;
  let h = finish(Math.imul(store + 1, 0x9e3779b1) ^ cellLow);
  h = finish(h ^ Math.imul(cellHigh + 0x7f4a7c15, 0x2545f491));
  h = finish(h ^ valueLow);
  h = finish(h + Math.imul(valueHigh ^ 0x165667b1, 0x27d4eb2f));
  if (fingerprintSeed !== 0) h = seeded(h);
  into.low = (into.low ^ h) >>> 0;
  let g = finish(Math.imul(store + 0x3c6ef372, 0x85ebca77) + cellLow);
  g = finish(g + Math.imul(cellHigh ^ 0x5851f42d, 0x4c957f2d));
  g = finish(g + Math.imul(valueLow, 0x9e3779b1));
  g = finish(g ^ Math.imul(valueHigh + 0x632be59b, 0x14057b7f));
  if (fingerprintSeed !== 0) g = seeded(g);
  into.high = (into.high ^ g) >>> 0;
}

/** Adds one sum of contributions to another. */
export function addFingerprint(into: Fingerprint, other: Fingerprint): void {
  into.low = (into.low ^ other.low) >>> 0;
  into.high = (into.high ^ other.high) >>> 0;
}

/**
 * A place for `key` in a table of `mask` + 1 places (a power of two). Neighbours stay neighbours, and
 * the first frames of large pages, 512 apart, are scattered.
 */
export function spread(key: number, mask: number): number {
  return (key + Math.imul((key / 512) | 0, 0x9e3779b1)) & mask;
}

/** A place for a fingerprint in a table of `mask` + 1 places (a power of two). */
export function placeOf(low: number, high: number, mask: number): number {
  return (low ^ (high >>> 7)) & mask;
}

/** Two halves of sums of the same kind as one, signed: what is in both is in neither. */
export function combined(left: number, right: number): number {
  return left ^ right;
}

/** The place of the edge of a tree that leads from `node` by `value`, in a table of `mask` + 1 places. */
export function placeOfEdge(node: number, value: number, mask: number): number {
  const h = Math.imul(node ^ Math.imul(value, 0x9e3779b1), 0x85ebca6b);
  return (h ^ (h >>> 15)) & mask;
}

/** The half of a fingerprint as an array of 32-bit integers holds it. */
export function signed(half: number): number {
  return half | 0;
}

export function unsigned(half: number): number {
  return half >>> 0;
}

/** A number below 2^53 that stands for a text or a list of numbers; equal inputs, equal numbers. */
export function digest(values: readonly number[]): number {
  let low = 0x9e3779b9 ^ values.length;
  let high = 0x85ebca6b ^ values.length;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] ?? 0;
    const valueLow = value | 0;
    const valueHigh = Math.floor(value / 0x1_0000_0000) | 0;
    low = Math.imul(low ^ valueLow, 0xcc9e2d51);
    low = Math.imul((low << 15 | low >>> 17) ^ valueHigh, 0x1b873593);
    low ^= low >>> 15;
    high = Math.imul(high ^ valueHigh, 0x2545f491);
    high = Math.imul((high << 13 | high >>> 19) + valueLow, 0x27d4eb2f);
    high ^= high >>> 14;
  }
  return (finish(high ^ low) & 0x1f_ffff) * 0x1_0000_0000 + (finish(low + Math.imul(high, 0x165667b1)) >>> 0);
}

/** One step of a quick hash over small numbers. */
export function mixInto(hash: number, value: number): number {
  const h = Math.imul(hash ^ value, 0x2545f491);
  return h ^ (h >>> 15);
}

/** Two halves as one number below 2^53. */
export function pairOf(low: number, high: number): number {
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0);
}

/** What was worked out for bytes that live longer: nobody changes them once they are on their way. */
const digests = new WeakMap<Uint8Array, number>();

/** A number below 2^53 for bytes that do not change any more; 0 for none. */
export function digestBytes(bytes: Uint8Array | null): number {
  if (bytes === null) return 0;
  const known = digests.get(bytes);
  if (known !== undefined) return known;
  let low = 0x9e3779b9 ^ bytes.length;
  let high = 0x85ebca6b ^ bytes.length;
  for (let at = 0; at < bytes.length; at += 1) {
    low = Math.imul(low ^ (bytes[at] ?? 0), 0x01000193);
    high = Math.imul(high ^ (bytes[at] ?? 0), 0x2545f491) + at | 0;
  }
  const result = (finish(high ^ low) & 0x1f_ffff) * 0x1_0000_0000 + (finish(low + Math.imul(high, 0x165667b1)) >>> 0);
  digests.set(bytes, result);
  return result;
}

/** A number below 2^53 for a fingerprint and a small number. */
export function keyOf(low: number, high: number, number: number): number {
  return pairOf(low ^ Math.imul(number, 0x9e3779b1), high);
}

/** A number of so many bits for a cell of a store. */
export function cellNumber(store: number, cell: number, bits: number): number {
  const h = finish(Math.imul(store + 1, 0x9e3779b1) ^ (cell | 0));
  return finish(h ^ Math.imul((cell / 0x1_0000_0000) | 0, 0x2545f491)) >>> (32 - bits);
}

export function formatFingerprint(value: Fingerprint): string {
  return value.high.toString(16).padStart(8, '0') + value.low.toString(16).padStart(8, '0');
}

/** A seeded generator (xorshift32); the seed is part of whatever is printed about a run. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = finish(seed ^ 0x9e3779b9) >>> 0 || 1;
  }

  /** A whole number in 0 … limit − 1. */
  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state % limit;
  }
}
