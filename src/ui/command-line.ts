/** A command line taken apart: the command, its operands and options, or what is wrong with it. */
import { parseArgs } from 'node:util';
import { nearest } from '../scenario/suggest.ts';
import { commands, type CommandRow } from './usage.ts';

export interface CommandLine {
  readonly command: CommandRow;
  readonly operands: readonly string[];
  readonly options: ReadonlyMap<string, string>;
  readonly flags: ReadonlySet<string>;
}

export type Parsed =
  | { readonly ok: true; readonly line: CommandLine }
  | { readonly ok: false; readonly message: string };

function wrong(message: string): Parsed {
  return { ok: false, message };
}

function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === null ? `; there are ${known.join(', ')}` : `; did you mean ${near}?`;
}

export function parseCommandLine(words: readonly string[]): Parsed {
  const [name = '', ...rest] = words;
  const command = commands.find((known) => known.name === name);
  if (command === undefined) {
    return wrong(`there is no command '${name}'${didYouMean(name, commands.map((known) => known.name))}`);
  }
  // -x FILE is gdb's; everything else has a long name only, but for -h.
  const { tokens } = parseArgs({
    args: rest,
    options: Object.fromEntries(command.options.map((option) => [option.name, {
      type: option.value === undefined ? ('boolean' as const) : ('string' as const),
      ...(option.short === undefined ? {} : { short: option.short }),
    }])),
    allowPositionals: true, strict: false, tokens: true,
  });
  const operands: string[] = [];
  const options = new Map<string, string>();
  const flags = new Set<string>();
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const row = command.options.find((option) => option.name === token.name);
    if (row === undefined) {
      const names = command.options.map((option) => `--${option.name}`);
      return wrong(`${name} has no option ${token.rawName}${didYouMean(token.rawName, names)}`);
    }
    if (row.value === undefined) {
      if (token.value !== undefined) return wrong(`${token.rawName} takes no value`);
      flags.add(row.name);
    } else {
      if (token.value === undefined) return wrong(`${token.rawName} needs a value: ${row.value}`);
      if (options.has(row.name)) return wrong(`${token.rawName} is given twice`);
      options.set(row.name, token.value);
    }
  }
  const color = options.get('color');
  if (color !== undefined && !['always', 'never', 'auto'].includes(color)) {
    return wrong(`--color is always, never or auto, not '${color}'`);
  }
  const optional = command.operands.startsWith('[');
  if (operands.length === 0 && !optional && !flags.has('help')) return wrong(`${name} needs ${command.operands}`);
  return { ok: true, line: { command, operands, options, flags } };
}
