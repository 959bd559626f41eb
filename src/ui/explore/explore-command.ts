/** `dmarsim explore`: every interleaving of a scenario, and a verdict for each claim. */
import type { Exploration } from '../../analysis/explore/explore.ts';
import { crashedReleaseOf } from '../../scenario/scenario.ts';
import type { CommandLine } from '../command-line.ts';
import { exitCode, worse } from '../exit-codes.ts';
import { explorationJson } from './explore-json.ts';
import { exploreOptions, type AskedOptions } from './explore-options.ts';
import { dismissing, makeCrew, type Crew } from './crew.ts';
import { exploreInThreads } from './explore-threads.ts';
import { saveCounterexample, saveProblem } from './save-file.ts';
import { claimLines, extentLines, noSuchWindow } from './explore-report.ts';
import { printCounterexample } from './explore-story.ts';
import { loadScenario, withReleases } from '../load.ts';
import type { Output } from '../output.ts';
import { printable } from '../terminal.ts';

export async function exploreCommand(line: CommandLine, output: Output): Promise<number> {
  const options = exploreOptions(line);
  if (typeof options === 'string') {
    output.talk(`error: ${options}`);
    return exitCode.usage;
  }
  if ((line.flags.has('json') || line.options.has('save')) && line.operands.length > 1) {
    output.talk(`error: ${line.flags.has('json') ? '--json' : '--save'} makes one document of one file; explore the files one by one`);
    return exitCode.usage;
  }
  const crew = makeCrew(options);
  return dismissing(crew, async () => {
    let code: number = exitCode.ok;
    for (const path of line.operands) {
      crew.printer.subject = line.operands.length > 1 ? printable(path) : '';
      code = worse(code, await exploreOne(path, line, options, crew, output));
      if (crew.watch.signalCode !== null) return crew.watch.signalCode;
    }
    return code;
  });
}

async function exploreOne(
  path: string, line: CommandLine, asked: AskedOptions, crew: Crew, output: Output,
): Promise<number> {
  const loaded = loadScenario(path, output);
  const scenario = loaded === undefined ? undefined : withReleases(loaded, line.options, output);
  if (scenario === undefined) return exitCode.usage;
  if (scenario.order !== null) {
    output.talk(`error: ${printable(path)} says who acts to the end (\`order\`): nothing is open; use dmarsim run`);
    return exitCode.usage;
  }
  const file = line.options.get('save');
  const problem = file === undefined ? null : saveProblem(file, path);
  if (problem !== null) {
    output.talk(`error: ${problem.text}`);
    return problem.code;
  }
  const found = await exploreInThreads(scenario, asked.options, crew);
  crew.printer.end();
  const { window, end } = found;
  if (end.kind === 'no-window' && asked.options.window !== null && window.beyond === null) {
    output.talk(`error: ${printable(path)}: ${noSuchWindow(window)}`);
    return exitCode.usage;
  }
  const worst = shortestOf(found);
  if (line.flags.has('json')) {
    output.result(JSON.stringify(explorationJson(path, scenario, asked.options, found), null, 2));
  } else {
    output.result(`${output.paint('bold', scenario.name)}: crashed ${crashedReleaseOf(scenario)}, `
      + `capture ${scenario.capture.release}`);
    output.result('');
    for (const text of claimLines(scenario, found, output.paint)) output.result(text);
    output.result('');
    for (const text of extentLines(found, asked, crew.watch.check())) output.result(text);
    if (worst !== undefined) {
      output.result('');
      printCounterexample(worst.counterexample, worst.variation, worst.claim, output);
    }
  }
  const written = file === undefined || worst === undefined ? exitCode.ok
    : saveCounterexample(file, worst.counterexample.scenario, output);
  if (!line.flags.has('json') && written === exitCode.ok) {
    if (worst === undefined && file !== undefined) output.result(`nothing to keep in ${printable(file)}: it was not written`);
    if (worst !== undefined) {
      output.result(file === undefined ? 'to keep it and run it again: --save FILE.dmar' : `replay: dmarsim run ${printable(file)}`);
    }
  }
  return worse(codeOf(found), written);
}

/** The claim whose counterexample is told: the one with the fewest steps. */
function shortestOf(found: Exploration) {
  return found.claims.flatMap(({ counterexample, variation }, claim) =>
    counterexample === null || counterexample.moves === 0 ? [] : [{ counterexample, variation, claim }])
    .sort((left, right) => left.counterexample.moves - right.counterexample.moves || left.claim - right.claim)[0];
}

function codeOf(found: Exploration): number {
  const outcomes = found.claims.map(({ outcome }) => outcome);
  if (outcomes.some((outcome) => outcome === 'violated' || outcome === 'vacuous')) return exitCode.violated;
  return outcomes.includes('undecided') ? exitCode.undecided : exitCode.ok;
}
