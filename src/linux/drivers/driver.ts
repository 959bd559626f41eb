/** What a kernel asks of the driver of a PCI device. */
import type { PciDevice } from '../core/firmware.ts';
import type { Routine } from '../core/operation.ts';
import type { ProbeOrder } from '../../scenario/scenario.ts';

export interface PciDriver {
  /** The driver's probe of one device, up to the point where the device does its work. */
  probe(device: PciDevice, order: ProbeOrder): Routine<void>;
}

export interface BlockRequest {
  readonly access: 'read' | 'write';
  readonly bytes: number;
}

/** The driver of a disk. */
export interface BlockDriver extends PciDriver {
  /** queue_rq: hands a request to the device and returns; its interrupt handler takes the answer. */
  submit(device: PciDevice, request: BlockRequest): Routine<void>;
}
