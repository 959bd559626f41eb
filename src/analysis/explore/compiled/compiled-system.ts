/**
 * A machine that remembers: a move that was made once is, wherever it finds what it looked at as it was
 * then, the same change of the state again, and nothing of the machine runs. It is asked only for what
 * nobody has asked before. A few thousand moves of kernels and units make up millions of transitions.
 *
 * What it remembers is what the machine did, with everything that it looked at; `CheckedSystem` lets the
 * machine do everything and holds both against each other.
 */
import { accessKindOf, type AccessList } from '../../../base/accesses.ts';
import { AGENDA, waysLimit } from '../../../base/agenda.ts';
import { assert } from '../../../base/assert.ts';
import { combined, signed, unsigned } from '../../../base/hash.ts';
import type { Counterexample } from '../counterexample.ts';
import type { HandoffSystem } from '../handoff.ts';
import type { ClaimNumber, ExploredSystem, Foreseen } from '../system.ts';
import { DecisionTrees } from './decision-trees.ts';
import { Effects } from './effects.ts';
import { StateCells } from './state-cells.ts';

/** Questions about each actor; those about the whole come behind the last one's. */
const QUESTION = { ways: 0, progress: 1, waits: 2 } as const;
const questionsOfActor = 3;

const none: readonly ClaimNumber[] = [];
const nothing: AccessList = { list: [], count: 0, print: 0, activated: [], activatedCount: 0 };

