/** Where a walk of the translation structures stands, what it ends in, and what it needs to know of its unit. */
import type { Frame } from '../base/word.ts';
import type { Capability } from './capability.ts';
import type { DepartureName } from './departures.ts';
import type { ContextFields, Formats } from './entries.ts';
import type { FaultReason } from './fault-reasons.ts';

/** What a walk needs to know of its unit. `page` is memory as this unit's walker sees it. */
export interface WalkUnit {
  readonly capability: Capability;
  readonly formats: Formats;
  rootTable(): Frame;
  page(frame: Frame): DataView | undefined;
  /** So many bytes of such a page have been read. */
  hasRead(frame: Frame, offset: number, bytes: number): void;
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

/** A walk that is over. */
export type WalkEnd = Extract<WalkState, { kind: 'done' | 'fault' }>;

/** A walk that has reached the second-level tables: the next one to read, and what grants access so far. */
export type AtTable = Extract<WalkState, { kind: 'table' }>;

export function fault(reason: FaultReason, faultDisabled: boolean): WalkState {
  return { kind: 'fault', reason, faultDisabled };
}
