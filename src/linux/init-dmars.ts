/** `dmar_table_init` and `init_dmars` (drivers/iommu/dmar.c and intel-iommu.c, 4.9), in their order. */
import { sourceIdOf, wordOfAddress } from '../base/word.ts';
import { printk, routine } from './bus.ts';
import { copyTranslationTables } from './copy-tables.ts';
import { getDomainForDev } from './dma-ops.ts';
import { dmarFault, dmarSetInterrupt } from './dmar-fault.ts';
import { domainPrepareIdentityMap } from './domain.ts';
import { flushContext, flushIotlb, noAddress } from './flush.ts';
import {
  allocIommu, allocTablePage, initTranslationStatus, iommuDisableProtectMemRegions,
  iommuDisableTranslation, iommuEnableTranslation, iommuFlushWriteBuffer, iommuSetRootEntry, type Iommu,
} from './iommu.ts';
import type { Kernel } from './kernel.ts';
import { padded16 } from './messages.ts';
import type { Routine } from './operation.ts';
import { dmarDisableQi, dmarEnableQi } from './queued-invalidation.ts';

/** `parse_dmar_table`: prints the firmware's table and looks at each unit. */
function* dmarTableInit(kernel: Kernel): Routine<void> {
  const { firmware } = kernel.settings;
  yield* printk(`DMAR: Host address width ${firmware.hostAddressWidth}`);
  for (const [index, unit] of firmware.units.entries()) {
    yield* printk(`DMAR: DRHD base: ${padded16(wordOfAddress(unit.base))} `
      + `flags: 0x${unit.buses === null ? 1 : 0}`);
    kernel.iommus.push(yield* allocIommu(index, unit.base, () => kernel.pages.allocate()));
  }
  for (const { first, last } of firmware.reservedRegions) {
    yield* printk(`DMAR: RMRR base: ${padded16(wordOfAddress(first))} `
      + `end: ${padded16(wordOfAddress(last))}`);
  }
}

/** `intel_iommu_init_qi`. */
function* intelIommuInitQi(kernel: Kernel, iommu: Iommu): Routine<void> {
  // Faults and a queue that an earlier kernel left behind.
  yield* dmarFault(kernel, iommu);
  yield* dmarDisableQi(iommu);
  const queued = yield* dmarEnableQi(iommu);
  yield* printk(`DMAR: ${iommu.name}: Using ${queued ? 'Queued' : 'Register based'} invalidation`);
}

/** Takes over what an earlier kernel left enabled, or switches it off (`init_dmars`, steps d to f). */
function* inheritTranslation(iommu: Iommu, isKdump: boolean): Routine<boolean> {
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
  if (yield* copyTranslationTables(iommu)) {
    yield* printk(`DMAR: Copied translation tables from previous kernel for ${iommu.name}`);
    return true;
  }
  yield* printk(`DMAR: Failed to copy translation tables from previous kernel for ${iommu.name}`);
  yield* iommuDisableTranslation(iommu);
  iommu.preEnabled = false;
  return false;
}

/** RMRRs of devices, mapped before translation is switched on (`iommu_prepare_rmrr_dev`). */
function* prepareReservedRegions(kernel: Kernel): Routine<void> {
  yield* printk('DMAR: Setting RMRR:');
  for (const region of kernel.reservedRegions) {
    const device = kernel.settings.devices.find((known) => known.source === region.device);
    if (device === undefined) continue;
    const domain = yield* getDomainForDev(kernel, device);
    yield* domainPrepareIdentityMap(domain, region.first, region.last);
  }
}

/** `isKdump`: is_kdump_kernel(). */
export function* initDmars(kernel: Kernel, isKdump: boolean): Routine<void> {
  yield* dmarTableInit(kernel);
  yield* routine('init_dmars', '', function* () {
    let copiedTables = false;
    for (const iommu of kernel.iommus) {
      yield* intelIommuInitQi(kernel, iommu);
      yield* initTranslationStatus(iommu);
      if (yield* inheritTranslation(iommu, isKdump)) copiedTables = true;
    }
    // A second loop, after the queues of all units are up.
    for (const iommu of kernel.iommus) {
      yield* iommuFlushWriteBuffer(iommu);
      yield* iommuSetRootEntry(iommu);
      yield* flushContext(iommu, 0, sourceIdOf(0), 'global');
      yield* flushIotlb(iommu, 0, noAddress, 0, 'global');
    }
    // With copied tables devices keep their old mappings until their driver comes.
    if (!copiedTables) yield* prepareReservedRegions(kernel);
    for (const iommu of kernel.iommus) {
      yield* iommuFlushWriteBuffer(iommu);
      yield* dmarSetInterrupt(kernel, iommu);
      if (!iommu.preEnabled) yield* iommuEnableTranslation(iommu);
      yield* iommuDisableProtectMemRegions(iommu);
    }
  });
  yield* printk('DMAR: Intel(R) Virtualization Technology for Directed I/O');
}
