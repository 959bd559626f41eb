/**
 * Journalled immutable values by two numbers, for caches that are looked up by source (or domain) and
 * frame. A row is a map of its own, which is what makes a hit fast.
 */
import { wholeStore } from './accesses.ts';
import type { Journal, Store } from './journal.ts';
import { NumberMap } from './number-map.ts';

/** Columns are taken modulo this, so that row and column are one exact number. */
export const columnLimit = 2 ** 36;

export class Grid<Value extends object> implements Store {
  readonly name: string;
  readonly #journal: Journal;
  readonly #number: number;
  readonly #rows = new Map<number, NumberMap<Value>>();
  readonly #weigh: (value: Value) => number;
  readonly #label: (value: Value) => string;
  #size = 0;
  /** The row of the last look-up: requests come in runs from one source. */
  #lastRow = -1;
  #last: NumberMap<Value> | undefined;

  /** `weigh` must not depend on anything but the value's content. */
  constructor(journal: Journal, name: string,
    weigh: (value: Value) => number, label: (value: Value) => string) {
    this.name = name;
    this.#journal = journal;
    this.#weigh = weigh;
    this.#label = label;
    this.#number = journal.register(this);
  }

  get size(): number {
    this.#looksAtAll();
    return this.#size;
  }

  get(row: number, column: number): Value | undefined {
    if (this.#journal.accesses !== null) this.#journal.accesses.read(this.#number, cellOf(row, column));
    if (row !== this.#lastRow) {
      this.#last = this.#rows.get(row);
      this.#lastRow = row;
    }
    return this.#last?.get(within(column));
  }

  set(row: number, column: number, value: Value): void {
    this.#changes(row, column);
    const before = this.#put(row, within(column), value);
    if (this.#journal.recording) this.#journal.record(this.#number, cellOf(row, column), before, value);
  }

  delete(row: number, column: number): void {
    this.#changes(row, column);
    const before = this.#put(row, within(column), undefined);
    if (before !== undefined) this.#journal.record(this.#number, cellOf(row, column), before, undefined);
  }

  clear(): void {
    this.#looksAtAll();
    if (this.#journal.recording) {
      for (const [row, values] of this.#rows) {
        values.forEach((column, value) => {
          this.#changes(row, column);
          this.#journal.record(this.#number, cellOf(row, column), value, undefined);
        });
      }
    }
    for (const values of this.#rows.values()) values.clear();
    this.#size = 0;
  }

  /** All values that `selects` picks, in no order. */
  select(selects: (value: Value) => boolean): Value[] {
    this.#looksAtAll();
    const found: Value[] = [];
    for (const row of this.#rows.values()) {
      row.forEach((_, value) => {
        if (selects(value)) found.push(value);
      });
    }
    return found;
  }

  /** All values by ascending row, then column, so that nothing depends on a map's order. */
  sorted(): readonly Value[] {
    this.#looksAtAll();
    const cells: (readonly [number, Value])[] = [];
    for (const [row, values] of this.#rows) {
      values.forEach((column, value) => cells.push([cellOf(row, column), value]));
    }
    return cells.sort((left, right) => left[0] - right[0]).map(([, value]) => value);
  }

  #changes(row: number, column: number): void {
    const { accesses } = this.#journal;
    if (accesses === null) return;
    accesses.written(this.#number, cellOf(row, column));
    accesses.joined(this.#number, wholeStore);
  }

  #looksAtAll(): void {
    if (this.#journal.accesses !== null) this.#journal.accesses.read(this.#number, wholeStore);
  }

  exchange(cell: number, value: unknown): unknown {
    return this.#put(Math.floor(cell / columnLimit), cell % columnLimit, value as Value | undefined);
  }

  weigh(value: unknown): number {
    return value === undefined ? 0 : this.#weigh(value as Value);
  }

  visit(visit: (cell: number, value: unknown) => void): void {
    for (const [row, values] of this.#rows) {
      values.forEach((column, value) => visit(cellOf(row, column), value));
    }
  }

  describe(cell: number): string {
    const value = this.#rows.get(Math.floor(cell / columnLimit))?.get(cell % columnLimit);
    return value === undefined ? `${this.name} entry` : `${this.name} entry ${this.#label(value)}`;
  }

  #put(row: number, column: number, value: Value | undefined): Value | undefined {
    let values = this.#rows.get(row);
    if (values === undefined) {
      if (value === undefined) return undefined;
      values = new NumberMap();
      this.#rows.set(row, values);
      this.#lastRow = -1;
    }
    const before = value === undefined ? values.delete(column) : values.set(column, value);
    this.#size += (value === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
    return before;
  }
}

/** A column as it is stored; nearly all are, and a remainder of large numbers is slow. */
function within(column: number): number {
  return column < columnLimit ? column : column % columnLimit;
}

function cellOf(row: number, column: number): number {
  return row * columnLimit + within(column);
}
