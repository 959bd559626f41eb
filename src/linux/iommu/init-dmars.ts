/** `dmar_table_init` and `intel_iommu_init` (drivers/iommu/dmar.c and intel-iommu.c, 3.9 to 5.2), in their order. */
import { addressOf, and32, sourceIdOf } from '../../base/word.ts';
import { printk, routine } from '../core/bus.ts';
import { copyTranslationTables } from './copy-tables.ts';
import { iommuPrepareIdentityMap } from './device-domain.ts';
import { IntelDmaOps } from './intel-dma-ops.ts';
import { dmarFault, dmarSetInterrupt, enableDrhdFaultHandling } from './dmar-fault.ts';
import { dmarTableInit } from './dmar-table.ts';
import { DMA_GCMD_TE } from './formats.ts';
import { flushContext, flushIotlb, noAddress } from './flush.ts';
import {
  allocTablePage, initTranslationStatus, iommuDisableProtectMemRegions,
  iommuDisableTranslation, iommuEnableTranslation, iommuFlushWriteBuffer, iommuSetRootEntry, type Iommu,
} from './iommu.ts';
import { LegacyIrqs } from '../irq-remapping/legacy-irqs.ts';
import { irqRemapping } from '../irq-remapping/irq-remapping.ts';
import type { Kernel } from '../core/kernel.ts';
import { IdentityDomain } from './identity-domain.ts';
import { IntelIommu } from './intel-iommu.ts';
import { iommuDeviceRegister, iommuSubsysInit } from '../iommu-core/start.ts';
import { intelIommuSetup } from './options.ts';
import { intelDisableIommus } from './shutdown.ts';
import type { Routine } from '../core/operation.ts';
import { dmarDisableQi, dmarEnableQi } from './queued-invalidation.ts';

/** Faults and a queue that an earlier kernel left behind. */
function* clearQueueOfBefore(driver: IntelIommu, iommu: Iommu): Routine<void> {
  // With interrupt remapping the queue is this kernel's own by now.
  if (iommu.queue !== null) return;
  yield* dmarFault(driver, iommu);
  yield* dmarDisableQi(iommu);
}

