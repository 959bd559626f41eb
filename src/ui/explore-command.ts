/** `dmarsim explore`: every interleaving of a scenario, and a verdict for each claim. */
import { explore, type Exploration } from '../analysis/explore/explore.ts';
import { defaultOptions, type ExploreOptions } from '../analysis/explore/options.ts';
import { claimLine } from '../scenario/print-text.ts';
import type { CommandLine } from './command-line.ts';
import { exitCode, worse } from './exit-codes.ts';
import { loadScenario, withReleases } from './load.ts';
import type { Output } from './output.ts';
import { printable } from './terminal.ts';

export function exploreCommand(line: CommandLine, output: Output): number {
  const options = exploreOptions(line);
  if (typeof options === 'string') {
    output.talk(`error: ${options}`);
    return exitCode.usage;
  }
  let code: number = exitCode.ok;
  for (const path of line.operands) code = worse(code, exploreOne(path, line, options, output));
  return code;
}

function exploreOptions(line: CommandLine): ExploreOptions | string {
  const inFlight = wholeNumber(line, 'in-flight', defaultOptions.inFlight, 8);
  if (typeof inFlight === 'string') return inFlight;
  const maxStates = wholeNumber(line, 'max-states', defaultOptions.maxStates, 1_000_000_000);
  if (typeof maxStates === 'string') return maxStates;
  return { ...defaultOptions, inFlight, maxStates, window: line.options.get('window') ?? null };
}

function wholeNumber(line: CommandLine, name: string, other: number, most: number): number | string {
  const text = line.options.get(name);
  if (text === undefined) return other;
  const value = Number(text);
  return /^[0-9]{1,12}$/.test(text) && value <= most ? value
    : `--${name} is a whole number up to ${most}, not '${printable(text)}'`;
}

function exploreOne(path: string, line: CommandLine, options: ExploreOptions, output: Output): number {
  const loaded = loadScenario(path, output);
  const scenario = loaded === undefined ? undefined : withReleases(loaded, line.options, output);
  if (scenario === undefined) return exitCode.usage;
  const found = explore(scenario, options);
  for (const { claim, outcome } of found.claims) output.result(`  ${outcome.padEnd(10)} ${printable(claimLine(claim))}`);
  output.result(`${found.states} states, ${found.transitions} transitions, depth ${found.depth}`);
  return codeOf(found);
}

function codeOf(found: Exploration): number {
  const outcomes = found.claims.map(({ outcome }) => outcome);
  if (outcomes.some((outcome) => outcome === 'violated' || outcome === 'vacuous')) return exitCode.violated;
  return outcomes.includes('undecided') ? exitCode.undecided : exitCode.ok;
}
