/** Memory mapped to itself while no unit walks the tables yet. */
import { addressIn, frameAt, frameNumber, frameOf, tableIndex, type Address, type Frame } from '../../base/word.ts';
import { fillEntries } from '../core/bus.ts';
import type { Routine } from '../core/operation.ts';
import type { Domain } from '../iommu/dmar-domain.ts';
import { pfnToDmaPte } from '../iommu/domain.ts';
import { dmaPte, readWrite } from '../iommu/formats.ts';
import { iommuFlushCache } from '../iommu/iommu.ts';

export interface Region {
  readonly first: Address;
  readonly last: Address;
}

/** `iommu_map` of a region to itself with 4 KiB pages: a domain that no unit has knows no larger ones. */
export function* mapDirectly(domain: Domain, { first, last }: Region): Routine<void> {
  const end = frameNumber(frameOf(last)) + 1;
  for (let number = frameNumber(frameOf(first)); number < end;) {
    const frame: Frame = frameAt(number);
    const count = Math.min(end - number, 512 - tableIndex(frame, 1));
    const place = yield* pfnToDmaPte(domain, frame);
    yield* fillEntries(place, count, dmaPte(addressIn(frame, 0), readWrite));
    yield* iommuFlushCache(domain.iommu, place, 8 * count);
    number += count;
  }
}
