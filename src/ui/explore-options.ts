/** The options of `dmarsim explore`, from the words of the command line. */
import { defaultOptions, type ExploreOptions } from '../analysis/explore/options.ts';
import type { CommandLine } from './command-line.ts';
import { printable } from './terminal.ts';

export interface AskedOptions {
  readonly options: ExploreOptions;
  readonly maxSeconds: number;
}

/** What is wrong with them, or the options. */
export function exploreOptions(line: CommandLine): AskedOptions | string {
  const problems: string[] = [];
  const number = (name: string, other: number, most: number): number => {
    const text = line.options.get(name);
    if (text === undefined) return other;
    const value = Number(text);
    if (/^[0-9]{1,12}$/.test(text) && value <= most) return value;
    problems.push(`--${name} is a whole number up to ${most}, not '${printable(text)}'`);
    return other;
  };
  const options = {
    ...defaultOptions,
    inFlight: number('in-flight', defaultOptions.inFlight, 8),
    maxStates: number('max-states', defaultOptions.maxStates, 1_000_000_000),
    window: line.options.get('window') ?? null,
  };
  const maxSeconds = number('max-seconds', Infinity, 1_000_000);
  return problems[0] ?? { options, maxSeconds };
}
