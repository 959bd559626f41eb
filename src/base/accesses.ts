/**
 * Which cells a step read and wrote, for whoever wants to know whether two steps can change places. Kept
 * only where it is asked for.
 *
 * A cell is known by a number of `cellBits` bits. Two cells that share a number count as one: steps on
 * them are taken to touch the same, which is safe.
 */
import { cellNumber, mixInto, pairOf } from './hash.ts';

export const cellBits = 22;

/**
 * What was done. Reads go with reads; `joined` goes with `joined`: a set gets another member, a flag is
 * raised once more, and in which order does not matter.
 */
export const ACCESS = { read: 0, written: 1, joined: 2 } as const;
export const accessKinds = 3;

export class Accesses {
  /** Each as cell × `accessKinds` + kind; the first `count` count. */
  readonly list: number[] = [];
  count = 0;
  /** Actors that were given an appointment. */
  readonly activated: number[] = [];
  activatedCount = 0;
  #low = 0;
  #high = 0;

  clear(): void {
    this.count = 0;
    this.activatedCount = 0;
    this.#low = 0;
    this.#high = 0;
  }

  /** A number below 2^53 for the whole list: the same steps again need not be looked at again. */
  get print(): number {
    return pairOf(this.#low, this.#high);
  }

  read(store: number, cell: number): void {
    this.#add(cellNumber(store, cell, cellBits) * accessKinds);
  }

  written(store: number, cell: number): void {
    this.#add(cellNumber(store, cell, cellBits) * accessKinds + ACCESS.written);
  }

  joined(store: number, cell: number): void {
    this.#add(cellNumber(store, cell, cellBits) * accessKinds + ACCESS.joined);
  }

  activates(actor: number): void {
    this.activated[this.activatedCount] = actor;
    this.activatedCount += 1;
  }

  #add(access: number): void {
    this.list[this.count] = access;
    this.count += 1;
    this.#low = mixInto(this.#low, access);
    this.#high = mixInto(this.#high + 1, access);
  }
}

/** The cell that stands for a store's being looked at as a whole: reading it goes with no change of a member. */
export const wholeStore = -1;
