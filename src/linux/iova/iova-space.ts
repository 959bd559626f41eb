/** What gives out I/O addresses of a domain, in frames: the allocator changed with the releases. */
export interface IovaSpace {
  /** reserve_iova: takes a range out of circulation. */
  reserve(low: number, high: number): void;
  /** alloc_iova_fast: the first frame of `size` frames that end at `limit` or below, or 0 when there are none. */
  allocate(size: number, limit: number): number;
  /** free_iova_fast. */
  free(low: number, size: number): void;
}
