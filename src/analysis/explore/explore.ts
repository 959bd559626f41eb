/** Every interleaving of a scenario from the window on, and what that says about each claim. */
import type { Claim, Scenario } from '../../scenario/scenario.ts';
import { HandoffSystem } from './handoff.ts';
import type { ExploreOptions } from './options.ts';
import { search } from './search.ts';
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
}

export type ExplorationEnd =
  | { readonly kind: 'exhausted' }
  /** The way to the window never gets there. */
  | { readonly kind: 'no-window' }
  | { readonly kind: 'limit'; readonly what: string }
  | { readonly kind: 'stopped' };

export interface Exploration {
  readonly window: Window;
  readonly claims: readonly ClaimVerdict[];
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly end: ExplorationEnd;
}

export function explore(scenario: Scenario, options: ExploreOptions): Exploration {
  const window = findWindow(scenario, options.window);
  if (!window.reached) {
    return {
      window, states: 0, transitions: 0, depth: 0, end: { kind: 'no-window' },
      claims: scenario.claims.map((claim) => ({ claim, outcome: 'undecided' })),
    };
  }
  const system = new HandoffSystem(scenario, window, options.inFlight);
  const { states, transitions, depth, violated, beyond, end } = search(system, new VisitedStates(), {
    states: options.maxStates,
    stop: (seen, deep, steps) => options.stop({ states: seen, depth: deep, transitions: steps }),
  });
  const exhausted = end === 'exhausted' && beyond === null;
  const outcomeOf = (number: number): ClaimOutcome => {
    if (violated.has(number) || system.violatedBefore.includes(number)) return 'violated';
    if (!exhausted) return 'undecided';
    return system.monitor.considered[number] === true ? 'holds' : 'vacuous';
  };
  return {
    window, states, transitions, depth,
    claims: scenario.claims.map((claim, number) => ({ claim, outcome: outcomeOf(number) })),
    end: exhausted ? { kind: 'exhausted' } : end === 'stopped' ? { kind: 'stopped' }
      : { kind: 'limit', what: beyond ?? `${options.maxStates} states` },
  };
}
