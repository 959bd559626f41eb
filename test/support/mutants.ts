/**
 * The places of a compiled module that can be changed into something slightly wrong: a comparison, a
 * mask or an offset, a granularity, a reason, a negation. Each place gives one mutant.
 */
import type { Random } from '../../src/base/hash.ts';
import { endsOperand, tokensOf, type Token } from './javascript-tokens.ts';

export interface Mutant {
  readonly file: string;
  readonly line: number;
  /** The line as it is and as the mutant has it. */
  readonly original: string;
  readonly mutated: string;
  /** The whole module. */
  readonly text: string;
}

const flipped: ReadonlyMap<string, string> = new Map([
  ['===', '!=='], ['!==', '==='], ['<', '<='], ['<=', '<'], ['>', '>='], ['>=', '>'], ['&&', '||'], ['||', '&&'],
  ['true', 'false'], ['false', 'true'],
]);

/** Predicates whose negation is a mutant. */
const predicates = ['isSet', 'isSetHalves', 'overlaps', 'sameDomain', 'inInterruptRange'];

interface Edit {
  readonly at: number;
  readonly length: number;
  readonly by: string;
}

function oneOf<Item>(random: Random, items: readonly Item[]): Item | undefined {
  return items[random.below(items.length)];
}

/** Calls whose arguments are positions, masks, offsets and codes. */
const measuring = ['field', 'bit', 'upperField', 'upperBit', 'row', 'unmodelled', 'word', 'reason'];

/** Name of the innermost call around the token; empty where there is none. */
function callAround(tokens: readonly Token[], index: number): string {
  let depth = 0;
  for (let at = index - 1; at >= 0; at -= 1) {
    const text = tokens[at]?.kind === 'operator' ? tokens[at]?.text : '';
    if (text === ')' || text === ']' || text === '}') depth += 1;
    else if (text === '(' || text === '[' || text === '{') depth -= 1;
    if (depth < 0 && text === '(') return tokens[at - 1]?.text ?? '';
    if (depth < 0 && text !== '[') return '';
    if (depth < 0) depth = 0;
  }
  return '';
}

/**
 * Whether a number is a position, a mask, an offset or a code. What merely stands for true and false, or
 * goes into a fingerprint, may be any other number.
 */
function isMeasure(tokens: readonly Token[], index: number): boolean {
  const [before, after] = [tokens[index - 1], tokens[index + 1]];
  const call = callAround(tokens, index);
  if (call === 'digest') return false;
  if (measuring.includes(call)) return true;
  const operations = ['+', '-', '*', '/', '%', '**', '<', '>', '<=', '>=', '===', '!=='];
  const inOperation = [before, after].some((other) =>
    other?.kind === 'operator' && operations.includes(other.text));
  const isElement = ['[', ','].includes(before?.text ?? '') && [']', ','].includes(after?.text ?? '') && call === '';
  const holder = tokens[index - 2];
  const isValue = holder?.kind === 'name' && !['low', 'high'].includes(holder.text)
    && (before?.text === ':' || before?.text === '=');
  return inOperation || isElement || isValue || before?.text === 'case';
}

/** The number one more or one less, written as it was. */
function beside(text: string, random: Random): string {
  const isBig = text.endsWith('n');
  const value = BigInt((isBig ? text.slice(0, -1) : text).replaceAll('_', ''));
  const other = value === 0n || random.below(2) === 0 ? value + 1n : value - 1n;
  return `${text.startsWith('0x') ? `0x${other.toString(16)}` : other.toString()}${isBig ? 'n' : ''}`;
}

/** What the token at `index` becomes; undefined where nothing about it is worth changing. */
function editOf(
  tokens: readonly Token[], index: number, families: readonly (readonly string[])[], reasons: readonly string[],
  random: Random,
): Edit | undefined {
  const token = tokens[index];
  if (token === undefined) return undefined;
  const [before, after] = [tokens[index - 1], tokens[index + 1]];
  const replaced = (by: string | undefined): Edit | undefined =>
    by === undefined || by === token.text ? undefined : { at: token.at, length: token.text.length, by };
  switch (token.kind) {
    case 'number':
      return isMeasure(tokens, index) ? replaced(beside(token.text, random)) : undefined;
    case 'string': {
      const value = token.text.slice(1, -1);
      const siblings = families.filter((family) => family.includes(value)).flat().filter((other) => other !== value);
      // A string in front of a colon is the name of a property.
      return siblings.length === 0 || after?.text === ':' && before?.text !== 'case' ? undefined
        : replaced(`'${oneOf(random, siblings)}'`);
    }
    case 'name': {
      if (token.text === 'true' || token.text === 'false') return replaced(flipped.get(token.text));
      if (before?.text === '.' && tokens[index - 2]?.text === 'REASON') {
        return replaced(oneOf(random, reasons.filter((other) => other !== token.text)));
      }
      const called = after?.text === '(' && before?.text !== 'function' && before?.text !== '.';
      return called && predicates.includes(token.text) && before?.text !== '!' ? replaced(`!${token.text}`)
        : undefined;
    }
    case 'operator': {
      if (token.text === '!') return { at: token.at, length: 1, by: '' };
      const isText = [before, after].some((other) => other?.kind === 'string' || other?.kind === 'template');
      if ((token.text === '+' || token.text === '-') && endsOperand(before) && !isText) {
        return replaced(token.text === '+' ? '-' : '+');
      }
      return replaced(flipped.get(token.text));
    }
    default:
      return undefined;
  }
}

/** Every mutant of a module, in the order of its text. `families`: names that stand for each other. */
export function mutantsOf(
  file: string, text: string, families: readonly (readonly string[])[], reasons: readonly string[], random: Random,
): readonly Mutant[] {
  const tokens = tokensOf(text);
  return tokens.flatMap((token, index) => {
    const edit = editOf(tokens, index, families, reasons, random);
    if (edit === undefined) return [];
    const lineAt = text.lastIndexOf('\n', token.at) + 1;
    const lineEnd = text.indexOf('\n', token.at);
    const changed = text.slice(0, edit.at) + edit.by + text.slice(edit.at + edit.length);
    const grown = edit.by.length - edit.length;
    const end = lineEnd === -1 ? text.length : lineEnd;
    return [{
      file, line: text.slice(0, lineAt).split('\n').length,
      original: text.slice(lineAt, end).trim(), mutated: changed.slice(lineAt, end + grown).trim(), text: changed,
    }];
  });
}

/** `count` of the mutants, each module with its share. */
export function sampleOf(
  byFile: ReadonlyMap<string, readonly Mutant[]>, count: number, random: Random,
): readonly Mutant[] {
  const all = [...byFile.values()].reduce((sum, mutants) => sum + mutants.length, 0);
  const sample: Mutant[] = [];
  let owed = 0;
  for (const mutants of byFile.values()) {
    owed += Math.min(count, all) * mutants.length / all;
    const left = [...mutants];
    while (sample.length < Math.round(owed) && left.length > 0) {
      sample.push(...left.splice(random.below(left.length), 1));
    }
  }
  return sample;
}
