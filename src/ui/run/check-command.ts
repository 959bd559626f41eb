/** `dmarsim check`: every scenario of files and folders, a line each, for CI. */
import { judge } from '../../analysis/claims.ts';
import { run, traced } from '../../analysis/run.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import type { CommandLine } from '../command-line.ts';
import { exitCode, worse } from '../exit-codes.ts';
import { loadScenario, withReleases } from '../load.ts';
import type { Output } from '../output.ts';
import { codeOf, endText } from './run-command.ts';
import { stepCommandLine } from './run-story.ts';
import { scenarioFiles } from '../scenario-files.ts';
import { printable } from '../terminal.ts';
import { firstWrong } from './verdict-text.ts';

interface Outcome {
  readonly code: number;
  readonly replay: string | undefined;
}

export function checkCommand(line: CommandLine, output: Output): number {
  const files: string[] = [];
  let code: number = exitCode.ok;
  for (const path of line.operands) {
    const found = scenarioFiles(path);
    if (typeof found === 'string') {
      output.talk(`error: ${found}`);
      code = worse(code, exitCode.usage);
    } else {
      files.push(...found);
    }
  }
  const outcomes = files.flatMap((file) => checkFile(file, line.options, output));
  const passed = outcomes.filter((outcome) => outcome.code === exitCode.ok).length;
  output.result(`${passed} passed, ${outcomes.length - passed} failed`);
  const replay = outcomes.find((outcome) => outcome.replay !== undefined)?.replay;
  if (replay !== undefined) output.talk(`replay: ${replay}`);
  return outcomes.reduce((worst, outcome) => worse(worst, outcome.code), code);
}

/**
 * Without --capture and --crashed the file's own expectations are what is checked, each with its
 * release; with them, or where the file expects nothing, every claim must hold.
 */
function checkFile(
  file: string, options: ReadonlyMap<string, string>, output: Output,
): readonly Outcome[] {
  const loaded = loadScenario(file, output);
  if (loaded === undefined) {
    output.result(`${output.paint('red', 'bad ')} ${printable(file)}`);
    return [{ code: exitCode.usage, replay: undefined }];
  }
  const overridden = options.has('capture') || options.has('crashed');
  if (overridden || loaded.expectations.length === 0) {
    const scenario = withReleases(loaded, options, output);
    if (scenario === undefined) return [{ code: exitCode.usage, replay: undefined }];
    return [checkOne(file, scenario, true, options, output)];
  }
  return loaded.expectations.map(({ release, result }) => {
    const asked = new Map(release === null ? [] : [['capture', release]]);
    const scenario = withReleases(loaded, asked, output);
    if (scenario === undefined) return { code: exitCode.usage, replay: undefined };
    return checkOne(file, scenario, result === 'Holds', asked, output);
  });
}

function checkOne(
  file: string, scenario: Scenario, shouldHold: boolean, options: ReadonlyMap<string, string>,
  output: Output,
): Outcome {
  const done = run(scenario, traced);
  const verdicts = judge(scenario, done.events);
  const judged = codeOf(done.end, verdicts);
  const holds = judged === exitCode.ok;
  const decided = judged === exitCode.ok || judged === exitCode.violated;
  const passed = decided && holds === shouldHold;
  const kept = verdicts.filter((verdict) => verdict.holds).length;
  const finding = endText(done.end)
    ?? `${kept} of ${verdicts.length} claims hold${shouldHold ? '' : ', a violation is expected'}`;
  output.result(`${passed ? output.paint('green', 'ok  ') : output.paint('red', 'FAIL')} ${printable(file)} `
    + `(${scenario.capture.release}): ${finding}`);
  if (passed) return { code: exitCode.ok, replay: undefined };
  const event = firstWrong(verdicts) ?? Math.max(0, done.events.length - 1);
  return { code: decided ? exitCode.violated : judged, replay: stepCommandLine(file, options, event) };
}
