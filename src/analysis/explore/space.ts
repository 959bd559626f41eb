/** One exploration with every hardware choice fixed. */
import { seedFingerprints, type Fingerprint } from '../../base/hash.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { handoffSystem } from './checked.ts';
import type { Counterexample } from './counterexample.ts';
import { Knowledge } from './knowledge.ts';
import type { ExploreOptions, Limit, Progress } from './options.ts';
import { Plan } from './plan.ts';
import { search, type Reduction, type SearchResult } from './search.ts';
import { ShortestWay } from './shortest.ts';
import type { ClaimNumber } from './system.ts';
import { VisitedStates } from './visited.ts';
import { findWindow, type Window } from './window.ts';

export interface Space {
  readonly window: Window;
  readonly result: SearchResult;
  /** The fingerprint of its first state; null: there is none. */
  readonly start: Fingerprint | null;
  /** What ended it early; null: nothing did. */
  readonly limit: Limit | null;
  /** How often it was explored before nothing new was learned of what moves touch. */
  readonly rounds: number;
  /** Claims that had something in their scope. */
  readonly considered: readonly boolean[];
  readonly counterexamples: ReadonlyMap<ClaimNumber, Counterexample>;
  /** Hardware choices that a unit asked for. */
  readonly asked: ReadonlySet<string>;
  /** How often a fingerprint was compared with the state. */
  readonly comparisons: number;
}

/** `before`: states of other spaces, which count against the limit. */
export function exploreSpace(scenario: Scenario, options: ExploreOptions, before: number): Space {
  const window = findWindow(scenario, options.window);
  const asked = new Set<string>();
  if (!window.reached) return unreachedSpace(window);
  let stopped: Limit | null = null;
  const stop = (progress: Progress): boolean => {
    stopped ??= options.stop(progress);
    return stopped !== null;
  };
  seedFingerprints(options.seed);
  const system = handoffSystem(scenario, window, options, (choice) => asked.add(choice));
  const { mark, low, high } = { mark: system.mark(), low: system.low, high: system.high };
  const knowledge = new Knowledge();
  let reduction: Reduction | null = null;
  let result: SearchResult;
  let rounds = 0;
  let news: number;
  do {
    news = knowledge.news;
    if (options.reduce) reduction = { plan: new Plan(knowledge), knowledge };
    system.undo(mark, low, high);
    result = search(system, new VisitedStates(), {
      states: options.maxStates - before,
      stop: (states, depth, transitions) => stop({ phase: 1, states: before + states, depth, transitions }),
    }, reduction);
    rounds += 1;
  } while (result.end === 'exhausted' && knowledge.news !== news);
  const { violated, states, depth, transitions } = result;
  const plan = result.end === 'exhausted' && result.beyond === null ? reduction?.plan ?? null : null;
  const counterexamples = new Map<ClaimNumber, Counterexample>();
  for (const claim of system.violatedBefore) counterexamples.set(claim, system.counterexample([], true));
  for (const [claim, way] of violated) {
    if (counterexamples.has(claim)) continue;
    system.undo(mark, low, high);
    const found = plan === null || !options.shortest ? { moves: way, isShortest: false }
      : new ShortestWay(system, plan, claim,
        () => stop({ phase: 2, states: before + states, depth, transitions })).find(way);
    counterexamples.set(claim, system.counterexample(found.moves, found.isShortest));
  }
  return {
    window, result, start: { low, high }, limit: limitOf(result, stopped), rounds, considered: system.considered, counterexamples, asked,
    comparisons: system.comparisons,
  };
}

/** A limit that was met while the shortest way was looked for leaves everything explored. */
function limitOf({ end }: SearchResult, stopped: Limit | null): Limit | null {
  switch (end) {
    case 'exhausted': return null;
    case 'states': return 'states';
    case 'stopped': return stopped;
  }
}

/** Of a window that the run never comes to. */
export function unreachedSpace(window: Window): Space {
  return {
    window, start: null, limit: null, rounds: 0, considered: [], counterexamples: new Map(), asked: new Set(), comparisons: 0,
    result: { states: 0, transitions: 0, depth: 0, violated: new Map(), beyond: window.beyond, end: 'exhausted' },
  };
}
