/**
 * The IOVA allocator of 4.9 (drivers/iommu/iova.c): top-down in a tree of ranges, with a node cached
 * for the 32-bit limit and per-CPU magazines of freed ranges in front.
 *
 * The order in which addresses come out is what makes the two kernels collide: both start a domain at
 * 0xfffff000 and go down.
 */
import { orderOf } from '../base/word.ts';

interface Range {
  readonly low: number;
  readonly high: number;
}

/** IOVA_START_PFN and DMA_32BIT_PFN. */
const startFrame = 1;
const limit32 = 0xfffff;
/** Ranges above this order never go to a magazine (IOVA_RANGE_CACHE_MAX_SIZE 6). */
const magazineOrders = 6;
const magazineSize = 128;

export class IovaDomain {
  /** Ascending by `low`. */
  readonly #ranges: Range[] = [];
  /** `cached32_node`: where the last search below 4 GiB ended. */
  #cached32: Range | null = null;
  readonly #magazines: number[][] = Array.from({ length: magazineOrders }, () => []);

  /** reserve_iova: takes a range out of circulation, merging it with what is already reserved. */
  reserve(low: number, high: number): void {
    let first = low;
    let last = high;
    for (let index = this.#ranges.length - 1; index >= 0; index -= 1) {
      const range = this.#ranges[index];
      if (range === undefined || range.high < low || range.low > high) continue;
      first = Math.min(first, range.low);
      last = Math.max(last, range.high);
      this.#ranges.splice(index, 1);
    }
    this.#insert({ low: first, high: last });
  }

  /** alloc_iova_fast: the first frame of `size` frames (a power of two), or 0 when there are none. */
  allocate(size: number, limit: number): number {
    const magazine = this.#magazines[orderOf(size)];
    const top = magazine?.at(-1);
    // iova_magazine_pop gives nothing when the top entry is not *below* the limit.
    if (magazine !== undefined && top !== undefined && top < limit) {
      magazine.pop();
      return top;
    }
    const found = this.#allocateFromTree(size, limit);
    if (found !== 0) return found;
    this.#emptyMagazines();
    return this.#allocateFromTree(size, limit);
  }

  /** free_iova_fast: small ranges go to the magazine and stay in the tree. */
  free(low: number, size: number): void {
    const magazine = this.#magazines[orderOf(size)];
    if (magazine !== undefined && magazine.length < magazineSize) magazine.push(low);
    else this.#removeFromTree(low);
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

  #emptyMagazines(): void {
    for (const magazine of this.#magazines) {
      for (const low of magazine.splice(0)) this.#removeFromTree(low);
    }
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
