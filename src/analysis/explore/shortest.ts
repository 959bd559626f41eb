/**
 * The shortest way to violate a claim: fewest moves, then fewest switches between actors, then the least in
 * the order in which moves are offered.
 *
 * The reduction keeps some order of every way, but may put moves in front that the way does not need. So
 * where it tries some actors only, the search also tries a future in which these never move again: every
 * way either has a move of theirs, and then one that begins with it and is as long, or has none.
 */
import { BeyondModel } from '../../base/assert.ts';
import { digest } from '../../base/hash.ts';
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

export class ShortestWay {
  readonly #system: System;
  readonly #plan: Plan;
  readonly #claim: ClaimNumber;
  readonly #stop: () => boolean;
  /** Numbers for sets of actors that never move again. */
  readonly #frozenSets: ReadonlySet<number>[] = [new Set()];
  /** For a state and a frozen set: the fewest moves, or a number of moves that no way makes do with. */
  readonly #known = new NumberMap<number>();
  readonly #excluded = new NumberMap<number>();
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
    try {
      length = this.#least(known.length, 0);
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
   * be more than `most`.
   */
  #least(most: number, frozen: number): number {
    const system = this.#system;
    if (this.#isViolatedHere()) return 0;
    if (most === 0) return none;
    const key = digest([system.low, system.high, frozen]);
    const known = this.#known.get(key);
    if (known !== undefined) return known <= most ? known : none;
    if ((this.#excluded.get(key) ?? -1) >= most) return none;
    this.#visits += 1;
    if (this.#visits % visitsBetweenAsks === 0 && this.#stop()) throw new OutOfTime();
    const least = this.#tryAll(most, frozen);
    if (least === none) this.#excluded.set(key, most);
    else this.#known.set(key, least);
    return least;
  }

  #tryAll(most: number, frozen: number): number {
    const system = this.#system;
    const place = new Place(system);
    const offered: number[] = [];
    const all = system.offers(offered);
    const offering = new Set(offered.slice(0, all).map((move) => system.actorOf(move)));
    const still = this.#frozenSets[frozen] ?? new Set();
    const count = this.#plan.choose(system, offered, all, still);
    const tried = new Set<number>();
    let least = none;
    for (let at = 0; at < count; at += 1) {
      const move = offered[at] ?? 0;
      tried.add(system.actorOf(move));
      const room = Math.min(most, least - 1) - 1;
      if (room < 0) break;
      const violates = this.#take(move);
      const behind = violates === true ? 0 : violates === false ? this.#least(room, frozen) : none;
      least = Math.min(least, behind + 1);
      place.return(system);
    }
    const others = [...offering].some((actor) => !tried.has(actor) && !still.has(actor));
    return others ? Math.min(least, this.#least(Math.min(most, least), this.#frozenSet(still, tried))) : least;
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
    return this.#system.isComplete() && this.#system.unmet().includes(this.#claim);
  }

  // --- among the shortest -------------------------------------------------------------------

  /** The moves, of all that are offered, that begin a way of exactly the least length. */
  #continuations(moves: number): readonly Continuation[] {
    const system = this.#system;
    const key = digest([system.low, system.high]);
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
      } else if (violates !== undefined && this.#least(moves - 1, 0) === moves - 1) {
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
