/**
 * The DMA API on top of the domains (drivers/iommu/intel-iommu.c, 4.9): `intel_map_page`,
 * `intel_alloc_coherent`, `intel_unmap` with lazy or strict flushing.
 */
import { beyondModel } from '../base/assert.ts';
import {
  addressIn, frameAt, frameBytes, frameNumber, frameOf, orderOf, powerOfTwo, type Address, type Frame,
} from '../base/word.ts';
import { routine } from './bus.ts';
import { domainContextMappingOne } from './context-mapping.ts';
import type { Domain } from './dmar-domain.ts';
import { allocDomain, domainAttachIommu, domainPfnMapping, domainPrepareIdentityMap, dmaPteClearRange } from './domain.ts';
import { flushIotlb, iommuFlushIotlbPsi, noAddress } from './flush.ts';
import type { Protection } from './formats.ts';
import { iommuFlushWriteBuffer } from './iommu.ts';
import type { PciDevice } from './firmware.ts';
import type { Kernel } from './kernel.ts';
import type { Routine } from './operation.ts';

export type Direction = 'to-device' | 'from-device' | 'bidirectional';

/** HIGH_WATER_MARK of the deferred-flush table, and its timer. */
const highWaterMark = 250;
const lazyFlushDelayNs = 10_000_000;
const limit32 = 0xfffff;

export interface Mapping {
  readonly domain: Domain;
  readonly iova: Address;
  readonly pages: number;
}

/** `set_domain_for_dev` and what it leads to: a domain-id and a context entry. */
function* setDomainForDev(kernel: Kernel, domain: Domain): Routine<void> {
  const id = yield* domainAttachIommu(domain);
  if (id === 0) beyondModel('the domain-ids of the unit');
  kernel.domainOfDevice.set(domain.device.source, domain);
  yield* domainContextMappingOne(kernel, domain, domain.device.source);
}

/** `get_domain_for_dev`: the path of `init_dmars`, context entry first. */
export function* getDomainForDev(kernel: Kernel, device: PciDevice): Routine<Domain> {
  const known = kernel.domainOfDevice.get(device.source);
  if (known !== undefined) return known;
  const domain = yield* allocDomain(kernel, device);
  yield* setDomainForDev(kernel, domain);
  return domain;
}

/**
 * `__get_valid_domain_for_dev`: the path of a device's first mapping. Its reserved regions are mapped
 * before its context entry exists.
 */
function* getValidDomainForDev(kernel: Kernel, device: PciDevice): Routine<Domain> {
  const known = kernel.domainOfDevice.get(device.source);
  if (known !== undefined) return known;
  return yield* routine('__get_valid_domain_for_dev', device.name, function* () {
    const domain = yield* allocDomain(kernel, device);
    for (const region of kernel.reservedRegions) {
      if (region.device !== device.source) continue;
      yield* domainPrepareIdentityMap(domain, region.first, region.last);
    }
    yield* setDomainForDev(kernel, domain);
    return domain;
  });
}

/** `intel_alloc_iova`: below 4 GiB first, unless intel_iommu=forcedac. */
function intelAllocIova(kernel: Kernel, domain: Domain, pages: number, dmaMaskBits: number): Frame {
  const size = powerOfTwo(orderOf(pages));
  const limit = powerOfTwo(Math.min(domain.addressBits, dmaMaskBits) - 12) - 1;
  const low = !kernel.options.forceDac && dmaMaskBits > 32 ? domain.iova.allocate(size, limit32) : 0;
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

/** `__intel_map_single` for physically contiguous memory. */
export function* intelMapSingle(
  kernel: Kernel, device: PciDevice, physical: Address, bytes: number, direction: Direction,
  dmaMaskBits: number,
): Routine<Mapping> {
  return yield* routine('__intel_map_single', device.name, function* () {
    const domain = yield* getValidDomainForDev(kernel, device);
    const { iommu } = domain;
    const pages = Math.ceil(bytes / frameBytes);
    const frame = intelAllocIova(kernel, domain, pages, dmaMaskBits);
    const protection = protectionFor(direction, iommu.caps.zlr);
    yield* domainPfnMapping(domain, frame, physical, pages, protection);
    const iova = addressIn(frame, 0);
    // Not present to present: only a unit in caching mode may hold something about these pages.
    if (iommu.caps.cachingMode) yield* iommuFlushIotlbPsi(iommu, domain.did, iova, pages);
    else yield* iommuFlushWriteBuffer(iommu);
    return { domain, iova, pages };
  });
}

/** `intel_unmap`. */
export function* intelUnmap(kernel: Kernel, lazy: LazyUnmaps, mapping: Mapping): Routine<void> {
  const { domain, iova, pages } = mapping;
  yield* routine('intel_unmap', domain.device.name, function* () {
    yield* dmaPteClearRange(domain, frameOf(iova), pages);
    if (kernel.options.strict) {
      yield* iommuFlushIotlbPsi(domain.iommu, domain.did, iova, powerOfTwo(orderOf(pages)));
      domain.iova.free(frameNumber(frameOf(iova)), powerOfTwo(orderOf(pages)));
    } else {
      yield* lazy.add(mapping);
    }
  });
}

/** struct deferred_flush_data of the one CPU: unmapped ranges whose IOTLB entries are still allowed. */
export class LazyUnmaps {
  readonly #kernel: Kernel;
  #entries: Mapping[] = [];
  #timerOn = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    kernel.onTimer(() => this.#flush());
  }

  /** `add_unmap`. */
  * add(mapping: Mapping): Routine<void> {
    if (this.#entries.length === highWaterMark) yield* this.#flush();
    this.#entries.push(mapping);
    if (!this.#timerOn) {
      yield { kind: 'arm-timer', delayNs: lazyFlushDelayNs };
      this.#timerOn = true;
    }
  }

  /** `flush_unmaps`: one global flush a unit; with caching mode one page flush an entry. */
  * #flush(): Routine<void> {
    this.#timerOn = false;
    const entries = this.#entries;
    this.#entries = [];
    const { iommus } = this.#kernel;
    yield* routine('flush_unmaps', `${entries.length} entries`, function* () {
      for (const iommu of iommus) {
        const own = entries.filter((entry) => entry.domain.iommu === iommu);
        if (own.length === 0) continue;
        if (!iommu.caps.cachingMode) yield* flushIotlb(iommu, 0, noAddress, 0, 'global');
        for (const { domain, iova, pages } of own) {
          const size = powerOfTwo(orderOf(pages));
          if (iommu.caps.cachingMode) yield* iommuFlushIotlbPsi(iommu, domain.did, iova, size);
          domain.iova.free(frameNumber(frameOf(iova)), size);
        }
      }
    });
  }
}
