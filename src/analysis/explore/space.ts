/** One exploration with every hardware choice fixed. */
import type { Scenario } from '../../scenario/scenario.ts';
import { handoffSystem } from './checked.ts';
import type { Counterexample } from './counterexample.ts';
import { Knowledge } from './knowledge.ts';
import type { ExploreOptions } from './options.ts';
import { Plan } from './plan.ts';
import { search, type Reduction, type SearchResult } from './search.ts';
import { ShortestWay } from './shortest.ts';
import type { ClaimNumber } from './system.ts';
import { VisitedStates } from './visited.ts';
import { findWindow, type Window } from './window.ts';

export interface Space {
  readonly window: Window;
  readonly result: SearchResult;
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
  if (!window.reached) {
    return {
      window, rounds: 0, considered: [], counterexamples: new Map(), asked, comparisons: 0,
      result: { states: 0, transitions: 0, depth: 0, violated: new Map(), beyond: window.beyond, end: 'exhausted' },
    };
  }
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
      stop: (states, depth, transitions) =>
        options.stop({ phase: 1, states: before + states, depth, transitions }),
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
        () => options.stop({ phase: 2, states: before + states, depth, transitions })).find(way);
    counterexamples.set(claim, system.counterexample(found.moves, found.isShortest));
  }
  return {
    window, result, rounds, considered: system.monitor.considered, counterexamples, asked,
    comparisons: system.comparisons,
  };
}
