/** The verdict on every claim, why the first DMA went wrong, and how to see it again. */
import { unreachable } from '../../base/assert.ts';
import type { Verdict } from '../../analysis/claims.ts';
import { explain, type EntryLife, type Explanation } from '../../analysis/explain.ts';
import type { Event } from '../../base/event.ts';
import { bdf, domainIdNumber, hex, hexAddress, hexFrame } from '../../base/word.ts';
import { claimLine } from '../../scenario/text/print-text.ts';
import { reasonText } from './event-text.ts';
import { printable, seconds, type Paint } from '../terminal.ts';

function verdictWords(verdict: Verdict): string {
  const { claim, considered, witnesses, vacuous } = verdict;
  const what = claim.what.kind === 'log' ? 'log lines' : 'DMAs';
  if (vacuous) return `nothing happened: no ${what} to speak of`;
  const first = witnesses[0];
  const where = first === undefined ? '' : `, first #${first}`;
  switch (claim.quantifier) {
    case 'never': return `${witnesses.length} of ${considered} ${what}${where}`;
    case 'sometimes': return `${witnesses.length} of ${considered} ${what}${where}`;
    case 'always': return `${considered - witnesses.length} of ${considered} ${what}`
      + (first === undefined ? '' : `, first exception #${first}`);
    default: return unreachable(claim.quantifier);
  }
}

/** Whether more of the run could have changed the verdict. */
function isOpen({ claim, holds }: Verdict): boolean {
  return claim.quantifier === 'sometimes' ? !holds : holds;
}

/** A line for each claim; in a run that was cut short, `??` for what only its end would have shown. */
export function verdictLines(
  verdicts: readonly Verdict[], decided: boolean, paint: Paint,
): readonly string[] {
  const width = Math.max(...verdicts.map(({ claim }) => claimLine(claim).length));
  return verdicts.map((verdict) => {
    const mark = !decided && isOpen(verdict) ? '??' : verdict.holds ? paint('green', 'Ok') : paint('red', 'No');
    return `  ${mark}  ${printable(claimLine(verdict.claim)).padEnd(width)}  ${verdictWords(verdict)}`;
  });
}

/** The first DMA that a failed claim is about. */
export function firstWrong(verdicts: readonly Verdict[]): number | undefined {
  const wrong = verdicts.filter(({ holds, claim }) => !holds && claim.what.kind === 'dma'
    && claim.quantifier !== 'sometimes').flatMap(({ witnesses }) => witnesses.slice(0, 1));
  return wrong.length === 0 ? undefined : Math.min(...wrong);
}

/** Why the DMA of the given answer went as it did; empty when no cache misled it. */
export function whyLines(events: readonly Event[], answer: number): readonly string[] {
  const explanation = explain(events, answer);
  return explanation === undefined ? plainWhy(events, answer) : staleWhy(events, explanation);
}

function plainWhy(events: readonly Event[], answer: number): readonly string[] {
  const what = events[answer]?.what;
  if (what?.kind === 'dma-blocked' && what.reason !== null) {
    return [`  #${answer} was blocked, ${reasonText(what.reason)}: memory itself forbids it, no cache misled `
      + 'the unit.'];
  }
  if (what?.kind === 'dma-translated') {
    return [`  #${answer} went where the tables in memory lead it; no cache misled the unit.`];
  }
  return [];
}

function staleWhy(events: readonly Event[], found: Explanation): readonly string[] {
  const { answer, request, entry } = found;
  const lines = [
    `  the DMA     #${request.number} ${requestWords(request)}`,
    `              ${outcomeWords(events, answer)}, at ${seconds(answer.timeNs)}`,
    `  answered by ${entryWords(entry)}`,
    `  filled at   ${seconds(events[entry.filledBy]?.timeNs ?? 0)} (#${entry.filledBy})${forWhom(found)}`,
    `  but         ${found.memory}`,
  ];
  for (const { store, structure, routine } of found.changes) {
    const where = store.what.kind === 'store' ? hexAddress(store.what.address) : '';
    lines.push(`  since       #${store.number} ${seconds(store.timeNs)} ${structure} entry at ${where} rewritten`,
      `              by the ${store.actor} kernel in ${routine}`);
  }
  lines.push(...flushWords(found));
  return lines.map(printable);
}

