/**
 * Which domain a device is in, and how it comes there (drivers/iommu/intel-iommu.c, 3.9 to 5.2):
 * from `init_dmars`, or at the device's first mapping.
 */
import { beyondModel } from '../../base/assert.ts';
import type { Address } from '../../base/word.ts';
import { routine } from '../core/bus.ts';
import type { PciDevice } from '../core/firmware.ts';
import type { Routine } from '../core/operation.ts';
import { domainContextMapping } from './context-mapping.ts';
import type { Domain } from './dmar-domain.ts';
import { allocDomain, domainAttachIommu, domainPrepareIdentityMap } from './domain.ts';
import type { IntelIommu } from './intel-iommu.ts';
import { reserveOldAddresses } from './old-addresses.ts';

function* attachId(driver: IntelIommu, device: PciDevice, domain: Domain): Routine<void> {
  const id = yield* domainAttachIommu(domain);
  if (id === 0) beyondModel('the domain-ids of the unit');
  setDomain(driver, device, domain);
}

/** Under the last alias too, where a device that shares it finds the domain. */
function setDomain(driver: IntelIommu, device: PciDevice, domain: Domain): void {
  driver.domainOfDevice.set(device.source, domain);
  const last = device.aliases.at(-1);
  if (last !== undefined) driver.domainOfDevice.set(last, domain);
}

/** `find_or_alloc_domain`: devices behind one conventional bus cannot be told apart, and share a domain. */
function sharedDomain(driver: IntelIommu, device: PciDevice): Domain | undefined {
  const last = device.aliases.at(-1);
  return last === undefined ? undefined : driver.domainOfDevice.get(last);
}

/** `set_domain_for_dev` and what it leads to: a domain-id and a context entry. */
function* setDomainForDev(driver: IntelIommu, device: PciDevice, domain: Domain): Routine<void> {
  yield* attachId(driver, device, domain);
  yield* domainContextMapping(driver, domain, device);
}

/** A region that the firmware wants mapped for a device. */
interface ReservedRegion {
  readonly first: Address;
  readonly last: Address;
}

/**
 * `iommu_prepare_identity_map` of start-up. To 4.1 the region is mapped before the context entry leads to
 * it, from 4.2 on behind it.
 */
export function* iommuPrepareIdentityMap(
  driver: IntelIommu, device: PciDevice, { first, last }: ReservedRegion,
): Routine<void> {
  const mapsFirst = driver.kernel.release.reservedRegions === 'at-start';
  let domain = driver.domainOfDevice.get(device.source);
  if (domain === undefined) {
    domain = yield* allocDomain(driver, device);
    if (mapsFirst) yield* attachId(driver, device, domain);
    else yield* setDomainForDev(driver, device, domain);
  }
  yield* domainPrepareIdentityMap(domain, device, first, last);
  if (mapsFirst) yield* domainContextMapping(driver, domain, device);
}

/**
 * `__get_valid_domain_for_dev`: the path of a device's first mapping. From 4.2 on its reserved regions are
 * mapped before its context entry exists.
 */
export function* getValidDomainForDev(driver: IntelIommu, device: PciDevice): Routine<Domain> {
  const known = driver.domainOfDevice.get(device.source);
  if (known !== undefined) return known;
  return yield* routine('__get_valid_domain_for_dev', device.name, function* () {
    const shared = sharedDomain(driver, device);
    const domain = shared ?? (yield* allocDomain(driver, device));
    if (driver.kernel.release.avoidsOldAddresses) yield* reserveOldAddresses(domain, device);
    const atHandoff = driver.kernel.release.reservedRegions === 'at-start-or-handoff';
    for (const region of driver.reservedRegions) {
      if (!atHandoff || !region.devices.includes(device.source)) continue;
      yield* domainPrepareIdentityMap(domain, device, region.first, region.last);
    }
    if (shared === undefined) {
      yield* setDomainForDev(driver, device, domain);
    } else {
      driver.domainOfDevice.set(device.source, domain);
      yield* domainContextMapping(driver, domain, device);
    }
    return domain;
  });
}
