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
import { assert, fail } from './assert.ts';
import { toggle, type Fingerprint } from './hash.ts';

/** A group of cells that the journal can put back. */
export interface Store {
  readonly name: string;
  /** Puts `value` in the cell and returns what was there, without telling the journal. */
  exchange(cell: number, value: unknown): unknown;
  /** The number that stands for `value` in fingerprints; 0 for "as if never touched". */
  weigh(value: unknown): number;
  /** Calls `visit` for every cell that may hold something else than its zero. */
  visit(visit: (cell: number, value: unknown) => void): void;
  describe(cell: number): string;
}

export interface Change {
  readonly store: Store;
  readonly cell: number;
  readonly before: unknown;
  readonly after: unknown;
}

export class Journal {
  readonly #stores: Store[] = [];
  readonly #numbers = new Map<Store, number>();
  readonly #changed: Store[] = [];
  readonly #cells: number[] = [];
  /** Before the position: what the cell held before the change; behind it: what it held after. */
  readonly #values: unknown[] = [];
  readonly #fingerprint: Fingerprint = { low: 0, high: 0 };
  #position = 0;
  readonly recording: boolean;

  constructor(recording: boolean) {
    this.recording = recording;
  }

  /** Every store has a number of its own, so that equal changes in two stores cannot cancel. */
  register(store: Store): void {
    if (this.#numbers.has(store)) fail(`store ${store.name} registered twice`);
    this.#numbers.set(store, this.#stores.length);
    this.#stores.push(store);
  }

  /** To be called by a store after it changed `cell` from `before` to `after`. */
  record(store: Store, cell: number, before: unknown, after: unknown): void {
    if (!this.recording) return;
    this.#forgetUndone();
    this.#changed.push(store);
    this.#cells.push(cell);
    this.#values.push(before);
    this.#position += 1;
    this.#reweigh(store, cell, before, after);
  }

  /** The present point of history, to come back to. */
  mark(): number {
    return this.#position;
  }

  get length(): number {
    return this.#changed.length;
  }

  /** Goes back or forth in recorded history; every cell holds what it held at `mark`. */
  moveTo(mark: number): void {
    if (!(mark >= 0 && mark <= this.#changed.length)) fail(`mark ${mark} is outside the history`);
    while (this.#position > mark) {
      this.#position -= 1;
      this.#swap(this.#position);
    }
    while (this.#position < mark) {
      this.#swap(this.#position);
      this.#position += 1;
    }
  }

  /** What was before the present can no longer be gone back to. */
  forgetHistory(): void {
    this.#position = 0;
    this.#forgetUndone();
  }

  /** The changes between two marks, oldest first; `to` must not lie behind the present. */
  changesBetween(from: number, to: number): readonly Change[] {
    assert(from <= to && to <= this.#position, 'changes are only known up to the present');
    const present = this.#position;
    this.moveTo(from);
    const changes: Change[] = [];
    for (let at = from; at < to; at += 1) {
      const store = this.#changed[at];
      const cell = this.#cells[at];
      assert(store !== undefined && cell !== undefined, 'the journal has a hole');
      const after = this.#values[at];
      this.moveTo(at + 1);
      changes.push({ store, cell, before: this.#values[at], after });
    }
    this.moveTo(present);
    return changes;
  }

  fingerprint(): Fingerprint {
    return { ...this.#fingerprint };
  }

  /** The fingerprint computed from the state alone: what the running one must equal. */
  rehash(): Fingerprint {
    const sum: Fingerprint = { low: 0, high: 0 };
    for (const [number, store] of this.#stores.entries()) {
      store.visit((cell, value) => toggle(sum, number, cell, store.weigh(value)));
    }
    return sum;
  }

  #swap(at: number): void {
    const store = this.#changed[at];
    const cell = this.#cells[at];
    assert(store !== undefined && cell !== undefined, 'the journal has a hole');
    const value = this.#values[at];
    const replaced = store.exchange(cell, value);
    this.#values[at] = replaced;
    this.#reweigh(store, cell, replaced, value);
  }

  #reweigh(store: Store, cell: number, before: unknown, after: unknown): void {
    const number = this.#numbers.get(store);
    if (number === undefined) fail(`store ${store.name} is not registered`);
    toggle(this.#fingerprint, number, cell, store.weigh(before));
    toggle(this.#fingerprint, number, cell, store.weigh(after));
  }

  #forgetUndone(): void {
    if (this.#changed.length === this.#position) return;
    this.#changed.length = this.#position;
    this.#cells.length = this.#position;
    this.#values.length = this.#position;
  }
}