function* chooseFlushes(iommu: Iommu): Routine<void> {
  const queued = iommu.queue !== null || (yield* dmarEnableQi(iommu));
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

/** What an ISA bridge may reach (CONFIG_INTEL_IOMMU_FLOPPY_WA). */
const isaRegion = { first: addressOf(0), last: addressOf(0xff_ffff) };

/**
 * The RMRRs of devices and the first 16 MiB for an ISA bridge (`iommu_prepare_rmrr_dev`, `iommu_prepare_isa`), before
 * translation is switched on.
 */
function* prepareReservedRegions(driver: IntelIommu): Routine<void> {
  const { settingRmrr, prepareIsa } = driver.messages;
  if (settingRmrr !== null) yield* printk(settingRmrr);
  for (const region of driver.reservedRegions) {
    for (const source of region.devices) {
      const device = driver.kernel.settings.devices.find((known) => known.source === source);
      if (device !== undefined) yield* iommuPrepareIdentityMap(driver, device, region);
    }
  }
  const bridge = driver.kernel.settings.devices.find(({ isIsaBridge }) => isIsaBridge);
  if (prepareIsa === null || bridge === undefined) return;
  yield* printk(prepareIsa);
  yield* iommuPrepareIdentityMap(driver, bridge, isaRegion);
}

/**
 * Interrupts come before anything of DMA. Without remapping the PC's own show in the vectors alone, and only
 * where those are given out in order.
 */
function* startInterrupts(driver: IntelIommu): Routine<LegacyIrqs | null> {
  const { kernel } = driver;
  const remapped = yield* irqRemapping(driver);
  if (remapped) yield* enableDrhdFaultHandling(driver);
  if (!remapped && kernel.release.vectorOrder === 'spread') return null;
  return yield* LegacyIrqs.setUp(kernel, driver.irTables);
}

/** `intel_iommu_init`: takes the units, then the DMA API. */
export function* intelIommuInit(kernel: Kernel): Routine<IntelIommu> {
  const driver = new IntelIommu(kernel);
  yield* intelIommuSetup(kernel.commandLine, driver.messages);
  const legacyIrqs = yield* startInterrupts(driver);
  yield* dmarTableInit(driver);
  if (legacyIrqs !== null) yield* legacyIrqs.beforeDevices();
  if (kernel.release.takeOver === 'translation-off-first') yield* disableTranslationOfBefore(driver);
  if (driver.options.off) {
    if (kernel.release.switchedOff === 'translation-off') yield* intelDisableIommus(driver);
    if (legacyIrqs !== null) yield* legacyIrqs.withDrivers();
    return driver;
  }
  yield* iommuSubsysInit(driver);
  const [noRmrr, ...others] = driver.messages.missingTables;
  if (driver.reservedRegions.length === 0 && noRmrr !== undefined) yield* printk(noRmrr);
  for (const line of others) yield* printk(line);
  const identity = yield* initDmars(driver);
  if (kernel.release.attach === 'probe-or-deferred') yield* iommuDeviceRegister(driver);
  else kernel.dmaOps = new IntelDmaOps(driver, identity);
  yield* printk(driver.messages.done);
  if (legacyIrqs !== null) yield* legacyIrqs.withDrivers();
  return driver;
}

/** "Disable translation if already enabled prior to OS handover" (3a93c841c2b3, to 4.1). */
function* disableTranslationOfBefore(driver: IntelIommu): Routine<void> {
  for (const iommu of driver.iommus) {
    if (and32(iommu.gcmd, DMA_GCMD_TE) !== 0) yield* iommuDisableTranslation(iommu);
  }
}

/** The identity domain comes out, where iommu=pt asks for one. */
function* initDmars(driver: IntelIommu): Routine<IdentityDomain | null> {
  return yield* routine('init_dmars', '', () => driver.kernel.release.takeOver === 'copied-tables'
    ? initDmarsWithCopies(driver) : initDmarsFromNothing(driver));
}

/** `init_dmars` to 4.1: the root pointer is set last, when the entries of reserved regions exist. */
function* initDmarsFromNothing(driver: IntelIommu): Routine<IdentityDomain | null> {
  for (const iommu of driver.iommus) iommu.rootTable = yield* allocTablePage(iommu);
  for (const iommu of driver.iommus) yield* clearQueueOfBefore(driver, iommu);
  for (const iommu of driver.iommus) yield* chooseFlushes(iommu);
  const identity = driver.options.passThrough ? yield* IdentityDomain.create(driver) : null;
  if (identity !== null) yield* identity.prepareStatic();
  yield* prepareReservedRegions(driver);
  for (const iommu of driver.iommus) {
    yield* iommuFlushWriteBuffer(iommu);
    yield* dmarSetInterrupt(driver, iommu);
    yield* setRootAndFlush(driver, iommu);
    yield* iommuEnableTranslation(iommu);
    yield* iommuDisableProtectMemRegions(iommu);
  }
  return identity;
}

/** `iommu_init_domains`: 0 is never an id, and 1 is kept where the identity domain has or had it. */
function* iommuInitDomains({ kernel, options }: IntelIommu, iommu: Iommu): Routine<void> {
  if (options.debug) yield* printk(`DMAR: ${iommu.name}: Number of Domains supported <${iommu.caps.ndoms}>`);
  const { identityId } = kernel.release;
  if (identityId === 'reserved' || identityId === 'fixed') iommu.domainIds.add(1);
}

/** `register_pasid_allocator`: only a guest needs one, and only scalable mode has it. */
function* registerPasidAllocator({ kernel, messages }: IntelIommu, iommu: Iommu): Routine<void> {
  const line = messages.noPasidAllocation;
  if (line !== null && iommu.caps.cachingMode && kernel.settings.config.svm) yield* printk(line);
}

/** `init_dmars` from 4.2 on. */
function* initDmarsWithCopies(driver: IntelIommu): Routine<IdentityDomain | null> {
  let copiedTables = false;
  for (const iommu of driver.iommus) {
    yield* clearQueueOfBefore(driver, iommu);
    yield* chooseFlushes(iommu);
    yield* iommuInitDomains(driver, iommu);
    yield* initTranslationStatus(iommu);
    if (yield* inheritTranslation(iommu, driver.kernel)) copiedTables = true;
  }
  // A second loop, after the queues of all units are up.
  for (const iommu of driver.iommus) {
    yield* iommuFlushWriteBuffer(iommu);
    yield* registerPasidAllocator(driver, iommu);
    yield* setRootAndFlush(driver, iommu);
  }
  // From 5.3 on the core brings devices into their domains, and translation goes on behind that.
  if (driver.kernel.release.attach === 'probe-or-deferred') {
    for (const iommu of driver.iommus) {
      yield* iommuFlushWriteBuffer(iommu);
      yield* dmarSetInterrupt(driver, iommu);
    }
    return null;
  }
  const identity = driver.options.passThrough ? yield* IdentityDomain.create(driver) : null;
  // With copied tables devices keep their old mappings until their driver comes.
  if (!copiedTables) {
    if (identity !== null) yield* identity.prepareStatic();
    yield* prepareReservedRegions(driver);
  }
  for (const iommu of driver.iommus) {
    yield* iommuFlushWriteBuffer(iommu);
    yield* dmarSetInterrupt(driver, iommu);
    if (!iommu.preEnabled) yield* iommuEnableTranslation(iommu);
    yield* iommuDisableProtectMemRegions(iommu);
  }
  return identity;
}

function* setRootAndFlush({ kernel }: IntelIommu, iommu: Iommu): Routine<void> {
  yield* iommuSetRootEntry(iommu);
  if (kernel.release.trustsPointerFlush && iommu.caps.setRootInvalidates) return;
  yield* flushContext(iommu, 0, sourceIdOf(0), 'global');
  yield* flushIotlb(iommu, 0, noAddress, 0, 'global');
}
