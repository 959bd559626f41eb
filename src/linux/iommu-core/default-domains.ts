/**
 * The default domains that the IOMMU core gives to groups of devices (drivers/iommu/iommu.c and the driver's
 * attach, 5.3 to 7.0): at start-up, or, where translation was on before, at a device's first mapping.
 */
import { assert, beyondModel } from '../../base/assert.ts';
import { addressOf, frameNumber, frameOf, sourceIdNumber } from '../../base/word.ts';
import { printk, routine } from '../core/bus.ts';
import type { PciDevice } from '../core/firmware.ts';
import type { Routine } from '../core/operation.ts';
import { pciName } from '../core/print-formats.ts';
import { AnchoredIova } from '../iova/anchored-iova.ts';
import { domainContextMapping } from '../iommu/context-mapping.ts';
import { CoreIdentity } from './core-identity.ts';
import { mapDirectly, type Region } from './direct-mapping.ts';
import type { Domain } from '../iommu/dmar-domain.ts';
import { domainAttachIommu } from '../iommu/domain.ts';
import type { IntelIommu } from '../iommu/intel-iommu.ts';
import { allocTablePage } from '../iommu/iommu.ts';
import { iommuGroups, type IommuGroup } from './iommu-groups.ts';

/** IOAPIC_RANGE_START and IOAPIC_RANGE_END: IOMMU_RESV_MSI. */
const interruptFrames = { first: 0xfee00, last: 0xfeeff };
/** What an ISA bridge may reach for its devices (CONFIG_INTEL_IOMMU_FLOPPY_WA). */
const isaRegion = { first: addressOf(0), last: addressOf(0xff_ffff) };
/** agaw_to_width. */
const widthOf = (agaw: number): number => 30 + 9 * agaw;

/** `intel_iommu_get_resv_regions`: what has to be mapped to itself for a device. */
function directRegions(driver: IntelIommu, device: PciDevice): readonly Region[] {
  const own = driver.reservedRegions.filter(({ devices }) => devices.includes(device.source));
  return device.isIsaBridge ? [...own, isaRegion] : own;
}

function reserve(domain: Domain, { first, last }: Region): void {
  domain.iova.reserve(frameNumber(frameOf(first)), frameNumber(frameOf(last)));
}

export class DefaultDomains {
  readonly #driver: IntelIommu;
  readonly #groups: readonly IommuGroup[];
  readonly #domainOfGroup = new Map<IommuGroup, Domain>();
  readonly #identity: CoreIdentity;

  constructor(driver: IntelIommu) {
    this.#driver = driver;
    this.#identity = new CoreIdentity(driver);
    this.#groups = iommuGroups(driver.kernel.settings.devices);
  }

