/** The models of devices by the names that scenarios use. */
import { AhciController, ahciBarBytes, ahciMessageTable } from './ahci.ts';
import type { Device } from './device.ts';
import { E1000eCard, e1000eBarBytes, e1000eMessageTable } from './e1000e.ts';
import { EhciController, ehciBarBytes } from './ehci.ts';
import { graphicsBarBytes, GraphicsUnit } from './graphics.ts';
import { HpsaController } from './hpsa-controller.ts';
import { IloFunction } from './ilo.ts';
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

function model(
  make: DeviceModel['make'], barBytes: number, messageTable = 0,
): DeviceModel {
  return { make, barBytes, messageTable };
}

const passive = model((settings, surroundings) => new PassiveFunction(settings, surroundings), 0);

export const deviceModels: ReadonlyMap<string, DeviceModel> = new Map([
  // Its interrupts are not modelled: the probe polls.
  ['hpsa', model((settings, surroundings) => new HpsaController(settings, surroundings), 0x100)],
  ['nvme', model((settings, surroundings) => new NvmeController(settings, surroundings), nvmeBarBytes, nvmeMessageTable)],
  ['ahci', model((settings, surroundings) => new AhciController(settings, surroundings), ahciBarBytes, ahciMessageTable)],
  ['e1000e', model((settings, surroundings) => new E1000eCard(settings, surroundings), e1000eBarBytes, e1000eMessageTable)],
  ['ehci', model((settings, surroundings) => new EhciController(settings, surroundings), ehciBarBytes)],
  ['graphics', model((settings, surroundings) => new GraphicsUnit(settings, surroundings), graphicsBarBytes)],
  ['ilo', model((settings, surroundings) => new IloFunction(settings, surroundings), 0)],
  ['host-bridge', passive],
  ['isa-bridge', passive],
  ['smbus', passive],
]);
