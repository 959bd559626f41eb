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
export type AccessKind = (typeof ACCESS)[keyof typeof ACCESS];

/** What was noted, for whoever reads it. */
export interface AccessList {
  /** Each as cell × `accessKinds` + kind; the first `count` count. */
  readonly list: readonly number[];
  readonly count: number;
  /** A number below 2^53 for the whole list: the same steps again need not be looked at again. */
  readonly print: number;
  /** Actors that were given an appointment. */
  readonly activated: readonly number[];
  readonly activatedCount: number;
}

/** An access as the list has it. */
export function accessOf(store: number, cell: number, kind: AccessKind): number {
  return cellNumber(store, cell, cellBits) * accessKinds + kind;
}

export function accessKindOf(number: number): AccessKind {
  if (number === ACCESS.read) return ACCESS.read;
  return number === ACCESS.written ? ACCESS.written : ACCESS.joined;
}

export class Accesses implements AccessList {
  /** Each as cell × `accessKinds` + kind; the first `count` count. */
  readonly list: number[] = [];
  count = 0;
  /** Actors that were given an appointment. */
  readonly activated: number[] = [];
  activatedCount = 0;
  /** The same exactly, with what was looked at besides: store, cell and kind of each. */
  readonly exact: number[] = [];
  exactLength = 0;
  #low = 0;
  #high = 0;

  clear(): void {
    this.count = 0;
    this.activatedCount = 0;
    this.exactLength = 0;
    this.#low = 0;
    this.#high = 0;
  }

  get print(): number {
    return pairOf(this.#low, this.#high);
  }

  read(store: number, cell: number): void {
    this.#add(store, cell, ACCESS.read);
  }

  /** Which of a store's cells hold something is asked; what they hold is not. */
  readPresence(store: number): void {
    this.#note(store, wholeStore, ACCESS.read);
    this.looked(store, presence);
  }

  written(store: number, cell: number): void {
    this.#add(store, cell, ACCESS.written);
  }

  joined(store: number, cell: number): void {
    this.#add(store, cell, ACCESS.joined);
  }

  /** A look at what is nobody's move to change, or what the plan knows in another way: it is in no list. */
  looked(store: number, cell: number): void {
    const at = this.exactLength;
    this.exact[at] = store;
    this.exact[at + 1] = cell;
    this.exact[at + 2] = ACCESS.read;
    this.exactLength = at + 3;
  }

  activates(actor: number): void {
    this.activated[this.activatedCount] = actor;
    this.activatedCount += 1;
  }

  #add(store: number, cell: number, kind: AccessKind): void {
    const end = this.exactLength;
    this.exact[end] = store;
    this.exact[end + 1] = cell;
    this.exact[end + 2] = kind;
    this.exactLength = end + 3;
    this.#note(store, cell, kind);
  }

  #note(store: number, cell: number, kind: AccessKind): void {
    const access = accessOf(store, cell, kind);
    this.list[this.count] = access;
    this.count += 1;
    this.#low = mixInto(this.#low, access);
    this.#high = mixInto(this.#high + 1, access);
  }
}

/** The cell that stands for a store's being looked at as a whole: reading it goes with no change of a member. */
export const wholeStore = -1;
/** Which cells hold something, in the same way. */
export const presence = -2;
