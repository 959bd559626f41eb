/** Where a walk of the translation structures stands, what it ends in, and what it needs to know of its unit. */
import type { MemoryView } from '../base/memory-view.ts';
import type { Frame } from '../base/word.ts';
import type { Capability } from './capability.ts';
import type { DepartureName } from './departures.ts';
import type { ContextFields, Formats } from './entries.ts';
import type { FaultReason } from './fault-reasons.ts';

/** What a walk needs to know of its unit. */
export interface WalkUnit {
  readonly capability: Capability;
  readonly formats: Formats;
  /** Memory as this unit's walker sees it. */
  readonly tables: MemoryView;
  rootTable(): Frame;
  departs(name: DepartureName): boolean;
}

export type WalkState =
  | { readonly kind: 'root' }
  | { readonly kind: 'context'; readonly table: Frame }
  /** The context entry is fetched and valid; no fetch is needed for what comes next. */
  | { readonly kind: 'ready'; readonly context: ContextFields }
  | { readonly kind: 'table'; readonly context: ContextFields; readonly level: number;
      readonly table: Frame; readonly readable: boolean; readonly writable: boolean }
  /** The frame that was asked for; the page's order (0, 9 or 18) and where it begins, for the IOTLB. */
  | { readonly kind: 'done'; readonly context: ContextFields; readonly frame: Frame; readonly order: number;
      readonly base: Frame; readonly readable: boolean; readonly writable: boolean }
  | { readonly kind: 'fault'; readonly reason: FaultReason; readonly faultDisabled: boolean };

/** A walk that is over. */
export type WalkEnd = Extract<WalkState, { kind: 'done' | 'fault' }>;

/** A walk that has reached the second-level tables: the next one to read, and what grants access so far. */
export type AtTable = Extract<WalkState, { kind: 'table' }>;

export function fault(reason: FaultReason, faultDisabled: boolean): Extract<WalkState, { kind: 'fault' }> {
  return { kind: 'fault', reason, faultDisabled };
}
