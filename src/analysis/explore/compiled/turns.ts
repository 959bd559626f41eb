/** Who may move: what is always so of the actors, and who has an appointment in a state. */
import { AGENDA } from '../../../base/agenda-cells.ts';
import type { HandoffSystem } from '../handoff.ts';
import type { StateCells } from './state-cells.ts';

export class Turns {
  readonly actorCount: number;
  readonly cpu: number;
  /** Who has an appointment in the state that was looked at last, ascending. */
  readonly active: number[] = [];
  readonly #machine: HandoffSystem;
  readonly #cells: StateCells;
  readonly #places: readonly number[];
  readonly #isOptional: readonly boolean[];
  readonly #isTimed: readonly boolean[];
  readonly #hasWays: readonly boolean[];
  /** Where the answers to the questions about all appointments stand for whoever asks for ways. */
  readonly #busyPlace: number;
  readonly #awaitsPlace: number;
  /** Who had an appointment in any state so far, ascending. */
  #everActive: readonly number[] = [];

  constructor(machine: HandoffSystem, cells: StateCells) {
    const { journal, agenda } = machine.machine;
    this.#machine = machine;
    this.#cells = cells;
    this.actorCount = agenda.actorCount;
    const actors = Array.from({ length: agenda.actorCount }, (_, actor) => actor);
    const store = journal.storeNumbered(agenda.store);
    this.#places = actors.map((actor) => {
      const cell = agenda.cellOf(actor);
      return cells.placeOf(agenda.store, cell, store.at(cell));
    });
    this.#busyPlace = cells.ownPlace(agenda.store, AGENDA.busy);
    this.#awaitsPlace = cells.ownPlace(agenda.store, AGENDA.awaits);
    this.#isOptional = actors.map((actor) => machine.isOptional(actor));
    this.#isTimed = actors.map((actor) => agenda.urgencyOf(actor) === 'timed');
    this.#hasWays = actors.map((actor) => agenda.hasWays(actor));
    this.cpu = actors.findIndex((actor) => machine.advances(actor));
    this.learn();
  }

  /** To be called when the machine has made a move: somebody may have an appointment who never had one. */
  learn(): void {
    const { agenda } = this.#machine.machine;
    this.#everActive = [...new Set([...this.#everActive, ...agenda.active])].sort((left, right) => left - right);
  }

  /** Finds who has an appointment in the present state; returns whether anybody prompt is among them. */
  look(): boolean {
    const { values } = this.#cells;
    const { active } = this;
    const everActive = this.#everActive;
    let count = 0;
    let busy = 0;
    let awaits = 0;
    for (let at = 0; at < everActive.length; at += 1) {
      const actor = everActive[at] ?? 0;
      if (values[this.#places[actor] ?? 0] === 0) continue;
      active[count] = actor;
      count += 1;
      if (this.#isOptional[actor] === true) continue;
      if (this.#isTimed[actor] !== true) busy = 1;
      if (actor !== this.cpu) awaits = 1;
    }
    if (active.length !== count) active.length = count;
    values[this.#busyPlace] = busy;
    values[this.#awaitsPlace] = awaits;
    return busy === 1;
  }

  /** Whether it takes more than the appointments to tell in how many ways an actor may move. */
  hasWays(actor: number): boolean {
    return this.#hasWays[actor] === true;
  }

  isOptional(actor: number): boolean {
    return this.#isOptional[actor] === true;
  }

  isTimed(actor: number): boolean {
    return this.#isTimed[actor] === true;
  }

  isPrompt(actor: number): boolean {
    return this.#isTimed[actor] !== true && this.#isOptional[actor] !== true;
  }
}
