/**
 * The few events of a counterexample that decide: the DMA that went wrong, what it was answered from, who
 * filled that and from what, the stores behind it, and the flushes that came too early or took nothing.
 */
import { bytesOf, type Address } from '../../base/word.ts';
import type { Event } from '../../base/event.ts';
import { requestsOf } from '../dma.ts';

/** Numbers of events, ascending. `from` is the first event of the window, `answer` the DMA's. */
export function decisiveEvents(events: readonly Event[], from: number, answer: number): readonly number[] {
  const requests = requestsOf(events);
  const picked = new Set<number>();
  const reads: Event[] = [];
  const followed = new Set<number>();
  /** Everything that belongs to a request, up to an event, and the fills that it relied on. */
  const follow = (last: number): void => {
    const request = requests[last] ?? -1;
    if (request < 0 || followed.has(last)) return;
    followed.add(last);
    for (const event of events.slice(request, last + 1)) {
      if (requests[event.number] !== request) continue;
      const { what, number } = event;
      if (tells(event)) picked.add(number);
      if (what.kind === 'walk-read') reads.push(event);
      if (what.kind === 'iotlb-hit' || what.kind === 'context-hit' || what.kind === 'structure-hit') {
        if (what.filledBy >= from) follow(what.filledBy);
      }
    }
  };
  follow(answer);
  for (const read of reads) for (const number of storesTo(events, read, from, answer)) picked.add(number);
  const units = new Set([...picked].flatMap((number) => {
    const event = events[number];
    return event?.what.kind === 'iotlb-fill' || event?.what.kind === 'context-fill' ? [event.actor] : [];
  }));
  for (const event of events.slice(from, answer)) {
    if (event.what.kind === 'device-reset') picked.add(event.number);
    if (event.what.kind === 'invalidate' && (units.size === 0 || units.has(event.actor))) picked.add(event.number);
  }
  for (const event of events.slice(answer + 1)) {
    if (requests[event.number] === requests[answer] && tells(event)) picked.add(event.number);
  }
  return [...picked].sort((left, right) => left - right);
}

function tells({ what }: Event): boolean {
  switch (what.kind) {
    case 'dma-request':
    case 'context-hit':
    case 'context-fill':
    case 'iotlb-hit':
    case 'iotlb-fill':
    case 'structure-hit':
    case 'structure-fill':
    case 'evict':
    case 'dma-translated':
    case 'dma-blocked':
    case 'dma-data':
    case 'device-command':
      return true;
    default:
      return false;
  }
}

/** The last store before a fetch to what it read, every later one up to the answer, and their write-backs. */
function storesTo(events: readonly Event[], read: Event, from: number, answer: number): readonly number[] {
  if (read.what.kind !== 'walk-read') return [];
  const { address, high } = read.what;
  const bytes = high === null ? 8 : 16;
  const touching = events.slice(from, answer).filter(({ what }) =>
    (what.kind === 'store' && overlap(address, bytes, what.address, what.bytes))
    || (what.kind === 'write-back' && overlap(address, bytes, what.address, what.length)));
  const lastBefore = touching.findLast(({ number, what }) => number < read.number && what.kind === 'store');
  return touching.filter(({ number }) => number >= (lastBefore?.number ?? read.number)).map(({ number }) => number);
}

function overlap(left: Address, leftBytes: number, right: Address, rightBytes: number): boolean {
  return bytesOf(left) < bytesOf(right) + rightBytes && bytesOf(right) < bytesOf(left) + leftBytes;
}
