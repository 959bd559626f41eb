/** One line of prose for each kind of event. */
import { unreachable } from '../../base/assert.ts';
import type { CacheEntryName, Event, Freshness, Happening } from '../../base/event.ts';
import {
  bareHex, bdf, domainIdNumber, hex, hexAddress, hexFrame, wideHex,
} from '../../base/word.ts';
import { reasonOf } from '../../vtd/fault-reasons.ts';
import { duration, printable } from '../terminal.ts';

export function describeEvent(event: Event): string {
  return printable(describe(event.what));
}

export function reasonText(code: number): string {
  const known = reasonOf(code);
  return `reason ${code.toString(16).padStart(2, '0')}${known === undefined ? '' : ` (${known.meaning})`}`;
}

export function entryText(entry: CacheEntryName): string {
  const source = entry.source === null ? '' : `${bdf(entry.source)} `;
  const frame = entry.frame === null ? '' : `${hexFrame(entry.frame)} `;
  const domain = entry.domain === null ? '' : `domain ${domainIdNumber(entry.domain)} `;
  return `${source}${frame}${domain}(#${entry.filledBy})`;
}

/** One or two by name; a global flush may remove hundreds. */
function entriesText(entries: readonly CacheEntryName[]): string {
  if (entries.length <= 2) return entries.map(entryText).join(', ');
  const fills = entries.map(({ filledBy }) => filledBy);
  return `${entries.length} entries (#${Math.min(...fills)} to #${Math.max(...fills)})`;
}

function freshnessText(freshness: Freshness): string {
  return freshness.kind === 'fresh' ? '' : `; STALE (#${freshness.filledBy}): ${freshness.memory}`;
}

function describe(what: Happening): string {
  switch (what.kind) {
    case 'kernel-start':
      return `${what.release} starts, command line "${what.commandLine}"`;
    case 'panic': return what.orderly ? 'shuts down for the next kernel' : 'panics';
    case 'kernel-end': return 'is done';
    case 'routine-enter': return `${what.routine}${what.detail === '' ? '' : ` ${what.detail}`} {`;
    case 'routine-leave': return `} ${what.routine}`;
    case 'store':
      return `store${what.bytes * 8} ${hexAddress(what.address)} = `
        + `${what.bytes === 8 ? wideHex(what.value) : hex(what.value)}`;
    case 'load':
      return `load${what.bytes * 8} ${hexAddress(what.address)} is `
        + `${what.bytes === 8 ? wideHex(what.value) : hex(what.value)}`;
    case 'clear': return `clear ${hexAddress(what.address)} +${hex(what.length)}`;
    case 'copy': return `copy ${hexAddress(what.from)} +${hex(what.length)} to ${hexAddress(what.to)}`;
    case 'fill': return `fill ${hexAddress(what.address)} with ${what.count} entries from ${wideHex(what.first)} on`;
    case 'write-back': return `write back ${hexAddress(what.address)} +${hex(what.length)}`;
    case 'register-read':
      return `read ${what.target} ${what.register} (${hex(what.offset)}) is ${hex(what.value)}`;
    case 'register-write':
      return `write ${what.target} ${what.register} (${hex(what.offset)}) = ${hex(what.value)}`;
    case 'wait': return `wait for ${what.what}`;
    case 'wait-end': return what.met ? 'what it waited for is there' : 'the wait timed out';
    case 'sleep': return `sleep ${duration(what.durationNs)}`;
    case 'interrupt': return `interrupt, vector ${hex(what.vector)}`;
    case 'log': return what.text;
    default: return describeUnit(what);
  }
}

type NotSoftware = Exclude<Happening, { kind:
  'kernel-start' | 'panic' | 'kernel-end' | 'routine-enter' | 'routine-leave' | 'store' | 'load' | 'clear'
  | 'copy' | 'fill' | 'write-back' | 'register-read' | 'register-write' | 'wait' | 'wait-end' | 'sleep' | 'interrupt' | 'log' }>;

