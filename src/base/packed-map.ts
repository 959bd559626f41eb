/**
 * Rows of numbers by a whole number, in open addressing with linear probing. A row is half a line of the host's
 * cache: what a look-up finds costs one miss however many rows there are, and rows come and go without garbage.
 */
import { spread } from './hash.ts';

/** Words of 32 bits in a row; the first two are the key, as one double. */
const rowWords = 8;
const rowDoubles = rowWords / 2;
export const firstWord = 2;
const empty = -1;
const smallest = 16;
export const nowhere = -1;

export class PackedMap {
  #keys = new Float64Array(smallest * rowDoubles).fill(empty);
  /** The same rows. */
  #words = new Uint32Array(this.#keys.buffer);
  #mask = smallest - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The rows from whose place + `firstWord` on six words are the user's; other ones after `place`. */
  get words(): Uint32Array {
    return this.#words;
  }

  /** The place of a key's row, or `nowhere`. */
  find(key: number): number {
    const keys = this.#keys;
    for (let row = spread(key, this.#mask); ; row = row === this.#mask ? 0 : row + 1) {
      const found = keys[row * rowDoubles];
      if (found === key) return row * rowWords;
      if (found === empty) return nowhere;
    }
  }

  /** The same, with a row for a key that has none. */
  place(key: number): number {
    // Three quarters full: probes grow long.
    if (this.#size * 4 > this.#mask * 3) this.#resize(2 * (this.#mask + 1));
    const keys = this.#keys;
    for (let row = spread(key, this.#mask); ; row = row === this.#mask ? 0 : row + 1) {
      const found = keys[row * rowDoubles];
      if (found === empty) {
        keys[row * rowDoubles] = key;
        this.#size += 1;
        return row * rowWords;
      }
      if (found === key) return row * rowWords;
    }
  }

  delete(key: number): void {
    const at = this.find(key);
    if (at === nowhere) return;
    this.#size -= 1;
    this.#closeGap(at / rowWords);
  }

  clear(): void {
    if (this.#size === 0) return;
    // What is clear ever again must not pay each time for having been large once.
    if (this.#size * 16 < this.#mask) this.#allocate(Math.max(smallest, (this.#mask + 1) / 4));
    else this.#keys.fill(empty);
    this.#size = 0;
  }

  forEach(visit: (key: number, place: number) => void): void {
    for (let row = 0; row <= this.#mask; row += 1) {
      const key = this.#keys[row * rowDoubles] ?? empty;
      if (key !== empty) visit(key, row * rowWords);
    }
  }

  #next(row: number): number {
    return row === this.#mask ? 0 : row + 1;
  }

  #keyOf(row: number): number {
    return this.#keys[row * rowDoubles] ?? empty;
  }

  /** Moves later members of the run back, so that no probe stops too early. */
  #closeGap(gap: number): void {
    let hole = gap;
    for (let row = this.#next(hole); this.#keyOf(row) !== empty; row = this.#next(row)) {
      const home = spread(this.#keyOf(row), this.#mask);
      // Whether `home` lies behind the hole, going round, tells if this member may stay.
      const stays = hole < row ? home > hole && home <= row : home > hole || home <= row;
      if (stays) continue;
      this.#words.copyWithin(hole * rowWords, row * rowWords, (row + 1) * rowWords);
      hole = row;
    }
    this.#keys[hole * rowDoubles] = empty;
  }

  #allocate(capacity: number): void {
    this.#keys = new Float64Array(capacity * rowDoubles).fill(empty);
    this.#words = new Uint32Array(this.#keys.buffer);
    this.#mask = capacity - 1;
  }

  #resize(capacity: number): void {
    const keys = this.#keys;
    const words = this.#words;
    this.#allocate(capacity);
    this.#size = 0;
    for (let from = 0; from * rowDoubles < keys.length; from += 1) {
      const key = keys[from * rowDoubles] ?? empty;
      if (key === empty) continue;
      const to = this.place(key);
      this.#words.set(words.subarray(from * rowWords + firstWord, (from + 1) * rowWords), to + firstWord);
    }
  }
}
