/**
 * The walk of the translation structures for one untranslated request in legacy mode, in the numbered
 * steps of specification 3.4 and 3.7 (in the order of table 30). One call of `advance` is one fetch
 * from memory, so that a machine can let a table change between two of them.
 *
 * The walk knows no caches. A unit starts it behind a cached context entry where it has one, and the
 * same walk from the root tells what memory says at this instant.
 */
import { unreachable } from '../base/assert.ts';
import type { Access } from '../base/event.ts';
import {
  addressIn, busOf, devfnOf, frameAt, frameNumber, frameWithin, get, getHalves, isSet, isSetHalves,
  powerOfTwo, tableIndex, type Address, type Frame, type SourceId, type Word64,
} from '../base/word.ts';
import type { Capability } from './capability.ts';
import type { DepartureName } from './departures.ts';
import {
  CONTEXT, ROOT, SECOND_LEVEL, TRANSLATION_TYPE, contextFields, type ContextFields, type Formats,
} from './entries.ts';
import { REASON, type FaultReason } from './fault-reasons.ts';

/** What a walk needs to know of its unit. `page` is memory as this unit's walker sees it. */
export interface WalkUnit {
  readonly capability: Capability;
  readonly formats: Formats;
  rootTable(): Frame;
  page(frame: Frame): DataView | undefined;
  departs(name: DepartureName): boolean;
}

export interface WalkResult {
  readonly frame: Frame;
  /** The page's order (0, 9 or 18) and where it begins, for the IOTLB. */
  readonly order: number;
  readonly base: Frame;
  readonly readable: boolean;
  readonly writable: boolean;
}

export type WalkState =
  | { readonly kind: 'root' }
  | { readonly kind: 'context'; readonly table: Frame }
  /** The context entry is fetched and valid; no fetch is needed for what comes next. */
  | { readonly kind: 'ready'; readonly context: ContextFields }
  | { readonly kind: 'table'; readonly context: ContextFields; readonly level: number;
      readonly table: Frame; readonly readable: boolean; readonly writable: boolean }
  | { readonly kind: 'done'; readonly context: ContextFields; readonly result: WalkResult }
  | { readonly kind: 'fault'; readonly reason: FaultReason; readonly faultDisabled: boolean };

/** The last fetch, for the trace. */
export interface Fetch {
  readonly structure: string;
  readonly address: Address;
  readonly low: Word64;
  readonly high: Word64 | null;
}

const interruptRangeFirst = 0xfee00;
const interruptRangeLast = 0xfeeff;

export function inInterruptRange(frame: Frame): boolean {
  const number = frameNumber(frame);
  return number >= interruptRangeFirst && number <= interruptRangeLast;
}

function overlapsInterruptRange(first: Frame, order: number): boolean {
  const number = frameNumber(first);
  return number <= interruptRangeLast && number + powerOfTwo(order) > interruptRangeFirst;
}

/** The fault of an access to a page with these rights; undefined when it is granted (6.1, 9.8). */
export function deniedReason(
  access: Access, readable: boolean, writable: boolean, zeroLengthRead: boolean,
): FaultReason | undefined {
  switch (access) {
    case 'write':
      return writable ? undefined : REASON.noWriteRight;
    case 'atomic':
      if (!writable) return REASON.noWriteRight;
      return readable ? undefined : REASON.noReadRight;
    case 'read':
      return readable ? undefined : REASON.noReadRight;
    case 'zero-length-read':
      return readable || (writable && zeroLengthRead) ? undefined : REASON.noReadRight;
    default:
      return unreachable(access);
  }
}

function read64(page: DataView, offset: number): Word64 {
  return { low: page.getUint32(offset, true), high: page.getUint32(offset + 4, true) };
}

const levelNames = ['', 'level 1', 'level 2', 'level 3', 'level 4', 'level 5'] as const;

export const walkStart: WalkState = { kind: 'root' };

