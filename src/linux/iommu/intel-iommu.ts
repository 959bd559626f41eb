/**
 * The globals of drivers/iommu/intel-iommu.c and dmar.c: the units that were found, the domain of each
 * device, the reserved regions. One for each kernel.
 */
import { assert } from '../../base/assert.ts';
import { busOf, type SourceId } from '../../base/word.ts';
import type { FirmwareTable } from '../core/firmware.ts';
import type { Kernel } from '../core/kernel.ts';
import { RateLimit } from '../core/ratelimit.ts';
import type { Domain } from './dmar-domain.ts';
import { driverMessages, type DriverMessages } from './driver-messages.ts';
import type { Iommu } from './iommu.ts';
import { iommuOptions, type IommuOptions } from './options.ts';

export class IntelIommu {
  readonly kernel: Kernel;
  readonly options: IommuOptions;
  readonly messages: DriverMessages;
  readonly iommus: Iommu[] = [];
  readonly domainOfDevice = new Map<SourceId, Domain>();
  /** for_each_rmrr_units runs from the last entry of the firmware's table to the first (list_add). */
  readonly reservedRegions: FirmwareTable['reservedRegions'];
  /** The static state of `dmar_fault`; one for all units. */
  readonly faultRateLimit = new RateLimit('dmar_fault');

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.options = iommuOptions(kernel.commandLine);
    this.messages = driverMessages(kernel.release.startUpMessages);
    this.reservedRegions = [...kernel.settings.firmware.reservedRegions].reverse();
  }

  /** device_to_iommu: the unit whose scope has the device, else the one with INCLUDE_PCI_ALL. */
  iommuOf(device: SourceId): Iommu {
    const bus = busOf(device);
    const index = this.kernel.settings.firmware.units.findIndex(({ buses }) => buses === null
      || (bus >= buses.first && bus <= buses.last));
    const iommu = this.iommus[index];
    assert(iommu !== undefined, 'a kernel without a DMAR unit maps nothing');
    return iommu;
  }
}
