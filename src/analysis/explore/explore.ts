/** Every interleaving of a scenario from the window on, and what that says about each claim. */
import { assert, fail } from '../../base/assert.ts';
import type { Fingerprint } from '../../base/hash.ts';
import type { Claim, Scenario } from '../../scenario/scenario.ts';
import type { ChoiceName } from '../../vtd/choices.ts';
import type { Counterexample } from './counterexample.ts';
import { sharesOf, type HardwareShare } from './hardware-shares.ts';
import type { ExploreOptions, Limit } from './options.ts';
import type { SearchResult } from './search.ts';
import { exploreSpace, type Space } from './space.ts';
import {
  combinationsOf, openChoices, standsFor, variations, withSettings, type OpenChoice, type Variation, type VariedSpace,
} from './spaces.ts';
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
  /** What the counterexample's units do otherwise than the scenario's. */
  readonly variation: Variation;
  /** With which hardware it is violated; null: everything that is open was not tried. */
  readonly hardware: HardwareShare | null;
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
  /** The fingerprint of the window's state, on the units as they are. */
  readonly start: Fingerprint | null;
  readonly claims: readonly ClaimVerdict[];
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  /** How often it was explored before nothing new was learned of what moves touch. */
  readonly rounds: number;
  /** How often a fingerprint was compared with the state; null: that was not asked for. */
  readonly comparisons: number | null;
  readonly hardware: {
    /** Those that are open and that some unit asked for. */
    readonly choices: readonly ChoiceName[];
    readonly evictions: boolean;
    /** Of their values, for all units alike. */
    readonly combinations: number;
    /** So many were explored; others are the same as one of them. */
    readonly spaces: number;
  };
  readonly end: ExplorationEnd;
}

/** A space that is to be explored. */
export interface SpaceRequest {
  readonly scenario: Scenario;
  /** How many states others had. */
  readonly before: number;
  /** Which it is, and how many there are as far as is known. */
  readonly number: number;
  readonly of: number;
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
  const found: VariedSpace[] = [];
  const asked = new Set<string>();
  let open: readonly OpenChoice[] = [];
  let left = variations(open);
  let before = 0;
  let limit: Limit | null = null;
  for (let next = left.next(); next.done !== true; next = left.next()) {
    const variation = next.value;
    if (found.some((known) => standsFor(known.variation, known.space.asked, variation))) continue;
    limit = found.length === 0 ? null
      : options.stop({ phase: 1, states: before, transitions: 0, depth: 0 })
        ?? (found.length >= options.maxCombinations ? 'combinations' : null);
    if (limit !== null) break;
    const space = yield {
      scenario: withSettings(scenario, variation), before, number: found.length + 1, of: combinationsOf(open),
    };
    found.push({ variation, space });
    before += space.result.states;
    ({ limit } = space);
    if (limit !== null) break;
    for (const name of space.asked) asked.add(name);
    const wider = openChoices(scenario, options.open, asked);
    if (wider.length > open.length) {
      open = wider;
      left = variations(open);
    }
  }
  return together(scenario, options, found, open, limit);
}

function isExhausted({ result }: Space): boolean {
  return result.end === 'exhausted' && result.beyond === null;
}

function together(
  scenario: Scenario, options: ExploreOptions, found: readonly VariedSpace[], open: readonly OpenChoice[], limit: Limit | null,
): Exploration {
  const spaces = found.map(({ space }) => space);
  const [first] = spaces;
  assert(first !== undefined, 'there is at least one space');
  const end = endOf(spaces, limit);
  const shares = end.kind === 'exhausted' ? sharesOf(scenario.claims.length, open, found) : [];
  const verdict = (claim: Claim, number: ClaimNumber): ClaimVerdict => {
    const { counterexample, variation } = bestOf(found, number);
    const considered = spaces.some((space) => space.considered[number] === true);
    return {
      claim, counterexample, variation, hardware: shares[number] ?? null,
      outcome: counterexample !== null ? 'violated' : end.kind !== 'exhausted' ? 'undecided'
        : considered ? 'holds' : 'vacuous',
    };
  };
  const sum = (of: (result: SearchResult) => number): number =>
    spaces.reduce((total, { result }) => total + of(result), 0);
  return {
    window: first.window, start: first.start,
    states: sum(({ states }) => states), transitions: sum(({ transitions }) => transitions),
    depth: Math.max(...spaces.map(({ result }) => result.depth)),
    rounds: Math.max(...spaces.map(({ rounds }) => rounds)),
    comparisons: options.checkFingerprints ? spaces.reduce((total, { comparisons }) => total + comparisons, 0) : null,
    hardware: {
      choices: open.map(({ name }) => name), evictions: options.open.evictions,
      combinations: combinationsOf(open), spaces: spaces.length,
    },
    claims: scenario.claims.map(verdict),
    end,
  };
}

/** With the fewest steps, then the fewest switches, then the fewest changes of the hardware. */
function bestOf(
  found: readonly VariedSpace[], claim: ClaimNumber,
): { readonly counterexample: Counterexample | null; readonly variation: Variation } {
  let best: { readonly counterexample: Counterexample | null; readonly variation: Variation } = { counterexample: null, variation: [] };
  for (const { variation, space } of found) {
    const counterexample = space.counterexamples.get(claim);
    if (counterexample === undefined) continue;
    const { moves, switches } = best.counterexample ?? { moves: Infinity, switches: Infinity };
    const isBetter = counterexample.moves - moves || counterexample.switches - switches;
    if (best.counterexample === null || isBetter < 0) best = { counterexample, variation };
  }
  return best;
}

function endOf(spaces: readonly Space[], limit: Limit | null): ExplorationEnd {
  if (spaces.some(({ window }) => !window.reached)) return { kind: 'no-window' };
  if (limit !== null) return { kind: 'limit', limit };
  const short = spaces.find((space) => !isExhausted(space));
  if (short === undefined) return { kind: 'exhausted' };
  return { kind: 'beyond', what: short.result.beyond ?? fail('a space that is not exhausted has a limit') };
}
