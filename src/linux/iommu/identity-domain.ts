/**
 * The identity domain of iommu=pt, `si_domain` (drivers/iommu/intel-iommu.c, 3.9 to 5.2): who is in it, how a
 * device comes in and goes out. From 5.3 on this is the IOMMU core's.
 */
import { beyondModel, fail } from '../../base/assert.ts';
import {
  addressIn, bytesOf, frameAt, frameNumber, frameOf, powerOfTwo, type Address, type SourceId,
} from '../../base/word.ts';
import { printk, routine } from '../core/bus.ts';
import type { PciDevice } from '../core/firmware.ts';
import type { Routine } from '../core/operation.ts';
import { domainContextClearOne } from './context-clear.ts';
import { domainContextMapping } from './context-mapping.ts';
import type { Domain } from './dmar-domain.ts';
import { domainIdentityMapping, takeDomainId } from './domain.ts';
import type { IntelIommu } from './intel-iommu.ts';
import { allocTablePage, type Iommu } from './iommu.ts';
import { IovaDomain } from '../iova/iova.ts';

export class IdentityDomain {
  /** hw_pass_through: every unit can do without tables. */
  readonly #hardware: boolean;
  readonly #driver: IntelIommu;
  readonly #pgd: Address;
  readonly #ids = new Map<Iommu, number>();

  private constructor(driver: IntelIommu, hardware: boolean, pgd: Address) {
    this.#driver = driver;
    this.#hardware = hardware;
    this.#pgd = pgd;
  }

  /** `si_domain_init`: without pass-through in hardware, all memory of this kernel, page by page. */
  static* create(driver: IntelIommu): Routine<IdentityDomain> {
    return yield* routine('si_domain_init', '', function* () {
      const [first] = driver.iommus;
      if (first === undefined) fail('a kernel without a DMAR unit has no identity domain');
      const hardware = driver.iommus.every(({ caps }) => caps.passThrough);
      const identity = new IdentityDomain(driver, hardware, yield* allocTablePage(first));
      if (driver.kernel.release.identityId === 'at-start') {
        for (const iommu of driver.iommus) yield* identity.#idOn(iommu);
      }
      if (!hardware) {
        const domain = identity.#domainFor(first, null, 0);
        for (const { first: low, last } of driver.kernel.settings.memory) {
          yield* domainIdentityMapping(domain, frameOf(low), frameOf(last));
        }
      }
      return identity;
    });
  }

  /** `iommu_prepare_static_identity_mapping`: every device that may be in, as long as no driver has said more. */
  * prepareStatic(): Routine<void> {
    for (const device of this.#driver.kernel.settings.devices) {
      if (this.#hasReservedRegion(device)) continue;
      yield* this.#enter(device);
      yield* printk(this.#driver.messages.identityMapping(this.#hardware, device.source));
    }
  }

  has(device: SourceId): boolean {
    return this.#driver.domainOfDevice.get(device)?.isIdentity === true;
  }

  /**
   * `iommu_no_mapping`: whether the device uses physical addresses. One whose mask does not reach all memory is
   * taken out of the domain here, and any other that is not in it is put in.
   */
  * noMapping(device: PciDevice): Routine<boolean> {
    const { messages } = this.#driver;
    const mayBeIn = !this.#hasReservedRegion(device) && this.#reachesAllMemory(device);
    if (this.has(device.source)) {
      if (mayBeIn) return true;
      yield* this.#leave(device);
      yield* printk(messages.nonIdentity(device.source));
      return false;
    }
    // One that has a domain of its own keeps it (-EBUSY of dmar_insert_one_dev_info).
    if (!mayBeIn || this.#driver.domainOfDevice.has(device.source)) return false;
    yield* this.#enter(device);
    yield* printk(messages.identity(device.source));
    return true;
  }

  /** `domain_add_dev_info`. */
  * #enter(device: PciDevice): Routine<void> {
    const iommu = this.#driver.iommuOf(device.source);
    const domain = this.#domainFor(iommu, device, yield* this.#idOn(iommu));
    this.#driver.domainOfDevice.set(device.source, domain);
    yield* domainContextMapping(this.#driver, domain, device);
  }

  /** `dmar_remove_one_dev_info`. */
  * #leave(device: PciDevice): Routine<void> {
    const domain = this.#driver.domainOfDevice.get(device.source);
    if (domain === undefined) fail(`${device.name} is in the identity domain`);
    this.#driver.domainOfDevice.delete(device.source);
    for (const alias of device.aliases) yield* domainContextClearOne(this.#driver, domain.iommu, alias);
  }

  * #idOn(iommu: Iommu): Routine<number> {
    const known = this.#ids.get(iommu);
    if (known !== undefined) return known;
    const id = yield* takeDomainId(iommu);
    if (id === 0) beyondModel('the domain-ids of the unit');
    this.#ids.set(iommu, id);
    return id;
  }

  #domainFor(iommu: Iommu, device: PciDevice | null, did: number): Domain {
    return {
      iommu, device, iova: new IovaDomain(), agaw: iommu.agaw, pgd: this.#pgd, addressBits: 48, did,
      isIdentity: true, translation: this.#hardware ? 'pass-through' : 'multi-level',
    };
  }

  /** `device_is_rmrr_locked`, without its exceptions for USB and graphics. */
  #hasReservedRegion({ source }: PciDevice): boolean {
    return this.#driver.reservedRegions.some(({ devices }) => devices.includes(source));
  }

  /** `dma_get_required_mask`: all ones up to the highest bit of the last page. */
  #reachesAllMemory(device: PciDevice): boolean {
    const last = Math.max(...this.#driver.kernel.settings.memory.map((range) => frameNumber(frameOf(range.last))));
    // No address here has more than 52 bits.
    return bytesOf(addressIn(frameAt(last), 0)) < powerOfTwo(Math.min(this.#driver.kernel.dmaMaskBits(device), 52));
  }
}
