/**
 * The flush queue of a domain (struct iova_fq of the one CPU: drivers/iommu/iova.c since 4.15, dma-iommu.c since
 * 5.19): unmapped ranges whose IOTLB entries are still allowed, until one flush of the domain covers them all.
 */
import { frameNumber, frameOf, type Address } from '../../base/word.ts';
import { routine } from '../core/bus.ts';
import type { Kernel, Timer } from '../core/kernel.ts';
import type { Routine } from '../core/operation.ts';
import type { Domain } from '../iommu/dmar-domain.ts';
import { flushIotlb, noAddress } from '../iommu/flush.ts';

/** IOVA_FQ_SIZE: the ring is full with one entry less; IOVA_FQ_TIMEOUT. */
const ringEntries = 256;
const timeoutNs = 10_000_000;

interface Entry {
  readonly low: number;
  readonly pages: number;
  /** How many flushes had begun when it was queued. */
  readonly counter: number;
}

export class FlushQueue {
  readonly #domain: Domain;
  readonly #timer: Timer;
  readonly #ring: Entry[] = [];
  #timerOn = false;
  #started = 0;
  #finished = 0;

  constructor(kernel: Kernel, domain: Domain) {
    this.#domain = domain;
    this.#timer = kernel.timer(() => this.#timeout());
  }

  /** `queue_iova`. */
  * queue(iova: Address, pages: number): Routine<void> {
    this.#freeRing();
    if (this.#ring.length === ringEntries - 1) {
      yield* this.#flush();
      this.#freeRing();
    }
    this.#ring.push({ low: frameNumber(frameOf(iova)), pages, counter: this.#started });
    if (this.#timerOn) return;
    this.#timerOn = true;
    yield* this.#timer.arm(timeoutNs);
  }

  /** `fq_flush_timeout`. */
  * #timeout(): Routine<void> {
    this.#timerOn = false;
    yield* this.#flush();
    this.#freeRing();
  }

  /** `fq_flush_iotlb`. */
  * #flush(): Routine<void> {
    this.#started += 1;
    const { iommu, did, device } = this.#domain;
    yield* routine('intel_flush_iotlb_all', device?.name ?? '', () => flushIotlb(iommu, did, noAddress, 0, 'domain'));
    this.#finished += 1;
  }

  /** `fq_ring_free`: what was queued before the last flush that has ended. */
  #freeRing(): void {
    while ((this.#ring[0]?.counter ?? Infinity) < this.#finished) {
      const entry = this.#ring.shift();
      if (entry !== undefined) this.#domain.iova.free(entry.low, entry.pages);
    }
  }
}