function requestWords(request: Event): string {
  const { what } = request;
  if (what.kind !== 'dma-request') return '';
  return `${what.access} of ${hex(what.address)} by ${request.actor} ${bdf(what.source)}, `
    + `for the ${what.kernel} kernel (${what.purpose})`;
}

function outcomeWords(events: readonly Event[], answer: Event): string {
  const { what } = answer;
  if (what.kind === 'dma-blocked') {
    return what.reason === null ? 'was blocked' : `was blocked, ${reasonText(what.reason)}`;
  }
  if (what.kind !== 'dma-translated') return '';
  const data = events.find((event) => event.cause === answer.number && event.what.kind === 'dma-data')?.what;
  const verb = data?.kind === 'dma-data' && data.access !== 'read' ? 'wrote to' : 'read';
  const whose = data?.kind === 'dma-data' && data.owner !== 'nobody' && data.owner !== data.kernel
    ? `, the ${data.owner} kernel's memory` : '';
  return `silently ${verb} ${hexAddress(what.target)}${whose}`;
}

function entryWords(entry: EntryLife): string {
  const domain = `domain ${domainIdNumber(entry.domain)}`;
  const whose = entry.source === null ? '' : ` of ${bdf(entry.source)}`;
  if (entry.cache === 'context') return `the context-cache entry${whose}: ${domain}, table ${hexFrame(entry.target)}`;
  if (entry.cache === 'structure') {
    return `the paging-structure-cache entry ${entry.frame === null ? '' : hexFrame(entry.frame)}, level ${entry.level ?? 0}: `
      + `table ${hexFrame(entry.target)}, ${domain}`;
  }
  const page = entry.frame === null ? '' : ` ${hexFrame(entry.frame)}`;
  return `the IOTLB entry${whose}${page} -> ${hexFrame(entry.target)} `
    + `${entry.rights ?? ''}, ${domain}`;
}

function forWhom({ filledFor, request }: Explanation): string {
  if (filledFor?.what.kind !== 'dma-request') return '';
  const { what, actor } = filledFor;
  return ` for the ${what.kernel} kernel's ${what.access} of ${hex(what.address)}`
    + `${actor === request.actor ? '' : ` by ${actor}`} (#${filledFor.number})`;
}

function flushWords(found: Explanation): readonly string[] {
  const { survivors, flushesBetween, lastFlushBeforeFill, entry } = found;
  const needed = survivors.map((life) => life.cache === 'context' && life.source !== null
    ? `context cache, device ${bdf(life.source)} domain ${domainIdNumber(life.domain)}`
    : `IOTLB, domain ${domainIdNumber(life.domain)}`);
  const lines = [
    `  missing     an invalidation of: ${needed.join('; then ')}`,
    `              after #${entry.filledBy} and before #${found.request.number}`,
  ];
  if (lastFlushBeforeFill?.what.kind === 'invalidate') {
    lines.push(`  last flush  #${lastFlushBeforeFill.number} ${seconds(lastFlushBeforeFill.timeNs)} `
      + `${cacheName(lastFlushBeforeFill)}: too early, the entry was filled after it`);
  }
  for (const flush of flushesBetween.slice(-2)) {
    lines.push(`  not enough  #${flush.number} ${seconds(flush.timeNs)} ${cacheName(flush)}`);
  }
  return lines;
}

function cacheName(flush: Event): string {
  if (flush.what.kind !== 'invalidate') return '';
  return `${flush.what.cache === 'iotlb' ? 'IOTLB' : 'context cache'} ${flush.what.asked}`;
}
