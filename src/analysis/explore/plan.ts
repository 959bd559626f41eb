/**
 * Which moves of a state must be tried: a persistent set, worked out from the state and from fixed
 * knowledge of who may still touch what. It is sound once an exploration with a plan has seen nothing
 * that the plan's knowledge did not have (see `reduction.md` in the README's design chapter).
 */
import { accessKinds } from '../../base/accesses.ts';
import { NumberMap } from '../../base/number-map.ts';
import { CellBits } from './bits.ts';
import { futuresOf } from './futures.ts';
import type { Entry, Knowledge } from './knowledge.ts';
import { goingRound } from './rounds.ts';
import type { System } from './system.ts';

/** What a move touches, and what an actor may still touch, among the cells that are contended for. */
interface Known {
  /** Null: nothing that anybody contends for. */
  readonly own: CellBits | null;
  readonly future: CellBits | null;
  /** Whether its actor may come back to where it was. */
  readonly goesRound: boolean;
}

const nothing: Known = { own: null, future: null, goesRound: false };

export class Plan {
  readonly #known = new Map<Entry, Known>();
  /** The same by the numbers that this process gives to progresses. */
  readonly #here: NumberMap<Known>[] = [];
  readonly #knowledge: Knowledge;
  // Room for one choice: nothing is allocated for a state.
  readonly #kept: number[] = [];
  readonly #others: number[] = [];
  readonly #knownOfOthers: Known[] = [];
  readonly #first: number[] = [];
  readonly #second: number[] = [];

  constructor(knowledge: Knowledge) {
    this.#knowledge = knowledge;
    const entries = knowledge.entries();
    const cells = contendedCells(entries);
    const owns = new Map(entries.flat().map((entry) => [entry, bitsOf(entry, cells)]));
    const round = goingRound(entries);
    for (const [entry, future] of futuresOf(entries, owns)) {
      this.#known.set(entry, { own: owns.get(entry) ?? null, future, goesRound: round.has(entry) });
    }
  }

  /** What is known of an actor at its present progress: at one that is new, nothing yet. */
  #at(system: System, actor: number): Known {
    const progress = system.progressOf(actor);
    const here = this.#here[actor] ??= new NumberMap();
    const found = here.get(progress);
    if (found !== undefined) return found;
    const known = this.#known.get(this.#knowledge.entry(system, actor)) ?? nothing;
    here.set(progress, known);
    return known;
  }

  /**
   * Leaves in `moves`, of its first `count`, those that must be tried, and returns how many. Actors in
   * `frozen` never move again: nothing of theirs is tried or feared.
   */
  choose(system: System, moves: number[], count: number, frozen: ReadonlySet<number> = nobody): number {
    const kept = this.#kept;
    actorsOf(system, moves, count, frozen, kept);
    if (kept.length < 2) return frozen.size === 0 ? count : keep(system, moves, count, kept);
    const others = this.#others;
    const known = this.#knownOfOthers;
    let room = 0;
    const { active } = system;
    for (let at = 0; at < active.length; at += 1) {
      const actor = active[at] ?? 0;
      if (frozen.size > 0 && frozen.has(actor)) continue;
      // What is optional and cannot move now never will.
      if (system.isOptional(actor) && !kept.includes(actor)) continue;
      others[room] = actor;
      known[room] = this.#at(system, actor);
      room += 1;
    }
    shorten(others, room);
    shorten(known, room);
    let best: readonly number[] = kept;
    for (let at = 0; at < kept.length; at += 1) {
      const seed = kept[at] ?? 0;
      if (system.isOptional(seed)) continue;
      const members = best === this.#first ? this.#second : this.#first;
      if (!closure(system, seed, kept, others, known, best.length, members)) continue;
      best = members;
      if (best.length === 1) break;
    }
    return keep(system, moves, count, best);
  }
}

const nobody: ReadonlySet<number> = new Set();

