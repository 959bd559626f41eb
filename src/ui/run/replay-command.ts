/** `dmarsim replay`: the stories of a file, one for each release that its head comment speaks of. */
import { judge } from '../../analysis/claims.ts';
import { run, traced } from '../../analysis/run.ts';
import type { CommandLine } from '../command-line.ts';
import { exitCode, worse } from '../exit-codes.ts';
import { loadScenario, withReleases } from '../load.ts';
import type { Output } from '../output.ts';
import { codeOf } from './run-command.ts';
import { printStory } from './run-story.ts';
import { printable } from '../terminal.ts';

/** 0 when every story ends as the file says, 1 when one does not. */
export function replayCommand(line: CommandLine, output: Output): number {
  let code: number = exitCode.ok;
  for (const path of line.operands) {
    const loaded = loadScenario(path, output);
    if (loaded === undefined) {
      code = worse(code, exitCode.usage);
      continue;
    }
    if (loaded.expectations.length === 0) {
      output.talk(`error: ${printable(path)} has no Result line; use dmarsim run`);
      code = worse(code, exitCode.usage);
    }
    for (const { release, result } of loaded.expectations) {
      const options = new Map(release === null ? [] : [['capture', release]]);
      const scenario = withReleases(loaded, options, output);
      if (scenario === undefined) return exitCode.usage;
      const done = run(scenario, traced);
      const verdicts = judge(scenario, done.events);
      printStory(path, scenario, done, verdicts, options, output);
      output.result('');
      const judged = codeOf(done.end, verdicts);
      if (judged > exitCode.violated) code = worse(code, judged);
      else if ((judged === exitCode.ok) !== (result === 'Holds')) code = worse(code, exitCode.violated);
    }
  }
  return code;
}
