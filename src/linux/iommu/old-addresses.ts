/**
 * What the crashed kernel has mapped for a device, kept out of the capture kernel's addresses: the third idea of
 * "Crashdump Accepting Active IOMMU" (Bill Sumner, November 2013 to April 2014), which was never merged.
 */
import { busOf, devfnOf, offsetBy, powerOfTwo, type Address } from '../../base/word.ts';
import { load64, routine } from '../core/bus.ts';
import type { PciDevice } from '../core/firmware.ts';
import type { Routine } from '../core/operation.ts';
import { loadContext } from './context-entry.ts';
import type { Domain } from './dmar-domain.ts';
import {
  contextAddressRoot, contextAddressWidth, contextEntryBytes, contextEntryValid, dmaPteAddr, dmaPtePresent,
  dmaPteSuperpage, rootEntryLctp,
} from './formats.ts';

const entriesOfTable = 512;

/** Walks the table of the device's copied entry, and reserves every range that it maps. */
export function* reserveOldAddresses(domain: Domain, device: PciDevice): Routine<void> {
  const { rootTable } = domain.iommu;
  if (rootTable === null) return;
  yield* routine('reserve_old_addresses', device.name, function* () {
    const contextTable = rootEntryLctp(yield* load64(offsetBy(rootTable, 16 * busOf(device.source))));
    if (contextTable === undefined) return;
    const entry = yield* loadContext(offsetBy(contextTable, contextEntryBytes * devfnOf(device.source)));
    if (!contextEntryValid(entry)) return;
    yield* reserveTable(domain, contextAddressRoot(entry.low), contextAddressWidth(entry) + 2, 0);
  });
}

/** `first`: the number of the first frame that the table maps. */
function* reserveTable(domain: Domain, table: Address, level: number, first: number): Routine<void> {
  const frames = powerOfTwo(9 * (level - 1));
  for (let index = 0; index < entriesOfTable; index += 1) {
    const entry = yield* load64(offsetBy(table, 8 * index));
    if (!dmaPtePresent(entry)) continue;
    const low = first + index * frames;
    if (level === 1 || dmaPteSuperpage(entry)) domain.iova.reserve(low, low + frames - 1);
    else yield* reserveTable(domain, dmaPteAddr(entry), level - 1, low);
  }
}
