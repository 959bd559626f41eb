/**
 * The DMA API on top of default domains: `iommu_dma_ops` (drivers/iommu/dma-iommu.c, 5.11 to 7.0), and with the
 * trait of its time `intel_dma_ops` of 5.3 to 5.10.
 */
import { beyondModel } from '../../base/assert.ts';
import {
  addressIn, bytesOf, frameAt, frameBytes, frameNumber, frameOf, orderOf, powerOfTwo, type Address,
  type Frame,
} from '../../base/word.ts';
import { routine } from '../core/bus.ts';
import type { Direction, DmaMapping, DmaOps } from '../core/dma-ops.ts';
import type { PciDevice } from '../core/firmware.ts';
import type { Routine } from '../core/operation.ts';
import type { DefaultDomains } from './default-domains.ts';
import type { Domain } from '../iommu/dmar-domain.ts';
import { dmaPteClearRange, domainPfnMapping } from '../iommu/domain.ts';
import { FlushQueue } from './flush-queue.ts';
import { iommuFlushIotlbPsi } from '../iommu/flush.ts';
import type { Protection } from '../iommu/formats.ts';
import type { IntelIommu } from '../iommu/intel-iommu.ts';
import { iommuFlushWriteBuffer } from '../iommu/iommu.ts';

/** DMA_BIT_MASK(32) in frames. */
const limit32 = 0xfffff;

/** The pages that a range of bytes touches, however it lies in them. */
function pagesOf(offset: number, bytes: number): number {
  return Math.ceil((offset + bytes) / frameBytes);
}

export class DmaIommu implements DmaOps {
  readonly #driver: IntelIommu;
  readonly #domains: DefaultDomains;
  readonly #queues = new Map<Domain, FlushQueue>();
  /** iommu_dma_strict: a unit in caching mode has page-selective flushes anyway. */
  readonly #strict: boolean;

  constructor(driver: IntelIommu, domains: DefaultDomains) {
    this.#driver = driver;
    this.#domains = domains;
    this.#strict = driver.options.strict || driver.iommus.some(({ caps }) => caps.cachingMode);
  }

  /** `iommu_dma_map_page`: the device comes into its domain with the first one. */
  * map(device: PciDevice, physical: Address, bytes: number, direction: Direction): Routine<DmaMapping> {
    if (this.#bypasses(device)) return { device, address: physical, bytes };
    return yield* routine(this.#name('map'), device.name, () => this.#map(device, physical, bytes, direction));
  }

  * #map(device: PciDevice, physical: Address, bytes: number, direction: Direction): Routine<DmaMapping> {
    const domain = yield* this.#domains.deferredAttach(device);
    if (domain.isIdentity) return { device, address: physical, bytes };
    const { iommu } = domain;
    const offset = bytesOf(physical) % frameBytes;
    const pages = pagesOf(offset, bytes);
    const frame = this.#allocIova(domain, pages, this.#driver.kernel.dmaMaskBits(device));
    const first = addressIn(frameOf(physical), 0);
    yield* domainPfnMapping(domain, frame, first, pages, this.#protection(direction, iommu.caps.zlr));
    // Not present to present: only a unit in caching mode may hold something about these pages.
    if (iommu.caps.cachingMode) yield* iommuFlushIotlbPsi(iommu, domain.did, addressIn(frame, 0), pages);
    else yield* iommuFlushWriteBuffer(iommu);
    return { device, address: addressIn(frame, offset), bytes };
  }

  /** `__iommu_dma_unmap`. */
  * unmap({ device, address, bytes }: DmaMapping): Routine<void> {
    const domain = this.#domains.domainOf(device);
    if (domain.isIdentity) return;
    const first = addressIn(frameOf(address), 0);
    const pages = pagesOf(bytesOf(address) % frameBytes, bytes);
    yield* routine(this.#name('unmap'), device.name, () => this.#unmap(domain, first, pages));
  }

  * #unmap(domain: Domain, first: Address, pages: number): Routine<void> {
    yield* dmaPteClearRange(domain, frameOf(first), pages);
    if (!this.#strict) return yield* this.#queueOf(domain).queue(first, pages);
    yield* iommuFlushIotlbPsi(domain.iommu, domain.did, first, pages);
    domain.iova.free(frameNumber(frameOf(first)), pages);
  }

  /**
   * A device whose default domain is the identity. `dma_direct` never comes here, and so never triggers a
   * deferred attach; `iommu_need_mapping` of 5.6 to 5.10 attaches first (a11bfde9c77d).
   */
  #bypasses(device: PciDevice): boolean {
    return this.#driver.kernel.release.dmaApi === 'dma-iommu'
      && this.#domains.domainOf(device).isIdentity;
  }

  #name(what: 'map' | 'unmap'): string {
    if (this.#driver.kernel.release.dmaApi === 'dma-iommu') return `__iommu_dma_${what}`;
    return what === 'map' ? '__intel_map_single' : 'intel_unmap';
  }

  /** `iommu_dma_alloc_iova`: a single-address-cycle address first, unless told not to. */
  #allocIova(domain: Domain, pages: number, dmaMaskBits: number): Frame {
    const size = this.#driver.kernel.release.dmaApi === 'dma-iommu' ? pages : powerOfTwo(orderOf(pages));
    const limit = powerOfTwo(Math.min(domain.addressBits, dmaMaskBits) - 12) - 1;
    const low = !this.#driver.options.forceDac && limit > limit32 ? domain.iova.allocate(size, limit32) : 0;
    const found = low !== 0 ? low : domain.iova.allocate(size, limit);
    if (found === 0) beyondModel('the IOVA space of a domain');
    return frameAt(found);
  }

  /**
   * `dma_info_to_prot`; `intel_dma_ops` let a unit without zero-length reads read all the same, and from 5.13 on
   * the driver lets every device.
   */
  #protection(direction: Direction, zeroLengthRead: boolean): Protection {
    const { dmaApi, writeOnlyEntries } = this.#driver.kernel.release;
    const reads = direction !== 'from-device' || !writeOnlyEntries || (dmaApi === 'intel-dma-ops' && !zeroLengthRead);
    return { read: reads, write: direction !== 'to-device' };
  }

  #queueOf(domain: Domain): FlushQueue {
    const known = this.#queues.get(domain);
    if (known !== undefined) return known;
    const queue = new FlushQueue(this.#driver.kernel, domain);
    this.#queues.set(domain, queue);
    return queue;
  }
}
