/** What the unit's own work takes, in nanoseconds of simulated time. Round figures for an EP platform. */
export interface UnitTiming {
  /** A look-up that hits the IOTLB. */
  readonly iotlbHitNs: number;
  /** One fetch of a translation structure from memory. */
  readonly walkStepNs: number;
  /** From the write of a command bit to its status bit. */
  readonly commandNs: number;
  /** Fetching and decoding one invalidation descriptor. */
  readonly descriptorNs: number;
  /** One invalidation of a cache, whatever its granularity. */
  readonly invalidationNs: number;
}

export const defaultUnitTiming: UnitTiming = {
  iotlbHitNs: 20,
  walkStepNs: 120,
  commandNs: 400,
  descriptorNs: 150,
  invalidationNs: 600,
};
