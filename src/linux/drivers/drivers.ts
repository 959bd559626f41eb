/** The drivers of a kernel, found by the model of device that they drive. */
import { fail } from '../../base/assert.ts';
import type { PciDevice } from '../core/firmware.ts';
import type { Kernel } from '../core/kernel.ts';
import type { Routine } from '../core/operation.ts';
import { HpsaDriver } from './hpsa.ts';

export interface PciDriver {
  /** The driver's probe of one device, up to the point where the device does its work. */
  probe(device: PciDevice): Routine<void>;
}

const drivers = new Map<string, (kernel: Kernel) => PciDriver>([
  ['hpsa', (kernel) => new HpsaDriver(kernel)],
]);

/** One instance of each driver a kernel. */
export class Drivers {
  readonly #kernel: Kernel;
  readonly #loaded = new Map<string, PciDriver>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  * probe(device: PciDevice): Routine<void> {
    let driver = this.#loaded.get(device.model);
    if (driver === undefined) {
      const load = drivers.get(device.model);
      if (load === undefined) fail(`the scenario was checked: ${device.model} has a driver`);
      driver = load(this.#kernel);
      this.#loaded.set(device.model, driver);
    }
    yield* driver.probe(device);
  }
}
