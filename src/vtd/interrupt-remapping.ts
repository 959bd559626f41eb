/**
 * Interrupt remapping (specification 5.1): interrupt requests, the interrupt-remapping table and the
 * interrupt-entry cache, in the order of checks of table 33. Posted interrupts are not modelled.
 */
import { digest } from '../base/hash.ts';
import type { Journal } from '../base/journal.ts';
import { Table } from '../base/stores.ts';
import {
  and32, bit, compose, equalUnder, field, frameAt, get, isSet, maskOf, or, overlaps, powerOfTwo,
  sourceIdNumber, upperField, type SourceId, type Word64,
} from '../base/word.ts';
import { LATCHED, type UnitCore } from './core.ts';
import type { FaultRecording } from './fault-recording.ts';
import { REASON, type FaultReason } from './fault-reasons.ts';
import { GSTS } from './registers.ts';

/** A write of one aligned dword to FEEx_xxxx. */
export interface InterruptRequest {
  readonly source: SourceId;
  /** The low 32 bits of the address. */
  readonly address: number;
  readonly data: number;
  readonly cause: number;
}

export type InterruptAnswer =
  | { readonly kind: 'delivered'; readonly address: number; readonly data: number }
  | { readonly kind: 'blocked'; readonly reason: FaultReason };

const MESSAGE = { HANDLE_LOW: field(19, 5), FORMAT: bit(4), SHV: bit(3), HANDLE_HIGH: bit(2) } as const;
const SUBHANDLE = field(15, 0);

const IRTE = {
  P: bit(0), FPD: bit(1), DM: bit(2), RH: bit(3), TM: bit(4), DLM: field(7, 5), IM: bit(15),
  V: field(23, 16), DST: field(63, 32), XAPIC_DST: field(47, 40),
} as const;
const IRTE_UPPER = {
  SID: upperField(79, 64), SQ: upperField(81, 80), SVT: upperField(83, 82),
} as const;
const reservedLow = maskOf(field(14, 12), field(31, 24));
const reservedLowXapic = maskOf(field(39, 32), field(63, 48));
const reservedHigh = maskOf(upperField(127, 84));

/** SQ: which bits of the source-id are compared. */
const sourceMasks = [0xffff, 0xfffb, 0xfff9, 0xfff8] as const;

interface Entry {
  readonly index: number;
  readonly low: Word64;
  readonly high: Word64;
  /** The request that the entry was fetched for. */
  readonly filledBy: number;
}

export class InterruptRemapping {
  readonly #core: UnitCore;
  readonly #faults: FaultRecording;
  readonly #cache: Table<Entry>;

