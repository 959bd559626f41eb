/**
 * A PCI function that does nothing by itself here: the host bridge, the ISA bridge, the SMBus controller. The kernel
 * finds it, puts it into a group and a domain, and that is all there is to see of it.
 */
import type { Device } from './device.ts';
import { OutstandingDma } from './outstanding-dma.ts';
import type { Activity } from './reset-line.ts';
import type { DeviceSettings, Surroundings } from './settings.ts';

export class PassiveFunction implements Device {
  readonly name: string;
  readonly activities: readonly Activity[];
  readonly outstanding: OutstandingDma;

  constructor(settings: DeviceSettings, surroundings: Surroundings) {
    this.name = settings.name;
    this.outstanding = new OutstandingDma(settings, surroundings, 'passive function');
    this.activities = [this.outstanding];
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
