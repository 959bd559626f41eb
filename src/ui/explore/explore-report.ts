/** What an exploration found, in words: a line for each claim, then how much was tried and what was open. */
import { unreachable } from '../../base/assert.ts';
import type { ClaimOutcome, ClaimVerdict, Exploration } from '../../analysis/explore/explore.ts';
import type { ChoiceValue, HardwareShare } from '../../analysis/explore/hardware-shares.ts';
import type { Window } from '../../analysis/explore/window.ts';
import type { Limit } from '../../analysis/explore/options.ts';
import { claimLine } from '../../scenario/text/print-text.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { hanging } from '../text-columns.ts';
import { nearest } from '../../scenario/suggest.ts';
import { printable, type Colour, type Paint } from '../terminal.ts';
import type { AskedOptions } from './explore-options.ts';

const bytesOfMiB = 2 ** 20;

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
    case 'undecided':
      return found.states === 0 ? 'not decided' : `not decided: nothing against it in the ${count(found.states)} states that were seen`;
    case 'violated': {
      if (counterexample === null) return 'violated';
      const { moves, switches, isShortest } = counterexample;
      if (moves === 0) return 'violated before the window, on the way there';
      return isShortest ? `violated, at the soonest after ${moves} steps with ${switches} switches`
        : `violated after ${moves} steps with ${switches} switches; there may be a shorter way`;
    }
    default: return unreachable(outcome);
  }
}

/** What of the hardware was open, and with which of it claims are violated. */
function hardwareLines({ hardware: { choices, evictions, combinations, spaces }, claims, end }: Exploration): readonly string[] {
  const parts = [
    choices.length === 0 ? 'as the units are'
      : `every value of ${choices.join(', ')}, the same in all units: ${end.kind === 'exhausted' ? '' : `${count(spaces)} of `}`
        + `${count(combinations)} combinations${spaces < combinations && end.kind === 'exhausted' ? ` (${count(spaces)} of them differ)` : ''}`,
    ...(evictions ? ['cached entries may be gone at any look-up'] : []),
  ];
  const shares = choices.length === 0 ? [] : claims.flatMap(({ claim, hardware }) => hardware === null || hardware.violated === 0 ? []
    : hanging('  ', `"${printable(claimLine(claim))}" is violated in ${shareWords(hardware)}`));
  return [...hanging('hardware: ', parts.join('; ')), ...shares];
}

function shareWords({ violated, of, always, never }: HardwareShare): string {
  const list = (values: readonly ChoiceValue[]): string => values.map(({ name, value }) => `${name} ${value}`).join(', ');
  return `${violated === of ? `all ${count(of)}` : `${count(violated)} of ${count(of)}`} combinations`
    + (always.length === 0 ? '' : `, in all with ${list(always)}`) + (never.length === 0 ? '' : `, in none with ${list(never)}`);
}

export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** How much was tried, and in what sense that is all; `limit`: what was reached, also when all states were seen before. */
export function extentLines(found: Exploration, asked: AskedOptions, limit: Limit | null): readonly string[] {
  const { states, transitions, depth, rounds, window, end } = found;
  const { options } = asked;
  const requests = `${options.inFlight} request${options.inFlight === 1 ? '' : 's'}`;
  if (end.kind === 'no-window') return noWindowLines(window);
  const lines = [
    `window: from ${printable(window.name)} on (step ${window.steps} of the run)`,
    `open: who acts next; ${requests} in flight, of any page, until a reset stops the device`,
    ...hardwareLines(found),
    ...(found.comparisons === null ? []
      : [`fingerprints: worked out anew behind ${count(found.comparisons)} moves and undos, always the same`]),
  ];
  const seen = `${count(states)} states, ${count(transitions)} transitions, depth ${depth}`;
  switch (end.kind) {
    case 'exhausted': {
      const collisions = states * states / 2 ** 65;
      lines.push(`${seen}: all that there are`
        + (options.reduce ? `, but for orders that cannot matter (${rounds} rounds)` : ''));
      if (options.reduce) lines.push('of states in which one move is enough, one in sixteen is stored and counted; claims are judged in all');
      lines.push(`states are told apart by fingerprints of 64 bits, seed ${options.seed}: ${collisions.toExponential(0)} of them expected `
        + 'to be taken for another');
      const { claims } = found;
      if (limit !== null && claims.some(({ counterexample }) => counterexample?.isShortest === false)) {
        lines.push(`the shortest way was not looked for to the end: ${limitWords(limit, asked)}; ${moreOf(limit, asked)}`);
      }
      return lines;
    }
    case 'beyond':
      return [...lines, `${seen}: not all, for some way needs more than ${printable(end.what)}`];
    case 'limit':
      return [...lines, `${seen}: not all that there are: ${limitWords(end.limit, asked)}`, `to see more: ${moreOf(end.limit, asked)}`];
    default:
      return unreachable(end);
  }
}

function noWindowLines({ name, beyond, places }: Window): readonly string[] {
  const never = `nothing was explored: the run never comes to ${printable(name)}`;
  if (beyond !== null) return hanging('', `${never}, for before it needs more than ${printable(beyond)}`);
  return [never, ...hanging('to begin elsewhere: --window ', printable(places.join(', ')))];
}

/** Of a name that was asked for. */
export function noSuchWindow({ name, places }: Window): string {
  const near = nearest(name, places);
  return `the run never comes to --window ${printable(name)}; `
    + (near === null ? `it comes to ${printable(places.join(', '))}` : `did you mean ${near}?`);
}

function limitWords(limit: Limit, { options, maxSeconds, maxBytes }: AskedOptions): string {
  switch (limit) {
    case 'states': return `ended by --max-states ${options.maxStates}`;
    case 'combinations': return `ended by --max-combinations ${options.maxCombinations}`;
    case 'seconds': return `ended by --max-seconds ${maxSeconds}`;
    case 'memory': return `ended by --max-memory ${maxBytes / bytesOfMiB} (MiB)`;
    case 'user': return 'it was broken off';
    default: return unreachable(limit);
  }
}

/** What to ask for next. */
function moreOf(limit: Limit, { options, maxSeconds, maxBytes }: AskedOptions): string {
  const less = [
    ...(options.inFlight > 0 ? [`--in-flight ${options.inFlight - 1}`] : []),
    ...(options.window === null ? ['--window handoff'] : []),
  ];
  const more = {
    states: [`--max-states ${options.maxStates * 10}`],
    combinations: [`--max-combinations ${options.maxCombinations * 10}`, 'name the choices that matter (--open NAME,...)'],
    seconds: [`--max-seconds ${Math.max(60, maxSeconds * 10)}`],
    memory: [`--max-memory ${maxBytes / bytesOfMiB * 4}`],
    user: [],
  }[limit];
  const words = [...more, ...(less.length === 0 ? [] : [`leave less open (${less.join(', ')})`])];
  return words.join(', or ') || 'let it go on';
}
