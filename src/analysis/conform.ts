/**
 * Recorded vectors against the model: each case from reset, each compared value held against what the
 * unit that was recorded answered.
 */
import { Agenda } from '../base/agenda.ts';
import { unreachable } from '../base/assert.ts';
import { Trace } from '../base/event.ts';
import { Journal } from '../base/journal.ts';
import { PhysicalMemory, frameRange } from '../base/memory.ts';
import {
  addressIn, addressOf, and, equalWords, frameAt, frameNumber, sourceIdOf, type Word64,
} from '../base/word.ts';
import { keepsTheMost, type HardwareChoices } from '../vtd/choices.ts';
import { inInterruptRange } from '../vtd/second-level-walk.ts';
import { profileNamed, type UnitProfile } from '../vtd/profiles/profiles.ts';
import { defaultUnitTiming } from '../vtd/timing.ts';
import { DmarUnit } from '../vtd/unit.ts';
import type { DmaOutcome, VectorCase, VectorFile, VectorStep } from './vectors.ts';

export type ConformProfile = 'qemu' | 'specification';

export type CaseResult =
  | { readonly kind: 'passed'; readonly id: string; readonly compared: number }
  /** The very first comparison hinges on a choice of the recorded unit's. */
  | { readonly kind: 'skipped'; readonly id: string; readonly why: string }
  | { readonly kind: 'failed'; readonly id: string; readonly about: string; readonly step: number;
      readonly steps: number; readonly difference: Difference; readonly quirks: VectorCase['quirks'] };

export type Difference =
  | { readonly kind: 'register'; readonly register: string; readonly expected: Word64; readonly got: Word64;
      readonly mask: Word64; readonly fields: readonly FieldDifference[] }
  | { readonly kind: 'memory'; readonly address: number; readonly expected: Uint8Array;
      readonly got: Uint8Array | null }
  | { readonly kind: 'outcome'; readonly expected: string; readonly got: string }
  | { readonly kind: 'data'; readonly expected: Uint8Array; readonly got: Uint8Array };

export interface FieldDifference {
  readonly name: string;
  readonly highBit: number;
  readonly lowBit: number;
  readonly expected: Word64;
  readonly got: Word64;
}

/** What is not translated may come out anywhere in 64 bits; no memory lies beyond 52. */
const firstFrameWithoutMemory = 2 ** 40;

/** Far more than a case asks of its unit; one that asks for more is out to keep it busy. */
const mostActs = 200_000;

/** The memory of the recorded machine. */
const memoryRanges = [
  frameRange(addressOf(0), addressOf(0x7fff_ffff)),
  frameRange(addressOf(0x1_0000_0000), addressOf(0x1_7fff_ffff)),
];

/**
 * The specification, but for what the recorder did not count as a choice: a large page goes whole, and the
 * unit is of a revision with TM and without IQERCD.
 */
const specification: HardwareChoices = {
  ...keepsTheMost, 'partial-superpage-invalidation': 'removes', 'leaf-bit-62': 'ignored-with-device-tlb',
  'queue-error-code': 'none',
};

function unitProfile(file: VectorFile, profile: ConformProfile): UnitProfile {
  const qemu = profileNamed('qemu-39');
  const registers = {
    version: file.version, capability: file.capability, extendedCapability: file.extendedCapability,
  };
  if (profile === 'qemu' && qemu !== undefined) return { ...qemu, ...registers };
  return {
    name: 'specification', about: 'the recorded unit\'s registers', ...registers, choices: specification,
    departures: [],
  };
}

/** The first step that hinges on a quirk; Infinity where none does. */
function firstQuirk(vector: VectorCase): number {
  return Math.min(Infinity, ...vector.quirks.map(({ firstStep }) => firstStep));
}

export function conformCase(file: VectorFile, vector: VectorCase, profile: ConformProfile): CaseResult {
  const end = profile === 'qemu' ? vector.steps.length : Math.min(vector.steps.length, firstQuirk(vector));
  const compares = vector.steps.slice(0, end).filter(({ op }) => op !== 'mem.write' && op !== 'reg.write');
  if (compares.length === 0 && vector.quirks.length > 0) {
    const names = vector.quirks.map(({ name }) => name).join(', ');
    return { kind: 'skipped', id: vector.id, why: `hinges on ${names} from the start` };
  }
  const bench = new Bench(file, profile);
  for (const [index, step] of vector.steps.slice(0, end).entries()) {
    const difference = bench.play(step);
    if (difference === undefined) continue;
    const { id, about, quirks } = vector;
    return { kind: 'failed', id, about, step: index, steps: vector.steps.length, difference, quirks };
  }
  return { kind: 'passed', id: vector.id, compared: compares.length };
}

