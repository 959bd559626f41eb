/** Where a device's context entry is, and what stands in it. */
import { fail } from '../../base/assert.ts';
import { busOf, devfnOf, offsetBy, type Address, type SourceId } from '../../base/word.ts';
import { load64, store64 } from '../core/bus.ts';
import type { Routine } from '../core/operation.ts';
import { contextEntryBytes, rootEntryFor, rootEntryLctp, type ContextEntry } from './formats.ts';
import { allocTablePage, iommuFlushCache, type Iommu } from './iommu.ts';

/** `iommu_context_addr` with alloc: the place of the entry, with its table made on the way. */
export function* iommuContextAddr(iommu: Iommu, source: SourceId): Routine<Address> {
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

export function* loadContext(place: Address): Routine<ContextEntry> {
  return { low: yield* load64(place), high: yield* load64(offsetBy(place, 8)) };
}
