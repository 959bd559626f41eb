/** A request for translation, how far it has come, and its answer. */
import type { Access, Freshness } from '../base/event.ts';
import type { Frame, SourceId } from '../base/word.ts';
import type { FaultReason } from './fault-reasons.ts';
import type { WalkState } from './walk-state.ts';

export interface TranslationRequest {
  readonly source: SourceId;
  readonly frame: Frame;
  readonly access: Access;
  /** The event of the DMA that asks. */
  readonly cause: number;
}

export type Answer =
  | { readonly kind: 'translated'; readonly target: Frame; readonly via: string;
      readonly freshness: Freshness; readonly event: number }
  /** `reason` null: blocked without a fault (interrupt range, unmodelled mode). */
  | { readonly kind: 'blocked'; readonly reason: FaultReason | null; readonly freshness: Freshness;
      readonly event: number }
  /** A write to the interrupt range: an interrupt request, not memory. */
  | { readonly kind: 'interrupt'; readonly event: number };

/** A request between two fetches. */
export interface Walking {
  readonly kind: 'walking';
  readonly state: WalkState;
  readonly contextCached: boolean;
  /** The fill of the last cached entry that the walk relies on. */
  readonly used: number | null;
  readonly event: number;
}
