/** The models of devices by the names that scenarios use. */
import type { Device } from './device.ts';
import { HpsaController } from './hpsa-controller.ts';
import { NvmeController, nvmeBarBytes, nvmeMessageTable } from './nvme/controller.ts';
import { PassiveFunction } from './passive-function.ts';
import type { DeviceSettings, Surroundings } from './settings.ts';

export interface DeviceModel {
  readonly make: (settings: DeviceSettings, surroundings: Surroundings) => Device;
  /** How much of its BAR the model answers. */
  readonly barBytes: number;
  /** Where in the BAR its MSI-X table is. */
  readonly messageTable: number;
}

/** The controller's few registers; its interrupts are not modelled, the probe polls. */
const hpsa: DeviceModel = {
  make: (settings, surroundings) => new HpsaController(settings, surroundings), barBytes: 0x100, messageTable: 0x1000,
};

const nvme: DeviceModel = {
  make: (settings, surroundings) => new NvmeController(settings, surroundings), barBytes: nvmeBarBytes,
  messageTable: nvmeMessageTable,
};

const passive: DeviceModel = {
  make: (settings, surroundings) => new PassiveFunction(settings, surroundings), barBytes: 0, messageTable: 0,
};

export const deviceModels: ReadonlyMap<string, DeviceModel> = new Map([
  ['hpsa', hpsa],
  ['nvme', nvme],
  ['host-bridge', passive],
  ['isa-bridge', passive],
  ['smbus', passive],
]);
