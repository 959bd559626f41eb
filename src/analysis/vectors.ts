/**
 * Recorded vectors (`dmar-vectors/1`): programs of memory writes, register accesses and DMA, with what a
 * real or emulated unit answered. A file comes from outside: it is checked field by field.
 */
import { word, type Word64 } from '../base/word.ts';
import { capabilityProblem } from '../vtd/capability-problem.ts';

export type VectorStep =
  | { readonly op: 'mem.write'; readonly address: number; readonly bytes: Uint8Array }
  | { readonly op: 'mem.read'; readonly address: number; readonly bytes: Uint8Array }
  | { readonly op: 'reg.write'; readonly offset: number; readonly bytes: 4 | 8; readonly value: Word64 }
  | { readonly op: 'reg.read'; readonly offset: number; readonly bytes: 4 | 8; readonly value: Word64;
      readonly mask: Word64 }
  | { readonly op: 'dma'; readonly source: number; readonly access: 'read' | 'write';
      /** Page number and offset: an address may have 64 bits. */
      readonly page: number; readonly offset: number; readonly length: number; readonly bytes: Uint8Array;
      readonly compareData: boolean; readonly outcome: DmaOutcome;
      /** What became of each page, where that is recorded. */
      readonly pieces: readonly DmaOutcome[] | null };

export const dmaOutcomes = ['ok', 'blocked', 'mixed', 'interrupt', 'abort'] as const;
export type DmaOutcome = (typeof dmaOutcomes)[number];

export interface VectorCase {
  readonly id: string;
  readonly about: string;
  readonly quirks: readonly { readonly name: string; readonly firstStep: number }[];
  readonly steps: readonly VectorStep[];
}

export interface VectorFile {
  readonly family: string;
  /** Both of what a device may address and of the host. */
  readonly addressBits: number;
  readonly version: number;
  readonly capability: Word64;
  readonly extendedCapability: Word64;
  readonly cases: readonly VectorCase[];
}

/** The most that one step reads or writes. */
const maximumBytes = 0x10_0000;

/** What is wrong with the file, and where in it. */
class Malformed extends Error {}

type Fields = ReadonlyMap<string, unknown>;

function object(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Malformed(`${where} is not an object`);
  }
  return new Map(Object.entries(value));
}

function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Malformed(`${where} is not a list`);
  return value;
}

function text(value: unknown, where: string): string {
  if (typeof value !== 'string') throw new Malformed(`${where} is not a string`);
  return value;
}

function count(value: unknown, least: number, most: number, where: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw new Malformed(`${where} is not a whole number from ${least} to ${most}`);
  }
  return value;
}

function hexWord(value: unknown, where: string): bigint {
  const digits = text(value, where);
  if (!/^0x[0-9a-f]{1,16}$/i.test(digits)) throw new Malformed(`${where} is not a word in hexadecimal`);
  return BigInt(digits);
}

function hexNumber(value: unknown, limit: number, where: string): number {
  const whole = hexWord(value, where);
  if (whole >= BigInt(limit)) throw new Malformed(`${where} is too large`);
  return Number(whole);
}

function hexBytes(value: unknown, where: string): Uint8Array {
  const digits = text(value, where);
  if (digits.length % 2 !== 0 || digits.length > 2 * maximumBytes || !/^[0-9a-f]*$/i.test(digits)) {
    throw new Malformed(`${where} is not bytes in hexadecimal`);
  }
  return Uint8Array.from({ length: digits.length / 2 },
    (_, index) => Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16));
}

function width(value: unknown, where: string): 4 | 8 {
  if (value === 32) return 4;
  if (value === 64) return 8;
  throw new Malformed(`${where} is neither 32 nor 64`);
}

function sourceNumber(value: unknown, where: string): number {
  const match = /^([0-9a-f]{2}):([01][0-9a-f])\.([0-7])$/i.exec(text(value, where));
  if (match === null) throw new Malformed(`${where} is not bus:device.function`);
  return parseInt(match[1] ?? '', 16) * 256 + parseInt(match[2] ?? '', 16) * 8 + Number(match[3]);
}

/** No host has fewer address bits than one table of the shortest walk needs. */
const fewestAddressBits = 30;
/** Physical addresses and register offsets of the programs. */
const addressEnd = 2 ** 52;
const registerEnd = 0x1000;

function registerOffset(fields: Fields, bytes: number, where: string): number {
  const offset = hexNumber(fields.get('offset'), registerEnd, `${where}.offset`);
  if (offset % bytes !== 0) throw new Malformed(`${where}.offset is not aligned`);
  return offset;
}

