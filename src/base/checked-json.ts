/**
 * Asking JSON that comes from outside for what it should hold. Everything is checked on the way: kinds,
 * ranges, lengths. Objects are read through maps, so that no key (`__proto__`) means anything by itself.
 */
import { word, type Word64 } from './word.ts';

/** What is wrong with a document, and where in it. */
export class Malformed extends Error {}

export type Fields = ReadonlyMap<string, unknown>;

/** The text as a JSON value; throws `Malformed` where it is none. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Malformed('not JSON');
  }
}

export function objectAt(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Malformed(`${where} is not an object`);
  }
  return new Map(Object.entries(value));
}

export function listAt(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Malformed(`${where} is not a list`);
  return value;
}

export function textAt(value: unknown, longest: number, where: string): string {
  if (typeof value !== 'string') throw new Malformed(`${where} is not a string`);
  if (value.length > longest) throw new Malformed(`${where} has more than ${longest} characters`);
  return value;
}

export function countAt(value: unknown, most: number, where: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) {
    throw new Malformed(`${where} is not a whole number from 0 to ${most}`);
  }
  return value;
}

/** A 64-bit word as `0x…`. */
export function wordAt(value: unknown, where: string): Word64 {
  const digits = textAt(value, 18, where);
  if (!/^0x[0-9a-f]{1,16}$/i.test(digits)) throw new Malformed(`${where} is not a word in hexadecimal`);
  return word(BigInt(digits));
}

/** Bytes as pairs of hexadecimal digits. */
export function bytesAt(value: unknown, most: number, where: string): Uint8Array {
  const digits = textAt(value, 2 * most, where);
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) {
    throw new Malformed(`${where} is not bytes in hexadecimal`);
  }
  return Uint8Array.from({ length: digits.length / 2 },
    (_, index) => Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16));
}
