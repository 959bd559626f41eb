/**
 * What a walk fetched last, for the trace. The parts are kept apart so that a walk that nobody traces
 * makes no objects for them.
 */
import { addressIn, frameAt, type Address, type Frame, type Word64 } from '../base/word.ts';

export interface Fetch {
  readonly structure: string;
  readonly address: Address;
  readonly low: Word64;
  readonly high: Word64 | null;
}

export class LastFetch {
  #structure = '';
  #table: Frame = frameAt(0);
  #offset = 0;
  #low = 0;
  #high = 0;
  #upper: Word64 | null = null;

  note(structure: string, table: Frame, offset: number, low: number, high: number, upper: Word64 | null): void {
    this.#structure = structure;
    this.#table = table;
    this.#offset = offset;
    this.#low = low;
    this.#high = high;
    this.#upper = upper;
  }

  /** The fetch, once. */
  take(): Fetch | null {
    if (this.#structure === '') return null;
    const fetch = {
      structure: this.#structure, address: addressIn(this.#table, this.#offset),
      low: { low: this.#low, high: this.#high }, high: this.#upper,
    };
    this.#structure = '';
    return fetch;
  }
}
