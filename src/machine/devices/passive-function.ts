/**
 * A PCI function that does nothing by itself here: the host bridge, the ISA bridge, the SMBus controller. The kernel
 * finds it, puts it into a group and a domain, and that is all there is to see of it.
 */
import type { Device } from './device.ts';
import { OutstandingDma } from './outstanding-dma.ts';
import type { DeviceSettings, Surroundings } from './settings.ts';

export class PassiveFunction implements Device {
  readonly name: string;
  readonly outstanding: OutstandingDma;

  constructor(settings: DeviceSettings, surroundings: Surroundings) {
    this.name = settings.name;
    this.outstanding = new OutstandingDma(settings, surroundings, 'passive function');
  }

  readRegister(): number {
    return 0;
  }

  writeRegister(): void {
    // It has no registers.
  }

  registerName(): string {
    return 'register';
  }
}