  /** `bus_iommu_probe`: every device has its group before any group has its domain (5.8; before, one by one). */
  * probe(): Routine<void> {
    const driver = this.#driver;
    const oneByOne = driver.kernel.release.dmaApi === 'intel-dma-ops';
    yield* routine('bus_iommu_probe', '', () => oneByOne ? this.#probeOneByOne() : this.#probeAll());
  }

  * #probeAll(): Routine<void> {
    const devices = this.#groups.flatMap((group) => group.devices.map((device) => ({ device, group })));
    for (const { device, group } of sortedByAddress(devices)) yield* addingLine(device, group);
    for (const group of this.#groups) {
      const domain = yield* this.#allocDefaultDomain(group);
      for (const device of group.devices) yield* this.#createDirectMappings(domain, device);
      for (const device of group.devices) if (!this.#isDeferred(device)) yield* this.#attach(domain, device);
    }
  }

  * #probeOneByOne(): Routine<void> {
    const devices = this.#groups.flatMap((group) => group.devices.map((device) => ({ device, group })));
    for (const { device, group } of sortedByAddress(devices)) {
      const domain = this.#domainOfGroup.get(group) ?? (yield* this.#allocDefaultDomain(group));
      yield* this.#createDirectMappings(domain, device);
      if (!this.#isDeferred(device)) yield* this.#attach(domain, device);
      yield* addingLine(device, group);
    }
  }

  /** `iommu_deferred_attach`, and the domain that the device is in afterwards. */
  * deferredAttach(device: PciDevice): Routine<Domain> {
    const domain = this.domainOf(device);
    if (this.#isDeferred(device)) {
      yield* routine('iommu_deferred_attach', device.name, () => this.#attach(domain, device));
    }
    return domain;
  }

  /** The domain of a device's group, attached or not. */
  domainOf(device: PciDevice): Domain {
    const group = this.#groups.find(({ devices }) => devices.includes(device));
    const domain = group === undefined ? undefined : this.#domainOfGroup.get(group);
    assert(domain !== undefined, 'every device is in a group, and every group has a domain');
    return domain;
  }

  /** `intel_iommu_is_attach_deferred`. */
  #isDeferred(device: PciDevice): boolean {
    return this.#driver.iommuOf(device.source).preEnabled && !this.#driver.domainOfDevice.has(device.source);
  }

  * #allocDefaultDomain(group: IommuGroup): Routine<Domain> {
    const [device] = group.devices;
    const domain = this.#driver.options.passThrough
      ? yield* this.#identity.at(this.#driver.iommuOf(device.source), device) : yield* allocDmaDomain(this.#driver, device);
    this.#domainOfGroup.set(group, domain);
    return domain;
  }

  /** `iommu_create_device_direct_mappings`: nothing of it is flushed, and nothing said. */
  * #createDirectMappings(domain: Domain, device: PciDevice): Routine<void> {
    if (domain.isIdentity) return;
    for (const region of directRegions(this.#driver, device)) {
      yield* routine('iommu_create_device_direct_mappings', device.name, () => mapDirectly(domain, region));
    }
  }

  /** `intel_iommu_attach_device`: an id at the unit if the domain has none, then the context entry. */
  * #attach(domain: Domain, device: PciDevice): Routine<void> {
    const driver = this.#driver;
    yield* routine('intel_iommu_attach_device', device.name, function* () {
      if (domain.did === 0 && (yield* domainAttachIommu(domain)) === 0) beyondModel('the domain-ids of the unit');
      driver.domainOfDevice.set(device.source, domain);
      yield* domainContextMapping(driver, domain, device);
    });
  }
}

interface Member {
  readonly device: PciDevice;
  readonly group: IommuGroup;
}

/** Devices are found bus by bus. */
function sortedByAddress(members: readonly Member[]): readonly Member[] {
  return [...members].sort((left, right) => sourceIdNumber(left.device.source) - sourceIdNumber(right.device.source));
}

function* addingLine(device: PciDevice, group: IommuGroup): Routine<void> {
  yield* printk(`pci ${pciName(device.source)}: Adding to iommu group ${group.id}`);
}

/** `intel_iommu_domain_alloc` and `iommu_dma_init_domain` for the first device of a group. */
function* allocDmaDomain(driver: IntelIommu, device: PciDevice): Routine<Domain> {
  const iommu = driver.iommuOf(device.source);
  return yield* routine('intel_iommu_domain_alloc', device.name, function* () {
    const domain: Domain = {
      iommu, device, iova: new AnchoredIova(), isIdentity: false, translation: 'multi-level', agaw: iommu.agaw,
      pgd: yield* allocTablePage(iommu), addressBits: Math.min(widthOf(iommu.agaw), iommu.caps.mgaw), did: 0,
    };
    const { platform, devices } = driver.kernel.settings;
    // Peer-to-peer addresses: the windows of the host bridge, and before dma-iommu each BAR by itself.
    const peers = driver.kernel.release.dmaApi === 'dma-iommu' ? platform.pciWindows : devices.map(({ bar }) => bar);
    for (const range of peers) reserve(domain, range);
    for (const region of directRegions(driver, device)) reserve(domain, region);
    domain.iova.reserve(interruptFrames.first, interruptFrames.last);
    return domain;
  });
}
