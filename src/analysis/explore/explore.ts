/** Every interleaving of a scenario from the window on, and what that says about each claim. */
import type { Claim, Scenario } from '../../scenario/scenario.ts';
import type { Counterexample } from './counterexample.ts';
import { HandoffSystem } from './handoff.ts';
import { Knowledge } from './knowledge.ts';
import type { ExploreOptions } from './options.ts';
import { Plan } from './plan.ts';
import { search, type Reduction, type SearchResult } from './search.ts';
import { ShortestWay } from './shortest.ts';
import type { ClaimNumber } from './system.ts';
import { VisitedStates } from './visited.ts';
import { findWindow, type Window } from './window.ts';

export type ClaimOutcome =
  /** In all states. */
  | 'holds'
  | 'violated'
  /** Nothing in its scope ever happened. */
  | 'vacuous'
  /** A limit ran out before. */
  | 'undecided';

export interface ClaimVerdict {
  readonly claim: Claim;
  readonly outcome: ClaimOutcome;
  /** A way to violate it; null where there is none. */
  readonly counterexample: Counterexample | null;
}

export type ExplorationEnd =
  | { readonly kind: 'exhausted' }
  /** The way to the window never gets there. */
  | { readonly kind: 'no-window' }
  | { readonly kind: 'limit'; readonly what: string }
  | { readonly kind: 'stopped'; readonly by: 'time' | 'user' };

export interface Exploration {
  readonly window: Window;
  readonly claims: readonly ClaimVerdict[];
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  /** How often it was explored before nothing new was learned of what moves touch. */
  readonly rounds: number;
  readonly end: ExplorationEnd;
}

export function explore(scenario: Scenario, options: ExploreOptions): Exploration {
  const window = findWindow(scenario, options.window);
  if (!window.reached) {
    return {
      window, states: 0, transitions: 0, depth: 0, rounds: 0, end: { kind: 'no-window' },
      claims: scenario.claims.map((claim) => ({ claim, outcome: 'undecided', counterexample: null })),
    };
  }
  const system = new HandoffSystem(scenario, window, options.inFlight);
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
      states: options.maxStates,
      stop: (states, depth, transitions) => options.stop({ phase: 1, states, depth, transitions }),
    }, reduction);
    rounds += 1;
  } while (result.end === 'exhausted' && knowledge.news !== news);
  const { violated, beyond, end, states, transitions, depth } = result;
  const exhausted = end === 'exhausted' && beyond === null;
  const plan = exhausted ? reduction?.plan ?? null : null;

  const counterexample = (number: ClaimNumber): Counterexample => {
    const way = violated.get(number) ?? [];
    system.undo(mark, low, high);
    const found = plan === null || !options.shortest ? { moves: way, isShortest: way.length === 0 }
      : new ShortestWay(system, plan, number,
        () => options.stop({ phase: 2, states, depth, transitions })).find(way);
    return system.counterexample(found.moves, found.isShortest);
  };
  const verdict = (claim: Claim, number: ClaimNumber): ClaimVerdict => {
    if (violated.has(number) || system.violatedBefore.includes(number)) {
      return { claim, outcome: 'violated', counterexample: counterexample(number) };
    }
    const outcome = !exhausted ? 'undecided' : system.monitor.considered[number] === true ? 'holds' : 'vacuous';
    return { claim, outcome, counterexample: null };
  };
  return {
    window, states, transitions, depth, rounds, claims: scenario.claims.map(verdict),
    end: exhausted ? { kind: 'exhausted' } : end === 'stopped' ? { kind: 'stopped', by: 'time' }
      : { kind: 'limit', what: beyond ?? `${options.maxStates} states` },
  };
}
