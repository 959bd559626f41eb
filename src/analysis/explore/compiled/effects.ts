/** What moves do to a state, in one flat array: for each, places with what they held and hold, and sums. */
import { combined } from '../../../base/hash.ts';
import { longer } from './growth.ts';

const firstCapacity = 4096;

export class Effects {
  #words = new Int32Array(firstCapacity);
  #length = 0;
  readonly #starts: number[] = [];

  get count(): number {
    return this.#starts.length;
  }

  get bytes(): number {
    return this.#words.byteLength + this.#starts.length * 8;
  }

  /** `low`, `high`: what it does to the fingerprint. Returns its number. */
  add(changes: readonly (readonly [number, number, number])[], sums: readonly (readonly [number, number])[], low: number, high: number): number {
    const words = [low, high, changes.length, sums.length, ...changes.flat(), ...sums.flat()];
    while (this.#length + words.length > this.#words.length) this.#words = longer(this.#words);
    this.#words.set(words, this.#length);
    this.#starts.push(this.#length);
    this.#length += words.length;
    return this.#starts.length - 1;
  }

  low(effect: number): number {
    return this.#words[this.#starts[effect] ?? 0] ?? 0;
  }

  high(effect: number): number {
    return this.#words[(this.#starts[effect] ?? 0) + 1] ?? 0;
  }

  apply(effect: number, values: Int32Array): void {
    this.#carryOut(effect, values, 2);
  }

  takeBack(effect: number, values: Int32Array): void {
    this.#carryOut(effect, values, 1);
  }

  /** `which` of the three words of a change is put in its place. */
  #carryOut(effect: number, values: Int32Array, which: number): void {
    const words = this.#words;
    const start = this.#starts[effect] ?? 0;
    let at = start + 4;
    for (const end = at + 3 * (words[start + 2] ?? 0); at < end; at += 3) {
      values[words[at] ?? 0] = words[at + which] ?? 0;
    }
    for (const end = at + 2 * (words[start + 3] ?? 0); at < end; at += 2) {
      const place = words[at] ?? 0;
      values[place] = combined(values[place] ?? 0, words[at + 1] ?? 0);
    }
  }
}
