/**
 * The shortest way to violate a claim: fewest moves, then fewest switches between actors, then the least in
 * the order in which moves are offered.
 *
 * The reduction keeps some order of every way, but may put moves in front that the way does not need. So
 * where it tries some actors only, the search also tries a future in which these never move again: every
 * way either has a move of theirs, and then one that begins with it and is as long, or has none.
 *
 * As in `search`, states in which one move is enough are passed through, and of these one in sixteen is kept.
 */
import { BeyondModel } from '../../base/assert.ts';
import { keyOf } from '../../base/hash.ts';
import { NumberMap } from '../../base/number-map.ts';
import type { Plan } from './plan.ts';
import type { ClaimNumber, System } from './system.ts';

export interface Way {
  readonly moves: readonly number[];
  /** False when time ran out before every shorter one had been excluded. */
  readonly isShortest: boolean;
}

/** Thrown through the search when its time is over. */
class OutOfTime extends Error {}

/** More moves than any way has. */
const none = Infinity;
/** Asked once in so many states whether to go on. */
export const visitsBetweenAsks = 1024;
/** Of so many states in which one move is enough one is kept. */
const keptOne = 16;
const nobody: ReadonlySet<number> = new Set();

export class ShortestWay {
  readonly #system: System;
  readonly #plan: Plan;
  readonly #claim: ClaimNumber;
  readonly #stop: () => boolean;
  /** Numbers for sets of actors that never move again. */
  readonly #frozenSets: ReadonlySet<number>[] = [new Set()];
  /**
   * For a state and a frozen set, doubled: the fewest moves; or, and one more, a number of moves that no way
   * makes do with.
   */
  readonly #known = new NumberMap<number>();
  /** Whether the claim is one that an end decides: that something happens, which has not. */
  #isDecidedAtEnds = false;
  /** Room for the moves of each state that is being tried. */
  readonly #offered: number[][] = [];
  #level = 0;
  /** For each state of a shortest way: the moves that keep to one, and the switches behind each. */
  readonly #best = new NumberMap<readonly Continuation[]>();
  #visits = 0;

  constructor(system: System, plan: Plan, claim: ClaimNumber, stop: () => boolean) {
    this.#system = system;
    this.#plan = plan;
    this.#claim = claim;
    this.#stop = stop;
  }

  /** From the system's present state; `known`: some way's length, if one is known. Leaves the system as it is. */
  find(known: readonly number[]): Way {
    const start = new Place(this.#system);
    let length = known.length;
    this.#level = 0;
    this.#isDecidedAtEnds = this.#system.unmet().includes(this.#claim);
    try {
      length = this.#least(known.length, 0);
      start.return(this.#system);
      this.#continuations(length);
    } catch (error) {
      start.return(this.#system);
      if (!(error instanceof OutOfTime)) throw error;
      return { moves: known, isShortest: false };
    }
    const moves = this.#follow(length);
    start.return(this.#system);
    return { moves, isShortest: true };
  }

  /**
   * The fewest moves that violate the claim from here, while the frozen never move; `none` where they would
   * be more than `most`. Leaves the system where it likes: whoever asks returns to a place.
   */
  #least(most: number, frozen: number): number {
    const system = this.#system;
    const offered = this.#offered[this.#level] ??= [];
    for (let steps = 0; ; steps += 1) {
      if (this.#isViolatedHere()) return steps;
      if (steps >= most) return none;
      this.#visits += 1;
      if (this.#visits % visitsBetweenAsks === 0 && this.#stop()) throw new OutOfTime();
      const all = system.offers(offered);
      const still = this.#frozenSets[frozen];
      const movable = this.#actors(offered, all, still);
      const count = this.#plan.choose(system, offered, all, still);
      const others = this.#actors(offered, count) < movable;
      if (count !== 1 || others || system.low % keptOne === 0) return this.#leastKept(most - steps, frozen, count, others) + steps;
      const violates = this.#take(offered[0] ?? 0);
      if (violates !== false) return violates === true ? steps + 1 : none;
    }
  }

  /** The same of a state that is kept; `count` moves of the present level are to be tried, and there may be `others`. */
  #leastKept(most: number, frozen: number, count: number, others: boolean): number {
    const { low, high } = this.#system;
    const key = keyOf(low, high, frozen);
    const known = this.#known.get(key) ?? -1;
    if (known >= 0 && known % 2 === 0) return known / 2 <= most ? known / 2 : none;
    if (known >= 0 && known >= 2 * most + 1) return none;
    this.#level += 1;
    const least = this.#tryAll(most, frozen, count, others);
    this.#level -= 1;
    this.#known.set(key, least === none ? 2 * most + 1 : 2 * least);
    return least;
  }

  #tryAll(most: number, frozen: number, count: number, others: boolean): number {
    const system = this.#system;
    const { mark, low, high } = { mark: system.mark(), low: system.low, high: system.high };
    const offered = this.#offered[this.#level - 1] ?? [];
    let least = none;
    for (let at = 0; at < count; at += 1) {
      const room = Math.min(most, least - 1) - 1;
      if (room < 0) break;
      const violates = this.#take(offered[at] ?? 0);
      const behind = violates === true ? 0 : violates === false ? this.#least(room, frozen) : none;
      least = Math.min(least, behind + 1);
      system.undo(mark, low, high);
    }
    if (!others) return least;
    const frozenToo = this.#frozenSet(this.#frozenSets[frozen] ?? nobody, new Set(offered.slice(0, count).map((move) => system.actorOf(move))));
    const without = this.#least(Math.min(most, least), frozenToo);
    system.undo(mark, low, high);
    return Math.min(least, without);
  }

  /** How many actors that are not frozen make these moves; moves are in the order of actors. */
  #actors(moves: readonly number[], count: number, frozen: ReadonlySet<number> = nobody): number {
    let actors = 0;
    let last = -1;
    for (let at = 0; at < count; at += 1) {
      const actor = this.#system.actorOf(moves[at] ?? 0);
      if (actor === last || frozen.has(actor)) continue;
      last = actor;
      actors += 1;
    }
    return actors;
  }

  #leastFromHere(most: number): number {
    const place = new Place(this.#system);
    const least = this.#least(most, 0);
    place.return(this.#system);
    return least;
  }

  #frozenSet(still: ReadonlySet<number>, more: ReadonlySet<number>): number {
    const all = new Set([...still, ...more]);
    const known = this.#frozenSets.findIndex((set) => set.size === all.size && [...all].every((actor) => set.has(actor)));
    if (known >= 0) return known;
    this.#frozenSets.push(all);
    return this.#frozenSets.length - 1;
  }

  /** Whether a move violates the claim; undefined where it leads beyond the model. */
  #take(move: number): boolean | undefined {
    try {
      return this.#system.take(move).includes(this.#claim);
    } catch (error) {
      if (!(error instanceof BeyondModel)) throw error;
      return undefined;
    }
  }

  #isViolatedHere(): boolean {
    return this.#isDecidedAtEnds && this.#system.isComplete() && this.#system.unmet().includes(this.#claim);
  }

