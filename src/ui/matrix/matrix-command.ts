/** `dmarsim matrix`: releases across, scenarios or hardware choices down, in each cell what it comes to. */
import { exploredCell, runCell, undecidedCell, type MatrixCell } from '../../analysis/matrix/cell.ts';
import { findWindow, type Window } from '../../analysis/explore/window.ts';
import { makeMatrix, withCapture, type MatrixScenario } from '../../analysis/matrix/matrix.ts';
import { releaseNamed, releases } from '../../linux/releases/releases.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { nearest } from '../../scenario/suggest.ts';
import { hardwareChoices } from '../../vtd/choices.ts';
import type { CommandLine } from '../command-line.ts';
import { exitCode, worse } from '../exit-codes.ts';
import { exploreOptions } from '../explore/explore-options.ts';
import { dismissing, makeCrew } from '../explore/crew.ts';
import { noSuchWindow } from '../explore/explore-report.ts';
import { exploreInThreads } from '../explore/explore-threads.ts';
import { loadScenario } from '../load.ts';
import { matrixDocument } from './matrix-json.ts';
import { markdownLines, terminalLines } from './matrix-text.ts';
import type { Output } from '../output.ts';
import { scenarioFiles } from '../scenario-files.ts';
import { printable } from '../terminal.ts';

/** Where there is no terminal to ask. */
const usualWidth = 100;

export async function matrixCommand(line: CommandLine, output: Output): Promise<number> {
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
  const explores = line.flags.has('explore');
  const options = { ...asked.options, shortest: !line.flags.has('quick') };
  const crew = makeCrew(asked);
  const cellOf = async (scenario: Scenario): Promise<MatrixCell> => {
    const missing = releaseNamed(scenario.capture.release)?.notModelled ?? null;
    if (missing !== null) return undecidedCell(scenario, `${missing} is not modelled yet`);
    // A signal comes in between two cells.
    await new Promise(setImmediate);
    if (crew.watch.signalCode !== null) return undecidedCell(scenario, 'broken off');
    if (!explores) return runCell(scenario);
    if (scenario.order !== null) return undecidedCell(scenario, 'its file says who acts to the end (`order`)');
    crew.printer.subject = `${printable(scenario.name)} ${scenario.capture.release}`;
    return exploredCell(scenario, await exploreInThreads(scenario, options, crew));
  };
  const shown = names ?? releases.filter(({ kind, notModelled }) => notModelled === null
    && (kind === 'released' || kind === 'patch' || kind === 'reference')).map(({ name }) => name);
  const { window } = asked.options;
  if (explores && window !== null) {
    const windows = scenarios.flatMap(({ scenario }) => shown.map((release) => withCapture(scenario, release)))
      .filter(({ order, capture }) => order === null && releaseNamed(capture.release)?.notModelled === null);
    const first = nowhere(windows, window);
    if (first !== null) {
      output.talk(`error: ${noSuchWindow(first)}`);
      return exitCode.usage;
    }
  }
  const rows = await dismissing(crew, () => makeMatrix(scenarios, shown, varied ?? [], cellOf));
  const table = { releases: shown, rows, explored: explores ? { inFlight: options.inFlight } : null };
  if (line.flags.has('json')) output.result(JSON.stringify(matrixDocument(table), null, 2));
  else if (line.flags.has('markdown')) markdownLines(table).forEach(output.result);
  else terminalLines(table, process.stdout.columns ?? usualWidth, output.paint).forEach(output.result);
  return crew.watch.signalCode ?? rows.flatMap(({ cells }) => cells).map(codeOf).reduce(worse, code);
}

/** The window of the first, if none comes to it. */
function nowhere(scenarios: readonly Scenario[], name: string): Window | null {
  let first: Window | null = null;
  for (const scenario of scenarios) {
    const window = findWindow(scenario, name);
    if (window.reached || window.beyond !== null) return null;
    first ??= window;
  }
  return first;
}

function codeOf({ asExpected }: MatrixCell): number {
  if (asExpected === null) return exitCode.undecided;
  return asExpected ? exitCode.ok : exitCode.violated;
}

function contradiction(line: CommandLine): string | null {
  if (line.flags.has('json') && line.flags.has('markdown')) return '--json and --markdown are two formats; leave one out';
  if (line.flags.has('explore')) return null;
  const needs = ['in-flight', 'window', 'workers', 'max-states', 'max-seconds', 'max-memory'].find((name) => line.options.has(name))
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
