/** What a violated claim came to, from the loudest to the most silent. */
import type { Event } from '../../base/event.ts';
import type { Verdict } from '../claims.ts';
import { dmaRecords, isForeign, type DmaRecord } from '../dma.ts';

/** `foreign`: data in the other kernel's memory. `claim`: what is wrong is not one DMA's answer. */
export const harms = ['claim', 'fault', 'stale', 'foreign'] as const;
export type Harm = (typeof harms)[number];

function harmOfDma(record: DmaRecord): Harm {
  if (isForeign(record)) return 'foreign';
  if (record.outcome === 'blocked') return 'fault';
  return record.freshness.kind === 'stale' ? 'stale' : 'claim';
}

/** The worst that the claim's witnesses did, and the event of the first that did it. */
export function harmOf(
  events: readonly Event[], { witnesses }: Verdict,
): { readonly harm: Harm; readonly event: number | null } {
  const records = new Map(dmaRecords(events).map((record) => [record.answer, record]));
  const seen = witnesses.flatMap((event) => {
    const record = records.get(event);
    return record === undefined ? [] : [{ harm: harmOfDma(record), event }];
  });
  const harm = worstOf(seen.map((one) => one.harm)) ?? 'claim';
  return { harm, event: seen.find((one) => one.harm === harm)?.event ?? witnesses[0] ?? null };
}

export function worstOf(seen: readonly Harm[]): Harm | undefined {
  return harms.findLast((harm) => seen.includes(harm));
}