  // --- among the shortest -------------------------------------------------------------------

  /** The moves, of all that are offered, that begin a way of exactly the least length. */
  #continuations(moves: number): readonly Continuation[] {
    const system = this.#system;
    const key = keyOf(system.low, system.high, 0);
    const known = this.#best.get(key);
    if (known !== undefined) return known;
    const found: Continuation[] = [];
    const place = new Place(system);
    const offered: number[] = [];
    const count = moves === 0 ? 0 : system.offers(offered);
    for (const move of offered.slice(0, count)) {
      const violates = this.#take(move);
      if (violates === true && moves === 1) {
        found.push({ move, switches: 0 });
      } else if (violates !== undefined && this.#leastFromHere(moves - 1) === moves - 1) {
        const behind = this.#continuations(moves - 1);
        found.push({ move, switches: leastSwitches(system, behind, system.actorOf(move)) });
      }
      place.return(system);
    }
    this.#best.set(key, found);
    return found;
  }

  #follow(length: number): readonly number[] {
    const system = this.#system;
    const way: number[] = [];
    let last = -1;
    for (let left = length; left > 0; left -= 1) {
      const options = this.#continuations(left);
      const least = leastSwitches(system, options, last);
      // Moves are offered in ascending order, so that the first is the least.
      const next = options.find(({ move, switches }) => switches + switchTo(system, move, last) === least);
      if (next === undefined) break;
      way.push(next.move);
      last = system.actorOf(next.move);
      this.#take(next.move);
    }
    return way;
  }
}

interface Continuation {
  readonly move: number;
  /** Behind it, until the claim is violated. */
  readonly switches: number;
}

function switchTo(system: System, move: number, last: number): number {
  return last < 0 || system.actorOf(move) === last ? 0 : 1;
}

function leastSwitches(system: System, options: readonly Continuation[], last: number): number {
  // Where there are none the claim is violated.
  return options.length === 0 ? 0
    : Math.min(...options.map(({ move, switches }) => switches + switchTo(system, move, last)));
}

/** A point to come back to. */
class Place {
  readonly #mark: number;
  readonly #low: number;
  readonly #high: number;

  constructor(system: System) {
    this.#mark = system.mark();
    this.#low = system.low;
    this.#high = system.high;
  }

  return(system: System): void {
    system.undo(this.#mark, this.#low, this.#high);
  }
}
