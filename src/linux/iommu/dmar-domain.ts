/** struct dmar_domain (drivers/iommu/intel-iommu.c, 4.9): a page table and an IOVA space. */
import type { Address } from '../../base/word.ts';
import type { PciDevice } from '../core/firmware.ts';
import type { Iommu } from './iommu.ts';
import type { IovaDomain } from './iova.ts';

export interface Domain {
  readonly iommu: Iommu;
  readonly device: PciDevice;
  readonly iova: IovaDomain;
  readonly agaw: number;
  readonly pgd: Address;
  /** gaw: the widest address that a mapping may have. */
  readonly addressBits: number;
  /** iommu_did; 0 until the domain is attached. */
  did: number;
}