/** Who makes these moves, which are in the order of actors, without those who are frozen. */
function actorsOf(
  system: System, moves: readonly number[], count: number, frozen: ReadonlySet<number>, into: number[],
): void {
  let actors = 0;
  let last = -1;
  for (let at = 0; at < count; at += 1) {
    const actor = system.actorOf(moves[at] ?? 0);
    if (actor === last || (frozen.size > 0 && frozen.has(actor))) continue;
    last = actor;
    into[actors] = actor;
    actors += 1;
  }
  shorten(into, actors);
}

/** Setting a length is slow, and nearly always it is right already. */
function shorten(list: unknown[], length: number): void {
  if (list.length !== length) list.length = length;
}

/** Leaves in `members` the actors that must be tried with `seed`; false when there are not fewer than `limit`. */
function closure(
  system: System, seed: number, offering: readonly number[], others: readonly number[],
  known: readonly Known[], limit: number, members: number[],
): boolean {
  members[0] = seed;
  let count = 1;
  let isPrompt = system.isPrompt(seed);
  for (let next = 0; next < count; next += 1) {
    if (count >= limit) return false;
    const heldUp = isPrompt;
    const row = known[others.indexOf(members[next] ?? 0)];
    // Its moves alone might lead back here, and put off all others for ever.
    if (row?.goesRound === true) return false;
    const own = row?.own ?? null;
    if (own === null) continue;
    for (let at = 0; at < others.length; at += 1) {
      const other = others[at] ?? 0;
      const future = known[at]?.future ?? null;
      if (future === null || isAmong(members, count, other) || !own.conflictsWith(future)) continue;
      // It cannot move before this member has.
      if (heldUp && system.waitsForPrompt(other)) continue;
      if (!offering.includes(other)) return false;
      members[count] = other;
      count += 1;
      isPrompt ||= system.isPrompt(other);
    }
  }
  shorten(members, count);
  return count < limit;
}

function isAmong(members: readonly number[], count: number, actor: number): boolean {
  for (let at = 0; at < count; at += 1) if (members[at] === actor) return true;
  return false;
}

function keep(system: System, moves: number[], count: number, actors: readonly number[]): number {
  let kept = 0;
  for (let at = 0; at < count; at += 1) {
    const move = moves[at] ?? 0;
    if (!actors.includes(system.actorOf(move))) continue;
    moves[kept] = move;
    kept += 1;
  }
  return kept;
}

function bitsOf(entry: Entry, cells: ReadonlyMap<number, number>): CellBits | null {
  const bits = new CellBits(cells.size);
  entry.accesses.forEach((access) => {
    const cell = cells.get(Math.floor(access / accessKinds));
    if (cell !== undefined) bits.add(cell, access % accessKinds);
  });
  return bits.isEmpty ? null : bits;
}

/** Cells that two actors touch in ways that do not go together, numbered. */
function contendedCells(byActor: readonly (readonly Entry[])[]): ReadonlyMap<number, number> {
  const touched = new Map<number, Set<number>[]>();
  for (const [actor, entries] of byActor.entries()) {
    for (const entry of entries) {
      entry.accesses.forEach((access) => {
        const cell = Math.floor(access / accessKinds);
        const kinds = touched.get(cell) ?? Array.from({ length: accessKinds }, () => new Set<number>());
        kinds[access % accessKinds]?.add(actor);
        touched.set(cell, kinds);
      });
    }
  }
  const contended = [...touched].filter(([, kinds]) => isContended(kinds)).map(([cell]) => cell);
  return new Map(contended.sort((left, right) => left - right).map((cell, at) => [cell, at]));
}

function isContended(kinds: readonly ReadonlySet<number>[]): boolean {
  const all = new Set(kinds.flatMap((actors) => [...actors]));
  const used = kinds.filter((actors) => actors.size > 0).length;
  // Reads go with reads, joins with joins; anything else of two actors does not go together.
  return all.size > 1 && (used > 1 || (kinds[1]?.size ?? 0) > 0);
}