/** One unit with its memory, just reset. */
class Bench {
  readonly #agenda: Agenda;
  readonly #memory: PhysicalMemory;
  readonly #unit: DmarUnit;
  #actsLeft = mostActs;

  constructor(file: VectorFile, profile: ConformProfile) {
    const journal = new Journal(false);
    this.#agenda = new Agenda(journal);
    this.#memory = new PhysicalMemory(journal, memoryRanges, false);
    const known = unitProfile(file, profile);
    this.#unit = new DmarUnit({
      name: 'unit', profile: known, choices: known.choices, hostAddressWidth: file.addressBits,
      timing: defaultUnitTiming, deliverMessage: () => {},
    }, journal, this.#memory, this.#agenda, new Trace(this.#agenda, journal, false));
  }

  /** Carries out one step; what differs from the record, or undefined. */
  play(step: VectorStep): Difference | undefined {
    switch (step.op) {
      case 'mem.write':
        this.#memory.write(addressOf(step.address), step.bytes);
        return undefined;
      case 'mem.read': {
        const got = this.#memory.read(addressOf(step.address), step.bytes.length) ?? null;
        if (got !== null && sameBytes(got, step.bytes)) return undefined;
        return { kind: 'memory', address: step.address, expected: step.bytes, got };
      }
      case 'reg.write':
        this.#unit.writeRegister(step.offset, step.bytes, step.value, -1);
        this.#actsLeft -= this.#agenda.settle(this.#actsLeft);
        return this.#actsLeft > 0 ? undefined
          : { kind: 'outcome', expected: 'at rest', got: `still at work after ${mostActs} steps of its own` };
      case 'reg.read':
        return this.#compareRegister(step);
      case 'dma':
        return this.#compareDma(step);
      default:
        return unreachable(step);
    }
  }

  #compareRegister(step: Extract<VectorStep, { op: 'reg.read' }>): Difference | undefined {
    const { mask } = step;
    const got = and(this.#unit.readRegister(step.offset, step.bytes, -1), mask);
    const expected = and(step.value, mask);
    if (equalWords(got, expected)) return undefined;
    const register = this.#unit.core.registers.at(step.offset)?.register;
    const fields = Object.entries(register?.fields ?? {}).flatMap(([name, part]) => {
      const bits = { low: part.lowMask, high: part.highMask };
      const left = and(expected, bits);
      const right = and(got, bits);
      return equalWords(left, right) ? []
        : [{ name, highBit: part.highBit, lowBit: part.lowBit, expected: left, got: right }];
    });
    return { kind: 'register', register: register?.name ?? 'reserved', expected, got, mask, fields };
  }

  /** A DMA is one request for each page that it touches, in ascending order. */
  #compareDma(step: Extract<VectorStep, { op: 'dma' }>): Difference | undefined {
    const pieces: DmaOutcome[] = [];
    const read = new Uint8Array(step.length);
    for (let done = 0; done < step.length;) {
      const at = step.offset + done;
      const length = Math.min(step.length - done, 4096 - (at % 4096));
      const page = step.page + Math.floor(at / 4096);
      const data = step.access === 'write' ? step.bytes.subarray(done, done + length) : null;
      pieces.push(this.#piece(step, page, at % 4096, data, read.subarray(done, done + length)));
      done += length;
    }
    const [first] = pieces;
    const got: DmaOutcome = first !== undefined && pieces.every((piece) => piece === first) ? first : 'mixed';
    if (got !== step.outcome) return { kind: 'outcome', expected: step.outcome, got };
    if (step.pieces !== null && step.pieces.join() !== pieces.join()) {
      return { kind: 'outcome', expected: step.pieces.join(', '), got: pieces.join(', ') };
    }
    const compares = step.compareData && step.access === 'read' && got === 'ok';
    return compares && !sameBytes(read, step.bytes)
      ? { kind: 'data', expected: step.bytes, got: read } : undefined;
  }

  #piece(
    step: Extract<VectorStep, { op: 'dma' }>, page: number, offset: number, data: Uint8Array | null,
    read: Uint8Array,
  ): DmaOutcome {
    const frame = frameAt(page);
    const answer = this.#unit.translate(
      { source: sourceIdOf(step.source), frame, access: step.access, cause: -1 });
    if (answer.kind === 'interrupt' || inInterruptRange(frame)) return 'interrupt';
    if (answer.kind === 'blocked') return 'blocked';
    if (frameNumber(answer.target) >= firstFrameWithoutMemory) return 'abort';
    const target = addressIn(answer.target, offset);
    if (data !== null) return this.#memory.write(target, data) ? 'ok' : 'abort';
    const found = this.#memory.read(target, read.length);
    if (found === undefined) return 'abort';
    read.set(found);
    return 'ok';
  }
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
