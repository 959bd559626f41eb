/**
 * The IOVA allocator of 4.9 (drivers/iommu/iova.c): top-down in a tree of ranges, with a node cached
 * for the 32-bit limit and per-CPU magazines of freed ranges in front.
 *
 * The order in which addresses come out is what makes the two kernels collide: both start a domain at
 * 0xfffff000 and go down.
 */
import { orderOf } from '../../base/word.ts';
import { takeOverlapping, type Range } from './reserved-range.ts';

/** IOVA_START_PFN and DMA_32BIT_PFN. */
const startFrame = 1;
const limit32 = 0xfffff;
/** Ranges above this order never go to a magazine (IOVA_RANGE_CACHE_MAX_SIZE 6). */
const magazineOrders = 6;
const magazineSize = 128;
/** MAX_GLOBAL_MAGS: full magazines that a CPU may leave to the others. */
const depotSize = 32;

/** struct iova_rcache of one size and one CPU: two magazines, and the depot behind them. */
class RangeCache {
  #loaded: number[] = [];
  #previous: number[] = [];
  readonly #depot: number[][] = [];

  /** __iova_rcache_get: nothing when the top entry is not *below* the limit. */
  take(limit: number): number | undefined {
    if (this.#loaded.length === 0) {
      if (this.#previous.length > 0) this.#swap();
      else this.#loaded = this.#depot.pop() ?? this.#loaded;
    }
    const top = this.#loaded.at(-1);
    return top !== undefined && top < limit ? this.#loaded.pop() : undefined;
  }

  /** __iova_rcache_insert; returns what no longer fits and goes back to the tree. */
  put(low: number): readonly number[] {
    let surplus: readonly number[] = [];
    if (this.#loaded.length === magazineSize) {
      if (this.#previous.length < magazineSize) {
        this.#swap();
      } else {
        if (this.#depot.length < depotSize) this.#depot.push(this.#loaded);
        else surplus = this.#loaded;
        this.#loaded = [];
      }
    }
    this.#loaded.push(low);
    return surplus;
  }

  /** free_cpu_cached_iovas: the CPU's own magazines, not the depot. */
  empty(): readonly number[] {
    return [...this.#loaded.splice(0), ...this.#previous.splice(0)];
  }

  #swap(): void {
    [this.#loaded, this.#previous] = [this.#previous, this.#loaded];
  }
}

export class IovaDomain {
  /** Ascending by `low`. */
  readonly #ranges: Range[] = [];
  /** `cached32_node`: where the last search below 4 GiB ended. */
  #cached32: Range | null = null;
  readonly #caches = Array.from({ length: magazineOrders }, () => new RangeCache());

  /** reserve_iova: takes a range out of circulation, merging it with what is already reserved. */
  reserve(low: number, high: number): void {
    this.#insert(takeOverlapping(this.#ranges, low, high));
  }

  /** alloc_iova_fast: the first frame of `size` frames (a power of two), or 0 when there are none. */
  allocate(size: number, limit: number): number {
    const cached = this.#caches[orderOf(size)]?.take(limit);
    if (cached !== undefined) return cached;
    const found = this.#allocateFromTree(size, limit);
    if (found !== 0) return found;
    for (const cache of this.#caches) for (const low of cache.empty()) this.#removeFromTree(low);
    return this.#allocateFromTree(size, limit);
  }

  /** free_iova_fast: small ranges go to the magazine and stay in the tree. */
  free(low: number, size: number): void {
    const cache = this.#caches[orderOf(size)];
    for (const surplus of cache === undefined ? [low] : cache.put(low)) this.#removeFromTree(surplus);
  }

  #allocateFromTree(size: number, limit: number): number {
    let upper = limit;
    let index = this.#ranges.length - 1;
    // __get_cached_rbnode: a search with the 32-bit limit begins below the last one's result.
    if (limit === limit32 && this.#cached32 !== null) {
      upper = this.#cached32.low - 1;
      index = this.#ranges.indexOf(this.#cached32) - 1;
    }
    for (; index >= 0; index -= 1) {
      const range = this.#ranges[index];
      if (range === undefined || upper < range.low) continue;
      if (upper >= range.high && range.high + size + padding(size, upper) <= upper) break;
      upper = range.low - 1;
    }
    if (index < 0 && startFrame + size + padding(size, upper) > upper) return 0;
    const low = upper - (size + padding(size, upper)) + 1;
    const fresh = { low, high: low + size - 1 };
    this.#insert(fresh);
    if (limit === limit32) this.#cached32 = fresh;
    return low;
  }

  #removeFromTree(low: number): void {
    const index = this.#ranges.findIndex((range) => range.low === low);
    const range = this.#ranges[index];
    if (range === undefined) return;
    if (this.#cached32 !== null && low >= this.#cached32.low) {
      const next = this.#ranges[index + 1];
      this.#cached32 = next !== undefined && next.low < limit32 ? next : null;
    }
    this.#ranges.splice(index, 1);
  }

  #insert(range: Range): void {
    const at = this.#ranges.findIndex((other) => other.low > range.low);
    this.#ranges.splice(at < 0 ? this.#ranges.length : at, 0, range);
  }
}

/** iova_get_pad_size: keeps a range aligned to its size. */
function padding(size: number, limit: number): number {
  return size === 1 ? 0 : (limit + 1) % size;
}
