/**
 * Small random systems for the checker: a few actors, each a list of instructions on shared cells, some
 * of which wait, wake another actor, or claim that a cell has a value. What is right is found by brute force.
 */
import { Accesses } from '../../src/base/accesses.ts';
import type { Random } from '../../src/base/hash.ts';
import { Journal } from '../../src/base/journal.ts';
import { Numbers } from '../../src/base/stores.ts';
import type { System } from '../../src/analysis/explore/system.ts';

type Instruction =
  | { readonly kind: 'set'; readonly cell: number; readonly value: number }
  | { readonly kind: 'add'; readonly cell: number; readonly from: number }
  | { readonly kind: 'raise'; readonly cell: number }
  | { readonly kind: 'await'; readonly cell: number; readonly value: number }
  | { readonly kind: 'wake'; readonly actor: number }
  | { readonly kind: 'stop'; readonly actor: number }
  /** From the start again, as long as a cell has a value. */
  | { readonly kind: 'again'; readonly cell: number; readonly value: number }
  | { readonly kind: 'claim'; readonly cell: number; readonly value: number };

interface Actor {
  readonly program: readonly Instruction[];
  readonly optional: boolean;
  readonly asleep: boolean;
}

const cellCount = 4;
const modulus = 3;

export class RandomSystem implements System {
  readonly accesses = new Accesses();
  readonly #actors: readonly Actor[];
  readonly #journal = new Journal(true, this.accesses);
  readonly #cells = new Numbers(this.#journal, 'cells', cellCount);
  readonly #positions: Numbers;
  readonly #awake: Numbers;
  readonly #witnessed = new Numbers(this.#journal, 'witnessed', 1);
  #finals = new Set<string>();

