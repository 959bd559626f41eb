/**
 * The handoff of one device: `domain_context_mapping_one` (drivers/iommu/intel-iommu.c, 4.9-rc5), in
 * the order of its stores and flushes, with the part that the releases differ in named apart.
 */
import { fail } from '../../base/assert.ts';
import {
  bdf, busOf, devfnOf, domainIdOf, offsetBy, zeroWord, type Address, type SourceId,
} from '../../base/word.ts';
import { load64, routine, store64 } from '../core/bus.ts';
import type { Domain } from './dmar-domain.ts';
import { flushContext, flushIotlb, noAddress } from './flush.ts';
import {
  CONTEXT_TT_MULTI_LEVEL, contextCopied, contextDomainId, contextEntryBytes, contextPresent,
  contextSetAddressRoot, contextSetAddressWidth, contextSetDomainId, contextSetFaultEnable,
  contextSetPresent, contextSetTranslationType, rootEntryFor, rootEntryLctp, type ContextEntry,
} from './formats.ts';
import { allocTablePage, iommuFlushCache, iommuFlushWriteBuffer, type Iommu } from './iommu.ts';
import type { IntelIommu } from './intel-iommu.ts';
import type { Routine } from '../core/operation.ts';

/** `iommu_context_addr` with alloc: the place of the entry, with its table made on the way. */
function* iommuContextAddr(iommu: Iommu, source: SourceId): Routine<Address> {
  if (iommu.rootTable === null) fail(`${iommu.name} has a root table by now`);
  const place = offsetBy(iommu.rootTable, 16 * busOf(source));
  let table = rootEntryLctp(yield* load64(place));
  if (table === undefined) {
    table = yield* allocTablePage(iommu);
    yield* store64(place, rootEntryFor(table));
    yield* iommuFlushCache(iommu, place, 8);
  }
  return offsetBy(table, contextEntryBytes * devfnOf(source));
}

function* loadContext(place: Address): Routine<ContextEntry> {
  return { low: yield* load64(place), high: yield* load64(offsetBy(place, 8)) };
}

/** The block that patch v2 adds: flush what may be cached of the old entry, by its own domain-id. */
function* flushCopiedContext(
  driver: IntelIommu, iommu: Iommu, source: SourceId, entry: ContextEntry,
): Routine<void> {
  if (driver.kernel.release.copiedContextFlush === 'none') return;
  const didOld = contextDomainId(entry);
  if (didOld >= iommu.caps.ndoms) return;
  yield* flushContext(iommu, didOld, source, 'device');
  yield* flushIotlb(iommu, didOld, noAddress, 0, 'domain');
}

export function* domainContextMappingOne(
  driver: IntelIommu, domain: Domain, source: SourceId,
): Routine<void> {
  const { iommu } = domain;
  yield* routine('domain_context_mapping_one', bdf(source), function* () {
    const place = yield* iommuContextAddr(iommu, source);
    const old = yield* loadContext(place);
    if (contextPresent(old)) return;
    if (contextCopied(old)) yield* flushCopiedContext(driver, iommu, source, old);

    // context_clear_entry: the low half first, so that P is gone before the rest.
    yield* store64(place, zeroWord);
    yield* store64(offsetBy(place, 8), zeroWord);
    // Domain-id, root, width, in this order; then the type (multi-level is 0) and P, last, in the low
    // half. The setters OR, which is why the entry had to be cleared.
    let high = contextSetDomainId(zeroWord, domainIdOf(domain.did));
    yield* store64(offsetBy(place, 8), high);
    const low = contextSetAddressRoot(zeroWord, domain.pgd);
    yield* store64(place, low);
    high = contextSetAddressWidth(high, iommu.agaw);
    yield* store64(offsetBy(place, 8), high);
    const typed = contextSetFaultEnable(contextSetTranslationType(low, CONTEXT_TT_MULTI_LEVEL));
    yield* store64(place, contextSetPresent(typed));
    yield* iommuFlushCache(iommu, place, contextEntryBytes);

    // Not present to present. A unit in caching mode may hold the old nothing, under domain 0.
    if (iommu.caps.cachingMode) {
      yield* flushContext(iommu, 0, source, 'device');
      yield* flushIotlb(iommu, domain.did, noAddress, 0, 'domain');
    } else {
      yield* iommuFlushWriteBuffer(iommu);
    }
  });
}
