/**
 * struct ir_table: the interrupt-remapping table of a unit, the bitmap of its entries, and how one of them is
 * taken, written and given back (drivers/iommu/intel/irq_remapping.c).
 */
import { beyondModel } from '../../base/assert.ts';
import { offsetBy, type Address, type SourceId } from '../../base/word.ts';
import { routine, store64 } from '../core/bus.ts';
import type { IrqLine } from '../core/interrupts.ts';
import type { Routine } from '../core/operation.ts';
import { iommuFlushCache, type Iommu } from '../iommu/iommu.ts';
import { qiFlushIec } from '../iommu/queued-invalidation.ts';
import { emptyIrte, irteBytes, irteCount, irteFor, remappableMessage, type Irte } from './irte.ts';

export interface IrTable {
  readonly iommu: Iommu;
  readonly base: Address;
  readonly x2apic: boolean;
  /** Entries in use, those of the old kernel among them. */
  readonly bitmap: Set<number>;
}

/** `alloc_irte` for one interrupt: the lowest free index. */
function allocIrte(table: IrTable): number {
  let index = 0;
  while (table.bitmap.has(index)) index += 1;
  if (index >= irteCount) beyondModel('the entries of an interrupt-remapping table');
  table.bitmap.add(index);
  return index;
}

/** `modify_irte`: both halves, written back, and what the unit has cached of the index goes. */
function* modifyIrte({ iommu, base }: IrTable, index: number, irte: Irte): Routine<void> {
  const place = offsetBy(base, irteBytes * index);
  yield* routine('modify_irte', `index ${index}`, function* () {
    yield* store64(place, irte.low);
    yield* store64(offsetBy(place, 8), irte.high);
    yield* iommuFlushCache(iommu, place, irteBytes);
    yield* qiFlushIec(iommu, index);
  });
}

/** `clear_entries`. */
function* clearEntries(table: IrTable, index: number): Routine<void> {
  const place = offsetBy(table.base, irteBytes * index);
  yield* routine('clear_entries', `index ${index}`, function* () {
    yield* store64(place, emptyIrte.low);
    yield* store64(offsetBy(place, 8), emptyIrte.high);
    table.bitmap.delete(index);
    yield* qiFlushIec(table.iommu, index);
  });
}

/** `intel_irq_remapping_alloc`: an entry of the table, verified to come from `source`. */
export function irqRemappingAlloc(table: IrTable, source: SourceId): IrqLine {
  const index = allocIrte(table);
  return {
    * activate(vector) {
      yield* modifyIrte(table, index, irteFor(vector, source, table.x2apic));
      return remappableMessage(index);
    },
    * deactivate() {
      yield* modifyIrte(table, index, emptyIrte);
    },
    * free() {
      yield* clearEntries(table, index);
    },
  };
}
