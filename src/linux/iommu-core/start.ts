/** What the IOMMU core does while the driver starts (drivers/iommu/iommu.c, 5.3 to 7.0). */
import { printk, routine } from '../core/bus.ts';
import type { Routine } from '../core/operation.ts';
import { DefaultDomains } from './default-domains.ts';
import { DmaIommu } from './dma-iommu.ts';
import type { IntelIommu } from '../iommu/intel-iommu.ts';
import { iommuDisableProtectMemRegions, iommuEnableTranslation } from '../iommu/iommu.ts';

/** `iommu_subsys_init`; each line ends in the blank before a remark that is not there. */
export function* iommuSubsysInit({ kernel, messages, options }: IntelIommu): Routine<void> {
  if (messages.defaultDomains === 'silent') return;
  const asked = /(^|\s)iommu(=(\S*,)?(no)?pt\b|\.passthrough=)/.test(kernel.commandLine.text);
  yield* printk(`iommu: Default domain type: ${options.passThrough ? 'Passthrough' : 'Translated'} `
    + (asked ? '(set via kernel command line)' : ''));
  if (messages.defaultDomains !== 'type-and-policy' || options.passThrough) return;
  // intel_iommu=strict comes with the driver, behind this; iommu.strict= is the core's own.
  const strict = kernel.commandLine.values('iommu.strict').at(-1);
  yield* printk(`iommu: DMA domain TLB invalidation policy: ${options.strict ? 'strict' : 'lazy'} mode `
    + (strict === undefined ? '' : '(set via kernel command line)'));
}

/**
 * `iommu_device_register` and the end of `intel_iommu_init`: devices get their default domains, and only then
 * translation goes on.
 */
export function* iommuDeviceRegister(driver: IntelIommu): Routine<void> {
  const domains = new DefaultDomains(driver);
  const { batchingDisallowed } = driver.messages;
  if (batchingDisallowed !== null && driver.iommus.some(({ caps }) => caps.cachingMode)) {
    yield* printk(batchingDisallowed);
  }
  yield* routine('iommu_device_register', '', () => domains.probe());
  driver.kernel.dmaOps = new DmaIommu(driver, domains);
  for (const iommu of driver.iommus) {
    if (!iommu.preEnabled) yield* iommuEnableTranslation(iommu);
    yield* iommuDisableProtectMemRegions(iommu);
  }
}
