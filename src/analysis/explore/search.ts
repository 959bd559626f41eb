/** Depth first through what a system can do. */
import { BeyondModel } from '../../base/assert.ts';
import type { Knowledge } from './knowledge.ts';
import type { Plan } from './plan.ts';
import type { ClaimNumber, System } from './system.ts';
import type { Visited } from './visited.ts';

export interface SearchResult {
  readonly states: number;
  readonly transitions: number;
  /** The length of the longest way. */
  readonly depth: number;
  /** Claims that some way violates, with such a way. */
  readonly violated: ReadonlyMap<ClaimNumber, readonly number[]>;
  /** What some way needs more of than the model has. */
  readonly beyond: string | null;
  readonly end: 'exhausted' | 'states' | 'stopped';
}

export interface SearchLimits {
  readonly states: number;
  /** Asked now and then; true ends the search. */
  readonly stop: (states: number, depth: number, transitions: number) => boolean;
}

/** With what a search leaves out moves; and learns, so that the next one can do better. */
export interface Reduction {
  readonly plan: Plan;
  readonly knowledge: Knowledge;
}

const askEvery = 1024;
const comesBack = 'the reduction, which is for what goes on only (a way leads back to where it was, as a device does that tries again),';

function mustGoOn(system: System, moves: readonly number[], count: number): boolean {
  for (let at = 0; at < count; at += 1) if (!system.isOptional(system.actorOf(moves[at] ?? 0))) return true;
  return false;
}

/**
 * Keeps the moves of a way in one growing stack of numbers: nothing is allocated for a state.
 *
 * With `way` the search begins behind these moves. The states on the way are entered too, but only where
 * the way goes on from them: others go on from them elsewhere.
 */
export function search(
  system: System, visited: Visited, limits: SearchLimits, reduction: Reduction | null,
  way: readonly number[] = [],
): SearchResult {
  const violated = new Map<ClaimNumber, readonly number[]>();
  let beyond: string | null = null;
  let transitions = 0;
  let entered = 0;
  let deepest = 0;
  let end: SearchResult['end'] = 'exhausted';

  const moves: number[] = [];
  /** For each state of the way: its mark and fingerprint, where its moves begin, and which is next. */
  const marks: number[] = [];
  const lows: number[] = [];
  const highs: number[] = [];
  const starts: number[] = [];
  const nexts: number[] = [];
  let top = 0;
  let depth = 0;
  let walked = 0;
  const offered: number[] = [];

  // Whether an actor may move depends on what it looks at, also where it may not.
  const asked = reduction === null ? undefined : (actor: number): void => {
    reduction.knowledge.learn(reduction.knowledge.entry(system, actor), system.accesses);
    system.accesses.clear();
  };

  const violates = (claim: ClaimNumber): void => {
    if ((violated.get(claim)?.length ?? Infinity) > walked + depth) {
      violated.set(claim, [...way.slice(0, walked), ...nexts.slice(0, depth).map((next) => moves[next - 1] ?? 0)]);
    }
  };

  /** Leaves the moves to be tried in `offered`; to be called once for each state. */
  const look = (): number => {
    let count = system.offers(offered, asked);
    if (system.hasEnded || !mustGoOn(system, offered, count)) for (const claim of system.unmet()) violates(claim);
    if (reduction !== null) count = reduction.plan.choose(system, offered, count);
    transitions += count;
    return count;
  };

  const enter = (): void => {
    const count = look();
    marks[depth] = system.mark();
    lows[depth] = system.low;
    highs[depth] = system.high;
    starts[depth] = top;
    nexts[depth] = top;
    for (let at = 0; at < count; at += 1) moves[top + at] = offered[at] ?? 0;
    top += count;
    depth += 1;
    if (depth > deepest) deepest = depth;
  };

  /** Makes a move; false where it leads beyond the model. */
  const take = (move: number): boolean => {
    const entry = reduction?.knowledge.entry(system, system.actorOf(move));
    try {
      const wrong = system.take(move);
      for (let index = 0; index < wrong.length; index += 1) violates(wrong[index] ?? 0);
    } catch (error) {
      if (!(error instanceof BeyondModel)) throw error;
      beyond ??= error.message;
      return false;
    }
    if (entry !== undefined) reduction?.knowledge.learnMove(system, entry);
    return true;
  };

  /** What leads back to itself could put off all others for ever, so that the reduction would miss them. */
  const isOnWay = (): boolean => {
    const { low, high } = system;
    for (let at = depth - 1; at >= 0; at -= 1) if (lows[at] === low && highs[at] === high) return true;
    return false;
  };

  const result = (): SearchResult => ({
    states: visited.size, transitions, depth: way.length + deepest - 1, violated, beyond, end,
  });

  for (const move of way) {
    if (visited.add(system.low, system.high)) look();
    walked += 1;
    if (!take(move)) return result();
  }
  if (!visited.add(system.low, system.high)) return result();
  enter();
  while (depth > 0) {
    const at = depth - 1;
    const next = nexts[at] ?? 0;
    if (next === top) {
      top = starts[at] ?? 0;
      depth = at;
      continue;
    }
    nexts[at] = next + 1;
    system.undo(marks[at] ?? 0, lows[at] ?? 0, highs[at] ?? 0);
    if (!take(moves[next] ?? 0)) continue;
    if (!visited.add(system.low, system.high)) {
      if (reduction !== null && isOnWay()) beyond ??= comesBack;
      continue;
    }
    entered += 1;
    if (visited.size >= limits.states) {
      end = 'states';
      break;
    }
    if (entered % askEvery === 0 && limits.stop(visited.size, depth, transitions)) {
      end = 'stopped';
      break;
    }
    enter();
  }
  return result();
}
