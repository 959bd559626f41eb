/** Depth first through everything that a system can do. */
import { BeyondModel } from '../../base/assert.ts';
import type { ClaimNumber, System } from './system.ts';
import type { VisitedStates } from './visited.ts';

export interface SearchResult {
  readonly states: number;
  readonly transitions: number;
  /** The length of the longest way. */
  readonly depth: number;
  readonly violated: ReadonlySet<ClaimNumber>;
  /** What some way needs more of than the model has. */
  readonly beyond: string | null;
  readonly end: 'exhausted' | 'states' | 'stopped';
}

export interface SearchLimits {
  readonly states: number;
  /** Asked now and then; true ends the search. */
  readonly stop: (states: number, depth: number, transitions: number) => boolean;
}

const askEvery = 1024;

/** Keeps the moves of a way in one growing stack of numbers: nothing is allocated for a state. */
export function search(system: System, visited: VisitedStates, limits: SearchLimits): SearchResult {
  const violated = new Set<ClaimNumber>();
  let beyond: string | null = null;
  let transitions = 0;
  let deepest = 0;
  let end: SearchResult['end'] = 'exhausted';

  const moves: number[] = [];
  /** For each state of the way: its mark, and where its moves begin and which is next. */
  const marks: number[] = [];
  const starts: number[] = [];
  const nexts: number[] = [];
  let top = 0;
  let depth = 0;
  const offered: number[] = [];

  const enter = (): void => {
    marks[depth] = system.mark();
    starts[depth] = top;
    nexts[depth] = top;
    const count = system.offers(offered);
    for (let at = 0; at < count; at += 1) moves[top + at] = offered[at] ?? 0;
    top += count;
    if (system.isComplete()) for (const claim of system.unmet()) violated.add(claim);
    depth += 1;
    if (depth > deepest) deepest = depth;
  };

  const { low, high } = system.fingerprint();
  visited.add(low, high);
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
    const mark = marks[at] ?? 0;
    system.undo(mark);
    transitions += 1;
    try {
      const wrong = system.take(moves[next] ?? 0);
      for (let index = 0; index < wrong.length; index += 1) violated.add(wrong[index] ?? 0);
    } catch (error) {
      if (!(error instanceof BeyondModel)) throw error;
      beyond ??= error.message;
      continue;
    }
    const print = system.fingerprint();
    if (!visited.add(print.low, print.high)) continue;
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
