/** `dmarsim run`: replays scenarios and judges their claims. */
import { isSettled, judge, type Verdict } from '../../analysis/claims.ts';
import { dmaRecords, isForeign } from '../../analysis/dma.ts';
import { run, traced, type Run, type RunEnd } from '../../analysis/run.ts';
import { unreachable } from '../../base/assert.ts';
import { claimLine } from '../../scenario/text/print-text.ts';
import { crashedReleaseOf, type Scenario } from '../../scenario/scenario.ts';
import type { CommandLine } from '../command-line.ts';
import { exitCode, worse } from '../exit-codes.ts';
import { loadScenario, withReleases } from '../load.ts';
import type { Output } from '../output.ts';
import { printable } from '../terminal.ts';

const formats = ['story', 'dmesg', 'jsonl'] as const;

export async function runCommand(line: CommandLine, output: Output): Promise<number> {
  const format = line.options.get('format') ?? 'story';
  if (!formats.some((known) => known === format)) {
    output.talk(`error: --format is ${formats.join(', ')}, not '${printable(format)}'`);
    return exitCode.usage;
  }
  if (line.flags.has('json') && line.options.has('format')) {
    output.talk('error: --json is a format of its own; leave out --format');
    return exitCode.usage;
  }
  if (line.flags.has('json') && line.operands.length > 1) {
    output.talk('error: --json makes one document of one file; run the files one by one');
    return exitCode.usage;
  }
  let code: number = exitCode.ok;
  for (const path of line.operands) code = worse(code, await runOne(path, format, line, output));
  return code;
}

async function runOne(
  path: string, format: string, line: CommandLine, output: Output,
): Promise<number> {
  const loaded = loadScenario(path, output);
  const scenario = loaded === undefined ? undefined : withReleases(loaded, line.options, output);
  if (scenario === undefined) return exitCode.usage;
  if (line.flags.has('print-json')) {
    const { printJson } = await import('../../scenario/json/print-json.ts');
    output.result(printJson(scenario).trimEnd());
    return exitCode.ok;
  }
  const done = run(scenario, traced);
  const verdicts = judge(scenario, done.events);
  const code = codeOf(done.end, verdicts);
  if (line.flags.has('json')) {
    output.result(JSON.stringify(document(path, scenario, done, verdicts), null, 2));
  } else if (format === 'dmesg') {
    for (const { what } of done.events) if (what.kind === 'log') output.result(printable(what.text));
  } else if (format === 'jsonl') {
    const { eventJson } = await import('./event-json.ts');
    for (const event of done.events) output.result(JSON.stringify(eventJson(event)));
  } else {
    const { printStory } = await import('./run-story.ts');
    printStory(path, scenario, done, verdicts, line.options, output);
  }
  const problem = endText(done.end);
  if (problem !== undefined) output.talk(`error: ${printable(path)}: ${problem}`);
  return code;
}

export function codeOf(end: RunEnd, verdicts: readonly Verdict[]): number {
  switch (end.kind) {
    case 'ended':
    case 'stuck':
      return verdicts.every(({ holds }) => holds) ? exitCode.ok : exitCode.violated;
    case 'cut':
      return verdicts.some(isSettled) ? exitCode.violated : exitCode.undecided;
    case 'limit':
      return exitCode.undecided;
    case 'schedule':
    case 'order':
      return exitCode.usage;
    default:
      return unreachable(end);
  }
}

/** Why a run did not end as it should; undefined when it did. */
export function endText(end: RunEnd): string | undefined {
  switch (end.kind) {
    case 'ended':
    case 'cut':
      return undefined;
    case 'stuck':
      return 'the capture kernel waits for something that never comes';
    case 'limit':
      return `not decided: the run needs more than ${end.what}`;
    case 'schedule':
      return `the schedule takes choice ${end.choice} at step ${end.step}, where the machine offers `
        + `0 to ${end.offered - 1}`;
    case 'order':
      return `the order asks for ${end.actor}${end.way === 0 ? '' : `:${end.way}`} at its step ${end.step}, `
        + `where the machine offers ${end.offered.length === 0 ? 'nobody' : end.offered.join(', ')}`;
    default:
      return unreachable(end);
  }
}

function document(path: string, scenario: Scenario, done: Run, verdicts: readonly Verdict[]): object {
  const records = dmaRecords(done.events);
  return {
    version: 1,
    file: path,
    scenario: scenario.name,
    crashed: crashedReleaseOf(scenario),
    capture: scenario.capture.release,
    end: done.end.kind,
    events: done.events.length,
    simulatedNs: done.events.at(-1)?.timeNs ?? 0,
    dma: {
      translated: records.filter(({ outcome }) => outcome === 'translated').length,
      faulted: records.filter(({ reason }) => reason !== null).length,
      stale: records.filter(({ freshness }) => freshness.kind === 'stale').length,
      foreign: records.filter(isForeign).length,
    },
    claims: verdicts.map(({ claim, holds, vacuous, considered, witnesses }) => ({
      claim: claimLine(claim), holds, vacuous, considered, witnesses,
    })),
    holds: verdicts.every(({ holds }) => holds),
  };
}
