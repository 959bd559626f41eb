/**
 * A graphics unit as far as DMA goes (Intel i915, display plane A): while the plane is on it reads the
 * framebuffer over and over, here one line of 64 bytes at a time in the device's pace. Its own address
 * table (GTT) is left out: the plane's base is a bus address. Nothing but its driver stops it.
 */
import type { Owner } from '../../base/event.ts';
import { digest } from '../../base/hash.ts';
import type { Device } from './device.ts';
import { JobEngine, type Step } from './job-engine.ts';
import { OutstandingDma } from './outstanding-dma.ts';
import { RegisterCells } from './register-cells.ts';
import { ResetLine, type Activity } from './reset-line.ts';
import type { DeviceSettings, Surroundings } from './settings.ts';

/** DSPACNTR, DSPASURF and the size of what is shown, beside them. */
const REGISTER = { GDRST: 0x941c, DSPACNTR: 0x70180, DSPASURF: 0x7019c, DSPASURF_HIGH: 0x701a0, DSPASIZE: 0x70190 } as const;
export const graphicsBarBytes = 0x80000;
const planeEnable = 0x8000_0000;
const lineBytes = 64;
const defaultPaceNs = 16_666_667;

interface Scan {
  readonly offset: number;
  readonly isRead: boolean;
}

export class GraphicsUnit implements Device {
  readonly name: string;
  readonly activities: readonly Activity[];
  readonly outstanding: OutstandingDma;
  readonly #paceNs: number;
  readonly #registers: RegisterCells;
  readonly #engine: JobEngine<Scan>;
  readonly #resetLine: ResetLine;

  constructor(settings: DeviceSettings, surroundings: Surroundings) {
    this.name = settings.name;
    this.#paceNs = settings.paceNs ?? defaultPaceNs;
    this.outstanding = new OutstandingDma(settings, surroundings, 'display buffer. ');
    this.#registers = new RegisterCells(surroundings.journal, settings.name, REGISTER);
    this.#engine = new JobEngine<Scan>(settings, surroundings, 1, {
      next: (scan) => this.#next(scan), weigh: ({ offset, isRead }) => digest([offset, isRead ? 1 : 0]),
    });
    this.activities = [this.#engine, this.outstanding];
    this.#resetLine = new ResetLine(settings, surroundings, this.activities);
  }

  readRegister(offset: number): number {
    return this.#registers.read(offset);
  }

  writeRegister(offset: number, value: number, kernel: Owner, cause: number): void {
    // The reset is done at once, and its bit gone.
    if (offset === REGISTER.GDRST) return value === 0 ? undefined : this.#resetLine.reset(cause);
    this.#registers.write(offset, value);
    if (offset !== REGISTER.DSPACNTR) return;
    if (value < planeEnable) this.#engine.stop();
    else if (!this.#engine.isActive) this.#engine.start({ offset: 0, isRead: false }, this.#paceNs, kernel, cause);
  }

  registerName(offset: number): string {
    return this.#registers.nameAt(offset);
  }

  #next({ offset, isRead }: Scan): Step<Scan> {
    if (isRead) {
      const size = Math.max(this.#registers.read(REGISTER.DSPASIZE), lineBytes);
      return { kind: 'delay', delayNs: this.#paceNs, job: { offset: (offset + 4096) % size, isRead: false } };
    }
    const address = this.#registers.address(REGISTER.DSPASURF) + offset;
    return {
      kind: 'dma', job: { offset, isRead: true },
      part: { access: 'read', address, length: lineBytes, data: null, purpose: 'framebuffer' },
    };
  }
}