  constructor(core: UnitCore, faults: FaultRecording, journal: Journal) {
    this.#core = core;
    this.#faults = faults;
    this.#cache = new Table(journal, `${core.name} interrupt-entry cache`,
      ({ low, high }) => digest([low.low, low.high, high.low, high.high]), ({ index }) => `index ${index}`);
  }

  remap(request: InterruptRequest): InterruptAnswer {
    const { address, data } = request;
    const status = this.#core.registers.value('GSTS');
    if (!isSet(GSTS.IRES, status)) return { kind: 'delivered', address, data };
    const extended = this.#core.latched.get(LATCHED.interruptMode) === 1;
    const message: Word64 = { low: address, high: 0 };
    if (!isSet(MESSAGE.FORMAT, message)) {
      const passes = !extended
        && (isSet(GSTS.CFIS, status) || this.#core.departs('compatibility-interrupts-pass'));
      return passes ? { kind: 'delivered', address, data }
        : this.#block(request, REASON.interruptCompatibility, false, 0);
    }
    const withSubhandle = isSet(MESSAGE.SHV, message);
    if (withSubhandle && data >= 0x1_0000) {
      return this.#block(request, REASON.interruptRequestReserved, false, 0);
    }
    const handle = get(MESSAGE.HANDLE_LOW, message) + 0x8000 * get(MESSAGE.HANDLE_HIGH, message);
    const index = handle + (withSubhandle ? and32(data, SUBHANDLE.lowMask) : 0);
    if (index >= powerOfTwo(this.#core.latched.get(LATCHED.interruptOrder) + 1)) {
      return this.#block(request, REASON.interruptIndex, false, index % 0x1_0000);
    }
    const entry = this.#cache.get(index) ?? this.#fetch(index, request.cause);
    if (entry === undefined) return this.#block(request, REASON.interruptEntryUnreadable, false, index);
    const faultDisabled = isSet(IRTE.FPD, entry.low);
    const refused = this.#check(entry, request.source, extended);
    if (refused !== undefined) return this.#block(request, refused, faultDisabled, index);
    this.#cache.set(index, entry);
    return this.#deliver(entry, extended);
  }

  /** Interrupt-entry-cache invalidation: all, or 2^order entries around an index (6.5.2.7). */
  invalidate(selected: { readonly index: number; readonly order: number } | null, cause: number): void {
    this.#core.flushWriteBufferFirst();
    const byIndex = selected !== null
      && this.#core.choices['interrupt-entry-invalidation'] === 'by-index';
    const size = byIndex ? powerOfTwo(selected.order) : 1;
    const gone = this.#cache.entries().map(([, entry]) => entry)
      .filter(({ index }) => !byIndex || Math.floor(index / size) === Math.floor(selected.index / size));
    this.#core.emit(cause, {
      kind: 'invalidate', cache: 'interrupt-entry',
      asked: selected === null ? 'global' : `index ${selected.index} mask ${selected.order}`,
      did: byIndex ? 'index' : 'global',
      removed: gone.map(({ filledBy }) => ({ source: null, frame: null, domain: null, filledBy })),
    });
    for (const { index } of gone) this.#cache.delete(index);
  }

  #fetch(index: number, filledBy: number): Entry | undefined {
    const base = this.#core.latched.get(LATCHED.interruptTable);
    const table = frameAt(base + Math.floor((index * 16) / 4096));
    const page = this.#core.tables.page(table);
    if (page === undefined) return undefined;
    const offset = (index * 16) % 4096;
    const read = (at: number): Word64 =>
      ({ low: page.getUint32(at, true), high: page.getUint32(at + 4, true) });
    this.#core.tables.noteRead(table, offset, 16);
    return { index, low: read(offset), high: read(offset + 8), filledBy };
  }

  /** Why a fetched entry is refused for this source. */
  #check(entry: Entry, source: SourceId, extended: boolean): FaultReason | undefined {
    if (!isSet(IRTE.P, entry.low)) return REASON.interruptNotPresent;
    const low = extended ? reservedLow : or(reservedLow, reservedLowXapic);
    const reserved = overlaps(entry.low, low) || overlaps(entry.high, reservedHigh)
      // Posting is not modelled, and its bit is reserved on units without it.
      || isSet(IRTE.IM, entry.low) || get(IRTE_UPPER.SVT, entry.high) === 3;
    if (reserved && this.#core.departs('interrupt-reserved-before-source')) {
      return REASON.interruptEntryReserved;
    }
    if (!this.#sourceMatches(entry, source)) return REASON.interruptSource;
    return reserved ? REASON.interruptEntryReserved : undefined;
  }

  #sourceMatches({ high }: Entry, source: SourceId): boolean {
    const number = sourceIdNumber(source);
    const expected = get(IRTE_UPPER.SID, high);
    switch (get(IRTE_UPPER.SVT, high)) {
      case 1:
        return equalUnder(sourceMasks[get(IRTE_UPPER.SQ, high)] ?? 0xffff, number, expected);
      case 2: {
        const bus = Math.floor(number / 256);
        const ends = [Math.floor(expected / 256), expected % 256] as const;
        const [first, last] = this.#core.departs('interrupt-bus-range-swapped')
          ? [ends[1], ends[0]] : ends;
        return bus >= first && bus <= last;
      }
      default:
        return true;
    }
  }

  /** The message that the entry stands for, in compatibility format (5.1.5). */
  #deliver({ low }: Entry, extended: boolean): InterruptAnswer {
    const destination = extended ? get(IRTE.DST, low) % 256 : get(IRTE.XAPIC_DST, low);
    const address = compose([field(31, 20), 0xfee], [field(19, 12), destination],
      [bit(3), get(IRTE.RH, low)], [bit(2), get(IRTE.DM, low)]);
    const data = compose([field(7, 0), get(IRTE.V, low)], [field(10, 8), get(IRTE.DLM, low)],
      [bit(14), get(IRTE.TM, low)], [bit(15), get(IRTE.TM, low)]);
    return { kind: 'delivered', address: address.low, data: data.low };
  }

  #block(
    request: InterruptRequest, reason: FaultReason, faultDisabled: boolean, index: number,
  ): InterruptAnswer {
    this.#faults.report({
      reason, faultDisabled, source: request.source, frame: frameAt(0), access: 'write',
      freshness: { kind: 'fresh' }, cause: request.cause, interruptIndex: index,
    });
    return { kind: 'blocked', reason };
  }
}