function describeUnit(what: NotSoftware): string {
  switch (what.kind) {
    case 'command': return what.command;
    case 'descriptor': return `queue entry ${what.index}: ${what.text}`;
    case 'queue-error': return `queue entry ${what.index} refused: ${what.reason}`;
    case 'invalidate': {
      const coarser = what.asked.startsWith(what.did) ? '' : `, done by ${what.did}`;
      const removed = what.removed.length === 0 ? 'removes nothing'
        : `removes ${entriesText(what.removed)}`;
      return `invalidate ${cacheText(what.cache)}, ${what.asked}${coarser}: ${removed}`;
    }
    case 'drained': return 'earlier DMA has drained';
    case 'context-hit':
      return `context cache answers for ${bdf(what.source)}: domain ${domainIdNumber(what.domain)} `
        + `(#${what.filledBy})`;
    case 'context-fill':
      return `context cache takes ${bdf(what.source)}: domain ${domainIdNumber(what.domain)}, `
        + `table ${hexFrame(what.table)}`;
    case 'iotlb-hit':
      return `IOTLB answers ${bdf(what.source)} ${hexFrame(what.frame)} -> ${hexFrame(what.target)} `
        + `${what.rights}, domain ${domainIdNumber(what.domain)} (#${what.filledBy})`;
    case 'iotlb-fill':
      return `IOTLB takes ${bdf(what.source)} ${hexFrame(what.frame)} -> ${hexFrame(what.target)} `
        + `${what.rights}, domain ${domainIdNumber(what.domain)}${pageSize(what.order)}`;
    case 'structure-hit':
      return `paging-structure cache answers for ${hexFrame(what.frame)}, level ${what.level}: `
        + `table ${hexFrame(what.table)}, domain ${domainIdNumber(what.domain)} (#${what.filledBy})`;
    case 'structure-fill':
      return `paging-structure cache takes ${hexFrame(what.frame)}, level ${what.level}: `
        + `table ${hexFrame(what.table)} ${what.rights}, domain ${domainIdNumber(what.domain)}`;
    case 'evict': return `${cacheText(what.cache)} drops ${entryText(what.entry)}`;
    case 'walk-read':
      return `walk: ${what.structure} at ${hexAddress(what.address)} is `
        + `${what.high === null ? '' : `${wideHex(what.high)}:`}${wideHex(what.low)}`;
    case 'fault':
      return `fault: ${what.access} of ${hexFrame(what.frame)} by ${bdf(what.source)}, `
        + `${reasonText(what.reason)}${freshnessText(what.freshness)}`;
    case 'fault-record':
      return `fault record ${what.index}: reason ${what.reason.toString(16).padStart(2, '0')}`;
    case 'fault-lost': return `fault not recorded: ${what.why}`;
    case 'message': return `message (${what.purpose}) ${hex(what.address)} = ${hex(what.data)}`;
    case 'unmodelled': return `${what.access} of ${what.register}, which is not modelled`;
    default: return describeDevice(what);
  }
}

type Device = Exclude<NotSoftware, { kind:
  'command' | 'descriptor' | 'queue-error' | 'invalidate' | 'drained' | 'context-hit' | 'context-fill'
  | 'iotlb-hit' | 'iotlb-fill' | 'structure-hit' | 'structure-fill' | 'evict' | 'walk-read' | 'fault' | 'fault-record' | 'fault-lost' | 'message'
  | 'unmodelled' }>;

function describeDevice(what: Device): string {
  switch (what.kind) {
    case 'dma-request':
      return `DMA ${what.access} of ${what.length} bytes at ${hex(what.address)} `
        + `(${what.purpose}, for the ${what.kernel} kernel)`;
    case 'dma-translated':
      return `${hex(what.address)} -> ${hexAddress(what.target)} by ${what.via}`
        + freshnessText(what.freshness);
    case 'dma-blocked':
      return `${hex(what.address)} blocked${what.reason === null ? '' : `, ${reasonText(what.reason)}`}`
        + freshnessText(what.freshness);
    case 'dma-data': {
      const whose = what.owner === 'nobody' ? "nobody's" : `the ${what.owner} kernel's`;
      return `${what.access} ${what.length} bytes at ${hexAddress(what.target)}, ${whose} memory`
        + (what.owner !== 'nobody' && what.owner !== what.kernel ? `, for the ${what.kernel} kernel` : '')
        + (what.answered ? '' : ': nothing answers there');
    }
    case 'device-reset': return `is reset by its driver, ${resetText(what.behaviour)}`;
    case 'device-stop': return `outstanding DMA ends by ${what.why}`;
    case 'device-command': return what.text;
    case 'device-reply': return `replies, ${what.text}`;
    default: return unreachable(what);
  }
}

function cacheText(cache: CacheName): string {
  return cache === 'iotlb' ? 'IOTLB' : `${cache} cache`;
}

type CacheName = 'context' | 'iotlb' | 'interrupt-entry';

function pageSize(order: number): string {
  return order === 0 ? '' : order === 9 ? ', 2 MiB' : ', 1 GiB';
}

function resetText(behaviour: string): string {
  switch (behaviour) {
    case 'stops': return 'which ends its DMA';
    case 'late': return 'which ends its DMA late';
    default: return 'which does not end its DMA';
  }
}

/** Hexadecimal without prefix, for tables in columns. */
export function column(value: Parameters<typeof bareHex>[0], digits: number): string {
  return bareHex(value).padStart(digits, '0');
}
