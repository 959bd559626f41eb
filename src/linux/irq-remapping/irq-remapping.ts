/**
 * Interrupt remapping at start-up, long before the driver of the DMA side: the queue is taken, the old table
 * copied, ours set (drivers/iommu/intel/irq_remapping.c; the order is that of 4.2 to 7.0).
 */
import { and32, bareHex, isSet, or32, without32, wordOf, wordOfAddress } from '../../base/word.ts';
import { clear, copy, findEntry, printk, readl, readq, routine, writel, writeq } from '../core/bus.ts';
import type { Routine } from '../core/operation.ts';
import { dmarFault } from '../iommu/dmar-fault.ts';
import { dmarTableInit } from '../iommu/dmar-table.ts';
import {
  DMAR, DMA_GCMD_CFI, DMA_GCMD_IRE, DMA_GCMD_SIRTP, DMA_GSTS_CFIS, DMA_GSTS_IRES, DMA_GSTS_IRTPS, pageAddress,
} from '../iommu/formats.ts';
import type { IntelIommu } from '../iommu/intel-iommu.ts';
import { iommuFlushCache, registerAt, waitStatus, type Iommu } from '../iommu/iommu.ts';
import { dmarDisableQi, dmarEnableQi, qiGlobalIec } from '../iommu/queued-invalidation.ts';
import { irqRemappingAlloc, type IrTable } from './ir-table.ts';
import { irTableBytes, irtaHasOurSize, irtaValue, irteCount, irtePresentMask } from './irte.ts';

/** `disable_irq_remap` (intremap=off) and `dmar_ir_support`: the firmware's flag stands where it names I/O APICs. */
function isOffered({ kernel }: IntelIommu): boolean {
  const declined = kernel.commandLine.values('intremap').includes('off') || kernel.commandLine.has('nointremap');
  return !declined && kernel.settings.firmware.units.some(({ ioapics }) => ioapics.length > 0);
}

/** printk, with the prefix of the era. */
function* say({ messages }: IntelIommu, text: string): Routine<void> {
  yield* printk(`${messages.interruptPrefix}${text}`);
}

/** `parse_ioapics_under_ir`: at which unit the requests of each I/O APIC arrive. */
function* parseIoapicsUnderIr(driver: IntelIommu): Routine<void> {
  for (const [index, { base, ioapics }] of driver.kernel.settings.firmware.units.entries()) {
    if (driver.iommus[index]?.caps.interruptRemapping !== true) continue;
    for (const { id } of ioapics) {
      yield* say(driver, `IOAPIC id ${id} under DRHD base  0x${bareHex(wordOfAddress(base))} IOMMU ${index}`);
    }
  }
}

/** `iommu_disable_irq_remapping`. */
function* iommuDisableIrqRemapping(iommu: Iommu): Routine<void> {
  if (iommu.queue !== null) yield* qiGlobalIec(iommu);
  const status = yield* readl(registerAt(iommu, DMAR.GSTS));
  if (!isSet(DMA_GSTS_IRES, wordOf(status))) return;
  iommu.gcmd = without32(iommu.gcmd, DMA_GCMD_IRE);
  yield* writel(registerAt(iommu, DMAR.GCMD), iommu.gcmd);
  yield* waitStatus(iommu, DMAR.GSTS, DMA_GSTS_IRES, false);
}

/** `iommu_load_old_irte`: false where the old table has another size than ours. */
function* iommuLoadOldIrte({ iommu, base, bitmap }: IrTable): Routine<boolean> {
  return yield* routine('iommu_load_old_irte', iommu.name, function* () {
    const irta = yield* readq(registerAt(iommu, DMAR.IRTA));
    if (!irtaHasOurSize(irta)) return false;
    yield* copy(base, pageAddress(irta), irTableBytes);
    yield* iommuFlushCache(iommu, base, irTableBytes);
    // What the old kernel's devices still send must arrive: those entries are never given out.
    for (let index = 0; ; index += 1) {
      index = yield* findEntry(base, index, irteCount, irtePresentMask);
      if (index < 0) return true;
      bitmap.add(index);
    }
  });
}

/** `iommu_set_irq_remapping`: the table, and nothing of the old one stays cached. */
function* iommuSetIrqRemapping({ kernel }: IntelIommu, { iommu, base, x2apic }: IrTable): Routine<void> {
  yield* routine('iommu_set_irq_remapping', iommu.name, function* () {
    yield* writeq(registerAt(iommu, DMAR.IRTA), irtaValue(base, x2apic));
    yield* writel(registerAt(iommu, DMAR.GCMD), or32(iommu.gcmd, DMA_GCMD_SIRTP));
    yield* waitStatus(iommu, DMAR.GSTS, DMA_GSTS_IRTPS, true);
    if (!kernel.release.trustsPointerFlush || !iommu.caps.setInterruptInvalidates) yield* qiGlobalIec(iommu);
  });
}

