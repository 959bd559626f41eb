/**
 * The two general kinds of journalled cells: a fixed row of numbers, and a map of immutable values.
 * Physical memory is a third, in `memory.ts`.
 */
import { ACCESS, accessOf, presence, wholeStore, type AccessKind } from './accesses.ts';
import { assert, fail } from './assert.ts';
import type { Journal, Store } from './journal.ts';

const noCells: readonly number[] = [];
const wholeStoreAndPresence: readonly number[] = [wholeStore, presence];

/** A fixed number of cells, each a number that starts at zero. */
export class Numbers implements Store {
  readonly name: string;
  readonly #journal: Journal;
  readonly #number: number;
  readonly #values: Float64Array;
  readonly #labels: readonly string[];

  /** `labels` name the cells in what a debugger prints. */
  constructor(journal: Journal, name: string, length: number, labels: readonly string[] = []) {
    this.name = name;
    this.#journal = journal;
    this.#values = new Float64Array(length);
    this.#labels = labels;
    this.#number = journal.register(this);
  }

  get length(): number {
    return this.#values.length;
  }

  get(cell: number): number {
    if (this.#journal.accesses !== null) this.#journal.accesses.read(this.#number, cell);
    return this.at(cell);
  }

  set(cell: number, value: number): void {
    if (this.#journal.accesses !== null) this.#journal.accesses.written(this.#number, cell);
    this.#put(cell, value);
  }

  /** What accesses name the writing of a cell by. */
  writing(cell: number): number {
    return accessOf(this.#number, cell, ACCESS.written);
  }

  /** Sets a flag that nobody clears again, so that it does not matter who sets it first. */
  raise(cell: number): void {
    if (this.#journal.accesses !== null) this.#journal.accesses.joined(this.#number, cell);
    this.#put(cell, 1);
  }

  at(cell: number): number {
    const value = this.#values[cell];
    if (value === undefined) fail(`${this.name} has no cell ${cell}`);
    return value;
  }

  #put(cell: number, value: number): void {
    const before = this.at(cell);
    if (before === value) return;
    this.#values[cell] = value;
    this.#journal.record(this.#number, cell, before, value);
  }

  groupsOf(): readonly number[] {
    return noCells;
  }

  dependsOn(cell: number): readonly number[] {
    return [cell];
  }

  exchange(cell: number, value: unknown): unknown {
    const before = this.at(cell);
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

const nothing: readonly never[] = [];

/** Immutable values by number; `weigh` must not depend on anything but the value's content. */
export class Table<Value extends object> implements Store {
  readonly name: string;
  readonly #journal: Journal;
  readonly #number: number;
  readonly #values = new Map<number, Value>();
  readonly #weigh: (value: Value) => number;
  readonly #label: (value: Value) => string;

  constructor(journal: Journal, name: string,
    weigh: (value: Value) => number, label: (value: Value) => string) {
    this.name = name;
    this.#journal = journal;
    this.#weigh = weigh;
    this.#label = label;
    this.#number = journal.register(this);
  }

  get size(): number {
    this.#journal.accesses?.readPresence(this.#number);
    return this.#values.size;
  }

  get(cell: number): Value | undefined {
    if (this.#journal.accesses !== null) this.#journal.accesses.read(this.#number, cell);
    return this.#values.get(cell);
  }

  set(cell: number, value: Value): void {
    this.#changes(cell);
    const before = this.#values.get(cell);
    this.#values.set(cell, value);
    this.#journal.record(this.#number, cell, before, value);
  }

  delete(cell: number): void {
    this.#changes(cell);
    const before = this.#values.get(cell);
    if (before === undefined) return;
    this.#values.delete(cell);
    this.#journal.record(this.#number, cell, before, undefined);
  }

  #changes(cell: number): void {
    const { accesses } = this.#journal;
    if (accesses === null) return;
    accesses.written(this.#number, cell);
    accesses.joined(this.#number, wholeStore);
  }

  #looksAtAll(): void {
    if (this.#journal.accesses !== null) this.#journal.accesses.read(this.#number, wholeStore);
  }

  /** All values in ascending order of their cells, so that nothing depends on a map's order. */
  entries(): readonly (readonly [number, Value])[] {
    this.#looksAtAll();
    if (this.#values.size === 0) return nothing;
    return [...this.#values.entries()].sort((left, right) => left[0] - right[0]);
  }

  at(cell: number): Value | undefined {
    return this.#values.get(cell);
  }

  groupsOf(): readonly number[] {
    return wholeStoreAndPresence;
  }

  weighIn(group: number, value: unknown): number {
    if (group === wholeStore) return this.weigh(value);
    return value === undefined ? 0 : 1;
  }

  dependsOn(cell: number, kind: AccessKind): readonly number[] {
    // That it joins the others is no question to them.
    return cell === wholeStore && kind === ACCESS.joined ? noCells : [cell];
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