export class Walk {
  readonly #unit: WalkUnit;
  readonly #allOnesUnreadable: boolean;
  readonly #leafDecidesRange: boolean;
  /** First frame that pass-through refuses. */
  readonly #passThroughLimit: number;
  /** First frame beyond what each number of levels translates. */
  readonly #frameLimits: readonly number[];
  // The last fetch, kept apart so that a walk that nobody traces makes no objects for it.
  #structure = '';
  #table: Frame = frameAt(0);
  #offset = 0;
  #low = 0;
  #high = 0;
  #upper: Word64 | null = null;

  constructor(unit: WalkUnit) {
    this.#unit = unit;
    this.#allOnesUnreadable = unit.departs('all-ones-entry-unreadable');
    this.#leafDecidesRange = unit.departs('interrupt-range-by-leaf');
    this.#passThroughLimit = unit.departs('pass-through-address-unchecked') ? Infinity
      : powerOfTwo(unit.capability.hostAddressWidth - 12);
    this.#frameLimits = [0, 1, 2, 3, 4, 5].map((levels) =>
      powerOfTwo(Math.min(unit.capability.addressBits, 12 + 9 * levels) - 12));
  }

  /** What the last step fetched, once. */
  takeFetch(): Fetch | null {
    if (this.#structure === '') return null;
    const fetch = {
      structure: this.#structure, address: addressIn(this.#table, this.#offset),
      low: { low: this.#low, high: this.#high }, high: this.#upper,
    };
    this.#structure = '';
    return fetch;
  }

  /** One fetch (none for `ready`) and the checks that follow from it. */
  advance(state: WalkState, source: SourceId, frame: Frame, access: Access): WalkState {
    switch (state.kind) {
      case 'root':
        return this.#fetchRoot(source);
      case 'context':
        return this.#fetchContext(state.table, source);
      case 'ready':
        return this.#behindContext(state.context, frame);
      case 'table':
        return this.#fetchTable(state, frame, access);
      case 'done':
      case 'fault':
        return state;
      default:
        return unreachable(state);
    }
  }

  /** The whole walk at one instant, with no cache and no effect: what memory says. */
  complete(start: WalkState, source: SourceId, frame: Frame, access: Access):
    Extract<WalkState, { kind: 'done' | 'fault' }> {
    let state = start;
    while (state.kind !== 'done' && state.kind !== 'fault') {
      state = this.advance(state, source, frame, access);
    }
    return state;
  }

  #fetchRoot(source: SourceId): WalkState {
    const table = this.#unit.rootTable();
    const page = this.#unit.page(table);
    // 1. The root entry cannot be read.
    if (page === undefined) return fault(REASON.rootUnreadable, false);
    const offset = busOf(source) * 16;
    const low = read64(page, offset);
    const high = read64(page, offset + 8);
    this.#note('root', table, offset, low.low, low.high, high);
    // 2. It is not present.
    if (!isSet(ROOT.P, low)) return fault(REASON.rootNotPresent, false);
    // 3. A reserved bit is set.
    if (this.#unit.formats.rootHasReservedBits(low, high)) return fault(REASON.rootReserved, false);
    return { kind: 'context', table: frameAt(get(ROOT.CTP, low)) };
  }

  #fetchContext(table: Frame, source: SourceId): WalkState {
    const page = this.#unit.page(table);
    // 4. The context entry cannot be read.
    if (page === undefined) return fault(REASON.contextUnreadable, false);
    const offset = devfnOf(source) * 16;
    const low = read64(page, offset);
    const high = read64(page, offset + 8);
    this.#note('context', table, offset, low.low, low.high, high);
    // 5. FPD counts from here on, also when the entry is not present.
    const faultDisabled = isSet(CONTEXT.FPD, low);
    // 6. It is not present.
    if (!isSet(CONTEXT.P, low)) return fault(REASON.contextNotPresent, faultDisabled);
    // 7. A reserved bit is set.
    if (this.#unit.formats.contextHasReservedBits(low, high)) {
      return fault(REASON.contextReserved, faultDisabled);
    }
    // 8. Address width or translation type that the unit does not have.
    const context = contextFields(low, high);
    if (!this.#unit.formats.contextIsSupported(context)) {
      return fault(REASON.contextInvalid, faultDisabled);
    }
    return { kind: 'ready', context };
  }

  /** Steps 10 to 13: what a present and valid context entry, cached or not, means for the request. */
  #behindContext(context: ContextFields, frame: Frame): WalkState {
    const number = frameNumber(frame);
    if (context.translationType === TRANSLATION_TYPE.passThrough) {
      // 10. Pass-through, and the address is wider than the host's.
      if (number >= this.#passThroughLimit) {
        return fault(REASON.beyondAddressWidth, context.faultDisabled);
      }
      // 12. Pass-through: the output is the input.
      const result = { frame, order: 0, base: frame, readable: true, writable: true };
      return { kind: 'done', context, result };
    }
    // 13. The address is wider than the table or the unit.
    if (number >= (this.#frameLimits[context.levels] ?? 0)) {
      return fault(REASON.beyondAddressWidth, context.faultDisabled);
    }
    return {
      kind: 'table', context, level: context.levels, table: context.table,
      readable: true, writable: true,
    };
  }

  #note(
    structure: string, table: Frame, offset: number, low: number, high: number, upper: Word64 | null,
  ): void {
    this.#structure = structure;
    this.#table = table;
    this.#offset = offset;
    this.#low = low;
    this.#high = high;
    this.#upper = upper;
  }

  /** 14. The first table cannot be read; 15. a later one cannot. */
  #unreadable(state: Extract<WalkState, { kind: 'table' }>): FaultReason {
    return state.level === state.context.levels ? REASON.contextInvalid : REASON.tableUnreadable;
  }

  #fetchTable(state: Extract<WalkState, { kind: 'table' }>, frame: Frame, access: Access): WalkState {
    const { context, level } = state;
    const { formats, capability } = this.#unit;
    const page = this.#unit.page(state.table);
    if (page === undefined) {
      return fault(this.#unreadable(state), context.faultDisabled);
    }
    const offset = tableIndex(frame, level) * 8;
    const low = page.getUint32(offset, true);
    const high = page.getUint32(offset + 4, true);
    this.#note(levelNames[level] ?? '', state.table, offset, low, high, null);
    if (this.#allOnesUnreadable && low === 0xffffffff && high === 0xffffffff) {
      return fault(this.#unreadable(state), context.faultDisabled);
    }
    // 16. The needed right is missing here or above.
    const readable = state.readable && isSetHalves(SECOND_LEVEL.R, low, high);
    const writable = state.writable && isSetHalves(SECOND_LEVEL.W, low, high);
    const denied = deniedReason(access, readable, writable, capability.zeroLengthRead);
    if (denied !== undefined) return fault(denied, context.faultDisabled);
    // 17. A reserved bit is set.
    const isLeaf = level === 1 || formats.isLargeLeaf(level, isSetHalves(SECOND_LEVEL.PS, low, high));
    if (formats.tableEntryHasReservedBits(level, isLeaf, low, high)) {
      return fault(REASON.tableReserved, context.faultDisabled);
    }
    const next = frameAt(getHalves(SECOND_LEVEL.ADDR, low, high));
    if (!isLeaf) return { kind: 'table', context, level: level - 1, table: next, readable, writable };
    // 18. The page lies in the interrupt range.
    const order = 9 * (level - 1);
    const target = frameWithin(next, frame, order);
    if (this.#leafDecidesRange ? overlapsInterruptRange(next, order) : inInterruptRange(target)) {
      return fault(REASON.outputInInterruptRange, context.faultDisabled);
    }
    return {
      kind: 'done', context, result: { frame: target, order, base: next, readable, writable },
    };
  }
}

function fault(reason: FaultReason, faultDisabled: boolean): WalkState {
  return { kind: 'fault', reason, faultDisabled };
}
