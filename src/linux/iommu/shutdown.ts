/** How a kernel leaves its units behind: not at all at a crash, and what others do. */
import { sourceIdOf, without32 } from '../../base/word.ts';
import { routine, writel } from '../core/bus.ts';
import type { Routine } from '../core/operation.ts';
import { flushContext, flushIotlb, noAddress } from './flush.ts';
import { DMAR, DMA_GCMD_IRE, DMA_GSTS_IRES } from './formats.ts';
import type { IntelIommu } from './intel-iommu.ts';
import {
  iommuDisableProtectMemRegions, iommuDisableTranslation, registerAt, waitStatus, type Iommu,
} from './iommu.ts';
import { dmarDisableQi } from './queued-invalidation.ts';

/** `intel_disable_iommus` (161b28aae165): whatever the units' state. */
export function* intelDisableIommus(driver: IntelIommu): Routine<void> {
  for (const iommu of driver.iommus) yield* iommuDisableTranslation(iommu);
}

/** `intel_iommu_shutdown` of an orderly kexec (6c3a44ed3c55, 5.5). */
export function* intelIommuShutdown(driver: IntelIommu): Routine<void> {
  if (driver.options.off) return;
  yield* routine('intel_iommu_shutdown', '', function* () {
    for (const iommu of driver.iommus) yield* iommuDisableProtectMemRegions(iommu);
    yield* intelDisableIommus(driver);
  });
}

/** `vtd_crash_shutdown` of Xen (xen/drivers/passthrough/vtd/iommu.c), with iommu=crash-disable. */
export function* vtdCrashShutdown(driver: IntelIommu): Routine<void> {
  if (driver.options.off) return;
  yield* routine('vtd_crash_shutdown', '', function* () {
    for (const iommu of driver.iommus) {
      yield* flushContext(iommu, 0, sourceIdOf(0), 'global');
      yield* flushIotlb(iommu, 0, noAddress, 0, 'global');
    }
    for (const iommu of driver.iommus) {
      yield* iommuDisableTranslation(iommu);
      yield* disableIntremap(iommu);
      yield* dmarDisableQi(iommu);
    }
  });
}

/** `disable_intremap`. */
function* disableIntremap(iommu: Iommu): Routine<void> {
  if (without32(iommu.gcmd, DMA_GCMD_IRE) === iommu.gcmd) return;
  iommu.gcmd = without32(iommu.gcmd, DMA_GCMD_IRE);
  yield* writel(registerAt(iommu, DMAR.GCMD), iommu.gcmd);
  yield* waitStatus(iommu, DMAR.GSTS, DMA_GSTS_IRES, false);
}
