/** The default output of `run`: the story, the verdict, the reason, the way to see it again. */
import { isSettled, type Verdict } from '../../analysis/claims.ts';
import type { Run } from '../../analysis/run.ts';
import { crashedReleaseOf, type Expectation, type Scenario } from '../../scenario/scenario.ts';
import type { Output } from '../output.ts';
import { storyLines } from './story.ts';
import { printable } from '../terminal.ts';
import { firstWrong, verdictLines, whyLines } from './verdict-text.ts';

export function printStory(
  path: string, scenario: Scenario, done: Run, verdicts: readonly Verdict[],
  options: ReadonlyMap<string, string>, output: Output,
): void {
  const { paint, result } = output;
  const { capture, units } = scenario;
  result(`${paint('bold', scenario.name)}: crashed ${crashedReleaseOf(scenario)}, capture ${capture.release}, `
    + `unit${units.length > 1 ? 's' : ''} ${units.map(({ profile }) => profile).join(' and ')}`);
  result('');
  for (const line of storyLines(scenario, done, paint)) result(line);
  result('');
  const holds = verdicts.every((verdict) => verdict.holds);
  const decided = done.end.kind === 'ended' || done.end.kind === 'stuck';
  for (const line of verdictLines(verdicts, decided, paint)) result(line);
  const wrong = firstWrong(verdicts);
  const why = wrong === undefined ? [] : whyLines(done.events, wrong);
  if (why.length > 0) {
    result('');
    result(paint('bold', `Why #${wrong ?? 0}:`));
    for (const line of why) result(line);
  }
  result('');
  const settled = done.end.kind === 'cut' && verdicts.some(isSettled);
  result(decided || settled ? `${observation(scenario, holds, paint)}${expectedText(scenario, holds, options)}`
    : `Observation ${scenario.name} ${scenario.capture.release} Undecided`);
  if (!holds) result(`replay: ${stepCommandLine(path, options, wrong ?? done.events.length - 1)}`);
}

function observation(scenario: Scenario, holds: boolean, paint: Paint): string {
  return `Observation ${scenario.name} ${scenario.capture.release} `
    + paint(holds ? 'green' : 'red', holds ? 'Holds' : 'Violated');
}

type Paint = Output['paint'];

/** What the head comment says of this release, if it speaks of it. */
export function expectationFor(
  scenario: Scenario, options: ReadonlyMap<string, string>,
): Expectation | undefined {
  if (options.has('crashed')) return undefined;
  const asked = options.get('capture');
  return scenario.expectations.find(({ release }) =>
    asked === undefined ? release === null || release === scenario.capture.release : release === asked);
}

function expectedText(
  scenario: Scenario, holds: boolean, options: ReadonlyMap<string, string>,
): string {
  const expected = expectationFor(scenario, options);
  if (expected === undefined) return '';
  const asExpected = (expected.result === 'Holds') === holds;
  return asExpected ? ', as the file expects' : `, but the file expects ${expected.result}`;
}

/** The command that shows the event again, to be pasted into a shell. */
export function stepCommandLine(
  path: string, options: ReadonlyMap<string, string>, event: number,
): string {
  const releases = ['crashed', 'capture'].flatMap((side) => {
    const release = options.get(side);
    return release === undefined ? [] : [`--${side} ${release}`];
  });
  return ['dmarsim step', shellWord(path), ...releases, `-x 'run ${event}; why'`].join(' ');
}

function shellWord(path: string): string {
  const shown = printable(path);
  return /^[\w./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", `'\\''`)}'`;
}
