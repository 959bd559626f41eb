/** struct dma_map_ops: what stands behind the DMA API, an IOMMU driver or none. */
import type { Address } from '../../base/word.ts';
import type { PciDevice } from './firmware.ts';
import type { Routine } from './operation.ts';

export type Direction = 'to-device' | 'from-device' | 'bidirectional';

export interface DmaMapping {
  readonly device: PciDevice;
  /** What the device is told. */
  readonly address: Address;
  readonly bytes: number;
}

/** All for physically contiguous memory. */
export interface DmaOps {
  map(device: PciDevice, physical: Address, bytes: number, direction: Direction): Routine<DmaMapping>;
  unmap(mapping: DmaMapping): Routine<void>;
}

/** No remapping: a device is given physical addresses. */
export const directDmaOps: DmaOps = {
  * map(device, physical, bytes) {
    return { device, address: physical, bytes };
  },
  * unmap() {
    // Nothing was set up.
  },
};
