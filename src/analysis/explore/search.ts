/** Depth first through what a system can do. */
import { BeyondModel } from '../../base/assert.ts';
import type { Knowledge } from './knowledge.ts';
import type { Plan } from './plan.ts';
import type { ClaimNumber, System } from './system.ts';
import type { VisitedStates } from './visited.ts';

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

function mustGoOn(system: System, moves: readonly number[], count: number): boolean {
  for (let at = 0; at < count; at += 1) if (!system.isOptional(system.actorOf(moves[at] ?? 0))) return true;
  return false;
}

/** Keeps the moves of a way in one growing stack of numbers: nothing is allocated for a state. */
export function search(
  system: System, visited: VisitedStates, limits: SearchLimits, reduction: Reduction | null,
): SearchResult {
  const violated = new Map<ClaimNumber, readonly number[]>();
  let beyond: string | null = null;
  let transitions = 0;
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
  const offered: number[] = [];

  // Whether an actor may move depends on what it looks at, also where it may not.
  const asked = reduction === null ? undefined : (actor: number): void => {
    reduction.knowledge.learn(reduction.knowledge.entry(system, actor), system.accesses);
    system.accesses.clear();
  };

  const violates = (claim: ClaimNumber): void => {
    if ((violated.get(claim)?.length ?? Infinity) > depth) {
      violated.set(claim, nexts.slice(0, depth).map((next) => moves[next - 1] ?? 0));
    }
  };

  const enter = (): void => {
    marks[depth] = system.mark();
    lows[depth] = system.low;
    highs[depth] = system.high;
    starts[depth] = top;
    nexts[depth] = top;
    let count = system.offers(offered, asked);
    if (system.hasEnded || !mustGoOn(system, offered, count)) for (const claim of system.unmet()) violates(claim);
    if (reduction !== null) count = reduction.plan.choose(system, offered, count);
    for (let at = 0; at < count; at += 1) moves[top + at] = offered[at] ?? 0;
    top += count;
    depth += 1;
    if (depth > deepest) deepest = depth;
  };

  /** Makes a move; false where it leads beyond the model. */
  const take = (move: number): boolean => {
    const actor = system.actorOf(move);
    const entry = reduction?.knowledge.entry(system, actor);
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

  visited.add(system.low, system.high);
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
    transitions += 1;
    if (!take(moves[next] ?? 0)) continue;
    if (!visited.add(system.low, system.high)) continue;
    if (visited.size >= limits.states) {
      end = 'states';
      break;
    }
    if (visited.size % askEvery === 0 && limits.stop(visited.size, depth, transitions)) {
      end = 'stopped';
      break;
    }
    enter();
  }
  return { states: visited.size, transitions, depth: deepest - 1, violated, beyond, end };
}