function dmaOutcome(value: unknown, where: string): DmaOutcome {
  const outcome = dmaOutcomes.find((known) => known === value);
  if (outcome === undefined) throw new Malformed(`${where} is unknown`);
  return outcome;
}

function step(value: unknown, where: string): VectorStep {
  const fields = object(value, where);
  const op = text(fields.get('op'), `${where}.op`);
  switch (op) {
    case 'mem.write':
    case 'mem.read':
      return {
        op, address: hexNumber(fields.get('address'), addressEnd, `${where}.address`),
        bytes: hexBytes(fields.get('hex'), `${where}.hex`),
      };
    case 'reg.write': {
      const bytes = width(fields.get('width'), `${where}.width`);
      const value = word(hexWord(fields.get('value'), `${where}.value`));
      return { op, bytes, offset: registerOffset(fields, bytes, where), value };
    }
    case 'reg.read': {
      const bytes = width(fields.get('width'), `${where}.width`);
      const mask = fields.get('compareMask');
      return {
        op, bytes, offset: registerOffset(fields, bytes, where),
        value: word(hexWord(fields.get('value'), `${where}.value`)),
        mask: word(mask === undefined ? 0xffff_ffff_ffff_ffffn : hexWord(mask, `${where}.compareMask`)),
      };
    }
    case 'dma': {
      const address = hexWord(fields.get('address'), `${where}.address`);
      const access = text(fields.get('access'), `${where}.access`);
      if (access !== 'read' && access !== 'write') throw new Malformed(`${where}.access is unknown`);
      const pieces = fields.get('pieces');
      return {
        op, access, outcome: dmaOutcome(fields.get('outcome'), `${where}.outcome`),
        pieces: pieces === undefined ? null : list(pieces, `${where}.pieces`).map((piece, index) =>
          dmaOutcome(object(piece, `${where}.pieces[${index}]`).get('outcome'), `${where}.pieces[${index}]`)),
        source: sourceNumber(fields.get('source'), `${where}.source`),
        page: Number(address / 4096n), offset: Number(address % 4096n),
        length: count(fields.get('length'), 0, maximumBytes, `${where}.length`),
        bytes: hexBytes(fields.get('hex'), `${where}.hex`), compareData: fields.get('compareData') === true,
      };
    }
    default:
      throw new Malformed(`${where}.op '${op}' is unknown`);
  }
}

function vectorCase(value: unknown, where: string): VectorCase {
  const fields = object(value, where);
  const quirks = fields.get('quirks');
  return {
    id: text(fields.get('id'), `${where}.id`),
    about: text(fields.get('about') ?? '', `${where}.about`),
    quirks: quirks === undefined ? [] : list(quirks, `${where}.quirks`).map((quirk, index) => {
      const parts = object(quirk, `${where}.quirks[${index}]`);
      return {
        name: text(parts.get('name'), `${where}.quirks[${index}].name`),
        firstStep: count(parts.get('firstStep'), 0, 1e6, `${where}.quirks[${index}].firstStep`),
      };
    }),
    steps: list(fields.get('steps'), `${where}.steps`)
      .map((entry, index) => step(entry, `${where}.steps[${index}]`)),
  };
}

/** The file's content, or what is wrong with it. */
export function readVectors(json: string): VectorFile | string {
  try {
    const fields = object(JSON.parse(json), 'the file');
    if (fields.get('format') !== 'dmar-vectors/1') return "format is not 'dmar-vectors/1'";
    const options = object(fields.get('options'), 'options');
    const registers = object(fields.get('registersAtReset'), 'registersAtReset');
    const unit = {
      family: text(fields.get('family'), 'family'),
      addressBits: count(options.get('aw-bits'), fewestAddressBits, 52, 'options.aw-bits'),
      version: hexNumber(registers.get('VER'), 0x100, 'registersAtReset.VER'),
      capability: word(hexWord(registers.get('CAP'), 'registersAtReset.CAP')),
      extendedCapability: word(hexWord(registers.get('ECAP'), 'registersAtReset.ECAP')),
    };
    const problem = capabilityProblem(unit);
    return problem !== undefined ? `registersAtReset: ${problem}` : {
      ...unit,
      cases: list(fields.get('cases'), 'cases')
        .map((entry, index) => vectorCase(entry, `cases[${index}]`)),
    };
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    if (error instanceof SyntaxError) return `not JSON: ${error.message}`;
    throw error;
  }
}
