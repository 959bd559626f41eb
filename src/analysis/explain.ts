/**
 * Why a DMA was answered as it was: the cache entry, what filled it, the memory it disagrees with, and
 * the flush that would have removed it. Everything is read from the events; nothing is run again.
 */
import type { Event } from '../base/event.ts';
import { bytesOf, type Address, type DomainId, type Frame, type SourceId } from '../base/word.ts';
import { requestsOf } from './dma.ts';

/** A cache entry as the events tell of it. */
export interface EntryLife {
  /** `structure`: an entry of a second-level table that leads to the next table; commands to the IOTLB remove it. */
  readonly cache: 'context' | 'iotlb' | 'structure';
  /** Null for one that any source of its domain uses. */
  readonly source: SourceId | null;
  readonly domain: DomainId;
  /** The page, or the first one behind the table; null for a context entry. */
  readonly frame: Frame | null;
  /** Of the entry that leads to a table. */
  readonly level: number | null;
  readonly rights: string | null;
  /** Where it leads: the page, or the second-level table. */
  readonly target: Frame;
  readonly filledBy: number;
}

export interface Explanation {
  readonly answer: Event;
  readonly request: Event;
  /** The entry that answered; the context entry when only that was cached. */
  readonly entry: EntryLife;
  /** The DMA for which the entry was filled. */
  readonly filledFor: Event | null;
  /** What a walk of memory would have given instead. */
  readonly memory: string;
  /** The stores that changed what the entry was filled from, oldest first, and their routines. */
  readonly changes: readonly { readonly store: Event; readonly structure: string; readonly routine: string }[];
  /** What had to go for a right answer: the entry, and the context entry that leads to the same table. */
  readonly survivors: readonly EntryLife[];
  /** The last invalidations before the fill and between the fill and the DMA. */
  readonly lastFlushBeforeFill: Event | null;
  readonly flushesBetween: readonly Event[];
}

/** Explains the answer with the given event number; undefined when no cached entry misled it. */
export function explain(events: readonly Event[], answerNumber: number): Explanation | undefined {
  const answer = events[answerNumber];
  if (answer === undefined) return undefined;
  const { what } = answer;
  if (what.kind !== 'dma-translated' && what.kind !== 'dma-blocked') return undefined;
  if (what.freshness.kind !== 'stale') return undefined;
  const { filledBy, memory } = what.freshness;
  const entry = entryFilledBy(events, filledBy);
  const requests = requestsOf(events);
  const request = events[requests[answerNumber] ?? -1];
  if (entry === undefined || request === undefined) return undefined;
  // Only what could have removed the entry: flushes of its cache, by the unit that filled it.
  const unit = events[filledBy]?.actor;
  const cache = entry.cache === 'context' ? 'context' : 'iotlb';
  const flushes = events.filter(({ number, actor, what: flush }) =>
    number < answerNumber && actor === unit && flush.kind === 'invalidate' && flush.cache === cache);
  const reads = readsBehind(events, filledBy);
  return {
    answer, request, entry, memory,
    filledFor: events[requests[filledBy] ?? -1] ?? null,
    changes: changesOf(events, reads, filledBy, answerNumber),
    survivors: entriesAt(events, answerNumber).filter((life) => life.filledBy === filledBy
      || (life.cache === 'context' && life.source === entry.source && life.domain === entry.domain)),
    lastFlushBeforeFill: flushes.filter(({ number }) => number < filledBy).at(-1) ?? null,
    flushesBetween: flushes.filter(({ number }) => number > filledBy),
  };
}

export function entryFilledBy(events: readonly Event[], number: number): EntryLife | undefined {
  const what = events[number]?.what;
  if (what?.kind === 'iotlb-fill') {
    const { source, domain, frame, rights, target } = what;
    return { cache: 'iotlb', source, domain, frame, level: null, rights, target, filledBy: number };
  }
  if (what?.kind === 'context-fill') {
    const { source, domain, table } = what;
    return { cache: 'context', source, domain, frame: null, level: null, rights: null, target: table, filledBy: number };
  }
  if (what?.kind === 'structure-fill') {
    const { domain, frame, level, table, rights } = what;
    return { cache: 'structure', source: null, domain, frame, level, rights, target: table, filledBy: number };
  }
  return undefined;
}

/** What the caches held before the given event, as the fills and invalidations tell. */
export function entriesAt(events: readonly Event[], end: number): readonly EntryLife[] {
  const alive = new Map<number, EntryLife>();
  for (const { number, what } of events.slice(0, end)) {
    if (what.kind === 'iotlb-fill' || what.kind === 'context-fill' || what.kind === 'structure-fill') {
      const life = entryFilledBy(events, number);
      if (life === undefined) continue;
      for (const [other, known] of alive) {
        if (known.cache === life.cache && known.source === life.source && known.frame === life.frame
          && known.level === life.level && (life.cache !== 'structure' || known.domain === life.domain)) {
          alive.delete(other);
        }
      }
      alive.set(number, life);
    } else if (what.kind === 'invalidate') {
      for (const { filledBy } of what.removed) alive.delete(filledBy);
    } else if (what.kind === 'evict') {
      alive.delete(what.entry.filledBy);
    }
  }
  return [...alive.values()];
}

interface Read {
  readonly address: Address;
  readonly bytes: number;
  readonly structure: string;
}

/** What was read from memory to make an entry, through a cached context entry too. */
function readsBehind(events: readonly Event[], fill: number): readonly Read[] {
  const reads: Read[] = [];
  for (let at = fill; at >= 0;) {
    const event = events[at];
    if (event === undefined || event.what.kind === 'dma-request') break;
    if (event.what.kind === 'walk-read') {
      const { address, structure, high } = event.what;
      reads.push({ address, structure, bytes: high === null ? 8 : 16 });
    }
    at = event.what.kind === 'context-hit' || event.what.kind === 'structure-hit' ? event.what.filledBy : event.cause;
  }
  return reads.reverse();
}

/** The last store to each thing that was read, if it came after the fill. */
function changesOf(
  events: readonly Event[], reads: readonly Read[], after: number, before: number,
): Explanation['changes'] {
  const last = new Map<Read, Event>();
  for (let number = after + 1; number < before; number += 1) {
    const event = events[number];
    if (event?.what.kind !== 'store') continue;
    const first = bytesOf(event.what.address);
    for (const read of reads) {
      const start = bytesOf(read.address);
      if (first < start + read.bytes && first + event.what.bytes > start) last.set(read, event);
    }
  }
  return reads.flatMap((read) => {
    const store = last.get(read);
    return store === undefined ? []
      : [{ store, structure: read.structure, routine: routineOf(events, store) }];
  });
}

/** The kernel routine in which an event happened. */
export function routineOf(events: readonly Event[], event: Event): string {
  for (let at = event.cause; at >= 0; at = events[at]?.cause ?? -1) {
    const what = events[at]?.what;
    if (what?.kind === 'routine-enter') return what.routine;
  }
  return event.actor;
}

/** The chain of causes that leads to an event, the first cause first. */
export function causeChain(events: readonly Event[], number: number): readonly Event[] {
  const chain: Event[] = [];
  for (let at = number; at >= 0; at = events[at]?.cause ?? -1) {
    const event = events[at];
    if (event === undefined) break;
    chain.push(event);
  }
  return chain.reverse();
}
