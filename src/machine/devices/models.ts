/** The models of devices by the names that scenarios use. */
import type { Device, DeviceSettings, Surroundings } from './device.ts';
import { HpsaController } from './hpsa-controller.ts';

const models = new Map<string, (settings: DeviceSettings, surroundings: Surroundings) => Device>([
  ['hpsa', (settings, surroundings) => new HpsaController(settings, surroundings)],
]);

export const deviceModels: readonly string[] = [...models.keys()];

export function makeDevice(model: string, settings: DeviceSettings, surroundings: Surroundings): Device | undefined {
  return models.get(model)?.(settings, surroundings);
}
