/**
 * Simulated time: who acts next, and when, in whole nanoseconds.
 *
 * An actor has at most one appointment, and only a handful of a machine's actors have one at a time:
 * the earliest is found by looking at those. Appointments at the same time are kept in the order in
 * which they were made, by a sequence number.
 *
 * Time can be set aside. From then on an appointment says only that its actor may act, and who does is
 * whoever drives the machine's to say: nothing else tells two orders of the same acts apart.
 */
import { AGENDA, AgendaCells, Appointment, firstActorCell, never, nowCell } from './agenda-cells.ts';
import { fail } from './assert.ts';
import type { Journal } from './journal.ts';

/**
 * What an actor's appointment means once time is set aside. What is `prompt` takes microseconds, so that
 * what waits for time to pass (`timed`: a sleep, a timer) waits for it. `optional` may act at any moment,
 * and may as well never.
 */
export type Urgency = 'prompt' | 'timed' | 'optional';

export interface ActorDescription {
  /** What schedules call it. */
  readonly name: string;
  readonly urgency: Urgency;
  /** In how many ways it may act now, time being set aside; 0: not at all. One way where left out. */
  readonly ways?: () => number;
  /** A number for what its next act depends on that is its own; 0 where left out. */
  readonly progress?: () => number;
  /** It may go on by itself for ever, with nobody telling it to. */
  readonly repeats?: boolean;
  /** How many progresses, from a multiple of this on, lead to each other; all where left out. */
  readonly regionSize?: number;
}

interface Actor extends ActorDescription {
  readonly run: (way: number) => void;
}

/** More ways than any actor has. */
export const waysLimit = 256;

export class Agenda {
  readonly #cells: AgendaCells;
  readonly #actors: Actor[] = [];
  /** Room for sorting. */
  readonly #order: number[] = [];

  constructor(journal: Journal) {
    this.#cells = new AgendaCells(journal);
  }

  /** The time that events carry. With time set aside, each act takes one nanosecond of it. */
  get nowNs(): number {
    return this.#cells.get(nowCell);
  }

  /** The time that actors may act upon: with time set aside, it stands still. */
  get clockNs(): number {
    return this.#cells.aside ? this.#cells.asideSinceNs : this.nowNs;
  }

  /** `run` acts once; it makes the actor's next appointment itself, or there is none. */
  add(run: (way: number) => void, description?: ActorDescription): Appointment {
    const actor = this.#actors.length;
    this.#actors.push({ urgency: 'prompt', ...description, name: description?.name ?? `actor${actor}`, run });
    this.#cells.values.push(never, 0);
    return new Appointment(this.#cells, firstActorCell + 2 * actor);
  }

  // --- time set aside -----------------------------------------------------------------------

  get timeIsAside(): boolean {
    return this.#cells.aside;
  }

  /** From here on order alone counts. `counting`: events go on to carry different times. */
  setTimeAside(counting: boolean): void {
    this.#cells.setAside(counting);
  }

  /** Whether anybody who is prompt has an appointment. */
  get isBusy(): boolean {
    this.#cells.looksAt(AGENDA.busy);
    const { active } = this.#cells;
    for (let at = 0; at < active.length; at += 1) {
      if (this.#actors[active[at] ?? -1]?.urgency === 'prompt') return true;
    }
    return false;
  }

  /** Whether anybody but `except` has an appointment that is not optional. */
  awaitsOthers(except: Appointment): boolean {
    this.#cells.looksAt(AGENDA.awaits);
    return this.#cells.active.some((actor) => this.#actors[actor]?.urgency !== 'optional'
      && !except.isActor(actor));
  }

  /** Whether anybody who is not optional may act now. */
  mustGoOn(): boolean {
    const { active } = this.#cells;
    const busy = this.isBusy;
    for (let at = 0; at < active.length; at += 1) {
      const row = this.#actors[active[at] ?? -1];
      if (row !== undefined && row.urgency !== 'optional' && this.#waysOf(row, busy) > 0) return true;
    }
    return false;
  }

  /**
   * Writes to `into` who may act now and how, ascending, each as actor × `waysLimit` + way; returns how many.
   * `asked` is called for every actor with an appointment, when it has been asked for its ways.
   */
  offers(into: number[], asked?: (actor: number) => void): number {
    const { active } = this.#cells;
    const busy = this.isBusy;
    // A handful, nearly sorted: insertion is the quickest way.
    const order = this.#order;
    for (let at = 0; at < active.length; at += 1) {
      const actor = active[at] ?? 0;
      let place = at;
      for (; place > 0 && (order[place - 1] ?? 0) > actor; place -= 1) order[place] = order[place - 1] ?? 0;
      order[place] = actor;
    }
    let count = 0;
    for (let at = 0; at < active.length; at += 1) {
      const actor = order[at] ?? 0;
      const row = this.#actors[actor];
      if (row === undefined) fail(`no actor ${actor}`);
      const ways = this.#waysOf(row, busy);
      asked?.(actor);
      for (let way = 0; way < ways; way += 1) {
        into[count] = actor * waysLimit + way;
        count += 1;
      }
    }
    return count;
  }

  /** What is timed waits for what is prompt. */
  #waysOf(row: Actor, busy: boolean): number {
    if (row.ways !== undefined) return row.ways();
    return row.urgency === 'timed' && busy ? 0 : 1;
  }

  /** In how many ways an actor that has an appointment may act now. */
  waysOf(actor: number): number {
    return this.#waysOf(this.#actors[actor] ?? fail(`no actor ${actor}`), this.isBusy);
  }

  /** Whether `waysOf` depends on anything but whether anybody prompt is busy. */
  hasWays(actor: number): boolean {
    return this.#actors[actor]?.ways !== undefined;
  }

  get actorCount(): number {
    return this.#actors.length;
  }

  /** The number of the agenda's store, and the cell of an actor's appointment in it. */
  get store(): number {
    return this.#cells.number;
  }

  cellOf(actor: number): number {
    return firstActorCell + 2 * actor;
  }

  urgencyOf(actor: number): Urgency {
    return (this.#actors[actor] ?? fail(`no actor ${actor}`)).urgency;
  }

  repeats(actor: number): boolean {
    return this.#actors[actor]?.repeats === true;
  }

  regionOf(actor: number, progress: number): number {
    return Math.floor(progress / (this.#actors[actor]?.regionSize ?? Infinity));
  }

  /** The cell of an actor's appointment as `Accesses` names it. */
  accessCellOf(actor: number): number {
    return this.#cells.accessCellOf(firstActorCell + 2 * actor);
  }

  progressOf(actor: number): number {
    return this.#actors[actor]?.progress?.() ?? 0;
  }

  /** Who has an appointment, in no order. */
  get active(): readonly number[] {
    return this.#cells.active;
  }

  nameOf(actor: number): string {
    return this.#actors[actor]?.name ?? fail(`no actor ${actor}`);
  }

  actorNamed(name: string): number | undefined {
    const actor = this.#actors.findIndex((row) => row.name === name);
    return actor < 0 ? undefined : actor;
  }

  // --- time ---------------------------------------------------------------------------------

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
  act(actor: number, way = 0): void {
    const row = this.#actors[actor];
    const cell = firstActorCell + 2 * actor;
    const time = this.#cells.get(cell) - 1;
    if (row === undefined || time < 0) fail(`actor ${actor} has no appointment`);
    if (!this.#cells.aside) this.#cells.set(nowCell, Math.max(this.nowNs, time));
    else if (this.#cells.counting) this.#cells.set(nowCell, this.nowNs + 1);
    this.#cells.set(cell, never);
    row.run(way);
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
