/** `dmarsim explore`: every interleaving of a scenario, and a verdict for each claim. */
import { writeFileSync } from 'node:fs';
import type { Exploration } from '../../analysis/explore/explore.ts';
import { crashedReleaseOf, type Scenario } from '../../scenario/scenario.ts';
import { printText } from '../../scenario/text/print-text.ts';
import type { CommandLine } from '../command-line.ts';
import { exitCode, worse } from '../exit-codes.ts';
import { explorationJson } from './explore-json.ts';
import { exploreOptions, type AskedOptions } from './explore-options.ts';
import { dismissing, makeCrew, type Crew } from './crew.ts';
import { exploreInThreads } from './explore-threads.ts';
import { claimLines, extentLines } from './explore-report.ts';
import { printCounterexample } from './explore-story.ts';
import { systemText } from '../system-text.ts';
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
  const found = await exploreInThreads(scenario, asked.options, crew);
  crew.printer.end();
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
  return worse(codeOf(found), worst === undefined ? exitCode.ok : save(line, worst.counterexample.scenario, output));
}

/** Writes the counterexample where asked, and says how to see it again. */
function save(line: CommandLine, scenario: Scenario, output: Output): number {
  const file = line.options.get('save');
  if (file === undefined) {
    if (!line.flags.has('json')) output.result('to keep it and run it again: --save FILE.dmar');
    return exitCode.ok;
  }
  try {
    writeFileSync(file, printText({ ...scenario, explorations: [], expectations: [{ release: null, result: 'Violated' }] }));
  } catch (error) {
    output.talk(`error: ${printable(file)}: ${systemText(error)}`);
    return exitCode.unwritten;
  }
  if (!line.flags.has('json')) output.result(`replay: dmarsim run ${printable(file)}`);
  return exitCode.ok;
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
