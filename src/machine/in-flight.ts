/**
 * How many requests devices may still put on the bus of their own, once time has been set aside and
 * "every second" says nothing any more: a number that the whole machine shares.
 */
import type { Journal } from '../base/journal.ts';
import { Numbers } from '../base/stores.ts';

export class InFlight {
  readonly #taken: Numbers;
  #limit = Infinity;

  constructor(journal: Journal) {
    this.#taken = new Numbers(journal, 'requests in flight', 1);
  }

  limitTo(requests: number): void {
    this.#limit = requests;
  }

  get left(): number {
    return this.#limit - this.#taken.get(0);
  }

  /** The number of the last request taken, from 0. */
  get lastTaken(): number {
    return this.#taken.get(0) - 1;
  }

  /** What accesses name the taking of one by. */
  get spending(): number {
    return this.#taken.writing(0);
  }

  take(): void {
    this.#taken.set(0, this.#taken.get(0) + 1);
  }
}
