/** What the driver does with a domain: makes it, maps in it, unmaps (drivers/iommu/intel-iommu.c, 4.9). */
import { assert } from '../../base/assert.ts';
import {
  addressIn, bytesOf, frameAt, frameBytes, frameNumber, frameOf, isZero, offsetBy, tableIndex,
  zeroWord, type Address, type Frame,
} from '../../base/word.ts';
import { fillEntries, load64, printk, routine, store64 } from '../core/bus.ts';
import { dmaPte, dmaPteAddr, dmaPtePresent, readWrite, type Protection } from './formats.ts';
import type { Domain } from './dmar-domain.ts';
import type { PciDevice } from '../core/firmware.ts';
import { allocTablePage, iommuFlushCache, type Iommu } from './iommu.ts';
import { IovaDomain } from '../iova/iova.ts';
import type { IntelIommu } from './intel-iommu.ts';
import type { Routine } from '../core/operation.ts';

/** DEFAULT_DOMAIN_ADDRESS_WIDTH. */
const defaultAddressWidth = 48;
/** IOAPIC_RANGE_START and IOAPIC_RANGE_END: the interrupt range. */
const interruptFrames = { first: 0xfee00, last: 0xfeeff };

/** `alloc_domain` and `domain_init`. */
export function* allocDomain(driver: IntelIommu, device: PciDevice): Routine<Domain> {
  const iommu = driver.iommuOf(device.source);
  return yield* routine('domain_init', device.name, function* () {
    const iova = new IovaDomain();
    iova.reserve(interruptFrames.first, interruptFrames.last);
    // dmar_init_reserved_ranges keeps every memory BAR out, against peer-to-peer accesses.
    for (const { bar } of driver.kernel.settings.devices) {
      iova.reserve(frameNumber(frameOf(bar.first)), frameNumber(frameOf(bar.last)));
    }
    const pgd = yield* allocTablePage(iommu);
    const addressBits = Math.min(defaultAddressWidth, iommu.caps.mgaw);
    return {
      iommu, device, iova, agaw: iommu.agaw, pgd, addressBits, did: 0, isIdentity: false, translation: 'multi-level',
    };
  });
}

/** The lowest free domain-id, or 0 when there is none. */
export function* takeDomainId(iommu: Iommu): Routine<number> {
  let id = 0;
  while (iommu.domainIds.has(id)) id += 1;
  if (id >= iommu.caps.ndoms) {
    yield* printk(iommu.messages.noDomainIds(iommu));
    return 0;
  }
  iommu.domainIds.add(id);
  return id;
}

/** `domain_attach_iommu`. */
export function* domainAttachIommu(domain: Domain): Routine<number> {
  domain.did = yield* takeDomainId(domain.iommu);
  return domain.did;
}

/** `pfn_to_dma_pte`: the place of the leaf entry, with the tables above it allocated. */
export function* pfnToDmaPte(domain: Domain, frame: Frame): Routine<Address> {
  let table = domain.pgd;
  for (let level = domain.agaw + 2; level > 1; level -= 1) {
    const place = offsetBy(table, 8 * tableIndex(frame, level));
    let entry = yield* load64(place);
    if (!dmaPtePresent(entry)) {
      entry = dmaPte(yield* allocTablePage(domain.iommu), readWrite);
      yield* store64(place, entry);
      yield* iommuFlushCache(domain.iommu, place, 8);
    }
    table = dmaPteAddr(entry);
  }
  return offsetBy(table, 8 * tableIndex(frame, 1));
}

/** `dma_pfn_level_pte`: the place of the leaf entry, or undefined where no table leads to it. */
function* dmaPfnLevelPte(domain: Domain, frame: Frame): Routine<Address | undefined> {
  let table = domain.pgd;
  for (let level = domain.agaw + 2; level > 1; level -= 1) {
    const entry = yield* load64(offsetBy(table, 8 * tableIndex(frame, level)));
    if (!dmaPtePresent(entry)) return undefined;
    table = dmaPteAddr(entry);
  }
  return offsetBy(table, 8 * tableIndex(frame, 1));
}

