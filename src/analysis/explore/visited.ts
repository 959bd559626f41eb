/**
 * The states that were seen, by fingerprint: 64 bits each in open addressing on one flat array, which
 * may be shared between threads. A JavaScript Set would end at 16,777,216 entries.
 */
import { fail } from '../../base/assert.ts';
import { placeOf, signed, unsigned } from '../../base/hash.ts';

const smallest = 1024;
/** Fuller than this, probes grow long. */
const mostLoad = 0.7;
const bytesOfEntry = 8;

export interface Visited {
  readonly size: number;
  /** Adds a state; false when it was there, also by another thread. */
  add(low: number, high: number): boolean;
  has(low: number, high: number): boolean;
}

export class VisitedStates implements Visited {
  #words: Int32Array;
  #mask: number;
  #size = 0;

  constructor(capacity = smallest) {
    const places = 2 ** Math.ceil(Math.log2(Math.max(smallest, capacity)));
    this.#words = new Int32Array(places * 2);
    this.#mask = places - 1;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return (this.#mask + 1) * bytesOfEntry;
  }

  /** Adds a state; false when it was there. */
  add(low: number, high: number): boolean {
    if (this.#size > this.#mask * mostLoad) this.#grow();
    if (!this.#put(low, high)) return false;
    this.#size += 1;
    return true;
  }

  has(low: number, high: number): boolean {
    const first = low === 0 && high === 0 ? 1 : signed(low);
    const second = signed(high);
    const words = this.#words;
    for (let at = placeOf(low, high, this.#mask); ; at = at === this.#mask ? 0 : at + 1) {
      const left = words[at * 2];
      const right = words[at * 2 + 1];
      if (left === first && right === second) return true;
      if (left === 0 && right === 0) return false;
    }
  }

  #put(low: number, high: number): boolean {
    // Two zeros mean a free place: the one state in 2^64 that has them shares a place with its neighbour.
    const first = low === 0 && high === 0 ? 1 : signed(low);
    const second = signed(high);
    const words = this.#words;
    for (let at = placeOf(low, high, this.#mask); ; at = at === this.#mask ? 0 : at + 1) {
      const left = words[at * 2];
      const right = words[at * 2 + 1];
      if (left === first && right === second) return false;
      if (left === 0 && right === 0) {
        words[at * 2] = first;
        words[at * 2 + 1] = second;
        return true;
      }
    }
  }

  #grow(): void {
    const old = this.#words;
    const places = (this.#mask + 1) * 2;
    if (places > 2 ** 30) fail('the table of states is as large as an array can be');
    this.#words = new Int32Array(places * 2);
    this.#mask = places - 1;
    for (let at = 0; at < old.length; at += 2) {
      const first = old[at] ?? 0;
      const second = old[at + 1] ?? 0;
      if (first !== 0 || second !== 0) this.#put(unsigned(first), unsigned(second));
    }
  }
}

/** The counters that threads share: the next piece of work, what was found, whether to stop; visits of the shortest way. */
export const SHARED = { next: 0, states: 1, stop: 2, full: 3, transitions: 4, depth: 5, visits: 6 } as const;
export const sharedCounters = 7;

/** The same table in memory that threads share; it does not grow, and says so when it is full. */
export class SharedStates implements Visited {
  readonly #words: Int32Array;
  readonly #counters: Int32Array;
  readonly #mask: number;

  /** `words` has room for a power of two of states. */
  constructor(words: Int32Array, counters: Int32Array) {
    this.#words = words;
    this.#counters = counters;
    this.#mask = words.length / 2 - 1;
  }

  get size(): number {
    return Atomics.load(this.#counters, SHARED.states);
  }

  get isFull(): boolean {
    return Atomics.load(this.#counters, SHARED.full) !== 0;
  }

  add(low: number, high: number): boolean {
    // Neither half of an entry is zero, so that a half that is has not been written yet.
    const first = low === 0 ? 1 : signed(low);
    const second = high === 0 ? 1 : signed(high);
    const words = this.#words;
    for (let at = placeOf(low, high, this.#mask); ; at = at === this.#mask ? 0 : at + 1) {
      const before = Atomics.compareExchange(words, at * 2, 0, first);
      if (before === 0) {
        Atomics.store(words, at * 2 + 1, second);
        const size = Atomics.add(this.#counters, SHARED.states, 1) + 1;
        if (size > this.#mask * mostLoad) Atomics.store(this.#counters, SHARED.full, 1);
        return true;
      }
      if (before !== first) continue;
      let other = 0;
      while (other === 0) other = Atomics.load(words, at * 2 + 1);
      if (other === second) return false;
    }
  }

  /** One that another thread is just adding may be missed. */
  has(low: number, high: number): boolean {
    const first = low === 0 ? 1 : signed(low);
    const second = high === 0 ? 1 : signed(high);
    const words = this.#words;
    for (let at = placeOf(low, high, this.#mask); ; at = at === this.#mask ? 0 : at + 1) {
      const before = Atomics.load(words, at * 2);
      if (before === 0) return false;
      if (before === first && Atomics.load(words, at * 2 + 1) === second) return true;
    }
  }
}
