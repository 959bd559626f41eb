/** What an exploration found, in words: a line for each claim, then how much was tried and what was open. */
import { unreachable } from '../../base/assert.ts';
import type { ClaimOutcome, ClaimVerdict, Exploration } from '../../analysis/explore/explore.ts';
import type { ExploreOptions } from '../../analysis/explore/options.ts';
import { claimLine } from '../../scenario/text/print-text.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { printable, type Colour, type Paint } from '../terminal.ts';

const marks: Readonly<Record<ClaimOutcome, readonly [string, Colour | null]>> = {
  holds: ['Ok', 'green'], violated: ['No', 'red'], vacuous: ['No', 'red'], undecided: ['??', null],
};

export function claimLines(scenario: Scenario, found: Exploration, paint: Paint): readonly string[] {
  const width = Math.max(0, ...scenario.claims.map((claim) => claimLine(claim).length));
  return found.claims.map((verdict) => {
    const [mark, colour] = marks[verdict.outcome];
    return `  ${colour === null ? mark : paint(colour, mark)}  `
      + `${printable(claimLine(verdict.claim)).padEnd(width)}  ${outcomeWords(verdict, found)}`;
  });
}

function outcomeWords({ outcome, counterexample }: ClaimVerdict, found: Exploration): string {
  switch (outcome) {
    case 'holds': return `holds in all ${count(found.states)} states`;
    case 'vacuous': return 'says nothing: in no state anything happened that it is about';
    case 'undecided': return 'not decided';
    case 'violated': {
      if (counterexample === null) return 'violated';
      const { moves, switches, isShortest } = counterexample;
      if (moves === 0) return 'violated before the window, on the way there';
      return `violated, ${isShortest ? 'at the soonest' : 'perhaps not at the soonest'} after ${moves} steps `
        + `with ${switches} switches`;
    }
    default: return unreachable(outcome);
  }
}

function hardwareWords({ hardware: { choices, evictions, spaces } }: Exploration): string {
  const parts = [
    choices.length === 0 ? 'as the units are' : `every value of ${choices.join(', ')} (${spaces} combinations)`,
    ...(evictions ? ['cached entries may be gone at any look-up'] : []),
  ];
  return parts.join('; ');
}

export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** How much was tried, and in what sense that is all. */
export function extentLines(found: Exploration, options: ExploreOptions): readonly string[] {
  const { states, transitions, depth, rounds, window, end } = found;
  const requests = `${options.inFlight} request${options.inFlight === 1 ? '' : 's'}`;
  const lines = [
    `window: from ${printable(window.name)} on (step ${window.steps} of the run)`,
    `open: who acts next; ${requests} in flight, of any page, until a reset stops the device`,
    `hardware: ${hardwareWords(found)}`,
    ...(found.comparisons === null ? []
      : [`fingerprints: worked out anew behind ${count(found.comparisons)} moves and undos, always the same`]),
  ];
  switch (end.kind) {
    case 'no-window':
      return [`the run never comes to ${printable(window.name)}`
        + `${window.beyond === null ? '' : `, for it needs more than ${printable(window.beyond)}`}: nothing was explored`];
    case 'exhausted': {
      const collisions = states * states / 2 ** 65;
      lines.push(`${count(states)} states, ${count(transitions)} transitions, depth ${depth}: all that there are`
        + (options.reduce ? `, but for orders that cannot matter (${rounds} rounds)` : ''));
      if (options.reduce) lines.push('of states in which one move is enough, one in sixteen is stored and counted; claims are judged in all');
      lines.push(`states are told apart by fingerprints of 64 bits: ${collisions.toExponential(0)} of them expected `
        + 'to be taken for another');
      return lines;
    }
    case 'limit':
    case 'stopped':
      lines.push(`${count(states)} states, ${count(transitions)} transitions, depth ${depth}: not all, `
        + (end.kind === 'limit' ? `because ${printable(end.what)} did not suffice` : 'because it was stopped'));
      return lines;
    default:
      return unreachable(end);
  }
}
