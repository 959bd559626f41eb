/**
 * `copy_translation_tables` (drivers/iommu/intel-iommu.c, 4.2; drivers/iommu/intel/iommu.c, to 7.0): the capture
 * kernel takes over root and context tables. The page tables stay where the crashed kernel left them.
 */
import { fail } from '../../base/assert.ts';
import {
  addressOf, isSet, offsetBy, sourceIdOf, zeroWord, type Address,
} from '../../base/word.ts';
import { load64, readq, routine, store64 } from '../core/bus.ts';
import {
  DMAR, DMA_RTADDR_RTT, contextDomainId, contextEntryBytes, contextEntryValid, contextSetCopied,
  pageAddress, rootEntryFor, rootEntryLctp,
} from './formats.ts';
import { allocTablePage, iommuFlushCache, registerAt, type Iommu } from './iommu.ts';
import type { Routine } from '../core/operation.ts';
import type { Release } from '../releases/release.ts';

const busCount = 256;
const functionCount = 256;

/** Returns false where the tables cannot be taken over; the caller then turns translation off. */
export function* copyTranslationTables(iommu: Iommu, release: Release): Routine<boolean> {
  return yield* routine('copy_translation_tables', iommu.name, function* () {
    const { rootTable } = iommu;
    if (rootTable === null) fail(`${iommu.name} has a root table of its own by now`);
    const address = yield* readq(registerAt(iommu, DMAR.RTADDR));
    // The type of the table cannot be changed while translation is on.
    if (isSet(DMA_RTADDR_RTT, address)) return false;
    const old = pageAddress(address);
    if (old === addressOf(0)) return false;
    const copies: (Address | undefined)[] = [];
    for (let bus = 0; bus < busCount; bus += 1) copies.push(yield* copyContextTable(iommu, release, old, bus));
    for (const [bus, table] of copies.entries()) {
      if (table !== undefined) yield* store64(offsetBy(rootTable, 16 * bus), rootEntryFor(table));
    }
    yield* iommuFlushCache(iommu, rootTable, 4096);
    return true;
  });
}

/** `copy_context_table` of one bus: the copy, or undefined where the old kernel had none. */
function* copyContextTable(
  iommu: Iommu, release: Release, oldRoot: Address, bus: number,
): Routine<Address | undefined> {
  const old = rootEntryLctp(yield* load64(offsetBy(oldRoot, 16 * bus)));
  if (old === undefined) return undefined;
  return yield* routine('copy_context_table', `bus ${bus.toString(16).padStart(2, '0')}`, function* () {
    const table = yield* allocTablePage(iommu);
    for (let devfn = 0; devfn < functionCount; devfn += 1) {
      const place = offsetBy(old, contextEntryBytes * devfn);
      const low = yield* load64(place);
      if (!contextEntryValid({ low, high: zeroWord })) continue;
      const entry = { low, high: yield* load64(offsetBy(place, 8)) };
      const did = contextDomainId(entry);
      if (release.reservesCopiedIds && did < iommu.caps.ndoms) iommu.domainIds.add(did);
      if (release.copiedMark === 'bitmap') iommu.copiedTables.add(sourceIdOf(bus * functionCount + devfn));
      const copy = release.copiedMark === 'entry-bit-67' ? contextSetCopied(entry) : entry;
      yield* store64(offsetBy(table, contextEntryBytes * devfn), copy.low);
      yield* store64(offsetBy(table, contextEntryBytes * devfn + 8), copy.high);
    }
    yield* iommuFlushCache(iommu, table, 4096);
    return table;
  });
}