  /** `loops`: actors may begin again, so that ways have no end. */
  constructor(random: Random, loops = false) {
    const count = 2 + random.below(2);
    this.#actors = Array.from({ length: count }, (_, index) => ({
      program: Array.from({ length: 1 + random.below(4) }, () => instruction(random, count, loops)),
      optional: random.below(5) === 0, asleep: index > 0 && random.below(4) === 0,
    }));
    this.#positions = new Numbers(this.#journal, 'positions', count);
    this.#awake = new Numbers(this.#journal, 'awake', count);
    this.#actors.forEach(({ asleep }, actor) => this.#awake.set(actor, asleep ? 0 : 1));
    this.#journal.forgetHistory();
  }

  get hasOptional(): boolean {
    return this.#actors.some(({ optional }) => optional);
  }

  describe(): string {
    return JSON.stringify(this.#actors);
  }

  reset(): void {
    this.#journal.moveTo(0);
  }

  takeFinals(): readonly string[] {
    const finals = [...this.#finals].sort();
    this.#finals = new Set();
    return finals;
  }

  offers(into: number[], asked?: (actor: number) => void): number {
    const { active } = this;
    this.accesses.clear();
    let count = 0;
    for (const actor of active) {
      if (this.#ready(actor)) {
        into[count] = actor;
        count += 1;
      }
      asked?.(actor);
    }
    if (count === 0) this.#finals.add(`${this.low} ${this.high}`);
    return count;
  }

  repeats(actor: number): boolean {
    return this.#actors[actor]?.program.some(({ kind }) => kind === 'again') === true;
  }

  /** Nothing is used up here. */
  readonly spending = -1;

  foresee(): null {
    return null;
  }

  take(move: number): readonly number[] {
    this.accesses.clear();
    const at = this.#positions.get(move);
    const what = this.#actors[move]?.program[at];
    this.#positions.set(move, at + 1);
    this.accesses.activates(move);
    const violated: number[] = [];
    switch (what?.kind) {
      case 'set':
        this.#cells.set(what.cell, what.value);
        break;
      case 'add':
        this.#cells.set(what.cell, (this.#cells.get(what.cell) + this.#cells.get(what.from)) % modulus);
        break;
      case 'raise':
        this.#witnessed.raise(0);
        break;
      case 'wake':
        this.#awake.set(what.actor, 1);
        this.accesses.activates(what.actor);
        break;
      case 'stop':
        this.#awake.set(what.actor, 0);
        break;
      case 'again':
        if (this.#cells.get(what.cell) === what.value) this.#positions.set(move, 0);
        break;
      case 'claim':
        if (this.#cells.get(what.cell) === what.value) violated.push(0);
        break;
      default:
        break;
    }
    return violated;
  }

  mark(): number {
    return this.#journal.mark();
  }

  undo(mark: number, low: number, high: number): void {
    this.#journal.takeBack(mark, low, high);
  }

  get low(): number {
    return this.#journal.fingerprintLow;
  }

  get high(): number {
    return this.#journal.fingerprintHigh;
  }

  get hasEnded(): boolean {
    return false;
  }

  isComplete(): boolean {
    return this.active.every((actor) => this.#actors[actor]?.optional === true || !this.#ready(actor));
  }

  unmet(): readonly number[] {
    return this.#witnessed.get(0) === 0 ? [1] : [];
  }

  actorOf(move: number): number {
    return move;
  }

  get active(): readonly number[] {
    return [...this.#actors.keys()].filter((actor) => this.#awake.get(actor) === 1
      && this.#positions.get(actor) < (this.#actors[actor]?.program.length ?? 0));
  }

  progressOf(actor: number): number {
    return this.#positions.get(actor);
  }

  nameOfProgress(actor: number): number {
    return this.progressOf(actor);
  }

  regionOf(actor: number, name: number): number {
    return this.advances(actor) ? name : 0;
  }

  turnOf(actor: number): number {
    // As the store of `awake` is known to accesses: nobody else has so high a number.
    return 2 ** 22 - 1 - actor;
  }

  advances(actor: number): boolean {
    return this.#actors[actor]?.program.every(({ kind }) => kind !== 'again') === true;
  }

  isOptional(actor: number): boolean {
    return this.#actors[actor]?.optional === true;
  }

  waitsForPrompt(): boolean {
    return false;
  }

  isPrompt(): boolean {
    return false;
  }

  #ready(actor: number): boolean {
    if (this.#awake.get(actor) === 0) return false;
    const what = this.#actors[actor]?.program[this.#positions.get(actor)];
    return what !== undefined && (what.kind !== 'await' || this.#cells.get(what.cell) === what.value);
  }

  /** The way that brute force finds: shortest, fewest switches, then least; from the present state. */
  leastWay(claim: number): readonly number[] {
    let ways: readonly (readonly number[])[] = [[]];
    const [mark, low, high] = [this.mark(), this.low, this.high];
    for (let length = 0; ways.length > 0; length += 1) {
      const found: (readonly number[])[] = [];
      const longer: (readonly number[])[] = [];
      for (const way of ways) {
        this.undo(mark, low, high);
        let violated: readonly number[] = [];
        for (const move of way) violated = this.take(move);
        if (violated.includes(claim) || (claim === 1 && this.isComplete() && this.unmet().includes(1))) {
          found.push(way);
          continue;
        }
        const offered: number[] = [];
        const count = this.offers(offered);
        for (const move of offered.slice(0, count)) longer.push([...way, move]);
      }
      if (found.length > 0) {
        this.undo(mark, low, high);
        return [...found].sort((left, right) => switches(left) - switches(right) || compare(left, right))[0] ?? [];
      }
      ways = longer;
    }
    this.undo(mark, low, high);
    return [];
  }
}

function instruction(random: Random, actors: number, loops: boolean): Instruction {
  const cell = random.below(cellCount);
  const value = random.below(modulus);
  if (loops && random.below(4) === 0) return { kind: 'again', cell, value };
  switch (random.below(9)) {
    case 0: return { kind: 'await', cell, value };
    case 1: return { kind: 'wake', actor: random.below(actors) };
    case 2: return { kind: 'stop', actor: random.below(actors) };
    case 3: return { kind: 'claim', cell, value };
    case 4: return { kind: 'raise', cell };
    case 5:
    case 6: return { kind: 'add', cell, from: random.below(cellCount) };
    default: return { kind: 'set', cell, value };
  }
}

function switches(way: readonly number[]): number {
  return way.filter((move, at) => at > 0 && move !== way[at - 1]).length;
}

function compare(left: readonly number[], right: readonly number[]): number {
  for (const [at, move] of left.entries()) if (move !== right[at]) return move - (right[at] ?? 0);
  return 0;
}