export class CompiledSystem implements ExploredSystem {
  accesses: AccessList = nothing;
  readonly #machine: HandoffSystem;
  readonly #cells: StateCells;
  readonly #moves = new DecisionTrees();
  readonly #questions = new DecisionTrees();
  readonly #effects = new Effects();
  /** For each effect: the claims that the move violates, and what it touched. */
  readonly #violated: (readonly ClaimNumber[])[] = [];
  readonly #touched: AccessList[] = [];
  /** For each leaf of the questions: the answer, and what was looked at for it. */
  readonly #answers: number[] = [];
  readonly #looked: AccessList[] = [];
  /** The effects of the moves so far. */
  readonly #way: number[] = [];
  #depth = 0;
  #low: number;
  #high: number;
  /** Of the present state, for as long as `move` is not −1. */
  readonly #foreseen = { move: -1, effect: -1, low: 0, high: 0, violated: none, touched: nothing };
  readonly #unmet: (readonly ClaimNumber[])[] = [];
  // --- of the actors, which do not change
  readonly #actorCount: number;
  readonly #turnPlaces: readonly number[];
  readonly #isOptional: readonly boolean[];
  readonly #isTimed: readonly boolean[];
  readonly #hasWays: readonly boolean[];
  readonly #busyPlace: number;
  readonly #awaitsPlace: number;
  readonly #cpu: number;
  /** Who has an appointment in the state whose moves were asked for last, ascending. */
  readonly #active: number[] = [];
  /** Who had one in any state so far, ascending. */
  #everActive: readonly number[] = [];
  readonly #ask: { readonly ways: (actor: number) => number; readonly progress: (actor: number) => number;
    readonly waits: () => number; readonly ended: () => number };

  constructor(machine: HandoffSystem) {
    this.#machine = machine;
    const { journal, agenda } = machine.machine;
    this.#cells = new StateCells(journal);
    this.#low = machine.low;
    this.#high = machine.high;
    this.#actorCount = agenda.actorCount;
    const actors = Array.from({ length: agenda.actorCount }, (_, actor) => actor);
    const store = journal.storeNumbered(agenda.store);
    this.#turnPlaces = actors.map((actor) => {
      const cell = agenda.cellOf(actor);
      return this.#cells.placeOf(agenda.store, cell, store.at(cell));
    });
    this.#noteActive();
    this.#busyPlace = this.#cells.ownPlace(agenda.store, AGENDA.busy);
    this.#awaitsPlace = this.#cells.ownPlace(agenda.store, AGENDA.awaits);
    this.#isOptional = actors.map((actor) => machine.isOptional(actor));
    this.#isTimed = actors.map((actor) => agenda.urgencyOf(actor) === 'timed');
    this.#hasWays = actors.map((actor) => agenda.hasWays(actor));
    this.#cpu = actors.findIndex((actor) => machine.advances(actor));
    this.#ask = {
      ways: (actor) => agenda.waysOf(actor),
      progress: (actor) => machine.progressOf(actor),
      waits: () => machine.machine.cpu.waitsForPrompt ? 1 : 0,
      ended: () => machine.hasEnded ? 1 : 0,
    };
  }

  // --- moves --------------------------------------------------------------------------------

  foresee(move: number): Foreseen | null {
    const effect = this.#moves.find(move, this.#cells.values);
    if (effect < 0) return null;
    const foreseen = this.#foreseen;
    foreseen.effect = effect;
    foreseen.move = move;
    foreseen.low = unsigned(combined(this.#low, this.#effects.low(effect)));
    foreseen.high = unsigned(combined(this.#high, this.#effects.high(effect)));
    foreseen.violated = this.#violated[effect] ?? none;
    foreseen.touched = this.#touched[effect] ?? nothing;
    return foreseen;
  }

  take(move: number): readonly ClaimNumber[] {
    const effect = this.#effectOf(move);
    this.#effects.apply(effect, this.#cells.values);
    this.#low = unsigned(combined(this.#low, this.#effects.low(effect)));
    this.#high = unsigned(combined(this.#high, this.#effects.high(effect)));
    this.#way[this.#depth] = effect;
    this.#depth += 1;
    this.#foreseen.move = -1;
    this.accesses = this.#touched[effect] ?? nothing;
    return this.#violated[effect] ?? none;
  }

  #effectOf(move: number): number {
    if (this.#foreseen.move === move) return this.#foreseen.effect;
    const known = this.#moves.find(move, this.#cells.values);
    return known < 0 ? this.#learnMove(move) : known;
  }

  #learnMove(move: number): number {
    this.#putIntoMachine();
    const cells = this.#cells;
    const { journal } = this.#machine.machine;
    let violated: readonly ClaimNumber[];
    try {
      violated = [...this.#machine.take(move)];
    } catch (error) {
      this.#machine.undo(0, this.#low, this.#high);
      throw error;
    }
    const sums = new Map<number, number>();
    const changed = new Map<number, { readonly before: number; after: number }>();
    for (const { number, cell, before, after } of journal.changesBetween(0, journal.mark())) {
      const place = cells.placeOf(number, cell, before);
      const row = changed.get(place) ?? { before: cells.numberOf(place, before), after: 0 };
      row.after = cells.numberOf(place, after);
      changed.set(place, row);
      cells.addSums(sums, place, before, after);
      cells.madeByMachine(place, row.after);
    }
    const { accesses } = this.#machine;
    const looked = this.#placesLookedAt();
    assert(!looked.includes(this.#busyPlace) && !looked.includes(this.#awaitsPlace), 'a move does not ask who else may move');
    const effect = this.#effects.add([...changed].map(([place, { before, after }]) => [place, before, after]), [...sums],
      combined(signed(this.#low), signed(this.#machine.low)), combined(signed(this.#high), signed(this.#machine.high)));
    this.#moves.add(move, [...looked, ...changed.keys()], cells.values, effect);
    this.#violated.push(violated);
    this.#noteActive();
    this.#touched.push(copyOf(accesses));
    return effect;
  }

  /** The places that decide what the machine has just done or answered. */
  #placesLookedAt(): readonly number[] {
    const { journal } = this.#machine.machine;
    const { exact, exactLength } = this.#machine.accesses;
    const places: number[] = [];
    for (let at = 0; at < exactLength; at += 3) {
      const number = exact[at] ?? 0;
      const store = journal.storeNumbered(number);
      for (const cell of store.dependsOn(exact[at + 1] ?? 0, accessKindOf(exact[at + 2] ?? 0))) {
        const known = this.#cells.knownPlaceOf(number, cell);
        if (cell >= 0) places.push(known ?? this.#cells.placeOf(number, cell, store.at(cell)));
        else if (known === this.#busyPlace || known === this.#awaitsPlace) places.push(known);
        else {
          const sum = this.#cells.groupPlaceOf(number, cell);
          places.push(sum, sum + 1);
        }
      }
    }
    return places;
  }

  #putIntoMachine(): void {
    this.#cells.putIntoMachine();
    const { journal } = this.#machine.machine;
    journal.forgetHistory();
    journal.takeBack(0, this.#low, this.#high);
  }

  mark(): number {
    return this.#depth;
  }

  undo(mark: number, low: number, high: number): void {
    const { values } = this.#cells;
    while (this.#depth > mark) {
      this.#depth -= 1;
      this.#effects.takeBack(this.#way[this.#depth] ?? 0, values);
    }
    this.#low = low;
    this.#high = high;
    this.#foreseen.move = -1;
  }

  get low(): number {
    return this.#low;
  }

  get high(): number {
    return this.#high;
  }

  // --- questions ----------------------------------------------------------------------------

  /** The leaf of a question about an actor, or the whole. */
  #leafOf(question: number, actor: number, ask: (actor: number) => number): number {
    const known = this.#questions.find(question, this.#cells.values);
    if (known >= 0) return known;
    this.#putIntoMachine();
    this.#machine.accesses.clear();
    const answer = ask(actor);
    const leaf = this.#answers.length;
    this.#questions.add(question, this.#placesLookedAt(), this.#cells.values, leaf);
    this.#answers.push(answer);
    this.#looked.push(copyOf(this.#machine.accesses));
    return leaf;
  }

  #answer(question: number, actor: number, ask: (actor: number) => number): number {
    return this.#answers[this.#leafOf(question, actor, ask)] ?? 0;
  }

  /** Finds who has an appointment, ascending, and whether anybody prompt is among them; returns that. */
  #lookAtTurns(): boolean {
    const { values } = this.#cells;
    const active = this.#active;
    let count = 0;
    let busy = 0;
    let awaits = 0;
    const everActive = this.#everActive;
    for (let at = 0; at < everActive.length; at += 1) {
      const actor = everActive[at] ?? 0;
      if (values[this.#turnPlaces[actor] ?? 0] === 0) continue;
      active[count] = actor;
      count += 1;
      if (this.#isOptional[actor] === true) continue;
      if (this.#isTimed[actor] !== true) busy = 1;
      if (actor !== this.#cpu) awaits = 1;
    }
    if (active.length !== count) active.length = count;
    values[this.#busyPlace] = busy;
    values[this.#awaitsPlace] = awaits;
    return busy === 1;
  }

  /** After a move that may have given somebody an appointment who never had one. */
  #noteActive(): void {
    const { agenda } = this.#machine.machine;
    this.#everActive = [...new Set([...this.#everActive, ...agenda.active])].sort((left, right) => left - right);
  }

  #waysOf(actor: number, busy: boolean): number {
    this.accesses = nothing;
    if (this.#hasWays[actor] !== true) return this.#isTimed[actor] === true && busy ? 0 : 1;
    const leaf = this.#leafOf(actor * questionsOfActor + QUESTION.ways, actor, this.#ask.ways);
    this.accesses = this.#looked[leaf] ?? nothing;
    return this.#answers[leaf] ?? 0;
  }

  offers(into: number[], asked?: (actor: number) => void): number {
    const busy = this.#lookAtTurns();
    const active = this.#active;
    let count = 0;
    for (let at = 0; at < active.length; at += 1) {
      const actor = active[at] ?? 0;
      const ways = this.#waysOf(actor, busy);
      asked?.(actor);
      for (let way = 0; way < ways; way += 1) {
        into[count] = actor * waysLimit + way;
        count += 1;
      }
    }
    return count;
  }

  get hasEnded(): boolean {
    return this.#answer(this.#actorCount * questionsOfActor, 0, this.#ask.ended) === 1;
  }

  isComplete(): boolean {
    if (this.hasEnded) return true;
    const busy = this.#lookAtTurns();
    return !this.#active.some((actor) => this.#isOptional[actor] !== true && this.#waysOf(actor, busy) > 0);
  }

  unmet(): readonly ClaimNumber[] {
    const list = this.#answer(this.#actorCount * questionsOfActor + 1, 0, () => this.#unmet.push(this.#machine.unmet()) - 1);
    return this.#unmet[list] ?? none;
  }

  // --- who makes moves ----------------------------------------------------------------------

  actorOf(move: number): number {
    return Math.floor(move / waysLimit);
  }

  get active(): readonly number[] {
    return this.#active;
  }

  progressOf(actor: number): number {
    return this.#answer(actor * questionsOfActor + QUESTION.progress, actor, this.#ask.progress);
  }

  nameOfProgress(actor: number): number {
    this.#putIntoMachine();
    return this.#machine.nameOfProgress(actor);
  }

  regionOf(actor: number, name: number): number {
    return this.#machine.regionOf(actor, name);
  }

  turnOf(actor: number): number {
    return this.#machine.turnOf(actor);
  }

  repeats(actor: number): boolean {
    return this.#machine.repeats(actor);
  }

  get spending(): number {
    return this.#machine.spending;
  }

  advances(actor: number): boolean {
    return actor === this.#cpu;
  }

  isOptional(actor: number): boolean {
    return this.#isOptional[actor] === true;
  }

  isPrompt(actor: number): boolean {
    return this.#isTimed[actor] !== true && this.#isOptional[actor] !== true;
  }

  waitsForPrompt(actor: number): boolean {
    return this.#isTimed[actor] === true
      && (actor !== this.#cpu || this.#answer(actor * questionsOfActor + QUESTION.waits, actor, this.#ask.waits) === 1);
  }

  // --- of the exploration as a whole --------------------------------------------------------

  get violatedBefore(): readonly ClaimNumber[] {
    return this.#machine.violatedBefore;
  }

  get considered(): readonly boolean[] {
    return this.#machine.considered;
  }

  get comparisons(): number {
    return 0;
  }

  counterexample(moves: readonly number[], isShortest: boolean): Counterexample {
    return this.#machine.counterexample(moves, isShortest);
  }

  /** Memory for what is remembered, and how much that is. */
  get remembered(): { readonly bytes: number; readonly moves: number; readonly places: number } {
    return {
      bytes: this.#cells.bytes + this.#moves.bytes + this.#questions.bytes + this.#effects.bytes,
      moves: this.#effects.count, places: this.#cells.count,
    };
  }
}

function copyOf({ list, count, print, activated, activatedCount }: AccessList): AccessList {
  return { list: list.slice(0, count), count, print, activated: activated.slice(0, activatedCount), activatedCount };
}
