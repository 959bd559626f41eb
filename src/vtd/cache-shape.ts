/** Size and replacement of a cache: the hardware's choice, not architecture (6.2). */
export interface CacheShape {
  readonly limit: number;
  /** What makes room. */
  readonly whenFull: 'oldest' | 'all';
}

/** Ages matter only where something is ever evicted by age; elsewhere they would only tell states apart. */
export function keepsAges(shape: CacheShape): boolean {
  return shape.limit !== Infinity;
}

const nothing: readonly never[] = [];

/** What a full cache shows of itself: its entries in a fixed order, and those that a condition picks in none. */
export interface Evictable<Entry> {
  entries(): readonly Entry[];
  select(selects: (entry: Entry) => boolean): readonly Entry[];
}

/** What must go from a cache of this shape before another entry can come in. */
export function chooseVictims<Entry extends { readonly sequence: number }>(
  shape: CacheShape, size: number, cache: Evictable<Entry>,
): readonly Entry[] {
  if (size < shape.limit) return nothing;
  if (shape.whenFull === 'all') return cache.entries();
  // No two entries are of one age, so that the order in which they are seen tells nothing.
  let oldest: Entry | undefined;
  cache.select((entry) => {
    if (oldest === undefined || entry.sequence < oldest.sequence) oldest = entry;
    return false;
  });
  return oldest === undefined ? nothing : [oldest];
}
