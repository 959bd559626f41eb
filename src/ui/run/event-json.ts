/**
 * Events as JSON: number, time, actor, kind and cause, then the fields of the kind. Addresses and words
 * are hexadecimal strings, source-ids are written as the kernel does.
 */
import { unreachable } from '../../base/assert.ts';
import type { CacheEntryName, Event, Freshness, Happening } from '../../base/event.ts';
import { bdf, domainIdNumber, hex, hexAddress, hexFrame, wideHex, type Frame, type SourceId, type DomainId } from '../../base/word.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export function eventJson(event: Event): Json {
  const { number, timeNs, actor, cause, what } = event;
  return { event: number, timeNs, actor, kind: what.kind, cause: cause < 0 ? null : cause, ...fields(what) };
}

type Fields = { readonly [key: string]: Json };

function freshness(value: Freshness): Fields {
  return value.kind === 'fresh' ? { freshness: 'fresh' }
    : { freshness: 'stale', memory: value.memory, filledBy: value.filledBy };
}

function entry(name: CacheEntryName): Fields {
  return {
    source: name.source === null ? null : bdf(name.source),
    page: name.frame === null ? null : hexFrame(name.frame),
    domain: name.domain === null ? null : domainIdNumber(name.domain),
    filledBy: name.filledBy,
  };
}

function tags(what: { readonly source: SourceId; readonly domain: DomainId }): Fields {
  return { source: bdf(what.source), domain: domainIdNumber(what.domain) };
}

function page(what: { readonly frame: Frame; readonly target: Frame; readonly rights: string }): Fields {
  return { page: hexFrame(what.frame), target: hexFrame(what.target), rights: what.rights };
}

function fields(what: Happening): Fields {
  switch (what.kind) {
    case 'kernel-start': return { release: what.release, commandLine: what.commandLine };
    case 'panic':
    case 'kernel-end':
    case 'drained':
      return {};
    case 'routine-enter': return { routine: what.routine, detail: what.detail };
    case 'routine-leave': return { routine: what.routine };
    case 'store':
    case 'load':
      return { address: hexAddress(what.address), bytes: what.bytes, value: hex(what.value) };
    case 'copy': return { from: hexAddress(what.from), to: hexAddress(what.to), length: what.length };
    case 'fill': return { address: hexAddress(what.address), count: what.count, first: wideHex(what.first) };
    case 'clear':
    case 'write-back':
      return { address: hexAddress(what.address), length: what.length };
    case 'register-read':
    case 'register-write':
      return {
        target: what.target, register: what.register, offset: hex(what.offset), bytes: what.bytes,
        value: hex(what.value),
      };
    case 'wait': return { what: what.what };
    case 'wait-end': return { met: what.met };
    case 'sleep': return { durationNs: what.durationNs };
    case 'interrupt': return { vector: what.vector };
    case 'log': return { text: what.text };
    case 'command': return { command: what.command };
    case 'descriptor':
      return { index: what.index, text: what.text, low: wideHex(what.low), high: wideHex(what.high) };
    case 'queue-error': return { index: what.index, reason: what.reason };
    case 'invalidate':
      return { cache: what.cache, asked: what.asked, did: what.did, removed: what.removed.map(entry) };
    case 'context-hit': return { ...tags(what), filledBy: what.filledBy };
    case 'context-fill': return { ...tags(what), table: hexFrame(what.table) };
    case 'iotlb-hit': return { ...tags(what), ...page(what), filledBy: what.filledBy };
    case 'iotlb-fill': return { ...tags(what), ...page(what), pages: 2 ** what.order };
    case 'structure-hit':
      return {
        domain: domainIdNumber(what.domain), page: hexFrame(what.frame), level: what.level,
        table: hexFrame(what.table), filledBy: what.filledBy,
      };
    case 'structure-fill':
      return {
        domain: domainIdNumber(what.domain), page: hexFrame(what.frame), level: what.level,
        table: hexFrame(what.table), rights: what.rights,
      };
    case 'evict': return { cache: what.cache, entry: entry(what.entry) };
    case 'walk-read':
      return {
        structure: what.structure, address: hexAddress(what.address), low: wideHex(what.low),
        high: what.high === null ? null : wideHex(what.high),
      };
    case 'fault':
      return {
        reason: what.reason, source: bdf(what.source), access: what.access, page: hexFrame(what.frame),
        ...freshness(what.freshness),
      };
    case 'fault-record': return { index: what.index, reason: what.reason };
    case 'fault-lost': return { reason: what.reason, why: what.why };
    case 'message':
      return { purpose: what.purpose, address: hex(what.address), data: hex(what.data) };
    case 'unmodelled': return { register: what.register, access: what.access };
    case 'dma-request':
      return {
        source: bdf(what.source), access: what.access, address: hex(what.address), length: what.length,
        kernel: what.kernel, purpose: what.purpose,
      };
    case 'dma-translated':
      return {
        address: hex(what.address), target: hexAddress(what.target), via: what.via,
        ...freshness(what.freshness),
      };
    case 'dma-blocked':
      return { address: hex(what.address), reason: what.reason, ...freshness(what.freshness) };
    case 'dma-data':
      return {
        access: what.access, target: hexAddress(what.target), length: what.length, kernel: what.kernel,
        owner: what.owner, answered: what.answered,
      };
    case 'device-reset': return { behaviour: what.behaviour };
    case 'device-stop': return { why: what.why };
    case 'device-command':
    case 'device-reply':
      return { text: what.text };
    default:
      return unreachable(what);
  }
}
