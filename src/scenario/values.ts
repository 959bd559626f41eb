/** Reading names, words and numbers. Both spellings of a scenario share these, and so their bounds. */

import { bdf, sourceIdOf } from '../base/word.ts';
import { limits } from './limits.ts';
import { isPlainText } from './decode.ts';
import { quote } from './printable.ts';
import type { ProblemText } from './problems.ts';
import { listWords, suggestion } from './suggest.ts';

export type Reading<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: ProblemText };

export function good<Value>(value: Value): Reading<Value> {
  return { ok: true, value };
}

export function bad(problem: ProblemText): { readonly ok: false; readonly problem: ProblemText } {
  return { ok: false, problem };
}

const nameHelp = 'names are made of a-z, 0-9, `_`, `.` and `-`, and begin with a letter or digit';

export function readName(text: string): Reading<string> {
  if (text.length > limits.nameLength) {
    return bad({
      code: 'S030', message: `the name ${quote(text)} is too long`,
      label: `${text.length} characters`, help: `at most ${limits.nameLength} are allowed`,
    });
  }
  if (/^[a-z0-9][a-z0-9_.-]*$/.test(text)) return good(text);
  return bad({
    code: 'S030', message: `${quote(text)} is not a name`, label: 'not a name', help: nameHelp,
  });
}

/** One of a few words that the language itself knows. */
export function readWord<Word extends string>(
  text: string,
  words: readonly Word[],
): Reading<Word> {
  const found = words.find((word) => word === text);
  if (found !== undefined) return good(found);
  return bad({
    code: 'S039', message: `${quote(text)} is not one of ${listWords(words)}`,
    label: 'not known here', help: () => suggestion(text, words),
  });
}

/** Exact for every number below 2^53; larger ones come out large, which is all a bound needs. */
export function parseNumber(text: string): number | null {
  if (/^0[xX][0-9a-fA-F]+$/.test(text)) {
    const digits = text.slice(2).replace(/^0+/, '');
    return digits.length > 13 ? Infinity : Number.parseInt(`0${digits}`, 16);
  }
  if (!/^[0-9]+$/.test(text)) return null;
  const digits = text.replace(/^0+/, '');
  return digits.length > 16 ? Infinity : Number.parseInt(`0${digits}`, 10);
}

export function checkInteger(
  value: number,
  what: string,
  lowest: number,
  highest: number,
): Reading<number> {
  if (Number.isInteger(value) && value >= lowest && value <= highest) return good(value);
  return bad({
    code: 'S035', message: `${what} must be a whole number from ${lowest} to ${highest}`,
    label: value > highest ? 'too large' : value < lowest ? 'too small' : 'not a whole number',
  });
}

export function readInteger(
  text: string,
  what: string,
  lowest: number,
  highest: number,
): Reading<number> {
  return checkInteger(parseNumber(text) ?? Number.NaN, what, lowest, highest);
}

/** Packed as in `DeviceDescription.sourceId`. */
export function readSourceId(text: string): Reading<number> {
  const match = /^([0-9a-fA-F]{1,2}):([01]?[0-9a-fA-F])\.([0-7])$/.exec(text);
  const [bus, device, deviceFunction] = [match?.[1], match?.[2], match?.[3]];
  if (bus === undefined || device === undefined || deviceFunction === undefined) {
    return bad({
      code: 'S036', message: `${quote(text)} is not a bus:device.function`,
      label: 'not a PCI address',
      help: 'write it as lspci does: `02:00.0`, device at most 1f, function at most 7',
    });
  }
  return good(Number.parseInt(bus, 16) * 256 + Number.parseInt(device, 16) * 8
    + Number(deviceFunction));
}

export function checkText(text: string, mayBeEmpty: boolean): Reading<string> {
  const fault = text === '' && !mayBeEmpty ? 'is empty'
    : text.length > limits.textLength ? `has more than ${limits.textLength} characters`
      : /[\t\n\r]/.test(text) || !isPlainText(text) ? 'holds a character that cannot be printed'
        : null;
  if (fault === null) return good(text);
  return bad({ code: 'S015', message: `the text ${fault}`, label: 'not usable' });
}

/** The canonical spelling of a PCI address. */
export function printSourceId(sourceId: number): string {
  return bdf(sourceIdOf(sourceId));
}
