/**
 * The I/O address allocator since 4.15 (drivers/iommu/iova.c as in 6.1): a tree of ranges below an anchor, searched
 * downwards from where the last search of its kind ended, with per-CPU magazines of freed ranges in front.
 */
import { orderOf, powerOfTwo } from '../../base/word.ts';
import { IovaMagazines } from './iova-magazines.ts';
import type { IovaSpace } from './iova-space.ts';
import { takeOverlapping, type Range } from './reserved-range.ts';

/** IOVA_START_PFN, and dma_32bit_pfn: the first frame behind 4 GiB. */
const startFrame = 1;
const end32 = 0x100000;

export class AnchoredIova implements IovaSpace {
  /** Ascending; the anchor is behind the last. */
  readonly #ranges: Range[] = [];
  /** cached32_node and cached_node; null: the anchor. */
  #cached32: Range | null = null;
  #cached: Range | null = null;
  /** max32_alloc_size: what did not fit below 4 GiB the last time. */
  #failed32 = end32;
  readonly #magazines = new IovaMagazines();

  /** Merged with what it touches. */
  reserve(low: number, high: number): void {
    this.#insert(takeOverlapping(this.#ranges, low, high));
  }

  allocate(size: number, limit: number): number {
    const rounded = roundedSize(size);
    const cached = this.#magazines.take(rounded, limit + 1 - rounded);
    if (cached !== undefined) return cached;
    const found = this.#fromTree(rounded, limit + 1);
    if (found !== 0) return found;
    for (const low of this.#magazines.empty()) this.#remove(low);
    return this.#fromTree(rounded, limit + 1);
  }

  free(low: number, size: number): void {
    for (const surplus of this.#magazines.put(low, roundedSize(size))) this.#remove(surplus);
  }

  /** `__alloc_and_insert_iova_range`: aligned to its size, below `end`. */
  #fromTree(size: number, end: number): number {
    const is32 = end <= end32;
    if (is32 && size >= this.#failed32) return 0;
    const alignment = powerOfTwo(orderOf(size));
    const cached = is32 ? this.#cached32 : this.#cached;
    const from = cached === null ? this.#ranges.length : this.#indexOf(cached.low);
    let low = this.#search(from, size, alignment, end, startFrame);
    // Above where the last search ended there may be room again.
    if (low === 0 && cached !== null && cached.high < end) {
      low = this.#search(this.#indexOf(end), size, alignment, end, cached.high + 1);
    }
    if (low === 0) {
      if (is32) this.#failed32 = size;
      return 0;
    }
    const fresh = { low, high: low + size - 1 };
    this.#insert(fresh);
    if (fresh.high < end32) this.#cached32 = fresh;
    else this.#cached = fresh;
    return low;
  }

  /** Downwards from the range at `from` (the anchor, at the end), not below `lowest`. */
  #search(from: number, size: number, alignment: number, end: number, lowest: number): number {
    let high = end;
    for (let index = from; index >= 0; index -= 1) {
      high = Math.min(high, this.#ranges[index]?.low ?? end);
      if (high < size + lowest) return 0;
      const low = Math.floor((high - size) / alignment) * alignment;
      if (low < lowest) return 0;
      const next = this.#ranges[index - 1];
      if (next === undefined || low > next.high) return low;
    }
    return 0;
  }

  /** `remove_iova`, with what becomes of the remembered places. */
  #remove(low: number): void {
    const index = this.#indexOf(low);
    const range = this.#ranges[index];
    if (range?.low !== low) return;
    const next = this.#ranges[index + 1] ?? null;
    const { low: low32 } = this.#cached32 ?? { low: Infinity };
    if (range.high < end32 && range.low >= low32) this.#cached32 = next;
    if (range.low < end32) this.#failed32 = end32;
    if (range.low >= (this.#cached?.low ?? Infinity)) this.#cached = next;
    this.#ranges.splice(index, 1);
  }

  #insert(range: Range): void {
    this.#ranges.splice(this.#indexOf(range.low), 0, range);
  }

  /** The first range that begins at `low` or above. */
  #indexOf(low: number): number {
    let first = 0;
    let end = this.#ranges.length;
    while (first < end) {
      const middle = Math.floor((first + end) / 2);
      if ((this.#ranges[middle]?.low ?? Infinity) < low) first = middle + 1;
      else end = middle;
    }
    return first;
  }
}

/** Ranges that go to magazines are rounded up to a power of two; larger ones are only aligned to it. */
function roundedSize(size: number): number {
  return size < 32 ? powerOfTwo(orderOf(size)) : size;
}
