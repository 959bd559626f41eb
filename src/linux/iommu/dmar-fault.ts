/** The fault interrupt and its handler (drivers/iommu/dmar.c, 4.9). */
import { and32, offsetBy, sourceIdOf } from '../../base/word.ts';
import { printk, readl, readq, routine, writel } from '../core/bus.ts';
import {
  DMAR, DMA_FRCD_F_BIT, DMA_FSTS_PFO_BIT, DMA_FSTS_PPF_BIT, dmaFrcdFault, dmaFrcdPageAddress,
  dmaFrcdSourceId,
  dmaFstsFaultRecordIndex,
} from './formats.ts';
import { registerAt, type Iommu } from './iommu.ts';
import type { IntelIommu } from './intel-iommu.ts';
import { faultLine } from './messages.ts';
import type { Routine } from '../core/operation.ts';

/** `dmar_set_interrupt`: a vector, where the message goes, and the mask off. */
export function* dmarSetInterrupt(driver: IntelIommu, iommu: Iommu): Routine<void> {
  yield* routine('dmar_set_interrupt', iommu.name, function* () {
    const vector = driver.kernel.vectors.allocate(() => dmarFault(driver, iommu));
    yield* writel(registerAt(iommu, DMAR.FEDATA), vector);
    yield* writel(registerAt(iommu, DMAR.FEADDR), 0xfee00000);
    yield* writel(registerAt(iommu, DMAR.FEUADDR), 0);
    yield* writel(registerAt(iommu, DMAR.FECTL), 0);
  });
}

/**
 * `dmar_fault`: prints and clears every record from FRI on, then the status. When the message rate is
 * too high, records are cleared in silence.
 */
export function* dmarFault(driver: IntelIommu, iommu: Iommu): Routine<void> {
  yield* routine('dmar_fault', iommu.name, function* () {
    const prints = yield* driver.faultRateLimit.allows();
    const status = yield* readl(registerAt(iommu, DMAR.FSTS));
    if (status !== 0 && prints) {
      yield* printk(`DMAR: DRHD: handling fault status reg ${status.toString(16)}`);
    }
    if (and32(status, DMA_FSTS_PPF_BIT) === 0) return;
    let index = dmaFstsFaultRecordIndex(status);
    for (;;) {
      const record = registerAt(iommu, iommu.caps.faultRegOffset + 16 * index);
      const top = dmaFrcdFault(yield* readl(offsetBy(record, 12)));
      if (!top.pending) break;
      if (prints) {
        const source = sourceIdOf(dmaFrcdSourceId(yield* readl(offsetBy(record, 8))));
        const address = dmaFrcdPageAddress(yield* readq(record));
        yield* writel(offsetBy(record, 12), DMA_FRCD_F_BIT);
        yield* printk(faultLine(top.reason, top.read, source, address));
      } else {
        yield* writel(offsetBy(record, 12), DMA_FRCD_F_BIT);
      }
      index = (index + 1) % iommu.caps.numFaultRegs;
    }
    yield* writel(registerAt(iommu, DMAR.FSTS), DMA_FSTS_PFO_BIT + DMA_FSTS_PPF_BIT);
  });
}
