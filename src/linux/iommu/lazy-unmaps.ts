/**
 * struct deferred_flush_data of the one CPU (drivers/iommu/intel-iommu.c, 4.9): unmapped ranges whose
 * IOTLB entries are still allowed.
 */
import { frameNumber, frameOf, orderOf, powerOfTwo, type Address } from '../../base/word.ts';
import { routine } from '../core/bus.ts';
import type { Timer } from '../core/kernel.ts';
import type { Routine } from '../core/operation.ts';
import type { Domain } from './dmar-domain.ts';
import { flushIotlb, iommuFlushIotlbPsi, noAddress } from './flush.ts';
import type { IntelIommu } from './intel-iommu.ts';

/** HIGH_WATER_MARK, and the delay of the timer. */
const highWaterMark = 250;
const lazyFlushDelayNs = 10_000_000;

export interface UnmappedRange {
  readonly domain: Domain;
  readonly iova: Address;
  readonly pages: number;
}

export class LazyUnmaps {
  readonly #driver: IntelIommu;
  readonly #timer: Timer;
  #entries: UnmappedRange[] = [];
  #timerOn = false;

  constructor(driver: IntelIommu) {
    this.#driver = driver;
    this.#timer = driver.kernel.timer(() => this.#flush());
  }

  /** `add_unmap`. */
  * add(range: UnmappedRange): Routine<void> {
    if (this.#entries.length === highWaterMark) yield* this.#flush();
    this.#entries.push(range);
    if (!this.#timerOn) {
      yield* this.#timer.arm(lazyFlushDelayNs);
      this.#timerOn = true;
    }
  }

  /** `flush_unmaps`: one global flush a unit; with caching mode one page flush an entry. */
  * #flush(): Routine<void> {
    this.#timerOn = false;
    const entries = this.#entries;
    this.#entries = [];
    const { iommus } = this.#driver;
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
