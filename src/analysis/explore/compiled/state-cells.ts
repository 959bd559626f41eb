/**
 * The state of a machine as a row of small numbers: one place for each cell that some move was seen to
 * depend on or to change. A cell without a place has not changed since the machine began, so that the row
 * is the whole state.
 *
 * What a cell holds is numbered in the order in which it was met; 0 is what weighs nothing, as a cell does
 * that was never touched. Two values of one weight are one: what a fingerprint cannot tell apart is one
 * state to the search too. Groups of cells, which are looked at as a whole, have two places: the two halves
 * of a sum that changes with each member and is 0 at the beginning.
 */
import { assert } from '../../../base/assert.ts';
import { combined, toggle } from '../../../base/hash.ts';
import type { Journal, Store } from '../../../base/journal.ts';
import { NumberMap } from '../../../base/number-map.ts';
import { longer } from './growth.ts';

const firstCapacity = 4096;

/** What a place stands for. */
interface Place {
  readonly number: number;
  readonly store: Store;
  readonly cell: number;
  /** Numbers of values by weight, and the values. */
  readonly numbers: NumberMap<number>;
  readonly values: unknown[];
  /** The groups that the cell is in, and their places. */
  readonly groups: readonly { readonly name: number; readonly at: number }[];
}

export class StateCells {
  /** What each place holds; grows, so that nobody may keep it. */
  values = new Int32Array(firstCapacity);
  /** The same as the machine has it. */
  #inMachine = new Int32Array(firstCapacity);
  /** Null: half of a group's sum. */
  readonly #places: (Place | null)[] = [];
  /** By store: the places of cells, and those of groups by what their number lacks to 0. */
  readonly #cells: NumberMap<number>[] = [];
  readonly #groups: NumberMap<number>[] = [];
  /** Places that whoever asked for them keeps. */
  readonly #own = new Set<number>();
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get count(): number {
    return this.#places.length;
  }

  get bytes(): number {
    return this.values.byteLength * 2;
  }

  /** The place of a cell, which held `before` when the machine began if it is new here. */
  placeOf(store: number, cell: number, before: unknown): number {
    const known = this.knownPlaceOf(store, cell);
    if (known !== undefined) return known;
    const owner = this.#journal.storeNumbered(store);
    const groups = owner.groupsOf(cell).map((name) => ({ name, at: this.groupPlaceOf(store, name) }));
    const at = this.#add({ number: store, store: owner, cell, numbers: new NumberMap(), values: [undefined], groups });
    this.#name(store, cell, at);
    const value = this.numberOf(at, before);
    this.values[at] = value;
    this.#inMachine[at] = value;
    return at;
  }

  /** The first of the two places of a group. */
  groupPlaceOf(store: number, group: number): number {
    const known = this.knownPlaceOf(store, group);
    if (known !== undefined) return known;
    const at = this.#add(null);
    this.#add(null);
    this.#name(store, group, at);
    return at;
  }

  /** The place of a cell that has not changed since it was looked at in `store`, or the places of a group. */
  placesOf(number: number, cell: number, store: Store): readonly number[] {
    const known = this.knownPlaceOf(number, cell);
    if (cell >= 0) return [known ?? this.placeOf(number, cell, store.at(cell))];
    if (known !== undefined && this.#own.has(known)) return [known];
    const sum = this.groupPlaceOf(number, cell);
    return [sum, sum + 1];
  }

  /** A place that no cell has: whoever asked for it keeps it. */
  ownPlace(store: number, name: number): number {
    const at = this.#add(null);
    this.#own.add(at);
    this.#name(store, name, at);
    return at;
  }

  /** Whether a place is one that no cell has. */
  isOwn(at: number): boolean {
    return this.#own.has(at);
  }

  /** Where a cell or a group is; undefined where it has no place. */
  knownPlaceOf(store: number, cell: number): number | undefined {
    return cell < 0 ? this.#groups[store]?.get(-cell) : this.#cells[store]?.get(cell);
  }

  /** The number of a value in a place. */
  numberOf(at: number, value: unknown): number {
    const { store, numbers, values } = this.#place(at);
    const weight = store.weigh(value);
    if (weight === 0) {
      values[0] = value;
      return 0;
    }
    const known = numbers.get(weight + 1);
    if (known !== undefined) return known;
    values.push(value);
    numbers.set(weight + 1, values.length - 1);
    return values.length - 1;
  }

  /** What a change of a cell does to the sums of its groups: pairs of a place and what it is combined with. */
  addSums(into: Map<number, number>, at: number, before: unknown, after: unknown): void {
    const { number, store, cell, groups } = this.#place(at);
    for (const { name, at: group } of groups) {
      const sum = { low: 0, high: 0 };
      const weigh = (value: unknown): number => store.weighIn?.(name, value) ?? store.weigh(value);
      toggle(sum, number, cell, weigh(before));
      toggle(sum, number, cell, weigh(after));
      into.set(group, combined(into.get(group) ?? 0, sum.low));
      into.set(group + 1, combined(into.get(group + 1) ?? 0, sum.high));
    }
  }

  /** The machine has made the change of a place itself. */
  madeByMachine(at: number, value: number): void {
    this.#inMachine[at] = value;
  }

  /** Puts into the machine what it does not have yet; its journal is not told. */
  putIntoMachine(): void {
    const { values } = this;
    const inMachine = this.#inMachine;
    for (let at = 0; at < this.#places.length; at += 1) {
      const value = values[at] ?? 0;
      if (inMachine[at] === value) continue;
      const place = this.#places[at];
      if (place === null || place === undefined) continue;
      place.store.exchange(place.cell, place.values[value]);
      inMachine[at] = value;
    }
  }

  #add(place: Place | null): number {
    const at = this.#places.length;
    this.#places.push(place);
    if (at >= this.values.length) {
      this.values = longer(this.values);
      this.#inMachine = longer(this.#inMachine);
    }
    return at;
  }

  #name(store: number, cell: number, at: number): void {
    const byStore = cell < 0 ? this.#groups : this.#cells;
    (byStore[store] ??= new NumberMap()).set(Math.abs(cell), at);
  }

  #place(at: number): Place {
    const place = this.#places[at];
    assert(place !== null && place !== undefined, 'a cell has a place, not a group');
    return place;
  }
}
