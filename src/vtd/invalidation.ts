/**
 * Which entries each invalidation removes (specification 6.5.1, 6.5.2): the same rules whether the
 * command came by a register or by the queue.
 */
import { unreachable } from '../base/assert.ts';
import {
  alignedFrame, bdf, blocksOverlap, domainIdNumber, equalUnder, frameAt, frameNumber, hexFrame, powerOfTwo,
  sourceIdNumber, type DomainId, type Frame, type SourceId,
} from '../base/word.ts';
import { nameContext, type CachedContext } from './context-cache.ts';
import type { Capability } from './capability.ts';
import type { UnitCore } from './core.ts';
import { PagingStructureCache, type CachedStructure } from './paging-structure-cache.ts';
import { byAddress, nameTranslation, type CachedTranslation } from './iotlb.ts';

export type ContextInvalidation =
  | { readonly granularity: 'global' }
  | { readonly granularity: 'domain'; readonly domain: DomainId }
  | { readonly granularity: 'device'; readonly domain: DomainId; readonly source: SourceId;
      /** FM: 1 ignores function bit 2, 2 bits 2:1, 3 bits 2:0. */
      readonly functionMask: number };

export type IotlbInvalidation =
  | { readonly granularity: 'global' }
  | { readonly granularity: 'domain'; readonly domain: DomainId }
  | { readonly granularity: 'page'; readonly domain: DomainId; readonly frame: Frame;
      /** AM: the range is the naturally aligned 2^order pages around `frame`. */
      readonly order: number;
      /** IH: no entry that leads to a table has changed. */
      readonly leafOnly: boolean };

const sourceMask = [0xffff, 0xfffb, 0xfff9, 0xfff8] as const;

/** Whether `left` and `right` are the same id to a unit that implements `bits` of it. */
export function sameDomain(core: UnitCore, left: DomainId, right: DomainId): boolean {
  const ids = powerOfTwo(core.capability.domainIdBits);
  return domainIdNumber(left) % ids === domainIdNumber(right) % ids;
}

/** Whether an IOTLB invalidation with these flags waits for requests in flight; since version 2 each does. */
export function drainAsked(capability: Capability, writes: boolean, reads: boolean): boolean {
  return (writes && capability.writeDrain) || (reads && capability.readDrain)
    || capability.majorVersion >= 2;
}

/** Whether a device-selective command names `source`, under its function mask. */
export function selectsSource(
  command: Extract<ContextInvalidation, { granularity: 'device' }>, source: SourceId,
): boolean {
  const mask = sourceMask[command.functionMask] ?? 0xffff;
  return equalUnder(mask, sourceIdNumber(command.source), sourceIdNumber(source));
}

function selectsContext(core: UnitCore, command: ContextInvalidation, entry: CachedContext): boolean {
  switch (command.granularity) {
    case 'global':
      return true;
    case 'domain':
      return sameDomain(core, command.domain, entry.fields.domain)
        || core.choices['domain-selective-context'] === 'global';
    case 'device': {
      const source = selectsSource(command, entry.source);
      const domain = sameDomain(core, command.domain, entry.fields.domain);
      if (source === domain) return source;
      const rule = core.choices['device-selective-context'];
      switch (rule) {
        case 'by-source-and-domain': return source && domain;
        case 'by-domain': return domain;
        case 'by-source': return source;
        default: return unreachable(rule);
      }
    }
    default:
      return unreachable(command);
  }
}

/** Address bits above MGAW are ignored in invalidations. */
function implementedFrame(core: UnitCore, frame: Frame): Frame {
  return frameAt(frameNumber(frame) % powerOfTwo(core.capability.addressBits - 12));
}

/** The comparison of a unit that looks at eight bits of the page number, or at the address itself. */
function sameLowBits(
  command: Extract<IotlbInvalidation, { granularity: 'page' }>, entry: CachedTranslation,
): boolean {
  const size = Math.min(powerOfTwo(command.order), 256);
  const block = (frame: Frame): number => Math.floor((frameNumber(frame) % 256) / size);
  return block(command.frame) === block(entry.frame)
    || alignedFrame(command.frame, entry.order) === entry.frame;
}

