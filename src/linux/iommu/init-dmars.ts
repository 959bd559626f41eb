/** `dmar_table_init` and `intel_iommu_init` (drivers/iommu/dmar.c and intel-iommu.c, 3.9 to 5.2), in their order. */
import { and32, sourceIdOf } from '../../base/word.ts';
import { printk, routine } from '../core/bus.ts';
import { copyTranslationTables } from './copy-tables.ts';
import { iommuPrepareIdentityMap } from './device-domain.ts';
import { drhdLine, hostAddressWidthLine, rmrrLine } from './driver-messages.ts';
import { IntelDmaOps } from './intel-dma-ops.ts';
import { dmarFault, dmarSetInterrupt } from './dmar-fault.ts';
import { DMA_GCMD_TE } from './formats.ts';
import { flushContext, flushIotlb, noAddress } from './flush.ts';
import {
  allocIommu, allocTablePage, initTranslationStatus, iommuDisableProtectMemRegions,
  iommuDisableTranslation, iommuEnableTranslation, iommuFlushWriteBuffer, iommuSetRootEntry, type Iommu,
} from './iommu.ts';
import type { Kernel } from '../core/kernel.ts';
import { IntelIommu } from './intel-iommu.ts';
import { intelIommuSetup } from './options.ts';
import type { Routine } from '../core/operation.ts';
import { dmarDisableQi, dmarEnableQi } from './queued-invalidation.ts';

/** `parse_dmar_table`: prints the firmware's table and looks at each unit. */
function* dmarTableInit(driver: IntelIommu): Routine<void> {
  const { release, settings: { firmware }, pages } = driver.kernel;
  const prefix = driver.messages.tablePrefix;
  yield* printk(hostAddressWidthLine(prefix, firmware.hostAddressWidth));
  for (const [index, unit] of firmware.units.entries()) {
    yield* printk(drhdLine(prefix, unit.base, unit.buses === null && !unit.isListed));
    driver.iommus.push(yield* allocIommu(index, unit.base, release, () => pages.allocate()));
  }
  for (const { first, last } of firmware.reservedRegions) yield* printk(rmrrLine(prefix, first, last));
}

/** Faults and a queue that an earlier kernel left behind. */
function* clearQueueOfBefore(driver: IntelIommu, iommu: Iommu): Routine<void> {
  yield* dmarFault(driver, iommu);
  yield* dmarDisableQi(iommu);
}

function* chooseFlushes(iommu: Iommu): Routine<void> {
  const queued = yield* dmarEnableQi(iommu);
  yield* printk(iommu.messages.invalidation(iommu, queued));
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

/** The RMRRs of devices (`iommu_prepare_rmrr_dev`), before translation is switched on. */
function* prepareReservedRegions(driver: IntelIommu): Routine<void> {
  const { settingRmrr } = driver.messages;
  if (settingRmrr !== null) yield* printk(settingRmrr);
  for (const region of driver.reservedRegions) {
    const device = driver.kernel.settings.devices.find((known) => known.source === region.device);
    if (device !== undefined) yield* iommuPrepareIdentityMap(driver, device, region);
  }
}

/** `intel_iommu_init`: takes the units, then the DMA API. */
export function* intelIommuInit(kernel: Kernel): Routine<void> {
  const driver = new IntelIommu(kernel);
  yield* intelIommuSetup(kernel.commandLine, driver.messages);
  yield* dmarTableInit(driver);
  if (kernel.release.takeOver === 'translation-off-first') yield* disableTranslationOfBefore(driver);
  if (driver.options.off) {
    if (kernel.release.switchedOff === 'translation-off') yield* intelDisableIommus(driver);
    return;
  }
  if (driver.reservedRegions.length === 0) yield* printk('DMAR: No RMRR found');
  yield* printk('DMAR: No ATSR found');
  yield* initDmars(driver);
  kernel.dmaOps = new IntelDmaOps(driver);
  yield* printk(driver.messages.done);
}

/** "Disable translation if already enabled prior to OS handover" (3a93c841c2b3, to 4.1). */
function* disableTranslationOfBefore(driver: IntelIommu): Routine<void> {
  for (const iommu of driver.iommus) {
    if (and32(iommu.gcmd, DMA_GCMD_TE) !== 0) yield* iommuDisableTranslation(iommu);
  }
}

/** `intel_disable_iommus` (161b28aae165): whatever the unit's state. */
function* intelDisableIommus(driver: IntelIommu): Routine<void> {
  for (const iommu of driver.iommus) yield* iommuDisableTranslation(iommu);
}

function* initDmars(driver: IntelIommu): Routine<void> {
  yield* routine('init_dmars', '', () => driver.kernel.release.takeOver === 'copied-tables'
    ? initDmarsWithCopies(driver) : initDmarsFromNothing(driver));
}

/** `init_dmars` to 4.1: the root pointer is set last, when the entries of reserved regions exist. */
function* initDmarsFromNothing(driver: IntelIommu): Routine<void> {
  for (const iommu of driver.iommus) iommu.rootTable = yield* allocTablePage(iommu);
  for (const iommu of driver.iommus) yield* clearQueueOfBefore(driver, iommu);
  for (const iommu of driver.iommus) yield* chooseFlushes(iommu);
  yield* prepareReservedRegions(driver);
  for (const iommu of driver.iommus) {
    yield* iommuFlushWriteBuffer(iommu);
    yield* dmarSetInterrupt(driver, iommu);
    yield* setRootAndFlush(iommu);
    yield* iommuEnableTranslation(iommu);
    yield* iommuDisableProtectMemRegions(iommu);
  }
}

/** `init_dmars` from 4.2 on. */
function* initDmarsWithCopies(driver: IntelIommu): Routine<void> {
  let copiedTables = false;
  for (const iommu of driver.iommus) {
    yield* clearQueueOfBefore(driver, iommu);
    yield* chooseFlushes(iommu);
    yield* initTranslationStatus(iommu);
    if (yield* inheritTranslation(iommu, driver.kernel)) copiedTables = true;
  }
  // A second loop, after the queues of all units are up.
  for (const iommu of driver.iommus) {
    yield* iommuFlushWriteBuffer(iommu);
    yield* setRootAndFlush(iommu);
  }
  // With copied tables devices keep their old mappings until their driver comes.
  if (!copiedTables) yield* prepareReservedRegions(driver);
  for (const iommu of driver.iommus) {
    yield* iommuFlushWriteBuffer(iommu);
    yield* dmarSetInterrupt(driver, iommu);
    if (!iommu.preEnabled) yield* iommuEnableTranslation(iommu);
    yield* iommuDisableProtectMemRegions(iommu);
  }
}

function* setRootAndFlush(iommu: Iommu): Routine<void> {
  yield* iommuSetRootEntry(iommu);
  yield* flushContext(iommu, 0, sourceIdOf(0), 'global');
  yield* flushIotlb(iommu, 0, noAddress, 0, 'global');
}
