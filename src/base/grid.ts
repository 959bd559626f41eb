/**
 * Journalled immutable values by two numbers, for caches that are looked up by source (or domain) and
 * frame. A row is a map of its own, which is what makes a hit fast. Values are stored as numbers and made
 * again where they are asked for: a cache with a million entries is no work for the collector of garbage.
 */
import { ACCESS, presence, wholeStore, type AccessKind } from './accesses.ts';
import type { Journal, Store } from './journal.ts';
import { PackedMap, firstWord, nowhere } from './packed-map.ts';

/** Columns are taken modulo this, so that row and column are one exact number. */
export const columnLimit = 2 ** 36;

/** How values are laid out in the six words of a row from `at` on, and what is made of these again. */
export interface Packing<Value> {
  pack(value: Value, words: Uint32Array, at: number): void;
  unpack(row: number, column: number, words: Uint32Array, at: number): Value;
}

const noWords = new Uint32Array(0);

export class Grid<Value extends object> implements Store {
  readonly name: string;
  readonly #journal: Journal;
  readonly #number: number;
  readonly #rows = new Map<number, PackedMap>();
  readonly #packing: Packing<Value>;
  readonly #weigh: (value: Value) => number;
  readonly #label: (value: Value) => string;
  #size = 0;
  /** The row of the last look-up: requests come in runs from one source. */
  #lastRow = -1;
  #last: PackedMap | undefined;

  /** `weigh` must not depend on anything but the value's content. */
  constructor(journal: Journal, name: string, packing: Packing<Value>,
    weigh: (value: Value) => number, label: (value: Value) => string) {
    this.name = name;
    this.#journal = journal;
    this.#packing = packing;
    this.#weigh = weigh;
    this.#label = label;
    this.#number = journal.register(this);
  }

  get size(): number {
    this.#journal.accesses?.readPresence(this.#number);
    return this.#size;
  }

  get(row: number, column: number): Value | undefined {
    if (this.#journal.accesses !== null) this.#journal.accesses.read(this.#number, cellOf(row, column));
    return this.#at(row, within(column));
  }

  /** As `get`, without making the value: where its words begin in `words`, or `nowhere`. */
  find(row: number, column: number): number {
    if (this.#journal.accesses !== null) this.#journal.accesses.read(this.#number, cellOf(row, column));
    const at = this.#valuesOf(row)?.find(within(column)) ?? nowhere;
    return at === nowhere ? nowhere : at + firstWord;
  }

  /** The words of the row that was looked at last. */
  get words(): Uint32Array {
    return this.#last?.words ?? noWords;
  }

  set(row: number, column: number, value: Value): void {
    if (this.#journal.recording || this.#journal.accesses !== null) {
      this.#changes(row, column);
      const before = this.#put(row, within(column), value);
      this.#journal.record(this.#number, cellOf(row, column), before, value);
    } else {
      this.#write(row, within(column), value);
    }
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
        values.forEach((column, at) => {
          this.#changes(row, column);
          this.#journal.record(this.#number, cellOf(row, column), this.#made(row, column, values, at), undefined);
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
    for (const [row, values] of this.#rows) {
      values.forEach((column, at) => {
        const value = this.#made(row, column, values, at);
        if (selects(value)) found.push(value);
      });
    }
    return found;
  }

  /** The values of `count` columns, `step` apart, in every row. */
  inColumns(first: number, count: number, step: number): Value[] {
    this.#looksAtAll();
    const found: Value[] = [];
    for (const [row, values] of this.#rows) {
      for (let at = 0; at < count; at += 1) {
        const column = within(first + at * step);
        const place = values.find(column);
        if (place !== nowhere) found.push(this.#made(row, column, values, place));
      }
    }
    return found;
  }

  /** All values by ascending row, then column, so that nothing depends on a map's order. */
  sorted(): readonly Value[] {
    this.#looksAtAll();
    const cells: (readonly [number, Value])[] = [];
    for (const [row, values] of this.#rows) {
      values.forEach((column, at) => cells.push([cellOf(row, column), this.#made(row, column, values, at)]));
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

  at(cell: number): Value | undefined {
    return this.#at(Math.floor(cell / columnLimit), cell % columnLimit);
  }

  groupsOf(): readonly number[] {
    return [wholeStore, presence];
  }

  weighIn(group: number, value: unknown): number {
    if (group === wholeStore) return this.weigh(value);
    return value === undefined ? 0 : 1;
  }

  dependsOn(cell: number, kind: AccessKind): readonly number[] {
    return cell === wholeStore && kind === ACCESS.joined ? [] : [cell];
  }

  exchange(cell: number, value: unknown): unknown {
    return this.#put(Math.floor(cell / columnLimit), cell % columnLimit, value as Value | undefined);
  }

  weigh(value: unknown): number {
    return value === undefined ? 0 : this.#weigh(value as Value);
  }

  visit(visit: (cell: number, value: unknown) => void): void {
    for (const [row, values] of this.#rows) {
      values.forEach((column, at) => visit(cellOf(row, column), this.#made(row, column, values, at)));
    }
  }

  describe(cell: number): string {
    const value = this.at(cell);
    return value === undefined ? `${this.name} entry` : `${this.name} entry ${this.#label(value)}`;
  }

  #put(row: number, column: number, value: Value | undefined): Value | undefined {
    const before = this.#at(row, column);
    if (value !== undefined) {
      this.#write(row, column, value);
    } else if (before !== undefined) {
      this.#valuesOf(row)?.delete(column);
      this.#size -= 1;
    }
    return before;
  }

  #write(row: number, column: number, value: Value): void {
    let values = this.#valuesOf(row);
    if (values === undefined) {
      values = new PackedMap();
      this.#rows.set(row, values);
      this.#last = values;
    }
    const { size } = values;
    const at = values.place(column);
    this.#size += values.size - size;
    this.#packing.pack(value, values.words, at + firstWord);
  }

  #at(row: number, column: number): Value | undefined {
    const values = this.#valuesOf(row);
    if (values === undefined) return undefined;
    const at = values.find(column);
    return at === nowhere ? undefined : this.#made(row, column, values, at);
  }

  #made(row: number, column: number, values: PackedMap, at: number): Value {
    return this.#packing.unpack(row, column, values.words, at + firstWord);
  }

  #valuesOf(row: number): PackedMap | undefined {
    if (row !== this.#lastRow) {
      this.#last = this.#rows.get(row);
      this.#lastRow = row;
    }
    return this.#last;
  }
}

/** A column as it is stored; nearly all are, and a remainder of large numbers is slow. */
function within(column: number): number {
  return column < columnLimit ? column : column % columnLimit;
}

function cellOf(row: number, column: number): number {
  return row * columnLimit + within(column);
}
