/** The cells of the agenda: what the time is, and who has an appointment when. */
import { cellBits } from './accesses.ts';
import { assert, fail } from './assert.ts';
import { cellNumber } from './hash.ts';
import type { Journal, Store } from './journal.ts';

/** Cells of the store: time and sequence, then for each actor its time and its place in the order. */
export const nowCell = 0;
export const sequenceCell = 1;
export const firstActorCell = 2;
/** What accesses name the questions that look at all appointments by. */
export const AGENDA = { busy: -2, awaits: -3 } as const;
/** Times are stored plus one, so that a cell that was never touched means "no appointment". */
export const never = 0;
/** What stands in the place of a time when time is set aside. */
export const made = 1;
export class AgendaCells implements Store {
  readonly name = 'agenda';
  readonly values: number[] = [0, 0];
  /** Actors with an appointment, in no order; derived from the cells. */
  readonly active: number[] = [];
  /** Set once in a machine's life; going back to before it is the driver's to avoid. */
  aside = false;
  counting = false;
  asideSinceNs = 0;
  readonly #journal: Journal;
  readonly #number: number;

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#number = journal.register(this);
  }

  get(cell: number): number {
    return this.values[cell] ?? 0;
  }

  /** Whether an actor has an appointment, asked by a part of the machine. */
  isMade(cell: number): boolean {
    if (this.#journal.accesses !== null) this.#journal.accesses.read(this.#number, cell);
    return this.get(cell) !== never;
  }

  accessCellOf(cell: number): number {
    return cellNumber(this.#number, cell, cellBits);
  }

  set(cell: number, value: number): void {
    const { accesses } = this.#journal;
    if (accesses !== null) {
      accesses.written(this.#number, cell);
      if (value !== never && cell >= firstActorCell) accesses.activates((cell - firstActorCell) / 2);
    }
    const before = this.get(cell);
    if (before === value) return;
    this.#put(cell, value);
    this.#journal.record(this.#number, cell, before, value);
  }

  setAside(counting: boolean): void {
    this.aside = true;
    this.counting = counting;
    this.asideSinceNs = this.get(nowCell);
    for (const actor of this.active) this.set(firstActorCell + 2 * actor, made);
    // Every second cell from here on is a sequence number, and means nothing any more.
    for (let cell = sequenceCell; cell < this.values.length; cell += 2) this.set(cell, 0);
  }

  at(cell: number): number {
    return this.get(cell);
  }

  groupsOf(): readonly number[] {
    return [];
  }

  dependsOn(cell: number): readonly number[] {
    return [cell];
  }

  /** A look at all appointments together. */
  looksAt(question: number): void {
    this.#journal.accesses?.looked(this.#number, question);
  }

  get number(): number {
    return this.#number;
  }

  exchange(cell: number, value: unknown): unknown {
    assert(typeof value === 'number', 'an agenda cell holds a number');
    const before = this.get(cell);
    this.#put(cell, value);
    return before;
  }

  weigh(value: unknown): number {
    assert(typeof value === 'number', 'an agenda cell holds a number');
    return value;
  }

  visit(visit: (cell: number, value: unknown) => void): void {
    this.values.forEach((value, cell) => visit(cell, value));
  }

  describe(cell: number): string {
    return cell === nowCell ? 'time' : `agenda cell ${cell}`;
  }

  #put(cell: number, value: number): void {
    const before = this.get(cell);
    this.values[cell] = value;
    if (cell < firstActorCell || cell % 2 !== 0) return;
    const actor = (cell - firstActorCell) / 2;
    if (before === never && value !== never) this.active.push(actor);
    if (before !== never && value === never) this.active.splice(this.active.indexOf(actor), 1);
  }
}

/** One actor's line in the agenda. */
export class Appointment {
  readonly #cells: AgendaCells;
  readonly #cell: number;

  constructor(cells: AgendaCells, cell: number) {
    this.#cells = cells;
    this.#cell = cell;
  }

  /** Makes or moves the appointment. */
  in(delayNs: number): void {
    if (!Number.isSafeInteger(delayNs) || delayNs < 0) fail(`${delayNs} ns is not a delay`);
    if (this.#cells.aside) return this.#cells.set(this.#cell, made);
    const sequence = this.#cells.get(sequenceCell) + 1;
    this.#cells.set(sequenceCell, sequence);
    this.#cells.set(this.#cell, this.#cells.get(nowCell) + delayNs + 1);
    this.#cells.set(this.#cell + 1, sequence);
  }

  cancel(): void {
    this.#cells.set(this.#cell, never);
  }

  isActor(actor: number): boolean {
    return firstActorCell + 2 * actor === this.#cell;
  }

  get isMade(): boolean {
    return this.#cells.isMade(this.#cell);
  }
}
