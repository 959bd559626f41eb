/**
 * The one gate for change. Everything mutable in a machine (registers, memory, caches, devices, the
 * position of a kernel, the agenda) is a cell of some store, and a store announces each change here
 * with what the cell held before.
 *
 * From that follow stepping backwards and forwards (`moveTo`), a fingerprint that is kept as the
 * state changes, and "what did this event change". A journal that records nothing costs one test
 * per change, so a plain run does not pay for the debugger.
 *
 *     const mark = journal.mark();
 *     … anything …
 *     journal.moveTo(mark);      // the state is what it was
 */
import type { Accesses, AccessKind } from './accesses.ts';
import { assert, fail } from './assert.ts';
import { addFingerprint, toggle, type Fingerprint } from './hash.ts';

/** A group of cells that the journal can put back. */
export interface Store {
  readonly name: string;
  /** Puts `value` in the cell and returns what was there, without telling the journal. */
  exchange(cell: number, value: unknown): unknown;
  /** The number that stands for `value` in fingerprints; 0 for "as if never touched". */
  weigh(value: unknown): number;
  /** What all cells together add to a fingerprint, for stores that have a quicker way than one after the other. */
  sum?(number: number): Fingerprint;
  /** Calls `visit` for every cell that may hold something else than its zero. */
  visit(visit: (cell: number, value: unknown) => void): void;
  describe(cell: number): string;
  /** What a cell holds; nobody is told of it. */
  at(cell: number): unknown;
  /** The groups that a cell is in, which may be looked at as a whole: numbers below zero, as accesses name them. */
  groupsOf(cell: number): readonly number[];
  /** What a value counts as in a group, where that is not its weight. */
  weighIn?(group: number, value: unknown): number;
  /** The cells and groups whose content decides what an access to `cell` that was noted does. */
  dependsOn(cell: number, kind: AccessKind): readonly number[];
}

export interface Change {
  readonly store: Store;
  readonly number: number;
  readonly cell: number;
  readonly before: unknown;
  readonly after: unknown;
}

export class Journal {
  readonly #stores: Store[] = [];
  /** The history; what lies behind `#length` is left over and means nothing. */
  readonly #changed: number[] = [];
  readonly #cells: number[] = [];
  /** Before the position: what the cell held before the change; behind it: what it held after. */
  readonly #values: unknown[] = [];
  readonly #fingerprint: Fingerprint = { low: 0, high: 0 };
  #position = 0;
  #length = 0;
  readonly recording: boolean;
  /** Where stores tell what was read and written; null: nobody asks. */
  readonly accesses: Accesses | null;

  constructor(recording: boolean, accesses: Accesses | null = null) {
    this.recording = recording;
    this.accesses = accesses;
  }

  /**
   * Every store has a number of its own, so that equal changes in two stores cannot cancel. Returns it, for
   * the store to give with its changes.
   */
  register(store: Store): number {
    if (this.#stores.includes(store)) fail(`store ${store.name} registered twice`);
    this.#stores.push(store);
    return this.#stores.length - 1;
  }

  /** To be called by a store after it changed `cell` from `before` to `after`. */
  record(store: number, cell: number, before: unknown, after: unknown): void {
    if (!this.recording) return;
    const at = this.#position;
    this.#changed[at] = store;
    this.#cells[at] = cell;
    this.#values[at] = before;
    this.#position = at + 1;
    this.#length = at + 1;
    this.#reweigh(store, cell, before, after);
  }

  /** The present point of history, to come back to. */
  mark(): number {
    return this.#position;
  }

  get length(): number {
    return this.#length;
  }

  /** Goes back or forth in recorded history; every cell holds what it held at `mark`. */
  moveTo(mark: number): void {
    if (!(mark >= 0 && mark <= this.#length)) fail(`mark ${mark} is outside the history`);
    while (this.#position > mark) {
      this.#position -= 1;
      this.#swap(this.#position);
    }
    while (this.#position < mark) {
      this.#swap(this.#position);
      this.#position += 1;
    }
  }

  /**
   * Goes back to `mark` and forgets what came after. `low` and `high` are the fingerprint that the state had
   * there: it need not be worked out again.
   */
  takeBack(mark: number, low: number, high: number): void {
    for (let at = this.#position - 1; at >= mark; at -= 1) {
      this.#storeAt(at).exchange(this.#cells[at] ?? 0, this.#values[at]);
    }
    this.#position = mark;
    this.#length = mark;
    this.#fingerprint.low = low;
    this.#fingerprint.high = high;
  }

  /** What was before the present can no longer be gone back to. */
  forgetHistory(): void {
    this.#position = 0;
    this.#length = 0;
  }

  /** The changes between two marks, oldest first; `to` must not lie behind the present. */
  changesBetween(from: number, to: number): readonly Change[] {
    assert(from <= to && to <= this.#position, 'changes are only known up to the present');
    const present = this.#position;
    this.moveTo(from);
    const changes: Change[] = [];
    for (let at = from; at < to; at += 1) {
      const store = this.#storeAt(at);
      const cell = this.#cells[at];
      assert(cell !== undefined, 'the journal has a hole');
      const after = this.#values[at];
      this.moveTo(at + 1);
      changes.push({ store, number: this.#changed[at] ?? -1, cell, before: this.#values[at], after });
    }
    this.moveTo(present);
    return changes;
  }

  fingerprint(): Fingerprint {
    return { ...this.#fingerprint };
  }

  get fingerprintLow(): number {
    return this.#fingerprint.low;
  }

  get fingerprintHigh(): number {
    return this.#fingerprint.high;
  }

  /** The fingerprint computed from the state alone: what the running one must equal. */
  rehash(): Fingerprint {
    return this.rehashEach().reduce((sum, of) => {
      addFingerprint(sum, of);
      return sum;
    }, { low: 0, high: 0 });
  }

  /** The same of each store by itself, to tell which one is not as it was. */
  rehashEach(): readonly Fingerprint[] {
    return this.#stores.map((store, number) => {
      if (store.sum !== undefined) return store.sum(number);
      const sum: Fingerprint = { low: 0, high: 0 };
      store.visit((cell, value) => toggle(sum, number, cell, store.weigh(value)));
      return sum;
    });
  }

  nameOf(store: number): string {
    return this.storeNumbered(store).name;
  }

  storeNumbered(store: number): Store {
    return this.#stores[store] ?? fail(`store ${store} is not registered`);
  }

  #storeAt(at: number): Store {
    const store = this.#stores[this.#changed[at] ?? -1];
    if (store === undefined) fail('the journal has a hole');
    return store;
  }

  #swap(at: number): void {
    const cell = this.#cells[at];
    assert(cell !== undefined, 'the journal has a hole');
    const value = this.#values[at];
    const replaced = this.#storeAt(at).exchange(cell, value);
    this.#values[at] = replaced;
    this.#reweigh(this.#changed[at] ?? -1, cell, replaced, value);
  }

  #reweigh(number: number, cell: number, before: unknown, after: unknown): void {
    const store = this.#stores[number];
    if (store === undefined) fail(`store ${number} is not registered`);
    toggle(this.#fingerprint, number, cell, store.weigh(before));
    toggle(this.#fingerprint, number, cell, store.weigh(after));
  }
}
