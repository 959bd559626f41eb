/**
 * Which domain a device is in, and how it comes there (drivers/iommu/intel-iommu.c, 4.9): from
 * `init_dmars`, or at the device's first mapping.
 */
import { beyondModel } from '../../base/assert.ts';
import { routine } from '../core/bus.ts';
import type { PciDevice } from '../core/firmware.ts';
import type { Routine } from '../core/operation.ts';
import { domainContextMappingOne } from './context-mapping.ts';
import type { Domain } from './dmar-domain.ts';
import { allocDomain, domainAttachIommu, domainPrepareIdentityMap } from './domain.ts';
import type { IntelIommu } from './intel-iommu.ts';

/** `set_domain_for_dev` and what it leads to: a domain-id and a context entry. */
function* setDomainForDev(driver: IntelIommu, domain: Domain): Routine<void> {
  const id = yield* domainAttachIommu(domain);
  if (id === 0) beyondModel('the domain-ids of the unit');
  driver.domainOfDevice.set(domain.device.source, domain);
  yield* domainContextMappingOne(driver, domain, domain.device.source);
}

/** `get_domain_for_dev`: the path of `init_dmars`, context entry first. */
export function* getDomainForDev(driver: IntelIommu, device: PciDevice): Routine<Domain> {
  const known = driver.domainOfDevice.get(device.source);
  if (known !== undefined) return known;
  const domain = yield* allocDomain(driver, device);
  yield* setDomainForDev(driver, domain);
  return domain;
}

/**
 * `__get_valid_domain_for_dev`: the path of a device's first mapping. Its reserved regions are mapped
 * before its context entry exists.
 */
export function* getValidDomainForDev(driver: IntelIommu, device: PciDevice): Routine<Domain> {
  const known = driver.domainOfDevice.get(device.source);
  if (known !== undefined) return known;
  return yield* routine('__get_valid_domain_for_dev', device.name, function* () {
    const domain = yield* allocDomain(driver, device);
    for (const region of driver.reservedRegions) {
      if (region.device !== device.source) continue;
      yield* domainPrepareIdentityMap(domain, region.first, region.last);
    }
    yield* setDomainForDev(driver, domain);
    return domain;
  });
}