/** Frames are mapped one by one; a table's new entries are written back together. */
function endOfTable(frame: Frame, pages: number): number {
  return Math.min(pages, 512 - tableIndex(frame, 1));
}

/** `__domain_mapping` with 4 KiB pages: superpages need aligned memory that no workload here has. */
export function* domainPfnMapping(
  domain: Domain, first: Frame, physical: Address, pages: number, protection: Protection,
): Routine<void> {
  const number = frameNumber(first);
  yield* routine('__domain_mapping', `${nameOf(domain)} ${pages} pages`, function* () {
    for (let done = 0; done < pages;) {
      const frame = frameAt(number + done);
      const place = yield* pfnToDmaPte(domain, frame);
      const count = endOfTable(frame, pages - done);
      for (let index = 0; index < count; index += 1) {
        const old = yield* load64(offsetBy(place, 8 * index));
        const entry = dmaPte(offsetBy(physical, (done + index) * frameBytes), protection);
        if (!isZero(old)) {
          yield* printk(domain.iommu.messages.pteAlreadySet((number + done + index).toString(16), old, entry));
        } else {
          yield* store64(offsetBy(place, 8 * index), entry);
        }
      }
      yield* iommuFlushCache(domain.iommu, place, 8 * count);
      done += count;
    }
  });
}

/** `dma_pte_clear_range`. */
export function* dmaPteClearRange(domain: Domain, first: Frame, pages: number): Routine<void> {
  for (let done = 0; done < pages;) {
    const frame = frameAt(frameNumber(first) + done);
    const count = endOfTable(frame, pages - done);
    const place = yield* dmaPfnLevelPte(domain, frame);
    if (place !== undefined) {
      for (let index = 0; index < count; index += 1) yield* store64(offsetBy(place, 8 * index), zeroWord);
      yield* iommuFlushCache(domain.iommu, place, 8 * count);
    }
    done += count;
  }
}

function nameOf({ device }: Domain): string {
  return device === null ? 'si_domain' : device.name;
}

/**
 * `iommu_domain_identity_map` of memory, in a domain that no context entry leads to yet: 4 KiB pages, for what
 * superpages a unit has is only known when it joins the domain. Each table is filled at one go.
 */
export function* domainIdentityMapping(domain: Domain, first: Frame, last: Frame): Routine<void> {
  const pages = frameNumber(last) - frameNumber(first) + 1;
  yield* routine('__domain_mapping', `${nameOf(domain)} ${pages} pages`, function* () {
    for (let done = 0; done < pages;) {
      const frame = frameAt(frameNumber(first) + done);
      const place = yield* pfnToDmaPte(domain, frame);
      const count = endOfTable(frame, pages - done);
      yield* fillEntries(place, count, dmaPte(addressIn(frame, 0), readWrite));
      yield* iommuFlushCache(domain.iommu, place, 8 * count);
      done += count;
    }
  });
}

/** `domain_prepare_identity_map`: an RMRR, mapped to itself, read-write. */
export function* domainPrepareIdentityMap(
  domain: Domain, device: PciDevice, first: Address, last: Address,
): Routine<void> {
  yield* routine('domain_prepare_identity_map', device.name, function* () {
    const { identityMap } = domain.iommu.messages;
    if (identityMap !== null) yield* printk(identityMap(device.source, first, last));
    assert(bytesOf(first) <= bytesOf(last), 'an RMRR ends behind its beginning');
    const firstFrame = frameOf(first);
    const pages = frameNumber(frameOf(last)) - frameNumber(firstFrame) + 1;
    domain.iova.reserve(frameNumber(firstFrame), frameNumber(frameOf(last)));
    yield* dmaPteClearRange(domain, firstFrame, pages);
    yield* domainPfnMapping(domain, firstFrame, addressIn(firstFrame, 0), pages, readWrite);
  });
}
