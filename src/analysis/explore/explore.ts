/** Every interleaving of a scenario from the window on, and what that says about each claim. */
import { assert, fail } from '../../base/assert.ts';
import type { Claim, Scenario } from '../../scenario/scenario.ts';
import type { ChoiceName } from '../../vtd/choices.ts';
import type { Counterexample } from './counterexample.ts';
import type { ExploreOptions, Limit } from './options.ts';
import type { SearchResult } from './search.ts';
import { exploreSpace, type Space } from './space.ts';
import { combinations, openChoices, withSettings } from './spaces.ts';
import type { ClaimNumber } from './system.ts';
import type { Window } from './window.ts';

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
  /** Some way needs more of something than the model has. */
  | { readonly kind: 'beyond'; readonly what: string }
  | { readonly kind: 'limit'; readonly limit: Limit };

export interface Exploration {
  readonly window: Window;
  readonly claims: readonly ClaimVerdict[];
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  /** How often it was explored before nothing new was learned of what moves touch. */
  readonly rounds: number;
  /** How often a fingerprint was compared with the state; null: that was not asked for. */
  readonly comparisons: number | null;
  readonly hardware: {
    readonly choices: readonly ChoiceName[];
    readonly evictions: boolean;
    /** Combinations of their values. */
    readonly spaces: number;
  };
  readonly end: ExplorationEnd;
}

/** A space that is to be explored, and how many states others had. */
export interface SpaceRequest {
  readonly scenario: Scenario;
  readonly before: number;
}

export function explore(scenario: Scenario, options: ExploreOptions): Exploration {
  const work = exploration(scenario, options);
  for (let step = work.next(); ;) {
    if (step.done === true) return step.value;
    step = work.next(exploreSpace(step.value.scenario, options, step.value.before));
  }
}

/** The same for whoever explores spaces in a way of its own: takes what it yields, gives what was found. */
export function* exploration(
  scenario: Scenario, options: ExploreOptions,
): Generator<SpaceRequest, Exploration, Space> {
  let spaces: Space[] = [];
  let open = openChoices(options.open, new Set());
  for (;;) {
    spaces = [];
    let before = 0;
    for (const settings of combinations(open)) {
      const space = yield { scenario: withSettings(scenario, settings), before };
      spaces.push(space);
      before += space.result.states;
      if (!isExhausted(space)) break;
    }
    const asked = new Set(spaces.flatMap((space) => [...space.asked]));
    const wanted = openChoices(options.open, asked);
    if (wanted.every((name) => open.includes(name)) || !spaces.every(isExhausted)) break;
    open = wanted;
  }
  return together(scenario, options, spaces, open);
}

function isExhausted({ result }: Space): boolean {
  return result.end === 'exhausted' && result.beyond === null;
}

function together(
  scenario: Scenario, options: ExploreOptions, spaces: readonly Space[], open: readonly ChoiceName[],
): Exploration {
  const [first] = spaces;
  assert(first !== undefined, 'there is at least one space');
  const exhausted = spaces.every(isExhausted) && first.window.reached;
  const verdict = (claim: Claim, number: ClaimNumber): ClaimVerdict => {
    const counterexample = spaces.flatMap(({ counterexamples }) => counterexamples.get(number) ?? [])
      .reduce<Counterexample | null>((best, other) =>
        best === null || other.moves < best.moves || (other.moves === best.moves && other.switches < best.switches)
          ? other : best, null);
    if (counterexample !== null) return { claim, outcome: 'violated', counterexample };
    const considered = spaces.some((space) => space.considered[number] === true);
    return { claim, outcome: !exhausted ? 'undecided' : considered ? 'holds' : 'vacuous', counterexample };
  };
  const sum = (of: (result: SearchResult) => number): number =>
    spaces.reduce((total, { result }) => total + of(result), 0);
  return {
    window: first.window,
    states: sum(({ states }) => states), transitions: sum(({ transitions }) => transitions),
    depth: Math.max(...spaces.map(({ result }) => result.depth)),
    rounds: Math.max(...spaces.map(({ rounds }) => rounds)),
    comparisons: options.checkFingerprints ? spaces.reduce((total, { comparisons }) => total + comparisons, 0) : null,
    hardware: { choices: open, evictions: options.open.evictions, spaces: spaces.length },
    claims: scenario.claims.map(verdict),
    end: endOf(spaces),
  };
}

function endOf(spaces: readonly Space[]): ExplorationEnd {
  const short = spaces.find((space) => !isExhausted(space) || !space.window.reached);
  if (short === undefined) return { kind: 'exhausted' };
  if (!short.window.reached) return { kind: 'no-window' };
  if (short.limit !== null) return { kind: 'limit', limit: short.limit };
  return { kind: 'beyond', what: short.result.beyond ?? fail('a space that is not exhausted has a limit') };
}
