/**
 * struct iova_rcache of the one CPU, for each size a stack of freed ranges (drivers/iommu/iova.c, 6.1): a busy
 * device gets again what it gave back last.
 */
import { orderOf } from '../../base/word.ts';

/** IOVA_RANGE_CACHE_MAX_SIZE: orders 0 to 5. */
const orders = 6;
/** IOVA_MAG_SIZE, and MAX_GLOBAL_MAGS of full ones behind the CPU's two. */
const magazineSize = 127;
const depotSize = 32;

class SizeCache {
  #loaded: number[] = [];
  #previous: number[] = [];
  readonly #depot: number[][] = [];

  /** `__iova_rcache_get`: the last one freed that is not above `limit`. */
  take(limit: number): number | undefined {
    if (this.#loaded.length === 0) {
      if (this.#previous.length > 0) [this.#loaded, this.#previous] = [this.#previous, this.#loaded];
      else this.#loaded = this.#depot.pop() ?? this.#loaded;
    }
    const index = this.#loaded.findLastIndex((low) => low <= limit);
    const found = this.#loaded[index];
    const top = this.#loaded.at(-1);
    if (found === undefined || top === undefined) return undefined;
    // iova_magazine_pop: the gap is filled with the top.
    this.#loaded[index] = top;
    this.#loaded.pop();
    return found;
  }

  /** `__iova_rcache_insert`; returns what no longer fits. */
  put(low: number): readonly number[] {
    let surplus: readonly number[] = [];
    if (this.#loaded.length === magazineSize) {
      if (this.#previous.length < magazineSize) {
        [this.#loaded, this.#previous] = [this.#previous, this.#loaded];
      } else {
        if (this.#depot.length < depotSize) this.#depot.push(this.#loaded);
        else surplus = this.#loaded;
        this.#loaded = [];
      }
    }
    this.#loaded.push(low);
    return surplus;
  }

  empty(): readonly number[] {
    return [...this.#loaded.splice(0), ...this.#previous.splice(0), ...this.#depot.splice(0).flat()];
  }
}

export class IovaMagazines {
  readonly #bySize = Array.from({ length: orders }, () => new SizeCache());

  take(size: number, limit: number): number | undefined {
    return this.#bySize[orderOf(size)]?.take(limit);
  }

  /** Keeps a range, or says which ranges have to go back to the tree. */
  put(low: number, size: number): readonly number[] {
    return this.#bySize[orderOf(size)]?.put(low) ?? [low];
  }

  /** free_cpu_cached_iovas and free_global_cached_iovas. */
  empty(): readonly number[] {
    return this.#bySize.flatMap((cache) => cache.empty());
  }
}
