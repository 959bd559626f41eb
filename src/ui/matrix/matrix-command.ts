/** `dmarsim matrix`: releases across, scenarios or hardware choices down, in each cell what it comes to. */
import { exploredCell, runCell, undecidedCell, type MatrixCell } from '../../analysis/matrix/cell.ts';
import { makeMatrix, type MatrixScenario } from '../../analysis/matrix/matrix.ts';
import { releaseNamed, releases } from '../../linux/releases/releases.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { nearest } from '../../scenario/suggest.ts';
import { hardwareChoices } from '../../vtd/choices.ts';
import type { CommandLine } from '../command-line.ts';
import { exitCode, worse } from '../exit-codes.ts';
import { exploreOptions } from '../explore/explore-options.ts';
import { ExploreProgress } from '../explore/explore-progress.ts';
import { loadScenario } from '../load.ts';
import { matrixDocument } from './matrix-json.ts';
import { markdownLines, terminalLines } from './matrix-text.ts';
import type { Output } from '../output.ts';
import { scenarioFiles } from '../scenario-files.ts';
import { printable } from '../terminal.ts';

/** Where there is no terminal to ask. */
const usualWidth = 100;

export function matrixCommand(line: CommandLine, output: Output): number {
  const asked = exploreOptions(line);
  const names = listOf(line, 'capture', releases.map(({ name }) => name), 'release');
  const varied = listOf(line, 'vary', Object.keys(hardwareChoices), 'hardware choice');
  const problem = typeof asked === 'string' ? asked : typeof names === 'string' ? names
    : typeof varied === 'string' ? varied : contradiction(line);
  if (typeof asked === 'string' || typeof names === 'string' || typeof varied === 'string' || problem !== null) {
    output.talk(`error: ${problem ?? ''}`);
    return exitCode.usage;
  }
  const { scenarios, code } = load(line.operands, output);
  if (scenarios.length === 0) return exitCode.usage;
  const progress = new ExploreProgress(asked.maxSeconds);
  const explores = line.flags.has('explore');
  const options = { ...asked.options, shortest: !line.flags.has('quick'), stop: progress.stop };
  const cellOf = (scenario: Scenario): MatrixCell => {
    const missing = releaseNamed(scenario.capture.release)?.notModelled ?? null;
    if (missing !== null) return undecidedCell(scenario, `${missing} is not modelled yet`);
    if (!explores) return runCell(scenario);
    return scenario.order === null ? exploredCell(scenario, options)
      : undecidedCell(scenario, 'its file says who acts to the end (`order`)');
  };
  const shown = names ?? releases.filter(({ kind, notModelled }) => notModelled === null
    && (kind === 'released' || kind === 'patch' || kind === 'reference')).map(({ name }) => name);
  const rows = makeMatrix(scenarios, shown, varied ?? [], cellOf);
  progress.end();
  const table = { releases: shown, rows, explored: explores ? { inFlight: options.inFlight } : null };
  if (line.flags.has('json')) output.result(JSON.stringify(matrixDocument(table), null, 2));
  else if (line.flags.has('markdown')) markdownLines(table).forEach(output.result);
  else terminalLines(table, process.stdout.columns ?? usualWidth, output.paint).forEach(output.result);
  return rows.flatMap(({ cells }) => cells).map(codeOf).reduce(worse, code);
}

function codeOf({ asExpected }: MatrixCell): number {
  if (asExpected === null) return exitCode.undecided;
  return asExpected ? exitCode.ok : exitCode.violated;
}

function contradiction(line: CommandLine): string | null {
  if (line.flags.has('json') && line.flags.has('markdown')) return '--json and --markdown are two formats; leave one out';
  if (line.flags.has('explore')) return null;
  const needs = ['in-flight', 'window', 'max-states', 'max-seconds'].find((name) => line.options.has(name))
    ?? (line.flags.has('quick') ? 'quick' : undefined);
  return needs === undefined ? null : `--${needs} is about an exploration; add --explore`;
}

/** The names of a list with commas, or what is wrong with it; null where the option is not given. */
function listOf(
  line: CommandLine, option: string, known: readonly string[], what: string,
): readonly string[] | string | null {
  const text = line.options.get(option);
  if (text === undefined) return null;
  const names = text.split(',');
  for (const [index, name] of names.entries()) {
    if (!known.includes(name)) {
      const near = nearest(name, known);
      return `there is no ${what} '${printable(name)}'; `
        + (near === null ? `there are ${known.join(', ')}` : `did you mean ${near}?`);
    }
    if (names.indexOf(name) !== index) return `--${option} names ${name} twice`;
  }
  return names;
}

function load(
  operands: readonly string[], output: Output,
): { readonly scenarios: readonly MatrixScenario[]; readonly code: number } {
  let code: number = exitCode.ok;
  const scenarios: MatrixScenario[] = [];
  for (const path of operands) {
    const files = scenarioFiles(path);
    if (typeof files === 'string') output.talk(`error: ${files}`);
    const loaded = (typeof files === 'string' ? [] : files).map((file) => ({ file, scenario: loadScenario(file, output) }));
    for (const { file, scenario } of loaded) if (scenario !== undefined) scenarios.push({ file, scenario });
    if (typeof files === 'string' || loaded.some(({ scenario }) => scenario === undefined)) code = exitCode.usage;
  }
  return { scenarios, code };
}
