/** Reading and printing addresses, durations and sizes; the bounds are those of both spellings. */

import { word, type Word64 } from '../base/word.ts';
import { limits } from './limits.ts';
import { quote } from './printable.ts';
import type { ProblemText } from './problems.ts';
import type { AddressRange } from './scenario.ts';
import { bad, good, parseNumber } from './values.ts';
import type { Reading } from './values.ts';

export function readAddress(text: string): Reading<number> {
  const value = parseNumber(text);
  if (value === null) {
    return bad({
      code: 'S031', message: `${quote(text)} is not an address`, label: 'not a number',
      help: 'write it in hexadecimal with `0x`, or in decimal',
    });
  }
  if (value < limits.addressEnd) return good(value);
  return bad({
    code: 'S031', message: `the address ${quote(text)} is too large`, label: 'too large',
    help: 'addresses are below 2^52 (0x10000000000000)',
  });
}

/** What a 64-bit register reads, `0x…`. */
export function readRegisterValue(text: string): Reading<Word64> {
  if (/^0x[0-9a-fA-F]{1,16}$/.test(text)) return good(word(BigInt(text)));
  return bad({
    code: 'S031', message: `${quote(text)} is not a register's value`, label: 'not a value',
    help: 'write it in hexadecimal with `0x`, at most 16 digits',
  });
}

export function readRange(text: string): Reading<AddressRange> {
  const hyphen = text.indexOf('-');
  if (hyphen <= 0 || hyphen !== text.lastIndexOf('-') || hyphen === text.length - 1) {
    return bad({
      code: 'S032', message: `${quote(text)} is not a range of addresses`, label: 'not a range',
      help: 'write the first and the last address without spaces: `0x1000-0x1fff`',
    });
  }
  const first = readAddress(text.slice(0, hyphen));
  if (!first.ok) return first;
  const last = readAddress(text.slice(hyphen + 1));
  return last.ok ? good({ first: first.value, last: last.value }) : last;
}

const durationUnits: readonly (readonly [string, number])[] = [
  ['min', 60_000_000_000], ['s', 1_000_000_000], ['ms', 1_000_000], ['us', 1000], ['ns', 1],
];

export function readDuration(text: string): Reading<number> {
  const match = /^([0-9]+)(?:\.([0-9]+))?([a-zA-Z]*)$/.exec(text);
  const unit = durationUnits.find(([name]) => name === match?.[3]);
  const whole = match?.[1];
  if (whole === undefined || unit === undefined) {
    return bad({
      code: 'S033', message: `${quote(text)} is not a duration`,
      label: match?.[3] === '' ? 'without a unit' : 'not a duration',
      help: 'write a number with one of the units `ns`, `us`, `ms`, `s`, `min`',
    });
  }
  const digits = whole.replace(/^0+/, '');
  const fraction = withoutLastZeros(match?.[2] ?? '');
  // No unit is finer than a nanosecond, and a minute has 11 digits of them.
  if (fraction.length > 11) return bad(notWhole(text));
  if (digits.length > 13) return checkDuration(Infinity, quote(text));
  const scale = 10n ** BigInt(fraction.length);
  const scaled = BigInt(`0${digits}${fraction}`) * BigInt(unit[1]);
  if (scaled % scale !== 0n) return bad(notWhole(text));
  return checkDuration(Number(scaled / scale), quote(text));
}

/** A regular expression for this would take the square of a hostile length. */
function withoutLastZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}

function notWhole(text: string): ProblemText {
  return {
    code: 'S033', message: `${quote(text)} is not a whole number of nanoseconds`,
    label: 'too fine', help: 'time is counted in nanoseconds',
  };
}

/** The bound on durations, for a number of nanoseconds however written. */
export function checkDuration(valueNs: number, written: string): Reading<number> {
  if (valueNs <= limits.durationNs) return good(valueNs);
  return bad({
    code: 'S033', message: `the duration ${written} is too long`, label: 'more than an hour',
    help: 'a duration is at most 60min',
  });
}

/** For a period, which must not be nothing. */
export function checkPositive(valueNs: number): Reading<number> {
  if (valueNs > 0) return good(valueNs);
  return bad({
    code: 'S033', message: 'a period must be longer than nothing', label: 'at least 1ns',
  });
}

export function readPeriod(text: string): Reading<number> {
  const duration = readDuration(text);
  return duration.ok ? checkPositive(duration.value) : duration;
}

const sizeUnits: readonly (readonly [string, number])[] = [
  ['G', 2 ** 30], ['M', 2 ** 20], ['K', 2 ** 10],
];

export function readSize(text: string): Reading<number> {
  const unit = sizeUnits.find(([suffix]) => text.endsWith(suffix));
  const value = parseNumber(unit === undefined ? text : text.slice(0, -1));
  if (value === null) {
    return bad({
      code: 'S034', message: `${quote(text)} is not a size`, label: 'not a size',
      help: 'write a number of bytes, or one with K, M or G: `4K`, `0x1000`',
    });
  }
  return checkSize(value * (unit?.[1] ?? 1));
}

export function checkSize(bytes: number): Reading<number> {
  if (bytes === 0) return bad({ code: 'S034', message: 'the size is zero', label: 'at least 1' });
  return good(Math.min(bytes, limits.addressEnd));
}

export function printAddress(address: number): string {
  return `0x${address.toString(16)}`;
}

/** In the largest unit that keeps the number whole. */
export function printDuration(valueNs: number): string {
  const unit = durationUnits.find(([, scale]) => valueNs !== 0 && valueNs % scale === 0);
  const [name, scale] = unit ?? ['ns', 1];
  return `${valueNs / scale}${name}`;
}

export function printSize(bytes: number): string {
  const unit = sizeUnits.find(([, scale]) => bytes % scale === 0);
  const [name, scale] = unit ?? ['', 1];
  return `${bytes / scale}${name}`;
}
