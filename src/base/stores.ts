/**
 * The two general kinds of journalled cells: a fixed row of numbers, and a map of immutable values.
 * Physical memory is a third, in `memory.ts`.
 */
import { assert, fail } from './assert.ts';
import type { Journal, Store } from './journal.ts';

/** A fixed number of cells, each a number that starts at zero. */
export class Numbers implements Store {
  readonly name: string;
  readonly #journal: Journal;
  readonly #values: Float64Array;
  readonly #labels: readonly string[];

  /** `labels` name the cells in what a debugger prints. */
  constructor(journal: Journal, name: string, length: number, labels: readonly string[] = []) {
    this.name = name;
    this.#journal = journal;
    this.#values = new Float64Array(length);
    this.#labels = labels;
    journal.register(this);
  }

  get length(): number {
    return this.#values.length;
  }

  get(cell: number): number {
    const value = this.#values[cell];
    if (value === undefined) fail(`${this.name} has no cell ${cell}`);
    return value;
  }

  set(cell: number, value: number): void {
    const before = this.get(cell);
    if (before === value) return;
    this.#values[cell] = value;
    this.#journal.record(this, cell, before, value);
  }

  exchange(cell: number, value: unknown): unknown {
    const before = this.get(cell);
    assert(typeof value === 'number', 'a number cell holds a number');
    this.#values[cell] = value;
    return before;
  }

  weigh(value: unknown): number {
    assert(typeof value === 'number', 'a number cell holds a number');
    return value === Infinity ? -1 : value;
  }

  visit(visit: (cell: number, value: unknown) => void): void {
    this.#values.forEach((value, cell) => visit(cell, value));
  }

  describe(cell: number): string {
    return this.#labels[cell] ?? `${this.name}[${cell}]`;
  }
}

/** Immutable values by number; `weigh` must not depend on anything but the value's content. */
export class Table<Value extends object> implements Store {
  readonly name: string;
  readonly #journal: Journal;
  readonly #values = new Map<number, Value>();
  readonly #weigh: (value: Value) => number;
  readonly #label: (value: Value) => string;

  constructor(journal: Journal, name: string,
    weigh: (value: Value) => number, label: (value: Value) => string) {
    this.name = name;
    this.#journal = journal;
    this.#weigh = weigh;
    this.#label = label;
    journal.register(this);
  }

  get size(): number {
    return this.#values.size;
  }

  get(cell: number): Value | undefined {
    return this.#values.get(cell);
  }

  set(cell: number, value: Value): void {
    const before = this.#values.get(cell);
    this.#values.set(cell, value);
    this.#journal.record(this, cell, before, value);
  }

  delete(cell: number): void {
    const before = this.#values.get(cell);
    if (before === undefined) return;
    this.#values.delete(cell);
    this.#journal.record(this, cell, before, undefined);
  }

  /** All values in ascending order of their cells, so that nothing depends on a map's order. */
  entries(): readonly (readonly [number, Value])[] {
    return [...this.#values.entries()].sort((left, right) => left[0] - right[0]);
  }

  exchange(cell: number, value: unknown): unknown {
    const before = this.#values.get(cell);
    if (value === undefined) this.#values.delete(cell);
    else this.#values.set(cell, value as Value);
    return before;
  }

  weigh(value: unknown): number {
    return value === undefined ? 0 : this.#weigh(value as Value);
  }

  visit(visit: (cell: number, value: unknown) => void): void {
    for (const [cell, value] of this.#values) visit(cell, value);
  }

  describe(cell: number): string {
    const value = this.#values.get(cell);
    return value === undefined ? `${this.name} entry` : `${this.name} entry ${this.#label(value)}`;
  }
}
