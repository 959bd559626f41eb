/**
 * The handoff of one device: `domain_context_mapping_one` (drivers/iommu/intel-iommu.c, 3.9 to 5.7, and
 * drivers/iommu/intel/iommu.c after it). Its steps are the release's, in the release's order.
 */
import { unreachable } from '../../base/assert.ts';
import {
  bdf, domainIdOf, offsetBy, zeroWord, type Address, type SourceId, type Word64,
} from '../../base/word.ts';
import { printk, routine, store64 } from '../core/bus.ts';
import { iommuContextAddr, loadContext } from './context-entry.ts';
import type { Domain } from './dmar-domain.ts';
import { flushContext, flushIotlb, noAddress } from './flush.ts';
import {
  CONTEXT_TT_MULTI_LEVEL, CONTEXT_TT_PASS_THROUGH, contextClearPresent, contextCopied, contextDomainId,
  contextEntryBytes, contextEntryValid, contextSetAddressRoot, contextSetAddressWidth, contextSetDomainId,
  contextSetFaultEnable, contextSetPresent, contextSetTranslationType, type ContextEntry,
} from './formats.ts';
import { iommuFlushCache, iommuFlushWriteBuffer, type Iommu } from './iommu.ts';
import type { IntelIommu } from './intel-iommu.ts';
import type { PciDevice } from '../core/firmware.ts';
import type { Routine } from '../core/operation.ts';
import type { HandoffStep } from '../releases/release.ts';

/** A handoff under way: the entry as the driver knows it so far, and whose id it had before. */
interface Mapping {
  readonly domain: Domain;
  readonly source: SourceId;
  readonly place: Address;
  readonly didOld: number;
  entry: ContextEntry;
}

const emptyEntry: ContextEntry = { low: zeroWord, high: zeroWord };

function* storeLow(mapping: Mapping, low: Word64): Routine<void> {
  mapping.entry = { low, high: mapping.entry.high };
  yield* store64(mapping.place, low);
}

function* storeHigh(mapping: Mapping, high: Word64): Routine<void> {
  mapping.entry = { low: mapping.entry.low, high };
  yield* store64(offsetBy(mapping.place, 8), high);
}

/** The setters in the kernel's order; they OR, so that an entry that was not cleared becomes a mix. */
function* writeFields(mapping: Mapping): Routine<void> {
  const { domain } = mapping;
  yield* storeHigh(mapping, contextSetDomainId(mapping.entry.high, domainIdOf(domain.did)));
  // Pass-through has no table, and the widest address that the unit knows.
  if (domain.translation === 'multi-level') {
    yield* storeLow(mapping, contextSetAddressRoot(mapping.entry.low, domain.pgd));
  }
  yield* storeHigh(mapping, contextSetAddressWidth(mapping.entry.high, widthOf(domain)));
}

function widthOf({ iommu, translation }: Domain): number {
  return translation === 'multi-level' ? iommu.agaw : iommu.msagaw;
}

function typed(low: Word64, { translation }: Domain): Word64 {
  return contextSetFaultEnable(contextSetTranslationType(low,
    translation === 'multi-level' ? CONTEXT_TT_MULTI_LEVEL : CONTEXT_TT_PASS_THROUGH));
}

/** Type and fault enable reach memory together with P. */
function* setPresent(mapping: Mapping): Routine<void> {
  yield* storeLow(mapping, contextSetPresent(typed(mapping.entry.low, mapping.domain)));
}

function* carryOut(mapping: Mapping, step: HandoffStep): Routine<void> {
  const { domain, source, place, didOld } = mapping;
  const { iommu } = domain;
  const knowsOld = didOld < iommu.caps.ndoms;
  switch (step) {
    case 'flush-context-old':
      if (knowsOld) yield* flushContext(iommu, didOld, source, 'device');
      return;
    case 'flush-iotlb-old':
      if (knowsOld) yield* flushIotlb(iommu, didOld, noAddress, 0, 'domain');
      return;
    case 'flush-context-new': return yield* flushContext(iommu, domain.did, source, 'device');
    case 'flush-iotlb-new': return yield* flushIotlb(iommu, domain.did, noAddress, 0, 'domain');
    case 'flush-context-zero': return yield* flushContext(iommu, 0, source, 'device');
    case 'clear-entry':
      // The low half first, so that P is gone before the rest.
      yield* storeLow(mapping, zeroWord);
      return yield* storeHigh(mapping, zeroWord);
    case 'clear-present': return yield* storeLow(mapping, contextClearPresent(mapping.entry.low));
    case 'write-fields': return yield* writeFields(mapping);
    case 'set-present': return yield* setPresent(mapping);
    case 'overwrite-entry': {
      const high = contextSetDomainId(zeroWord, domainIdOf(domain.did));
      yield* storeHigh(mapping, contextSetAddressWidth(high, widthOf(domain)));
      const low = domain.translation === 'multi-level' ? contextSetAddressRoot(zeroWord, domain.pgd) : zeroWord;
      return yield* storeLow(mapping, contextSetPresent(typed(low, domain)));
    }
    case 'write-back': return yield* iommuFlushCache(iommu, place, contextEntryBytes);
    case 'context-present-cache-flush':
      // Not present to present. A unit in caching mode may hold the old nothing, under domain 0.
      if (!iommu.caps.cachingMode) return yield* iommuFlushWriteBuffer(iommu);
      yield* flushContext(iommu, 0, source, 'device');
      return yield* flushIotlb(iommu, domain.did, noAddress, 0, 'domain');
    default: return unreachable(step);
  }
}

/** `domain_context_mapping`: an entry for each alias, one after the other; in between they differ. */
export function* domainContextMapping(driver: IntelIommu, domain: Domain, device: PciDevice): Routine<void> {
  for (const alias of device.aliases) yield* domainContextMappingOne(driver, domain, alias);
}

export function* domainContextMappingOne(
  driver: IntelIommu, domain: Domain, source: SourceId,
): Routine<void> {
  const { iommu } = domain;
  const { release } = driver.kernel;
  yield* routine('domain_context_mapping_one', bdf(source), function* () {
    // From 6.12 on pass-through has a routine of its own, which says nothing.
    const isSilent = domain.translation === 'pass-through' && release.identityId === 'fixed';
    if (driver.options.debug && !isSilent) yield* printk(`DMAR: Set context mapping for ${bdf(source)}`);
    const place = yield* iommuContextAddr(iommu, source);
    const old = yield* loadContext(place);
    const copied = isCopied(driver, iommu, source, old);
    if (contextEntryValid(old) && !copied) return;
    const mapping: Mapping = {
      domain, source, place, didOld: contextDomainId(old), entry: copied ? old : emptyEntry,
    };
    for (const step of copied ? release.handoff : release.firstEntry) yield* carryOut(mapping, step);
    iommu.copiedTables.delete(source);
  });
}

/** `context_copied`: by the mark of the release. */
function isCopied(driver: IntelIommu, iommu: Iommu, source: SourceId, entry: ContextEntry): boolean {
  switch (driver.kernel.release.copiedMark) {
    case 'none': return false;
    case 'entry-bit-67': return contextCopied(entry);
    case 'bitmap': return iommu.copiedTables.has(source);
  }
}
