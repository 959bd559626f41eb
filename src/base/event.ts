/**
 * The union of everything observable in a machine. Each event has a number (its place in the run), a
 * time, an actor and the number of the event that caused it, so that a chain can be followed from a
 * log line to the fault, the DMA, the cache entry that answered it and the walk that filled that entry.
 *
 * An event comes before the changes it stands for: what event n changed is what the journal recorded
 * between it and event n + 1.
 */
import type { Agenda } from './agenda.ts';
import type { Journal } from './journal.ts';
import type { Address, DomainId, Frame, SourceId, Word64 } from './word.ts';

export type Access = 'read' | 'write' | 'atomic' | 'zero-length-read';
export type CacheName = 'context' | 'iotlb' | 'interrupt-entry';
/** Which kernel's driver asked for a DMA, and whose memory it reached. */
export type Owner = 'crashed' | 'capture';

export type Happening =
  // What software does.
  | { readonly kind: 'kernel-start'; readonly release: string; readonly commandLine: string }
  /** The end of the first kernel; `orderly`: by kexec, without a panic. */
  | { readonly kind: 'panic'; readonly orderly: boolean }
  | { readonly kind: 'kernel-end' }
  | { readonly kind: 'routine-enter'; readonly routine: string; readonly detail: string }
  | { readonly kind: 'routine-leave'; readonly routine: string }
  | { readonly kind: 'store'; readonly address: Address; readonly bytes: 4 | 8; readonly value: Word64 }
  | { readonly kind: 'load'; readonly address: Address; readonly bytes: 4 | 8; readonly value: Word64 }
  | { readonly kind: 'clear'; readonly address: Address; readonly length: number }
  | { readonly kind: 'copy'; readonly from: Address; readonly to: Address; readonly length: number }
  | { readonly kind: 'fill'; readonly address: Address; readonly count: number; readonly first: Word64 }
  | { readonly kind: 'write-back'; readonly address: Address; readonly length: number }
  | { readonly kind: 'register-read'; readonly target: string; readonly register: string;
      readonly offset: number; readonly bytes: 4 | 8; readonly value: Word64 }
  | { readonly kind: 'register-write'; readonly target: string; readonly register: string;
      readonly offset: number; readonly bytes: 4 | 8; readonly value: Word64 }
  | { readonly kind: 'wait'; readonly what: string }
  | { readonly kind: 'wait-end'; readonly met: boolean }
  | { readonly kind: 'sleep'; readonly durationNs: number }
  | { readonly kind: 'interrupt'; readonly vector: number }
  | { readonly kind: 'log'; readonly text: string }
  // What the DMAR unit does.
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'descriptor'; readonly index: number; readonly text: string; readonly low: Word64;
      readonly high: Word64 }
  | { readonly kind: 'queue-error'; readonly index: number; readonly reason: string }
  | { readonly kind: 'invalidate'; readonly cache: CacheName; readonly asked: string;
      readonly did: string; readonly removed: readonly CacheEntryName[] }
  | { readonly kind: 'drained' }
  | { readonly kind: 'context-hit'; readonly source: SourceId; readonly domain: DomainId;
      readonly filledBy: number }
  | { readonly kind: 'context-fill'; readonly source: SourceId; readonly domain: DomainId;
      readonly table: Frame }
  | { readonly kind: 'iotlb-hit'; readonly source: SourceId; readonly domain: DomainId;
      readonly frame: Frame; readonly target: Frame; readonly rights: string; readonly filledBy: number }
  | { readonly kind: 'iotlb-fill'; readonly source: SourceId; readonly domain: DomainId;
      readonly frame: Frame; readonly order: number; readonly target: Frame; readonly rights: string }
  | { readonly kind: 'structure-hit'; readonly domain: DomainId; readonly frame: Frame;
      readonly level: number; readonly table: Frame; readonly filledBy: number }
  | { readonly kind: 'structure-fill'; readonly domain: DomainId; readonly frame: Frame;
      readonly level: number; readonly table: Frame; readonly rights: string }
  | { readonly kind: 'evict'; readonly cache: CacheName; readonly entry: CacheEntryName }
  | { readonly kind: 'walk-read'; readonly structure: string; readonly address: Address;
      readonly low: Word64; readonly high: Word64 | null }
  | { readonly kind: 'fault'; readonly reason: number; readonly source: SourceId;
      readonly access: Access; readonly frame: Frame; readonly freshness: Freshness }
  | { readonly kind: 'fault-record'; readonly index: number; readonly reason: number }
  | { readonly kind: 'fault-lost'; readonly why: string; readonly reason: number }
  | { readonly kind: 'message'; readonly purpose: string; readonly address: Word64;
      readonly data: number }
  | { readonly kind: 'unmodelled'; readonly register: string; readonly access: 'read' | 'write' }
  // What devices do.
  | { readonly kind: 'dma-request'; readonly source: SourceId; readonly access: Access;
      readonly address: Word64; readonly length: number; readonly kernel: Owner; readonly purpose: string }
  | { readonly kind: 'dma-translated'; readonly address: Word64; readonly target: Address;
      readonly via: string; readonly freshness: Freshness }
  | { readonly kind: 'dma-blocked'; readonly address: Word64; readonly reason: number | null;
      readonly freshness: Freshness }
  | { readonly kind: 'dma-data'; readonly access: Access; readonly target: Address;
      readonly length: number; readonly kernel: Owner; readonly owner: Owner | 'nobody';
      readonly answered: boolean }
  | { readonly kind: 'device-reset'; readonly behaviour: string }
  | { readonly kind: 'device-stop'; readonly why: string }
  | { readonly kind: 'device-command'; readonly text: string }
  | { readonly kind: 'device-reply'; readonly text: string };

/** Enough to find a cache entry again: what it was looked up by, and the event that filled it. */
export interface CacheEntryName {
  readonly source: SourceId | null;
  readonly frame: Frame | null;
  readonly domain: DomainId | null;
  readonly filledBy: number;
}

/**
 * How an answer compares with a fresh walk of memory, as the walker sees it at that instant.
 * `memory` says in words what that walk gives where the two differ.
 */
export type Freshness =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'stale'; readonly memory: string; readonly filledBy: number };

export interface Event {
  readonly number: number;
  readonly timeNs: number;
  readonly actor: string;
  /** The number of the event that led to this one; −1 for what begins by itself. */
  readonly cause: number;
  readonly what: Happening;
}

export const noCause = -1;

/** Collects events. A trace that does not record costs its callers one test. */
export class Trace {
  readonly recording: boolean;
  readonly events: Event[] = [];
  /** The journal's mark at each event. */
  readonly marks: number[] = [];
  readonly #agenda: Agenda;
  readonly #journal: Journal;

  constructor(agenda: Agenda, journal: Journal, recording: boolean) {
    this.#agenda = agenda;
    this.#journal = journal;
    this.recording = recording;
  }

  /** Returns the event's number, or `noCause` when nothing is recorded. */
  emit(actor: string, cause: number, what: Happening): number {
    if (!this.recording) return noCause;
    const number = this.events.length;
    this.events.push({ number, timeNs: this.#agenda.nowNs, actor, cause, what });
    this.marks.push(this.#journal.mark());
    return number;
  }
}
