/**
 * The globals of drivers/iommu/intel-iommu.c and dmar.c: the units that were found, the domain of each
 * device, the reserved regions. One for each kernel.
 */
import { assert } from '../../base/assert.ts';
import { busOf, type SourceId } from '../../base/word.ts';
import type { FirmwareTable } from '../core/firmware.ts';
import type { Kernel } from '../core/kernel.ts';
import { RateLimit } from '../core/ratelimit.ts';
import type { IrTable } from '../irq-remapping/ir-table.ts';
import type { Domain } from './dmar-domain.ts';
import { driverMessages, type DriverMessages } from './driver-messages.ts';
import type { Iommu } from './iommu.ts';
import { iommuOptions, type IommuOptions } from './options.ts';

export class IntelIommu {
  readonly kernel: Kernel;
  readonly options: IommuOptions;
  readonly messages: DriverMessages;
  readonly iommus: Iommu[] = [];
  /** The interrupt-remapping tables, unit by unit; empty where interrupts are not remapped. */
  irTables: readonly IrTable[] = [];
  readonly domainOfDevice = new Map<SourceId, Domain>();
  /** for_each_rmrr_units runs from the last entry of the firmware's table to the first (list_add). */
  readonly reservedRegions: FirmwareTable['reservedRegions'];
  /** The static state of `dmar_fault`; one for all units. */
  readonly faultRateLimit = new RateLimit('dmar_fault');

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.options = iommuOptions(kernel.commandLine, kernel.release);
    this.messages = driverMessages(kernel.release.startUpMessages);
    this.reservedRegions = [...kernel.settings.firmware.reservedRegions].reverse();
  }

  /** device_to_iommu: the unit whose scope has the device, else the one with INCLUDE_PCI_ALL. */
  iommuOf(device: SourceId): Iommu {
    const iommu = this.iommus[this.#unitOf(device)];
    assert(iommu !== undefined, 'a kernel without a DMAR unit maps nothing');
    return iommu;
  }

  /** `map_dev_to_ir`: the table for the interrupts of a device. */
  irTableOf(device: SourceId): IrTable {
    const table = this.irTables[this.#unitOf(device)];
    assert(table !== undefined, 'interrupts are remapped at every unit or at none');
    return table;
  }

  #unitOf(device: SourceId): number {
    const { units } = this.kernel.settings.firmware;
    const named = units.findIndex(({ endpoints }) => endpoints.includes(device));
    if (named >= 0) return named;
    const bus = busOf(device);
    return units.findIndex(({ buses, endpoints }) =>
      (buses === null ? endpoints.length === 0 : bus >= buses.first && bus <= buses.last));
  }
}
