/**
 * The story of a run for people: what happened, by whom and when, without the single stores and loads;
 * then the verdict on every claim, why the first one failed, and how to see it again.
 */
import type { Event } from '../../base/event.ts';
import { dmaRecords, isForeign, type DmaRecord } from '../../analysis/dma.ts';
import type { Run } from '../../analysis/run.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { hex, hexAddress, toBigInt } from '../../base/word.ts';
import { describeEvent, reasonText } from './event-text.ts';
import { fold, type FoldLine } from './fold.ts';
import { printable, seconds, type Colour, type Paint } from '../terminal.ts';

interface StoryLine extends FoldLine {
  readonly actor: string;
  /** May have several lines. */
  readonly text: string;
  readonly event: number;
  readonly colour: Colour | null;
}

/** Routines whose beginning is worth a line. */
const notedRoutines: ReadonlySet<string> = new Set([
  'copy_translation_tables', 'iommu_set_root_entry', 'hpsa_kdump_hard_reset_controller',
  'domain_context_mapping_one', 'flush_unmaps', 'intel_unmap',
]);

export function storyLines(scenario: Scenario, run: Run, paint: Paint): readonly string[] {
  const { events } = run;
  const actorWidth = Math.max(7, ...scenario.devices.map(({ name }) => name.length),
    ...scenario.units.map(({ name }) => name.length));
  const lines = pickLines(events);
  return fold(lines).map((folded) => {
    if (folded.kind === 'again') {
      const what = folded.length === 1 ? 'the same' : `these ${folded.length} lines`;
      const text = `  ... ${what} ${folded.times} more time${folded.times === 1 ? '' : 's'}, `
        + `until ${seconds(folded.last.timeNs)} (#${folded.last.event})`;
      return paint('dim', ' '.repeat(15 + actorWidth + 2) + text.trimStart());
    }
    const { timeNs, actor, text, colour, event } = folded.line;
    const [first = '', ...more] = text.split('\n').map(printable)
      .map((part) => (colour === null ? part : paint(colour, part)));
    const margin = ' '.repeat(15 + actorWidth + 4);
    return [
      `${seconds(timeNs).padStart(14)} ${actor.padEnd(actorWidth)}  ${first} ${paint('dim', `#${event}`)}`,
      ...more.map((part) => margin + part),
    ].join('\n');
  });
}

function pickLines(events: readonly Event[]): readonly StoryLine[] {
  const records = new Map(dmaRecords(events).map((record) => [record.answer, record]));
  const lines: StoryLine[] = [];
  let booting = false;
  let bootLines = 0;
  const add = (event: Event, text: string, colour: Colour | null = null): void => {
    const key = `${event.actor} ${text.replace(/0x[0-9a-f]+|#?\d+|\b[0-9a-f]{6,}\b/g, '*')}`;
    lines.push({ timeNs: event.timeNs, actor: event.actor, text, key, event: event.number, colour });
  };
  for (const event of events) {
    const { what } = event;
    switch (what.kind) {
      case 'kernel-start':
        booting = true;
        bootLines = 0;
        add(event, describeEvent(event), 'bold');
        break;
      case 'log':
        if (booting) bootLines += 1;
        else add(event, `"${what.text}"`);
        break;
      case 'routine-leave':
        if (what.routine === 'init_dmars') {
          booting = false;
          add(event, `init_dmars is done (${bootLines} lines of boot log; --format dmesg shows them)`);
        }
        break;
      case 'routine-enter':
        if (notedRoutines.has(what.routine)) add(event, `${what.routine} ${what.detail}`, 'cyan');
        break;
      case 'dma-translated':
      case 'dma-blocked': {
        const record = records.get(event.number);
        if (record !== undefined) add(event, dmaText(record, events), dmaColour(record));
        break;
      }
      case 'panic':
        add(event, describeEvent(event), 'bold');
        break;
      case 'command':
      case 'invalidate':
      case 'context-fill':
      case 'iotlb-fill':
      case 'evict':
      case 'queue-error':
      case 'fault-lost':
      case 'unmodelled':
      case 'device-reset':
      case 'device-stop':
      case 'device-command':
      case 'device-reply':
      case 'kernel-end':
        add(event, describeEvent(event));
        break;
      default:
        break;
    }
  }
  return lines;
}

function dmaColour(record: DmaRecord): Colour | null {
  if (record.reason !== null) return 'red';
  return record.freshness.kind === 'stale' || isForeign(record) ? 'yellow' : null;
}

function dmaText(record: DmaRecord, events: readonly Event[]): string {
  const head = `${record.access}s ${pieceLength(record, events)} bytes at ${hex(record.address)} `
    + `for ${record.kernel} (${record.purpose})`;
  const answer = events[record.answer]?.what;
  const landed = isForeign(record) ? `\nin the ${record.owner} kernel's memory` : '';
  if (answer?.kind === 'dma-translated') {
    return `${head}: ${answer.via} -> ${hexAddress(answer.target)}${landed}${staleText(record)}`;
  }
  const why = record.reason === null ? 'no fault' : reasonText(record.reason);
  return `${head}\nBLOCKED, ${why}${staleText(record)}`;
}

/** How much of the request lies in this page. */
function pieceLength(record: DmaRecord, events: readonly Event[]): number {
  const request = events[record.request]?.what;
  if (request?.kind !== 'dma-request') return 0;
  const first = toBigInt(record.address);
  const end = toBigInt(request.address) + BigInt(request.length);
  const endOfPage = (first / 4096n + 1n) * 4096n;
  return Number((end < endOfPage ? end : endOfPage) - first);
}

function staleText({ freshness }: DmaRecord): string {
  return freshness.kind === 'fresh' ? '' : `\nSTALE (#${freshness.filledBy}): ${freshness.memory}`;
}
