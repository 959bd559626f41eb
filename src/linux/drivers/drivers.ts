/** The drivers of a kernel, found by the model of device that they drive. */
import { fail } from '../../base/assert.ts';
import type { ProbeStatement, SubmitStatement } from '../../scenario/scenario.ts';
import type { Kernel } from '../core/kernel.ts';
import type { Routine } from '../core/operation.ts';
import { AhciDriver } from './ahci.ts';
import type { BlockDriver, PciDriver } from './driver.ts';
import { E1000eDriver } from './e1000e.ts';
import { GraphicsDriver } from './graphics.ts';
import { HpsaDriver } from './hpsa.ts';
import { NvmeDriver } from './nvme/nvme.ts';
import { EhciDriver } from './usb.ts';

type Loader =
  | { readonly kind: 'block'; readonly load: (kernel: Kernel) => BlockDriver }
  | { readonly kind: 'other'; readonly load: (kernel: Kernel) => PciDriver };

const drivers: ReadonlyMap<string, Loader> = new Map<string, Loader>([
  ['hpsa', { kind: 'other', load: (kernel) => new HpsaDriver(kernel) }],
  ['ahci', { kind: 'block', load: (kernel) => new AhciDriver(kernel) }],
  ['e1000e', { kind: 'other', load: (kernel) => new E1000eDriver(kernel) }],
  ['ehci', { kind: 'other', load: (kernel) => new EhciDriver(kernel) }],
  ['graphics', { kind: 'other', load: (kernel) => new GraphicsDriver(kernel) }],
  ['nvme', { kind: 'block', load: (kernel) => new NvmeDriver(kernel) }],
]);

/** What a scenario may ask of the driver of a model. */
export function driverTraits(model: string): { readonly hasDriver: boolean; readonly takesRequests: boolean } {
  const loader = drivers.get(model);
  return { hasDriver: loader !== undefined, takesRequests: loader?.kind === 'block' };
}

/** One instance of each driver a kernel. */
export class Drivers {
  readonly #kernel: Kernel;
  readonly #loaded = new Map<string, PciDriver>();
  readonly #disks = new Map<string, BlockDriver>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  * probe({ device: name, dmaMaskBits, order }: ProbeStatement): Routine<void> {
    const device = this.#kernel.deviceNamed(name);
    if (dmaMaskBits !== null) this.#kernel.setDmaMask(device, dmaMaskBits);
    yield* this.#driverOf(device.model).probe(device, order);
  }

  * submit({ device: name, count, access, bytes }: SubmitStatement): Routine<void> {
    const device = this.#kernel.deviceNamed(name);
    const disk = this.#disks.get(device.model) ?? fail(`the scenario was checked: ${name} is a disk and was probed`);
    for (let request = 0; request < count; request += 1) yield* disk.submit(device, { access, bytes });
  }

  #driverOf(model: string): PciDriver {
    const known = this.#loaded.get(model);
    if (known !== undefined) return known;
    const loader = drivers.get(model) ?? fail(`the scenario was checked: ${model} has a driver`);
    if (loader.kind === 'other') return this.#keep(model, loader.load(this.#kernel));
    const disk = loader.load(this.#kernel);
    this.#disks.set(model, disk);
    return this.#keep(model, disk);
  }

  #keep(model: string, driver: PciDriver): PciDriver {
    this.#loaded.set(model, driver);
    return driver;
  }
}
