/** The DMAs of a run, read from its events: one record for each page of each request. */
import type { Event, Freshness, Happening, Owner } from '../base/event.ts';
import type { Word64 } from '../base/word.ts';

export interface DmaRecord {
  /** The event of the request, of the unit's answer, and of the data (−1 where none moved). */
  readonly request: number;
  readonly answer: number;
  readonly data: number;
  readonly device: string;
  /** Whose driver asked. */
  readonly kernel: Owner;
  readonly purpose: string;
  readonly access: string;
  /** Page address plus offset, as the device put it on the bus. */
  readonly address: Word64;
  readonly outcome: 'translated' | 'blocked';
  readonly reason: number | null;
  readonly freshness: Freshness;
  /** Whose memory the data reached; null where none moved. */
  readonly owner: Owner | 'nobody' | null;
}

/** For each event the request that it belongs to, or −1. */
export function requestsOf(events: readonly Event[]): readonly number[] {
  const requests: number[] = [];
  for (const { number, cause, what } of events) {
    requests.push(what.kind === 'dma-request' ? number : cause < 0 ? -1 : requests[cause] ?? -1);
  }
  return requests;
}

export function dmaRecords(events: readonly Event[]): readonly DmaRecord[] {
  const requests = requestsOf(events);
  const records = new Map<number, DmaRecord>();
  for (const { number, cause, what } of events) {
    if (what.kind === 'dma-data') {
      const record = records.get(cause);
      if (record !== undefined) records.set(cause, { ...record, data: number, owner: what.owner });
      continue;
    }
    if (what.kind !== 'dma-translated' && what.kind !== 'dma-blocked') continue;
    const request = events[requests[number] ?? -1];
    if (request?.what.kind !== 'dma-request') continue;
    const { kernel, purpose, access } = request.what;
    records.set(number, {
      request: request.number, answer: number, data: -1, device: request.actor, kernel, purpose, access,
      address: what.address,
      outcome: what.kind === 'dma-blocked' ? 'blocked' : 'translated',
      reason: what.kind === 'dma-blocked' ? what.reason : null,
      freshness: what.freshness, owner: null,
    });
  }
  return [...records.values()];
}

/** The data reached memory that belongs to the other kernel. */
export function isForeign(record: DmaRecord): boolean {
  return record.owner !== null && record.owner !== 'nobody' && record.owner !== record.kernel;
}

const beforeAnAnswer: ReadonlySet<Happening['kind']> = new Set([
  'dma-request', 'walk-read', 'context-hit', 'context-fill', 'structure-hit', 'structure-fill', 'iotlb-hit',
  'iotlb-fill', 'evict', 'fault',
]);

/** The answer to the page request that an event belongs to, or undefined where it belongs to none. */
export function answerOf(events: readonly Event[], number: number): number | undefined {
  const requests = requestsOf(events);
  const request = requests[number] ?? -1;
  if (request < 0) return undefined;
  const answers = events.filter((event) => requests[event.number] === request
    && (event.what.kind === 'dma-translated' || event.what.kind === 'dma-blocked'));
  const kind = events[number]?.what.kind;
  // The pages of a request come one after the other: what leads to an answer has its own before it.
  const leads = kind !== undefined && beforeAnAnswer.has(kind);
  return leads ? answers.find((answer) => answer.number > number)?.number
    : answers.findLast((answer) => answer.number <= number)?.number;
}
