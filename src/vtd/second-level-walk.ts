/**
 * The walk of the second-level tables, steps 14 to 18 of specification 3.7 (table 30): one entry at a
 * time, or all of them at one instant.
 */
import { unreachable } from '../base/assert.ts';
import type { Access } from '../base/event.ts';
import {
  frameAt, frameNumber, frameWithin, getHalves, isSetHalves, powerOfTwo, tableIndex, type Frame,
} from '../base/word.ts';
import { SECOND_LEVEL, type ContextFields } from './entries.ts';
import { REASON, type FaultReason } from './fault-reasons.ts';
import type { LastFetch } from './last-fetch.ts';
import { fault, type AtTable, type WalkState, type WalkUnit } from './walk-state.ts';

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

const levelNames = ['', 'level 1', 'level 2', 'level 3', 'level 4', 'level 5'] as const;

export class SecondLevelWalk {
  readonly #unit: WalkUnit;
  readonly #lastFetch: LastFetch;
  readonly #allOnesUnreadable: boolean;
  readonly #leafDecidesRange: boolean;
  // What the entry read last says, for whoever called `#readEntry`: a walk to the end makes no objects.
  #isLeaf = false;
  #next: Frame = frameAt(0);
  #readable = false;
  #writable = false;

  constructor(unit: WalkUnit, lastFetch: LastFetch) {
    this.#unit = unit;
    this.#lastFetch = lastFetch;
    this.#allOnesUnreadable = unit.departs('all-ones-entry-unreadable');
    this.#leafDecidesRange = unit.departs('interrupt-range-by-leaf');
  }

  /** One entry and what follows from it. */
  advance({ context, level, table, readable, writable }: AtTable, frame: Frame, access: Access): WalkState {
    this.#noteFetch(level, table, frame);
    const reason = this.#readEntry(context, level, table, readable, writable, frame, access);
    if (reason !== undefined) return fault(reason, context.faultDisabled);
    if (this.#isLeaf) return this.#atLeaf(context, level, frame);
    return {
      kind: 'table', context, level: level - 1, table: this.#next, readable: this.#readable, writable: this.#writable,
    };
  }

  /** All entries down to the leaf, at one instant; nobody traces them. */
  complete(start: AtTable, frame: Frame, access: Access): WalkState {
    const { context } = start;
    let { level, table, readable, writable } = start;
    for (;;) {
      const reason = this.#readEntry(context, level, table, readable, writable, frame, access);
      if (reason !== undefined) return fault(reason, context.faultDisabled);
      if (this.#isLeaf) return this.#atLeaf(context, level, frame);
      level -= 1;
      table = this.#next;
      readable = this.#readable;
      writable = this.#writable;
    }
  }

  #noteFetch(level: number, table: Frame, frame: Frame): void {
    const page = this.#unit.page(table);
    if (page === undefined) return;
    const offset = tableIndex(frame, level) * 8;
    this.#lastFetch.note(levelNames[level] ?? '', table, offset, page.getUint32(offset, true),
      page.getUint32(offset + 4, true), null);
  }

  /** Fetches an entry and checks it; why it blocks the request, or undefined. */
  #readEntry(
    context: ContextFields, level: number, table: Frame, readable: boolean, writable: boolean, frame: Frame,
    access: Access,
  ): FaultReason | undefined {
    const { formats, capability } = this.#unit;
    // 14. The first table cannot be read; 15. a later one cannot.
    const unreadable = level === context.levels ? REASON.contextInvalid : REASON.tableUnreadable;
    const page = this.#unit.page(table);
    if (page === undefined) return unreadable;
    const offset = tableIndex(frame, level) * 8;
    const low = page.getUint32(offset, true);
    const high = page.getUint32(offset + 4, true);
    this.#unit.hasRead(table, offset, 8);
    if (this.#allOnesUnreadable && low === 0xffffffff && high === 0xffffffff) return unreadable;
    // 16. The needed right is missing here or above.
    this.#readable = readable && isSetHalves(SECOND_LEVEL.R, low, high);
    this.#writable = writable && isSetHalves(SECOND_LEVEL.W, low, high);
    const denied = deniedReason(access, this.#readable, this.#writable, capability.zeroLengthRead);
    if (denied !== undefined) return denied;
    // 17. A reserved bit is set.
    this.#isLeaf = level === 1 || formats.isLargeLeaf(level, isSetHalves(SECOND_LEVEL.PS, low, high));
    if (formats.tableEntryHasReservedBits(level, this.#isLeaf, low, high)) return REASON.tableReserved;
    this.#next = frameAt(getHalves(SECOND_LEVEL.ADDR, low, high));
    return undefined;
  }

  /** The page that the leaf just read leads to. */
  #atLeaf(context: ContextFields, level: number, frame: Frame): WalkState {
    const order = 9 * (level - 1);
    const base = this.#next;
    const target = frameWithin(base, frame, order);
    // 18. The page lies in the interrupt range.
    if (this.#leafDecidesRange ? overlapsInterruptRange(base, order) : inInterruptRange(target)) {
      return fault(REASON.outputInInterruptRange, context.faultDisabled);
    }
    return {
      kind: 'done', context,
      result: { frame: target, order, base, readable: this.#readable, writable: this.#writable },
    };
  }
}
