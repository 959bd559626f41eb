/** `dmar_table_init` and `intel_iommu_init` (drivers/iommu/dmar.c and intel-iommu.c, 4.9), in their order. */
import { sourceIdOf, wordOfAddress } from '../../base/word.ts';
import { printk, routine } from '../core/bus.ts';
import { copyTranslationTables } from './copy-tables.ts';
import { getDomainForDev } from './device-domain.ts';
import { IntelDmaOps } from './intel-dma-ops.ts';
import { dmarFault, dmarSetInterrupt } from './dmar-fault.ts';
import { domainPrepareIdentityMap } from './domain.ts';
import { flushContext, flushIotlb, noAddress } from './flush.ts';
import {
  allocIommu, allocTablePage, initTranslationStatus, iommuDisableProtectMemRegions,
  iommuDisableTranslation, iommuEnableTranslation, iommuFlushWriteBuffer, iommuSetRootEntry, type Iommu,
} from './iommu.ts';
import type { Kernel } from '../core/kernel.ts';
import { IntelIommu } from './intel-iommu.ts';
import { padded16 } from '../core/print-formats.ts';
import type { Routine } from '../core/operation.ts';
import { dmarDisableQi, dmarEnableQi } from './queued-invalidation.ts';

/** `parse_dmar_table`: prints the firmware's table and looks at each unit. */
function* dmarTableInit(driver: IntelIommu): Routine<void> {
  const { firmware } = driver.kernel.settings;
  yield* printk(`DMAR: Host address width ${firmware.hostAddressWidth}`);
  for (const [index, unit] of firmware.units.entries()) {
    yield* printk(`DMAR: DRHD base: ${padded16(wordOfAddress(unit.base))} `
      + `flags: 0x${unit.buses === null && !unit.isListed ? 1 : 0}`);
    driver.iommus.push(yield* allocIommu(index, unit.base, () => driver.kernel.pages.allocate()));
  }
  for (const { first, last } of firmware.reservedRegions) {
    yield* printk(`DMAR: RMRR base: ${padded16(wordOfAddress(first))} `
      + `end: ${padded16(wordOfAddress(last))}`);
  }
}

/** `intel_iommu_init_qi`. */
function* intelIommuInitQi(driver: IntelIommu, iommu: Iommu): Routine<void> {
  // Faults and a queue that an earlier kernel left behind.
  yield* dmarFault(driver, iommu);
  yield* dmarDisableQi(iommu);
  const queued = yield* dmarEnableQi(iommu);
  yield* printk(`DMAR: ${iommu.name}: Using ${queued ? 'Queued' : 'Register based'} invalidation`);
}

/** Takes over what an earlier kernel left enabled, or switches it off (`init_dmars`, steps d to f). */
function* inheritTranslation(iommu: Iommu, { release, settings: { isKdump } }: Kernel): Routine<boolean> {
  if (!iommu.preEnabled) {
    iommu.rootTable = yield* allocTablePage(iommu);
    return false;
  }
  if (!isKdump) {
    yield* iommuDisableTranslation(iommu);
    iommu.preEnabled = false;
    yield* printk(`DMAR: Translation was enabled for ${iommu.name} but we are not in kdump mode`);
    iommu.rootTable = yield* allocTablePage(iommu);
    return false;
  }
  iommu.rootTable = yield* allocTablePage(iommu);
  yield* printk('DMAR: Translation already enabled - trying to copy translation structures');
  if (yield* copyTranslationTables(iommu, release)) {
    yield* printk(`DMAR: Copied translation tables from previous kernel for ${iommu.name}`);
    return true;
  }
  yield* printk(`DMAR: Failed to copy translation tables from previous kernel for ${iommu.name}`);
  yield* iommuDisableTranslation(iommu);
  iommu.preEnabled = false;
  return false;
}

/** RMRRs of devices, mapped before translation is switched on (`iommu_prepare_rmrr_dev`). */
function* prepareReservedRegions(driver: IntelIommu): Routine<void> {
  yield* printk('DMAR: Setting RMRR:');
  for (const region of driver.reservedRegions) {
    const device = driver.kernel.settings.devices.find((known) => known.source === region.device);
    if (device === undefined) continue;
    const domain = yield* getDomainForDev(driver, device);
    yield* domainPrepareIdentityMap(domain, region.first, region.last);
  }
}

/** `intel_iommu_init`: takes the units, then the DMA API. */
export function* intelIommuInit(kernel: Kernel): Routine<void> {
  const driver = new IntelIommu(kernel);
  yield* dmarTableInit(driver);
  yield* initDmars(driver);
  kernel.dmaOps = new IntelDmaOps(driver);
  yield* printk('DMAR: Intel(R) Virtualization Technology for Directed I/O');
}

export function* initDmars(driver: IntelIommu): Routine<void> {
  yield* routine('init_dmars', '', function* () {
    let copiedTables = false;
    for (const iommu of driver.iommus) {
      yield* intelIommuInitQi(driver, iommu);
      yield* initTranslationStatus(iommu);
      if (yield* inheritTranslation(iommu, driver.kernel)) copiedTables = true;
    }
    // A second loop, after the queues of all units are up.
    for (const iommu of driver.iommus) {
      yield* iommuFlushWriteBuffer(iommu);
      yield* iommuSetRootEntry(iommu);
      yield* flushContext(iommu, 0, sourceIdOf(0), 'global');
      yield* flushIotlb(iommu, 0, noAddress, 0, 'global');
    }
    // With copied tables devices keep their old mappings until their driver comes.
    if (!copiedTables) yield* prepareReservedRegions(driver);
    for (const iommu of driver.iommus) {
      yield* iommuFlushWriteBuffer(iommu);
      yield* dmarSetInterrupt(driver, iommu);
      if (!iommu.preEnabled) yield* iommuEnableTranslation(iommu);
      yield* iommuDisableProtectMemRegions(iommu);
    }
  });
}
