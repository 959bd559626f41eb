/** struct dmar_domain (drivers/iommu/intel-iommu.c, 4.9): a page table and an IOVA space. */
import type { Address } from '../../base/word.ts';
import type { PciDevice } from '../core/firmware.ts';
import type { Iommu } from './iommu.ts';
import type { IovaSpace } from '../iova/iova-space.ts';

export interface Domain {
  readonly iommu: Iommu;
  /** Whom it was made for; null: nobody in particular. */
  readonly device: PciDevice | null;
  readonly iova: IovaSpace;
  readonly agaw: number;
  readonly pgd: Address;
  /** gaw: the widest address that a mapping may have. */
  readonly addressBits: number;
  /** si_domain: addresses are physical ones. */
  readonly isIdentity: boolean;
  /** The type of a context entry that leads to it. */
  readonly translation: 'multi-level' | 'pass-through';
  /** iommu_did; 0 until the domain is attached. */
  did: number;
}
