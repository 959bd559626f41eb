/**
 * `intel_dma_ops`, the DMA API on top of the domains (drivers/iommu/intel-iommu.c, 4.9): mapping, and
 * unmapping with lazy or strict flushing.
 */
import { beyondModel, fail } from '../../base/assert.ts';
import {
  addressIn, frameAt, frameBytes, frameNumber, frameOf, orderOf, powerOfTwo, type Address, type Frame,
} from '../../base/word.ts';
import { routine } from '../core/bus.ts';
import type { Direction, DmaMapping, DmaOps } from '../core/dma-ops.ts';
import type { PciDevice } from '../core/firmware.ts';
import type { Routine } from '../core/operation.ts';
import { getValidDomainForDev } from './device-domain.ts';
import type { Domain } from './dmar-domain.ts';
import { dmaPteClearRange, domainPfnMapping } from './domain.ts';
import { iommuFlushIotlbPsi } from './flush.ts';
import type { Protection } from './formats.ts';
import type { IdentityDomain } from './identity-domain.ts';
import type { IntelIommu } from './intel-iommu.ts';
import { iommuFlushWriteBuffer } from './iommu.ts';
import { LazyUnmaps } from './lazy-unmaps.ts';

const limit32 = 0xfffff;

/** `intel_alloc_iova`: below 4 GiB first, unless intel_iommu=forcedac. */
function intelAllocIova(driver: IntelIommu, domain: Domain, pages: number, dmaMaskBits: number): Frame {
  const size = powerOfTwo(orderOf(pages));
  const limit = powerOfTwo(Math.min(domain.addressBits, dmaMaskBits) - 12) - 1;
  const low = !driver.options.forceDac && dmaMaskBits > 32 ? domain.iova.allocate(size, limit32) : 0;
  const frame = low !== 0 ? low : domain.iova.allocate(size, limit);
  if (frame === 0) beyondModel('the IOVA space of a domain');
  return frameAt(frame);
}

/** Read unless only the device writes; a unit without zero-length reads must read all the same. */
function protectionFor(direction: Direction, zeroLengthRead: boolean): Protection {
  return {
    read: direction !== 'from-device' || !zeroLengthRead,
    write: direction !== 'to-device',
  };
}

export class IntelDmaOps implements DmaOps {
  readonly #driver: IntelIommu;
  readonly #identity: IdentityDomain | null;
  readonly #lazy: LazyUnmaps;

  constructor(driver: IntelIommu, identity: IdentityDomain | null) {
    this.#driver = driver;
    this.#identity = identity;
    this.#lazy = new LazyUnmaps(driver);
  }

  /** `__intel_map_single` for physically contiguous memory. */
  * map(device: PciDevice, physical: Address, bytes: number, direction: Direction): Routine<DmaMapping> {
    const driver = this.#driver;
    const identity = this.#identity;
    return yield* routine('__intel_map_single', device.name, function* () {
      if (identity !== null && (yield* identity.noMapping(device))) {
        return { device, address: physical, bytes };
      }
      const domain = yield* getValidDomainForDev(driver, device);
      const { iommu } = domain;
      const pages = Math.ceil(bytes / frameBytes);
      const frame = intelAllocIova(driver, domain, pages, driver.kernel.dmaMaskBits(device));
      yield* domainPfnMapping(domain, frame, physical, pages, protectionFor(direction, iommu.caps.zlr));
      const address = addressIn(frame, 0);
      // Not present to present: only a unit in caching mode may hold something about these pages.
      if (iommu.caps.cachingMode) yield* iommuFlushIotlbPsi(iommu, domain.did, address, pages);
      else yield* iommuFlushWriteBuffer(iommu);
      return { device, address, bytes };
    });
  }

  /** `intel_unmap`. */
  * unmap({ device, address, bytes }: DmaMapping): Routine<void> {
    const driver = this.#driver;
    const lazy = this.#lazy;
    if (this.#identity !== null && (yield* this.#identity.noMapping(device))) return;
    const domain = driver.domainOfDevice.get(device.source);
    if (domain === undefined) fail(`${device.name} unmaps before it has mapped anything`);
    const pages = Math.ceil(bytes / frameBytes);
    yield* routine('intel_unmap', device.name, function* () {
      yield* dmaPteClearRange(domain, frameOf(address), pages);
      if (driver.options.strict) {
        yield* iommuFlushIotlbPsi(domain.iommu, domain.did, address, powerOfTwo(orderOf(pages)));
        domain.iova.free(frameNumber(frameOf(address)), powerOfTwo(orderOf(pages)));
      } else {
        yield* lazy.add({ domain, iova: address, pages });
      }
    });
  }
}
