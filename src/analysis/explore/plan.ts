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
import type { System } from './system.ts';

/** What a move touches, and what an actor may still touch, among the cells that are contended for. */
interface Known {
  /** Null: nothing that anybody contends for. */
  readonly own: CellBits | null;
  readonly future: CellBits | null;
}

const nothing: Known = { own: null, future: null };

export class Plan {
  readonly #known = new Map<Entry, Known>();
  /** The same by the numbers that this process gives to progresses. */
  readonly #here: NumberMap<Known>[] = [];
  readonly #knowledge: Knowledge;

  constructor(knowledge: Knowledge) {
    this.#knowledge = knowledge;
    const entries = knowledge.entries();
    const cells = contendedCells(entries);
    const owns = new Map(entries.flat().map((entry) => [entry, bitsOf(entry, cells)]));
    for (const [entry, future] of futuresOf(entries, owns)) {
      this.#known.set(entry, { own: owns.get(entry) ?? null, future });
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
    const offering = this.#offering(system, moves, count);
    const kept = frozen.size === 0 ? offering : offering.filter((actor) => !frozen.has(actor));
    if (kept.length < 2) return keep(system, moves, count, kept);
    const others: number[] = [];
    const known: Known[] = [];
    for (const actor of system.active) {
      if (frozen.has(actor)) continue;
      const may = kept.includes(actor);
      // What is optional and cannot move now never will.
      if (!may && system.isOptional(actor)) continue;
      others.push(actor);
      known.push(this.#at(system, actor));
    }
    let best: readonly number[] = kept;
    for (const seed of kept) {
      if (system.isOptional(seed)) continue;
      const closed = closure(system, seed, kept, others, known, best.length);
      if (closed === undefined) continue;
      best = closed;
      if (best.length === 1) break;
    }
    return keep(system, moves, count, best);
  }

  #offering(system: System, moves: readonly number[], count: number): readonly number[] {
    const actors: number[] = [];
    for (let at = 0; at < count; at += 1) {
      const actor = system.actorOf(moves[at] ?? 0);
      if (actors.at(-1) !== actor) actors.push(actor);
    }
    return actors;
  }
}

const nobody: ReadonlySet<number> = new Set();

/** The actors that must be tried with `seed`; undefined when there are not fewer than `limit`. */
function closure(
  system: System, seed: number, offering: readonly number[], others: readonly number[],
  known: readonly Known[], limit: number,
): readonly number[] | undefined {
  const members = [seed];
  for (const member of members) {
    if (members.length >= limit) return undefined;
    const own = known[others.indexOf(member)]?.own ?? null;
    const heldUp = members.some((actor) => system.isPrompt(actor));
    if (own === null) continue;
    for (const [at, other] of others.entries()) {
      if (members.includes(other)) continue;
      // It cannot move before this member has.
      if (heldUp && system.waitsForPrompt(other)) continue;
      const future = known[at]?.future ?? null;
      if (future === null || !own.conflictsWith(future)) continue;
      if (!offering.includes(other)) return undefined;
      members.push(other);
    }
  }
  return members.length < limit ? members : undefined;
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

