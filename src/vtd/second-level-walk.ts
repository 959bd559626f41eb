/**
 * The walk of the second-level tables, steps 14 to 18 of specification 3.7 (table 30): one entry at a
 * time, or all of them at one instant.
 */
import { unreachable } from '../base/assert.ts';
import type { Access } from '../base/event.ts';
import {
  and32, frameAt, frameInHalves, frameNumber, frameWithin, isSetHalves, powerOfTwo, tableIndex, type Frame,
} from '../base/word.ts';
import { SECOND_LEVEL, type ContextFields } from './entries.ts';
import { REASON, type FaultReason } from './fault-reasons.ts';
import type { LastFetch } from './last-fetch.ts';
import { RecentTables } from './recent-tables.ts';
import { fault, type AtTable, type WalkEnd, type WalkState, type WalkUnit } from './walk-state.ts';

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

/** R and W of an entry, or of all entries on the way to a table, as bits 1:0 of the entry have them. */
type Rights = number;
const allRights = 3;

function rightsFrom(readable: boolean, writable: boolean): Rights {
  return (readable ? 1 : 0) + (writable ? 2 : 0);
}

function canRead(rights: Rights): boolean {
  return rights === 1 || rights === allRights;
}

function canWrite(rights: Rights): boolean {
  return rights >= 2;
}

export class SecondLevelWalk {
  readonly #unit: WalkUnit;
  readonly #lastFetch: LastFetch;
  readonly #recent: RecentTables;
  readonly #allOnesUnreadable: boolean;
  readonly #leafDecidesRange: boolean;
  readonly #zeroLengthRead: boolean;
  // What the entry read last says, for whoever called `#readEntry`: a walk to the end makes no objects.
  #isLeaf = false;
  #next: Frame = frameAt(0);
  #rights: Rights = 0;

  constructor(unit: WalkUnit, lastFetch: LastFetch) {
    this.#unit = unit;
    this.#lastFetch = lastFetch;
    this.#recent = new RecentTables(unit.tables);
    this.#allOnesUnreadable = unit.departs('all-ones-entry-unreadable');
    this.#zeroLengthRead = unit.capability.zeroLengthRead;
    this.#leafDecidesRange = unit.departs('interrupt-range-by-leaf');
  }

  /** One entry and what follows from it, for the trace too. */
  advance({ context, level, table, readable, writable }: AtTable, frame: Frame, access: Access): WalkState {
    this.#noteFetch(level, table, frame);
    return this.step(context, level, table, readable, writable, frame, access) ?? {
      kind: 'table', context, level: level - 1, table: this.next, readable: this.readable, writable: this.writable,
    };
  }

  /**
   * One entry of a table of this level, to which what is above it grants so much: what it ends the walk in, or
   * undefined where it leads to the table `next`.
   */
  step(
    context: ContextFields, level: number, table: Frame, readable: boolean, writable: boolean, frame: Frame,
    access: Access,
  ): WalkEnd | undefined {
    const reason = this.#readEntry(context.levels, level, table, rightsFrom(readable, writable), frame, access);
    if (reason !== undefined) return fault(reason, context.faultDisabled);
    return this.#isLeaf ? this.#atLeaf(context, level, frame) : undefined;
  }

  /** The table that the last entry leads to, and what grants access to it so far. */
  get next(): Frame {
    return this.#next;
  }

  get readable(): boolean {
    return canRead(this.#rights);
  }

  get writable(): boolean {
    return canWrite(this.#rights);
  }

  /** All entries from the first table down to the leaf, at one instant; nobody traces them. */
  complete(context: ContextFields, frame: Frame, access: Access): WalkEnd {
    const { levels } = context;
    let { table } = context;
    let rights = allRights;
    for (let level = levels; ; level -= 1) {
      const reason = this.#readEntry(levels, level, table, rights, frame, access);
      if (reason !== undefined) return fault(reason, context.faultDisabled);
      if (this.#isLeaf) return this.#atLeaf(context, level, frame);
      table = this.#next;
      rights = this.#rights;
    }
  }

  #noteFetch(level: number, table: Frame, frame: Frame): void {
    const page = this.#recent.page(level, table);
    if (page === undefined) return;
    const offset = tableIndex(frame, level) * 8;
    this.#lastFetch.note(levelNames[level] ?? '', table, offset, page.getUint32(offset, true),
      page.getUint32(offset + 4, true), null);
  }

  /** Fetches an entry and checks it; why it blocks the request, or undefined. `rights` are those of the way to it. */
  #readEntry(
    levels: number, level: number, table: Frame, rights: Rights, frame: Frame, access: Access,
  ): FaultReason | undefined {
    const { formats, tables } = this.#unit;
    // 14. The first table cannot be read; 15. a later one cannot.
    const page = this.#recent.page(level, table);
    if (page === undefined) return unreadable(levels, level);
    const offset = tableIndex(frame, level) * 8;
    const low = page.getUint32(offset, true);
    const high = page.getUint32(offset + 4, true);
    tables.noteRead(table, offset, 8);
    if (this.#allOnesUnreadable && low === 0xffffffff && high === 0xffffffff) return unreadable(levels, level);
    // 16. The needed right is missing here or above.
    const granted = and32(rights, low);
    if (granted !== allRights) {
      const denied = deniedReason(access, canRead(granted), canWrite(granted), this.#zeroLengthRead);
      if (denied !== undefined) return denied;
    }
    // 17. A reserved bit is set.
    const isLeaf = level === 1 || (isSetHalves(SECOND_LEVEL.PS, low, high) && formats.hasLargeLeaf(level));
    if (formats.tableEntryHasReservedBits(level, isLeaf, low, high)) return REASON.tableReserved;
    this.#isLeaf = isLeaf;
    this.#next = frameInHalves(low, high);
    this.#rights = granted;
    return undefined;
  }

  /** The page that the leaf just read leads to. */
  #atLeaf(context: ContextFields, level: number, frame: Frame): WalkEnd {
    const order = 9 * (level - 1);
    const base = this.#next;
    const target = frameWithin(base, frame, order);
    // 18. The page lies in the interrupt range.
    if (this.#leafDecidesRange ? overlapsInterruptRange(base, order) : inInterruptRange(target)) {
      return fault(REASON.outputInInterruptRange, context.faultDisabled);
    }
    return {
      kind: 'done', context, frame: target, order, base, readable: this.readable, writable: this.writable,
    };
  }
}

function unreadable(levels: number, level: number): FaultReason {
  return level === levels ? REASON.contextInvalid : REASON.tableUnreadable;
}