/** What an earlier kernel left enabled: taken over by a capture kernel, else switched off. */
function* inheritIrqRemapping(driver: IntelIommu, table: IrTable): Routine<boolean> {
  const { iommu } = table;
  const status = wordOf(yield* readl(registerAt(iommu, DMAR.GSTS)));
  if (!isSet(DMA_GSTS_IRES, status)) return false;
  if (!driver.kernel.settings.isKdump) {
    yield* say(driver, `IRQ remapping was enabled on ${iommu.name} but we are not in kdump mode`);
    yield* iommuDisableIrqRemapping(iommu);
    return false;
  }
  const outcome = (yield* iommuLoadOldIrte(table)) ? 'Copied' : 'Failed to copy';
  yield* say(driver, `${outcome} IR table for ${iommu.name} from previous kernel`);
  return true;
}

/** `intel_setup_irq_remapping` of one unit; null where its queue cannot be had. */
function* intelSetupIrqRemapping(
  driver: IntelIommu, iommu: Iommu, x2apic: boolean,
): Routine<{ readonly table: IrTable; readonly preEnabled: boolean } | null> {
  return yield* routine('intel_setup_irq_remapping', iommu.name, function* () {
    const base = driver.kernel.pages.allocateContiguous(irTableBytes / 4096, irTableBytes);
    yield* clear(base, irTableBytes);
    const table: IrTable = { iommu, base, x2apic, bitmap: new Set() };
    const copies = driver.kernel.release.takeOver === 'copied-tables';
    if (iommu.queue === null) {
      yield* dmarFault(driver, iommu);
      // Before tables were copied, remapping went off together with the old queue.
      if (!copies) yield* iommuDisableIrqRemapping(iommu);
      yield* dmarDisableQi(iommu);
      if (!(yield* dmarEnableQi(iommu))) {
        yield* say(driver, 'Failed to enable queued invalidation');
        return null;
      }
    }
    const preEnabled = copies && (yield* inheritIrqRemapping(driver, table));
    yield* iommuSetIrqRemapping(driver, table);
    return { table, preEnabled };
  });
}

/** `iommu_enable_irq_remapping`: on, and messages in compatibility format blocked. */
function* iommuEnableIrqRemapping(iommu: Iommu): Routine<void> {
  iommu.gcmd = or32(iommu.gcmd, DMA_GCMD_IRE);
  yield* writel(registerAt(iommu, DMAR.GCMD), iommu.gcmd);
  yield* waitStatus(iommu, DMAR.GSTS, DMA_GSTS_IRES, true);
  const status = yield* readl(registerAt(iommu, DMAR.GSTS));
  if (and32(status, DMA_GSTS_CFIS.lowMask) === 0) return;
  iommu.gcmd = without32(iommu.gcmd, DMA_GCMD_CFI);
  yield* writel(registerAt(iommu, DMAR.GCMD), iommu.gcmd);
  yield* waitStatus(iommu, DMAR.GSTS, DMA_GSTS_CFIS, false);
}

/** The mode of the APIC that the tables are written for: x2APIC where the CPU and every unit have it. */
function* extendedMode(driver: IntelIommu): Routine<boolean> {
  if (!driver.kernel.settings.platform.x2apic) return false;
  let every = true;
  for (const iommu of driver.iommus) {
    if (!every || iommu.caps.extendedInterruptMode) continue;
    yield* say(driver, `${iommu.name} does not support EIM`);
    every = false;
  }
  if (every) {
    yield* say(driver, 'Queued invalidation will be enabled to support x2apic and Intr-remapping.');
  }
  return every;
}

/**
 * `intel_prepare_irq_remapping` and `intel_enable_irq_remapping`; false where interrupts stay as they are.
 * From then on a device's interrupts go through an entry of its unit's table.
 */
export function* irqRemapping(driver: IntelIommu): Routine<boolean> {
  if (!isOffered(driver)) return false;
  yield* dmarTableInit(driver);
  yield* parseIoapicsUnderIr(driver);
  if (driver.iommus.some(({ caps }) => !caps.interruptRemapping)) return false;
  const x2apic = yield* extendedMode(driver);
  const tables = [];
  for (const iommu of driver.iommus) {
    const made = yield* intelSetupIrqRemapping(driver, iommu, x2apic);
    if (made === null) {
      yield* say(driver, `Failed to setup irq remapping for ${iommu.name}`);
      return false;
    }
    tables.push(made);
  }
  for (const { table, preEnabled } of tables) {
    if (!preEnabled) yield* iommuEnableIrqRemapping(table.iommu);
  }
  driver.irTables = tables.map(({ table }) => table);
  driver.kernel.irqChip = {
    * allocate(source) {
      return irqRemappingAlloc(driver.irTableOf(source), source);
    },
  };
  yield* say(driver, `Enabled IRQ remapping in ${x2apic ? 'x2apic' : 'xapic'} mode`);
  return true;
}