function selectsTranslation(
  core: UnitCore, command: IotlbInvalidation, entry: CachedTranslation,
): boolean {
  switch (command.granularity) {
    case 'global':
      return true;
    case 'domain':
      return sameDomain(core, command.domain, entry.domain);
    case 'page':
      if (!sameDomain(core, command.domain, entry.domain)) return false;
      if (core.choices['page-selective-invalidation'] === 'low-eight-bits') {
        return sameLowBits(command, entry);
      }
      return blocksOverlap(implementedFrame(core, command.frame), command.order, entry.frame, entry.order)
        && (command.order >= entry.order
          || core.choices['partial-superpage-invalidation'] === 'removes');
    default:
      return unreachable(command);
  }
}

/** Entries that lead to tables go unless the command says that only leaves changed (IH). */
function selectsStructure(
  core: UnitCore, command: IotlbInvalidation, entry: CachedStructure,
): boolean {
  switch (command.granularity) {
    case 'global':
      return true;
    case 'domain':
      return sameDomain(core, command.domain, entry.domain);
    case 'page':
      return !command.leafOnly && sameDomain(core, command.domain, entry.domain)
        && PagingStructureCache.overlaps(entry, implementedFrame(core, command.frame), command.order);
    default:
      return unreachable(command);
  }
}

export function describeContextInvalidation(command: ContextInvalidation): string {
  switch (command.granularity) {
    case 'global': return 'global';
    case 'domain': return `domain ${domainIdNumber(command.domain)}`;
    case 'device': {
      const mask = command.functionMask === 0 ? '' : ` function mask ${command.functionMask}`;
      return `device ${bdf(command.source)} domain ${domainIdNumber(command.domain)}${mask}`;
    }
    default: return unreachable(command);
  }
}

export function describeIotlbInvalidation(command: IotlbInvalidation): string {
  switch (command.granularity) {
    case 'global': return 'global';
    case 'domain': return `domain ${domainIdNumber(command.domain)}`;
    case 'page': return `domain ${domainIdNumber(command.domain)} page ${hexFrame(command.frame)} `
      + `mask ${command.order}`;
    default: return unreachable(command);
  }
}

/** What the unit did with a device-selective command, for CAIG and for the trace. */
export function contextGranularityDone(
  core: UnitCore, command: ContextInvalidation,
): ContextInvalidation['granularity'] {
  if (command.granularity === 'domain' && core.choices['domain-selective-context'] === 'global') {
    return 'global';
  }
  if (command.granularity === 'device' && core.choices['device-selective-context'] === 'by-domain') {
    return 'domain';
  }
  return command.granularity;
}

export function invalidateContextCache(
  core: UnitCore, command: ContextInvalidation, cause: number,
): void {
  core.flushWriteBufferFirst();
  const gone = core.contextCache.entries().filter((entry) => selectsContext(core, command, entry));
  if (core.trace.recording) {
    core.emit(cause, {
      kind: 'invalidate', cache: 'context', asked: describeContextInvalidation(command),
      did: contextGranularityDone(core, command), removed: gone.map(nameContext),
    });
  }
  for (const entry of gone) core.contextCache.delete(entry);
}

function translationsGone(core: UnitCore, command: IotlbInvalidation): readonly CachedTranslation[] {
  const selects = (entry: CachedTranslation): boolean => selectsTranslation(core, command, entry);
  // Which entries are looked at, and which choices are asked for, is of interest only to who observes.
  return core.isObserved || command.granularity !== 'page'
    || core.choices['page-selective-invalidation'] === 'low-eight-bits' ? core.iotlb.select(selects)
    : core.iotlb.around(implementedFrame(core, command.frame), command.order).filter(selects);
}

export function invalidateIotlb(core: UnitCore, command: IotlbInvalidation, cause: number): void {
  core.flushWriteBufferFirst();
  const structures = core.structures.size === 0 ? []
    : core.structures.remove((entry) => selectsStructure(core, command, entry));
  if (command.granularity === 'global' && !core.trace.recording) return core.iotlb.clear();
  const gone = translationsGone(core, command);
  if (core.trace.recording) {
    core.emit(cause, {
      kind: 'invalidate', cache: 'iotlb', asked: describeIotlbInvalidation(command),
      did: command.granularity, removed: [
        ...[...gone].sort(byAddress).map(nameTranslation),
        ...structures.map(({ domain, frame, filledBy }) => ({ source: null, frame, domain, filledBy })),
      ],
    });
  }
  for (const entry of gone) core.iotlb.delete(entry);
}

/** Empties both caches, where the unit does so by itself (SRTP, TE). */
export function emptyCaches(core: UnitCore, cause: number): void {
  invalidateContextCache(core, { granularity: 'global' }, cause);
  invalidateIotlb(core, { granularity: 'global' }, cause);
}
