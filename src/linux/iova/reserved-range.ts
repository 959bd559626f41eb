/** Ranges of frame numbers that both I/O address allocators keep (struct iova, drivers/iommu/iova.c). */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * reserve_iova: takes every range out of `ranges` that shares a frame with `low` to `high`, and gives the
 * one that covers them all, to be put in their place.
 */
export function takeOverlapping(ranges: Range[], low: number, high: number): Range {
  let first = low;
  let last = high;
  for (let index = ranges.length - 1; index >= 0; index -= 1) {
    const range = ranges[index];
    if (range === undefined || range.high < low || range.low > high) continue;
    first = Math.min(first, range.low);
    last = Math.max(last, range.high);
    ranges.splice(index, 1);
  }
  return { low: first, high: last };
}
