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
  busOf, devfnOf, frameAt, frameNumber, get, isSet, powerOfTwo, type Frame, type SourceId, type Word64,
} from '../base/word.ts';
import { CONTEXT, ROOT, TRANSLATION_TYPE, contextFields, type ContextFields } from './entries.ts';
import { REASON } from './fault-reasons.ts';
import { LastFetch, type Fetch } from './last-fetch.ts';
import { SecondLevelWalk } from './second-level-walk.ts';
import { fault, type WalkEnd, type WalkState, type WalkUnit } from './walk-state.ts';

function read64(page: DataView, offset: number): Word64 {
  return { low: page.getUint32(offset, true), high: page.getUint32(offset + 4, true) };
}

export const walkStart: WalkState = { kind: 'root' };

export class Walk {
  readonly #unit: WalkUnit;
  /** The second-level tables, for who walks them entry by entry. */
  readonly tables: SecondLevelWalk;
  readonly #lastFetch = new LastFetch();
  /** First frame that pass-through refuses. */
  readonly #passThroughLimit: number;
  /** First frame beyond what each number of levels translates. */
  readonly #frameLimits: readonly number[];

  constructor(unit: WalkUnit) {
    this.#unit = unit;
    this.tables = new SecondLevelWalk(unit, this.#lastFetch);
    this.#passThroughLimit = unit.departs('pass-through-address-unchecked') ? Infinity
      : powerOfTwo(unit.capability.hostAddressWidth - 12);
    this.#frameLimits = [0, 1, 2, 3, 4, 5].map((levels) =>
      powerOfTwo(Math.min(unit.capability.addressBits, 12 + 9 * levels) - 12));
  }

  /** What the last step fetched, once. */
  takeFetch(): Fetch | null {
    return this.#lastFetch.take();
  }

  /** One fetch (none for `ready`) and the checks that follow from it. */
  advance(state: WalkState, source: SourceId, frame: Frame, access: Access): WalkState {
    switch (state.kind) {
      case 'root':
        return this.#fetchRoot(source);
      case 'context':
        return this.#fetchContext(state.table, source);
      case 'ready':
        return this.withoutTables(state.context, frame) ?? topOf(state.context);
      case 'table':
        return this.tables.advance(state, frame, access);
      case 'done':
      case 'fault':
        return state;
      default:
        return unreachable(state);
    }
  }

  /** The whole walk at one instant, with no cache and no effect: what memory says. */
  complete(source: SourceId, frame: Frame, access: Access): WalkEnd {
    const state = this.toContext(source);
    return state.kind === 'fault' ? state : this.behindContext(state.context, frame, access);
  }

  /** The fetches of the root and the context entry. */
  toContext(source: SourceId): Extract<WalkState, { kind: 'ready' | 'fault' }> {
    const state = this.#fetchRoot(source);
    return state.kind === 'fault' ? state : this.#fetchContext(state.table, source);
  }

  /** All that follows from a present and valid context entry. */
  behindContext(context: ContextFields, frame: Frame, access: Access): WalkEnd {
    return this.withoutTables(context, frame) ?? this.tables.complete(context, frame, access);
  }

  /**
   * Steps 10 to 13: what a present and valid context entry, cached or not, means for the request; undefined
   * where its tables decide.
   */
  withoutTables(context: ContextFields, frame: Frame): WalkEnd | undefined {
    const number = frameNumber(frame);
    if (context.translationType === TRANSLATION_TYPE.passThrough) {
      // 10. Pass-through, and the address is wider than the host's.
      if (number >= this.#passThroughLimit) {
        return fault(REASON.beyondAddressWidth, context.faultDisabled);
      }
      // 12. Pass-through: the output is the input.
      return { kind: 'done', context, frame, order: 0, base: frame, readable: true, writable: true };
    }
    // 13. The address is wider than the table or the unit.
    if (number >= (this.#frameLimits[context.levels] ?? 0)) {
      return fault(REASON.beyondAddressWidth, context.faultDisabled);
    }
    return undefined;
  }

  #fetchRoot(source: SourceId): Extract<WalkState, { kind: 'context' | 'fault' }> {
    const table = this.#unit.rootTable();
    const page = this.#unit.tables.page(table);
    // 1. The root entry cannot be read.
    if (page === undefined) return fault(REASON.rootUnreadable, false);
    const offset = busOf(source) * 16;
    const low = read64(page, offset);
    const high = read64(page, offset + 8);
    this.#unit.tables.noteRead(table, offset, 16);
    this.#lastFetch.note('root', table, offset, low.low, low.high, high);
    // 2. It is not present.
    if (!isSet(ROOT.P, low)) return fault(REASON.rootNotPresent, false);
    // 3. A reserved bit is set.
    if (this.#unit.formats.rootHasReservedBits(low, high)) return fault(REASON.rootReserved, false);
    return { kind: 'context', table: frameAt(get(ROOT.CTP, low)) };
  }

  #fetchContext(table: Frame, source: SourceId): Extract<WalkState, { kind: 'ready' | 'fault' }> {
    const page = this.#unit.tables.page(table);
    // 4. The context entry cannot be read.
    if (page === undefined) return fault(REASON.contextUnreadable, false);
    const offset = devfnOf(source) * 16;
    const low = read64(page, offset);
    const high = read64(page, offset + 8);
    this.#unit.tables.noteRead(table, offset, 16);
    this.#lastFetch.note('context', table, offset, low.low, low.high, high);
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
}

/** The first table of a context entry: nothing above it refuses anything. */
function topOf(context: ContextFields): WalkState {
  return {
    kind: 'table', context, level: context.levels, table: context.table, readable: true, writable: true,
  };
}
