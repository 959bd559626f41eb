/**
 * `dmar_fault_dump_ptes` (drivers/iommu/intel/iommu.c as in 6.1.192, legacy mode): what the tables say now about
 * the address of a fault, as far as the driver sees them.
 */
import {
  addressOfWord, busOf, devfnOf, frameOf, hex, offsetBy, tableIndex, wideHex, type SourceId, type Word64,
} from '../../base/word.ts';
import { load64, printk, routine } from '../core/bus.ts';
import type { Routine } from '../core/operation.ts';
import { loadContext } from './context-entry.ts';
import {
  contextAddressWidth, contextEntryBytes, contextEntryValid, dmaPteAddr, dmaPtePresent, dmaPteSuperpage,
  rootEntryLctp, type ContextEntry,
} from './formats.ts';
import type { Iommu } from './iommu.ts';

export function* dmarFaultDumpPtes(iommu: Iommu, source: SourceId, address: Word64): Routine<void> {
  yield* routine('dmar_fault_dump_ptes', iommu.name, function* () {
    yield* printk(`DMAR: Dump ${iommu.name} table entries for IOVA ${hex(address)}`);
    if (iommu.rootTable === null) return yield* printk('DMAR: root table is not present');
    const root = yield* load64(offsetBy(iommu.rootTable, 16 * busOf(source)));
    yield* printk(`DMAR: root entry: ${wideHex(root)}`);
    const table = rootEntryLctp(root);
    // The lookup hides an entry that was copied, though the hardware walks it.
    if (table === undefined || iommu.copiedTables.has(source)) {
      return yield* printk('DMAR: context table is not present');
    }
    const entry = yield* loadContext(offsetBy(table, contextEntryBytes * devfnOf(source)));
    yield* printk(`DMAR: context entry: hi ${wideHex(entry.high)}, low ${wideHex(entry.low)}`);
    if (!contextEntryValid(entry)) return yield* printk('DMAR: legacy mode page table is not present');
    yield* pgtableWalk(entry, address);
  });
}

function* pgtableWalk(entry: ContextEntry, address: Word64): Routine<void> {
  const frame = frameOf(addressOfWord(address));
  let table = dmaPteAddr(entry.low);
  for (let level = contextAddressWidth(entry) + 2; level >= 1; level -= 1) {
    const pte = yield* load64(offsetBy(table, 8 * tableIndex(frame, level)));
    yield* printk(`DMAR: pte level: ${level}, pte value: ${wideHex(pte)}`);
    if (!dmaPtePresent(pte)) return yield* printk(`DMAR: page table not present at level ${level - 1}`);
    if (dmaPteSuperpage(pte)) return;
    table = dmaPteAddr(pte);
  }
}
