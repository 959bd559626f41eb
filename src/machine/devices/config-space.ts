/**
 * The configuration space of a device, as far as DMA goes (PCI Local Bus 3.0, 6.2.2): Bus Master of the
 * command register. Beside it stands Bridge Control of the port above the device, with the bit that
 * resets everything below it.
 */
import type { Journal } from '../../base/journal.ts';
import { Numbers } from '../../base/stores.ts';
import { and32 } from '../../base/word.ts';
import type { Device } from './device.ts';
import type { Surroundings } from './settings.ts';

export const CONFIG = { COMMAND: 0x04, PORT_BRIDGE_CONTROL: 0x3c } as const;
const busMaster = 0x04;
/** Memory space too: the firmware or the first kernel has switched both on. */
const usualCommand = 0x06;
/** Bridge Control is the upper half of its dword. */
const secondaryBusReset = 0x0040_0000;
const CELL = { command: 0, control: 1 } as const;

export class ConfigSpace {
  readonly #device: Device;
  readonly #surroundings: Pick<Surroundings, 'trace'>;
  readonly #cells: Numbers;

  constructor(device: Device, journal: Journal, surroundings: Pick<Surroundings, 'trace'>) {
    this.#device = device;
    this.#surroundings = surroundings;
    this.#cells = new Numbers(journal, `${device.name} configuration`, 2, ['COMMAND', 'PORT_BRIDGE_CONTROL']);
    this.#cells.set(CELL.command, usualCommand);
  }

  read(offset: number): number {
    switch (offset) {
      case CONFIG.COMMAND: return this.#cells.get(CELL.command);
      case CONFIG.PORT_BRIDGE_CONTROL: return this.#cells.get(CELL.control);
      default: return 0;
    }
  }

  write(offset: number, value: number, cause: number): void {
    switch (offset) {
      case CONFIG.COMMAND:
        this.#cells.set(CELL.command, value);
        return and32(value, busMaster) === 0 ? this.#silence('Bus Master off', cause) : undefined;
      case CONFIG.PORT_BRIDGE_CONTROL:
        this.#cells.set(CELL.control, value);
        return and32(value, secondaryBusReset) === 0 ? undefined : this.#silence('a hot reset of its bus', cause);
      default:
        return;
    }
  }

  registerName(offset: number): string {
    return Object.entries(CONFIG).find(([, at]) => at === offset)?.[0] ?? 'configuration';
  }

  /** Requests need Bus Master, and what the reset of a bus ends does not depend on the device's own. */
  #silence(why: string, cause: number): void {
    const active = this.#device.activities.filter(({ isActive }) => isActive);
    if (active.length === 0) return;
    this.#surroundings.trace.emit(this.#device.name, cause, { kind: 'device-stop', why });
    for (const activity of active) activity.stop();
  }
}
