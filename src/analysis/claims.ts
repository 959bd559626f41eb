/**
 * What a run says about a scenario's claims. A claim about DMAs that none were made of is not true but
 * empty, and counts as violated: "no fault" means nothing when nothing moved.
 */
import { unreachable } from '../base/assert.ts';
import type { Event } from '../base/event.ts';
import { toBigInt } from '../base/word.ts';
import type { Claim, ClaimScope, DmaProperty, Scenario } from '../scenario/scenario.ts';
import { dmaRecords, isForeign, type DmaRecord } from './dma.ts';
import { phaseStart } from './phases.ts';

export interface Verdict {
  readonly claim: Claim;
  readonly holds: boolean;
  /** Nothing in the run was subject to the claim. */
  readonly vacuous: boolean;
  /** How many DMAs or log lines were in the claim's scope. */
  readonly considered: number;
  /** The events that decide: those that violate a `never` or `always`, or that witness a `sometimes`. */
  readonly witnesses: readonly number[];
}

/** Violated whatever comes after. */
export function isSettled({ claim, holds, vacuous }: Verdict): boolean {
  return !holds && !vacuous && claim.quantifier !== 'sometimes';
}

export function judge(scenario: Scenario, events: readonly Event[]): readonly Verdict[] {
  const records = dmaRecords(events);
  return scenario.claims.map((claim) => {
    const inTime = timeWindow(scenario, events, claim.scope);
    const { what } = claim;
    switch (what.kind) {
      case 'log': {
        const lines = events.filter((event) => event.what.kind === 'log' && inTime(event.number));
        const hits = lines.filter(({ what: line }) => line.kind === 'log' && line.text.includes(what.text));
        return verdict(claim, lines.map(({ number }) => number), hits.map(({ number }) => number));
      }
      case 'dma': {
        const scope = records.filter((record) => inTime(record.request) && inScope(record, claim.scope));
        const hits = scope.filter((record) => hasProperty(record, what.outcome, claim.scope));
        return verdict(claim, scope.map(({ answer }) => answer), hits.map(({ answer }) => answer));
      }
      default:
        return unreachable(what);
    }
  });
}

function verdict(claim: Claim, scope: readonly number[], hits: readonly number[]): Verdict {
  const vacuous = scope.length === 0;
  const considered = scope.length;
  switch (claim.quantifier) {
    case 'never':
      return { claim, holds: !vacuous && hits.length === 0, vacuous, considered, witnesses: hits };
    case 'sometimes':
      return { claim, holds: hits.length > 0, vacuous, considered, witnesses: hits };
    case 'always': {
      const misses = scope.filter((number) => !hits.includes(number));
      return { claim, holds: !vacuous && misses.length === 0, vacuous, considered, witnesses: misses };
    }
    default:
      return unreachable(claim.quantifier);
  }
}

/** A phase that was never reached leaves nothing after it, and everything before it. */
function timeWindow(
  scenario: Scenario, events: readonly Event[], scope: ClaimScope,
): (number: number) => boolean {
  const start = scope.after === null ? -1
    : phaseStart(events, scenario, scope.after, scope.device) ?? Infinity;
  const end = scope.before === null ? Infinity
    : phaseStart(events, scenario, scope.before, scope.device) ?? Infinity;
  return (number) => number > start && number < end;
}

function inScope(record: DmaRecord, scope: ClaimScope): boolean {
  return (scope.device === null || record.device === scope.device)
    && (scope.kernel === null || record.kernel === scope.kernel)
    && (scope.address === null
      || toBigInt(record.address) / 4096n === BigInt(Math.floor(scope.address / 4096)));
}

function hasProperty(record: DmaRecord, property: DmaProperty, scope: ClaimScope): boolean {
  switch (property) {
    case 'dma': return true;
    case 'fault': return record.reason !== null && (scope.reason === null || record.reason === scope.reason);
    case 'stale': return record.freshness.kind === 'stale';
    case 'foreign': return isForeign(record);
    case 'translated': return record.outcome === 'translated';
    case 'fresh': return record.outcome === 'translated' && record.freshness.kind === 'fresh';
    default: return unreachable(property);
  }
}
