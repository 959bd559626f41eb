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

/** What must go from a cache of this shape before another entry can come in. */
export function chooseVictims<Entry extends { readonly sequence: number }>(
  shape: CacheShape, size: number, entries: () => readonly Entry[],
): readonly Entry[] {
  if (size < shape.limit) return nothing;
  const all = entries();
  if (shape.whenFull === 'all') return all;
  const oldest = Math.min(...all.map((entry) => entry.sequence));
  return all.filter((entry) => entry.sequence === oldest);
}
