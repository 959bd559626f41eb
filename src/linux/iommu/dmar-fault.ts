/** The fault interrupt and its handler (drivers/iommu/dmar.c, 3.9 to 7.0). */
import { unreachable } from '../../base/assert.ts';
import { and32, offsetBy, sourceIdOf } from '../../base/word.ts';
import { msiAddress } from '../core/interrupts.ts';
import { printk, readl, readq, routine, writel } from '../core/bus.ts';
import {
  DMAR, DMA_FRCD_F_BIT, DMA_FSTS_PFO_BIT, DMA_FSTS_PPF_BIT, DMA_FSTS_PRO_BIT, dmaFrcdFault, dmaFrcdPageAddress,
  dmaFrcdSourceId, dmaFstsFaultRecordIndex,
} from './formats.ts';
import { registerAt, type Iommu } from './iommu.ts';
import type { IntelIommu } from './intel-iommu.ts';
import { dmarFaultDumpPtes } from './fault-dump.ts';
import { dmarGetFaultReason, faultLines } from './messages.ts';
import type { Routine } from '../core/operation.ts';
import type { FaultStatusClear } from '../releases/release.ts';

function* writeFaultMessage(iommu: Iommu, address: number, vector: number): Routine<void> {
  yield* writel(registerAt(iommu, DMAR.FEDATA), vector);
  yield* writel(registerAt(iommu, DMAR.FEADDR), address);
  yield* writel(registerAt(iommu, DMAR.FEUADDR), 0);
}

/**
 * `dmar_set_interrupt`, once a unit: a vector, where the message goes, and the mask off. The message is written
 * when the interrupt is activated, and again with its affinity.
 */
export function* dmarSetInterrupt(driver: IntelIommu, iommu: Iommu): Routine<void> {
  if (iommu.faultVector !== null) return;
  yield* routine('dmar_set_interrupt', iommu.name, function* () {
    const { faultMessage } = driver.kernel.release;
    const vector = driver.kernel.vectors.allocate(() => dmarFault(driver, iommu));
    iommu.faultVector = vector;
    const address = faultMessage === 'once' ? 0xfee00000 : msiAddress;
    yield* writeFaultMessage(iommu, address, vector);
    if (faultMessage === 'affinity-before-start') yield* writeFaultMessage(iommu, address, vector);
    yield* writel(registerAt(iommu, DMAR.FECTL), 0);
    if (faultMessage !== 'once') yield* readl(registerAt(iommu, DMAR.FECTL));
    if (faultMessage === 'affinity-after-start') yield* writeFaultMessage(iommu, address, vector);
  });
}

/**
 * `enable_drhd_fault_handling`: with interrupt remapping the fault interrupt comes first, and what an earlier
 * kernel left in the records is printed and cleared.
 */
export function* enableDrhdFaultHandling(driver: IntelIommu): Routine<void> {
  yield* routine('enable_drhd_fault_handling', '', function* () {
    for (const iommu of driver.iommus) {
      yield* dmarSetInterrupt(driver, iommu);
      yield* dmarFault(driver, iommu);
      const status = yield* readl(registerAt(iommu, DMAR.FSTS));
      yield* writel(registerAt(iommu, DMAR.FSTS), status);
    }
  });
}

/**
 * `dmar_fault`: prints and clears every record from FRI on, then the status. When the message rate is
 * too high, records are cleared in silence.
 */
export function* dmarFault(driver: IntelIommu, iommu: Iommu): Routine<void> {
  const { faultRateLimit, faultStatusClear } = driver.kernel.release;
  yield* routine('dmar_fault', iommu.name, function* () {
    const interruptPrints = faultRateLimit !== 'by-interrupt' || (yield* driver.faultRateLimit.allows());
    const status = yield* readl(registerAt(iommu, DMAR.FSTS));
    if (status !== 0 && interruptPrints && (yield* mayPrint(driver))) {
      yield* printk(`${iommu.messages.tablePrefix}DRHD: handling fault status reg ${status.toString(16)}`);
    }
    if (and32(status, DMA_FSTS_PPF_BIT) !== 0) yield* clearRecords(driver, iommu, status, interruptPrints);
    else if (faultStatusClear !== 'everything') return;
    yield* clearStatus(iommu, faultStatusClear);
  });
}

/** A token for each message: from 4.19 on (6c50d79f6638). */
function* mayPrint(driver: IntelIommu): Routine<boolean> {
  return driver.kernel.release.faultRateLimit !== 'by-record' || (yield* driver.faultRateLimit.allows());
}

function* clearRecords(
  driver: IntelIommu, iommu: Iommu, status: number, interruptPrints: boolean,
): Routine<void> {
  const { faultLine } = driver.kernel.release;
  let index = dmaFstsFaultRecordIndex(status);
  for (;;) {
    // The look at the record that ends the loop takes a token, too.
    const prints = interruptPrints && (yield* mayPrint(driver));
    const record = registerAt(iommu, iommu.caps.faultRegOffset + 16 * index);
    const top = dmaFrcdFault(yield* readl(offsetBy(record, 12)));
    if (!top.pending) return;
    if (prints) {
      const source = sourceIdOf(dmaFrcdSourceId(yield* readl(offsetBy(record, 8))));
      const address = dmaFrcdPageAddress(yield* readq(record));
      yield* writel(offsetBy(record, 12), DMA_FRCD_F_BIT);
      const { reason, read } = top;
      for (const line of faultLines(faultLine, { reason, read, source, address })) yield* printk(line);
      if (dumpsTables(driver) && !dmarGetFaultReason(reason).interrupt) {
        yield* dmarFaultDumpPtes(iommu, source, address);
      }
    } else {
      yield* writel(offsetBy(record, 12), DMA_FRCD_F_BIT);
    }
    index = (index + 1) % iommu.caps.numFaultRegs;
  }
}

/** CONFIG_DMAR_DEBUG, since 5.15. */
function dumpsTables({ kernel }: IntelIommu): boolean {
  return kernel.settings.config.dmarDebug && kernel.release.faultLine === 'hexadecimal';
}

function* clearStatus(iommu: Iommu, what: FaultStatusClear): Routine<void> {
  const register = registerAt(iommu, DMAR.FSTS);
  switch (what) {
    case 'everything': return yield* writel(register, yield* readl(register));
    case 'PFO-PPF': return yield* writel(register, DMA_FSTS_PFO_BIT + DMA_FSTS_PPF_BIT);
    case 'PFO-PPF-PRO':
      return yield* writel(register, DMA_FSTS_PFO_BIT + DMA_FSTS_PPF_BIT + DMA_FSTS_PRO_BIT);
    default: return unreachable(what);
  }
}
