/** The options of `dmarsim explore`, from the words of the command line. */
import { defaultOptions, type ExploreOptions, type OpenHardware } from '../../analysis/explore/options.ts';
import { nearest } from '../../scenario/suggest.ts';
import { hardwareChoices, isChoiceName } from '../../vtd/choices.ts';
import type { CommandLine } from '../command-line.ts';
import { printable } from '../terminal.ts';

export interface AskedOptions {
  readonly options: ExploreOptions;
  readonly maxSeconds: number;
  readonly workers: number;
  /** Of the table of states. */
  readonly maxBytes: number;
}

/** What is wrong with them, or the options. */
export function exploreOptions(line: CommandLine): AskedOptions | string {
  const problems: string[] = [];
  const number = (name: string, other: number, least: number, most: number): number => {
    const text = line.options.get(name);
    if (text === undefined) return other;
    const value = Number(text);
    if (/^[0-9]{1,12}$/.test(text) && value >= least && value <= most) return value;
    problems.push(`--${name} is a whole number from ${least} to ${most}, not '${printable(text)}'`);
    return other;
  };
  const options = {
    ...defaultOptions,
    inFlight: number('in-flight', defaultOptions.inFlight, 0, 8),
    maxStates: number('max-states', defaultOptions.maxStates, 1, 1_000_000_000),
    maxCombinations: number('max-combinations', defaultOptions.maxCombinations, 1, 1_000_000),
    window: line.options.get('window') ?? null,
    seed: number('seed', defaultOptions.seed, 0, 2 ** 32 - 1),
    checkFingerprints: line.flags.has('check-fingerprints'),
  };
  if (options.window === '') problems.push('--window needs the name of a phase or of a routine');
  const open = openHardware(line.options.get('open') ?? null);
  if (typeof open === 'string') return open;
  const maxSeconds = number('max-seconds', Infinity, 1, 1_000_000);
  const workers = number('workers', 1, 1, 64);
  // Less than this and threads cannot begin.
  const maxBytes = number('max-memory', 2048 + 64 * (workers - 1), 128 + 64 * (workers - 1), 1_048_576) * 2 ** 20;
  return problems[0] ?? { options: { ...options, open }, maxSeconds, workers, maxBytes };
}

/** `NAME,NAME`, with `eviction` and `hardware` beside the names of choices. */
function openHardware(text: string | null): OpenHardware | string {
  const words = text === null ? [] : text.split(',');
  const names = [...Object.keys(hardwareChoices), 'eviction', 'hardware'];
  const unknown = words.find((word) => !names.includes(word));
  if (unknown !== undefined) {
    const near = nearest(unknown, names);
    return `--open has no '${printable(unknown)}'; ${near === null ? `there are ${names.join(', ')}` : `did you mean ${near}?`}`;
  }
  const all = words.includes('hardware');
  return { choices: all ? 'all' : [...new Set(words.filter(isChoiceName))], evictions: all || words.includes('eviction') };
}
