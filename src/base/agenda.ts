/**
 * Simulated time: who acts next, and when, in whole nanoseconds.
 *
 * An actor has at most one appointment, and only a handful of a machine's actors have one at a time:
 * the earliest is found by looking at those. Appointments at the same time are kept in the order in
 * which they were made, by a sequence number.
 */
import { assert, fail } from './assert.ts';
import type { Journal, Store } from './journal.ts';

/** Cells of the store: time and sequence, then for each actor its time and its place in the order. */
const nowCell = 0;
const sequenceCell = 1;
const firstActorCell = 2;
/** Times are stored plus one, so that a cell that was never touched means "no appointment". */
const never = 0;

class AgendaCells implements Store {
  readonly name = 'agenda';
  readonly values: number[] = [0, 0];
  /** Actors with an appointment, in no order; derived from the cells. */
  readonly active: number[] = [];
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
    journal.register(this);
  }

  get(cell: number): number {
    return this.values[cell] ?? 0;
  }

  set(cell: number, value: number): void {
    const before = this.get(cell);
    if (before === value) return;
    this.#put(cell, value);
    this.#journal.record(this, cell, before, value);
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

export class Agenda {
  readonly #cells: AgendaCells;
  readonly #actors: (() => void)[] = [];

  constructor(journal: Journal) {
    this.#cells = new AgendaCells(journal);
  }

  get nowNs(): number {
    return this.#cells.get(nowCell);
  }

  /** `run` acts once; it makes the actor's next appointment itself, or there is none. */
  add(run: () => void): Appointment {
    this.#actors.push(run);
    this.#cells.values.push(never, 0);
    return new Appointment(this.#cells, firstActorCell + 2 * (this.#actors.length - 1));
  }

  /** The actors that have an appointment, the next one first. */
  pending(): readonly number[] {
    return [...this.#cells.active].sort((left, right) => this.#isBefore(left, right) ? -1 : 1);
  }

  /** The actor whose turn it is; undefined when nobody has an appointment. */
  earliest(): number | undefined {
    let best: number | undefined;
    for (const actor of this.#cells.active) {
      if (best === undefined || this.#isBefore(actor, best)) best = actor;
    }
    return best;
  }

  /** Lets an actor act. One that is called before its time acts then; one that is late acts now. */
  act(actor: number): void {
    const run = this.#actors[actor];
    const cell = firstActorCell + 2 * actor;
    const time = this.#cells.get(cell) - 1;
    if (run === undefined || time < 0) fail(`actor ${actor} has no appointment`);
    this.#cells.set(nowCell, Math.max(this.nowNs, time));
    this.#cells.set(cell, never);
    run();
  }

  /**
   * Lets everybody act until nobody has an appointment, or `most` times; for driving a unit without a
   * machine. Returns how often somebody acted.
   */
  settle(most = Infinity): number {
    let acts = 0;
    for (let next = this.earliest(); next !== undefined && acts < most; next = this.earliest()) {
      this.act(next);
      acts += 1;
    }
    return acts;
  }

  #isBefore(left: number, right: number): boolean {
    const leftCell = firstActorCell + 2 * left;
    const rightCell = firstActorCell + 2 * right;
    const difference = this.#cells.get(leftCell) - this.#cells.get(rightCell);
    return difference !== 0 ? difference < 0
      : this.#cells.get(leftCell + 1) < this.#cells.get(rightCell + 1);
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
    const sequence = this.#cells.get(sequenceCell) + 1;
    this.#cells.set(sequenceCell, sequence);
    this.#cells.set(this.#cell, this.#cells.get(nowCell) + delayNs + 1);
    this.#cells.set(this.#cell + 1, sequence);
  }

  cancel(): void {
    this.#cells.set(this.#cell, never);
  }

  get isMade(): boolean {
    return this.#cells.get(this.#cell) !== never;
  }
}
