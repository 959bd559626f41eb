/**
 * What is remembered of a machine: its state as cells, where moves led from which states, and what was
 * answered in which. What is not known is asked of the machine, which is put into the state first.
 */
import { accessKindOf, type AccessList } from '../../../base/accesses.ts';
import { assert } from '../../../base/assert.ts';
import { combined, signed, unsigned } from '../../../base/hash.ts';
import type { HandoffSystem } from '../handoff.ts';
import type { ClaimNumber } from '../system.ts';
import { DecisionTrees } from './decision-trees.ts';
import { Effects } from './effects.ts';
import { StateCells } from './state-cells.ts';

export const nothingTouched: AccessList = { list: [], count: 0, print: 0, activated: [], activatedCount: 0 };
const noClaims: readonly ClaimNumber[] = [];
const bytesOfNumber = 8;

export class MachineMemory {
  readonly cells: StateCells;
  /** The state's fingerprint. */
  low: number;
  high: number;
  readonly #machine: HandoffSystem;
  readonly #moves = new DecisionTrees();
  readonly #questions = new DecisionTrees();
  readonly #effects = new Effects();
  /** For each effect: the claims that the move violates, and what it touched. */
  readonly #violated: (readonly ClaimNumber[])[] = [];
  readonly #touched: AccessList[] = [];
  /** For each leaf of the questions: the answer, and what was looked at for it. */
  readonly #answers: number[] = [];
  readonly #looked: AccessList[] = [];
  #numbersKept = 0;

  constructor(machine: HandoffSystem) {
    this.#machine = machine;
    this.cells = new StateCells(machine.machine.journal);
    this.low = machine.low;
    this.high = machine.high;
  }

  // --- moves --------------------------------------------------------------------------------

  /** What a move does to the present state, by number; −1 where nobody has seen it. */
  effectOf(move: number): number {
    return this.#moves.find(move, this.cells.values);
  }

  violated(effect: number): readonly ClaimNumber[] {
    return this.#violated[effect] ?? noClaims;
  }

  touched(effect: number): AccessList {
    return this.#touched[effect] ?? nothingTouched;
  }

  lowBehind(effect: number): number {
    return unsigned(combined(this.low, this.#effects.low(effect)));
  }

  highBehind(effect: number): number {
    return unsigned(combined(this.high, this.#effects.high(effect)));
  }

  apply(effect: number): void {
    this.low = this.lowBehind(effect);
    this.high = this.highBehind(effect);
    this.#effects.apply(effect, this.cells.values);
  }

  /** The fingerprint is whoever's who takes back. */
  takeBack(effect: number): void {
    this.#effects.takeBack(effect, this.cells.values);
  }

  /** Lets the machine make a move that nobody has seen. What it throws leaves everything as it was. */
  learnMove(move: number): number {
    this.putIntoMachine();
    const { cells } = this;
    const { journal } = this.#machine.machine;
    let violated: readonly ClaimNumber[];
    try {
      violated = [...this.#machine.take(move)];
    } catch (error) {
      this.#machine.undo(0, this.low, this.high);
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
    const effect = this.#effects.add([...changed].map(([place, { before, after }]) => [place, before, after]), [...sums],
      combined(signed(this.low), signed(this.#machine.low)), combined(signed(this.high), signed(this.#machine.high)));
    const looked = this.#placesLookedAt();
    assert(!looked.some((place) => cells.isOwn(place)), 'a move does not ask who else may move');
    this.#moves.add(move, [...looked, ...changed.keys()], cells.values, effect);
    this.#violated.push(violated);
    this.#touched.push(this.#kept(this.#machine.accesses));
    return effect;
  }

  // --- questions ----------------------------------------------------------------------------

  /** The leaf of a question, by its number, in the present state; `ask` where nobody has asked it. */
  leafOf(question: number, actor: number, ask: (actor: number) => number): number {
    const known = this.#questions.find(question, this.cells.values);
    if (known >= 0) return known;
    this.putIntoMachine();
    this.#machine.accesses.clear();
    const answer = ask(actor);
    const leaf = this.#answers.length;
    this.#questions.add(question, this.#placesLookedAt(), this.cells.values, leaf);
    this.#answers.push(answer);
    this.#looked.push(this.#kept(this.#machine.accesses));
    return leaf;
  }

  answerAt(leaf: number): number {
    return this.#answers[leaf] ?? 0;
  }

  lookedAt(leaf: number): AccessList {
    return this.#looked[leaf] ?? nothingTouched;
  }

  // --- the machine --------------------------------------------------------------------------

  putIntoMachine(): void {
    this.cells.putIntoMachine();
    const { journal } = this.#machine.machine;
    journal.forgetHistory();
    journal.takeBack(0, this.low, this.high);
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
        places.push(...this.cells.placesOf(number, cell, store));
      }
    }
    return places;
  }

  #kept({ list, count, print, activated, activatedCount }: AccessList): AccessList {
    this.#numbersKept += count + activatedCount;
    return { list: list.slice(0, count), count, print, activated: activated.slice(0, activatedCount), activatedCount };
  }

  get movesKnown(): number {
    return this.#effects.count;
  }

  get bytes(): number {
    return this.cells.bytes + this.#moves.bytes + this.#questions.bytes + this.#effects.bytes + this.#numbersKept * bytesOfNumber;
  }
}
