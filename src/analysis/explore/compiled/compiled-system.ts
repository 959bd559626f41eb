/**
 * A machine that remembers: a move that was made once is, wherever it finds what it looked at as it was
 * then, the same change of the state again, and nothing of the machine runs. It is asked only for what
 * nobody has asked before. A few thousand moves of kernels and units make up millions of transitions.
 *
 * What it remembers is what the machine did, with everything that it looked at; `CheckedSystem` lets the
 * machine do everything and holds both against each other.
 */
import type { AccessList } from '../../../base/accesses.ts';
import { waysLimit } from '../../../base/agenda.ts';
import type { Counterexample } from '../counterexample.ts';
import type { HandoffSystem } from '../handoff.ts';
import type { ClaimNumber, ExploredSystem, Foreseen } from '../system.ts';
import { MachineMemory, nothingTouched } from './machine-memory.ts';
import { Turns } from './turns.ts';

/** Questions about each actor; those about the whole come behind the last one's. */
const QUESTION = { ways: 0, progress: 1, waits: 2 } as const;
const questionsOfActor = 3;
const WHOLE = { ended: 0, unmet: 1 } as const;

export class CompiledSystem implements ExploredSystem {
  accesses: AccessList = nothingTouched;
  readonly #machine: HandoffSystem;
  readonly #memory: MachineMemory;
  readonly #turns: Turns;
  /** The effects of the moves so far. */
  readonly #way: number[] = [];
  #depth = 0;
  /** Of the present state, for as long as `move` is not −1. */
  readonly #foreseen = { move: -1, effect: -1, low: 0, high: 0, violated: [] as readonly ClaimNumber[], touched: nothingTouched };
  readonly #unmet: (readonly ClaimNumber[])[] = [];
  /** How the machine is asked what is not known. */
  readonly #ask: { readonly ways: (actor: number) => number; readonly progress: (actor: number) => number;
    readonly waits: () => number; readonly ended: () => number; readonly unmet: () => number };

  constructor(machine: HandoffSystem) {
    this.#machine = machine;
    this.#memory = new MachineMemory(machine);
    this.#turns = new Turns(machine, this.#memory.cells);
    const { agenda, cpu } = machine.machine;
    this.#ask = {
      ways: (actor) => agenda.waysOf(actor),
      progress: (actor) => machine.progressOf(actor),
      waits: () => cpu.waitsForPrompt ? 1 : 0,
      ended: () => machine.hasEnded ? 1 : 0,
      unmet: () => this.#unmet.push(machine.unmet()) - 1,
    };
  }

  // --- moves --------------------------------------------------------------------------------

  foresee(move: number): Foreseen | null {
    const memory = this.#memory;
    const effect = memory.effectOf(move);
    if (effect < 0) return null;
    const foreseen = this.#foreseen;
    foreseen.effect = effect;
    foreseen.move = move;
    foreseen.low = memory.lowBehind(effect);
    foreseen.high = memory.highBehind(effect);
    foreseen.violated = memory.violated(effect);
    foreseen.touched = memory.touched(effect);
    return foreseen;
  }

  take(move: number): readonly ClaimNumber[] {
    const effect = this.#effectOf(move);
    this.#memory.apply(effect);
    this.#way[this.#depth] = effect;
    this.#depth += 1;
    this.#foreseen.move = -1;
    this.accesses = this.#memory.touched(effect);
    return this.#memory.violated(effect);
  }

  #effectOf(move: number): number {
    if (this.#foreseen.move === move) return this.#foreseen.effect;
    const known = this.#memory.effectOf(move);
    if (known >= 0) return known;
    const learned = this.#memory.learnMove(move);
    this.#turns.learn();
    return learned;
  }

  mark(): number {
    return this.#depth;
  }

  undo(mark: number, low: number, high: number): void {
    while (this.#depth > mark) {
      this.#depth -= 1;
      this.#memory.takeBack(this.#way[this.#depth] ?? 0);
    }
    this.#memory.low = low;
    this.#memory.high = high;
    this.#foreseen.move = -1;
  }

  get low(): number {
    return this.#memory.low;
  }

  get high(): number {
    return this.#memory.high;
  }

  // --- questions ----------------------------------------------------------------------------

  #ofActor(question: keyof typeof QUESTION, actor: number): number {
    return this.#memory.answerAt(this.#memory.leafOf(actor * questionsOfActor + QUESTION[question], actor, this.#ask[question]));
  }

  #ofWhole(question: keyof typeof WHOLE): number {
    return this.#memory.answerAt(this.#memory.leafOf(this.#turns.actorCount * questionsOfActor + WHOLE[question], 0, this.#ask[question]));
  }

  #waysOf(actor: number, busy: boolean): number {
    this.accesses = nothingTouched;
    if (!this.#turns.hasWays(actor)) return busy && this.#turns.isTimed(actor) ? 0 : 1;
    const leaf = this.#memory.leafOf(actor * questionsOfActor + QUESTION.ways, actor, this.#ask.ways);
    this.accesses = this.#memory.lookedAt(leaf);
    return this.#memory.answerAt(leaf);
  }

  offers(into: number[], asked?: (actor: number) => void): number {
    const busy = this.#turns.look();
    const { active } = this.#turns;
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
    return this.#ofWhole('ended') === 1;
  }

  isComplete(): boolean {
    if (this.hasEnded) return true;
    const busy = this.#turns.look();
    return !this.#turns.active.some((actor) => !this.#turns.isOptional(actor) && this.#waysOf(actor, busy) > 0);
  }

  unmet(): readonly ClaimNumber[] {
    return this.#unmet[this.#ofWhole('unmet')] ?? [];
  }

  // --- who makes moves ----------------------------------------------------------------------

  actorOf(move: number): number {
    return Math.floor(move / waysLimit);
  }

  get active(): readonly number[] {
    return this.#turns.active;
  }

  progressOf(actor: number): number {
    return this.#ofActor('progress', actor);
  }

  nameOfProgress(actor: number): number {
    this.#memory.putIntoMachine();
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
    return actor === this.#turns.cpu;
  }

  isOptional(actor: number): boolean {
    return this.#turns.isOptional(actor);
  }

  isPrompt(actor: number): boolean {
    return this.#turns.isPrompt(actor);
  }

  waitsForPrompt(actor: number): boolean {
    return this.#turns.isTimed(actor) && (actor !== this.#turns.cpu || this.#ofActor('waits', actor) === 1);
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
    const { bytes, movesKnown, cells } = this.#memory;
    return { bytes, moves: movesKnown, places: cells.count };
  }
}
