/** One cell of a matrix: what a scenario comes to with one release, in a run or in every interleaving. */
import type { Expectation, Scenario } from '../../scenario/scenario.ts';
import { judge } from '../claims.ts';
import type { ClaimVerdict, Exploration } from '../explore/explore.ts';
import type { Limit } from '../explore/options.ts';
import { run, traced } from '../run.ts';
import { harmOf, worstOf, type Harm } from './harm.ts';

export type CellOutcome =
  /** Every claim holds. */
  | 'fine'
  | Harm
  /** Only claims of which nothing is subject do not hold. */
  | 'empty'
  | 'undecided';

export interface MatrixCell {
  readonly release: string;
  readonly outcome: CellOutcome;
  /** How many states there are, where all were visited. */
  readonly states: number | null;
  /** The length of the counterexample that the outcome is about. */
  readonly steps: number | null;
  /** Whether no way is shorter. */
  readonly isShortest: boolean;
  /** In a run: the event that the outcome is about. */
  readonly event: number | null;
  readonly expected: Expectation['result'] | null;
  /** As the file expects; where it expects nothing, everything must be fine. Null: not decided. */
  readonly asExpected: boolean | null;
  /** Why it is not decided. */
  readonly why: string | null;
}

export function runCell(scenario: Scenario): MatrixCell {
  const done = run(scenario, traced);
  const none = { states: null, steps: null, isShortest: false, event: null };
  if (done.end.kind === 'limit' || done.end.kind === 'schedule') {
    const why = done.end.kind === 'limit' ? done.end.what : 'the schedule does not fit the machine';
    return cell(scenario, scenario.expectations, { ...none, outcome: 'undecided', why });
  }
  const wrong = judge(scenario, done.events).filter(({ holds }) => !holds);
  if (wrong.length === 0) return cell(scenario, scenario.expectations, { ...none, outcome: 'fine', why: null });
  const harms = wrong.filter(({ vacuous }) => !vacuous).map((verdict) => harmOf(done.events, verdict));
  const worst = worstOf(harms.map(({ harm }) => harm));
  const event = harms.find(({ harm }) => harm === worst)?.event ?? null;
  return cell(scenario, scenario.expectations, { ...none, event, outcome: worst ?? 'empty', why: null });
}

/** What neither a run nor an exploration can tell. */
export function undecidedCell(scenario: Scenario, why: string): MatrixCell {
  return cell(scenario, [], { outcome: 'undecided', states: null, steps: null, isShortest: false, event: null, why });
}

export function exploredCell(scenario: Scenario, found: Exploration): MatrixCell {
  const violated = found.claims.flatMap((verdict, number) => verdict.outcome === 'violated' ? [witnessOf(verdict, number)] : []);
  const worst = worstOf(violated.map(({ harm }) => harm));
  const witness = violated.filter(({ harm }) => harm === worst)
    .sort((left, right) => (left.steps ?? Infinity) - (right.steps ?? Infinity))[0];
  return cell(scenario, scenario.explorations, {
    outcome: worst ?? outcomeWithout(found),
    states: found.end.kind === 'exhausted' ? found.states : null,
    steps: witness?.steps ?? null, isShortest: witness?.isShortest ?? false, event: null,
    why: whyOf(found),
  });
}

/** Where no claim is violated. */
function outcomeWithout({ claims }: Exploration): CellOutcome {
  if (claims.some(({ outcome }) => outcome === 'undecided')) return 'undecided';
  return claims.some(({ outcome }) => outcome === 'vacuous') ? 'empty' : 'fine';
}

function whyOf({ end, window }: Exploration): string | null {
  switch (end.kind) {
    case 'exhausted': return null;
    case 'no-window': return `the run never comes to ${window.name}`
      + (window.beyond === null ? '' : `, for before it needs more than ${window.beyond}`);
    case 'beyond': return `it needs more than ${end.what}`;
    case 'limit': return limitWords(end.limit);
  }
}

function limitWords(limit: Limit): string {
  switch (limit) {
    case 'states': return 'it needs more states than --max-states gives';
    case 'combinations': return 'there is more hardware than --max-combinations gives';
    case 'seconds': return 'it needs more time than --max-seconds gives';
    case 'memory': return 'it needs more memory than --max-memory gives';
    case 'user': return 'broken off';
  }
}

interface Witness {
  readonly harm: Harm;
  readonly steps: number | null;
  readonly isShortest: boolean;
}

/** What a violated claim's counterexample does, seen by running it again. */
function witnessOf({ counterexample }: ClaimVerdict, number: number): Witness {
  if (counterexample === null) return { harm: 'claim', steps: null, isShortest: false };
  const { scenario, moves, isShortest } = counterexample;
  const { events } = run(scenario, traced);
  const verdict = judge(scenario, events)[number];
  const harm = verdict === undefined || verdict.vacuous ? 'claim' : harmOf(events, verdict).harm;
  return { harm, steps: moves, isShortest };
}

type Found = Pick<MatrixCell, 'outcome' | 'states' | 'steps' | 'isShortest' | 'event' | 'why'>;

function cell(scenario: Scenario, expectations: readonly Expectation[], found: Found): MatrixCell {
  const { release } = scenario.capture;
  const expected = expectations.find((row) => row.release === release)?.result ?? null;
  const holds = found.outcome === 'fine';
  const asExpected = found.outcome === 'undecided' ? null : holds === (expected !== 'Violated');
  return { release, ...found, expected, asExpected };
}
