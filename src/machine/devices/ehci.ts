/**
 * A USB 2 host controller (EHCI 1.0): while it runs with its periodic schedule on, it reads the frame
 * list, one entry a frame, and the queue head that the entry points at. At power-on the firmware runs it
 * for its keyboard, with a schedule in the device's first reserved region. Transfers are left out.
 */
import { noCause, type Owner } from '../../base/event.ts';
import { digest } from '../../base/hash.ts';
import { and32 } from '../../base/word.ts';
import type { DmaResult } from '../fabric.ts';
import type { Device } from './device.ts';
import { end, JobEngine, type Step } from './job-engine.ts';
import { OutstandingDma } from './outstanding-dma.ts';
import { RegisterCells } from './register-cells.ts';
import { ResetLine, type Activity } from './reset-line.ts';
import type { DeviceSettings, Surroundings } from './settings.ts';

/** Operational registers behind a capability length of 0x20. */
const REGISTER = {
  USBCMD: 0x20, USBSTS: 0x24, USBINTR: 0x28, FRINDEX: 0x2c, CTRLDSSEGMENT: 0x30, PERIODICLISTBASE: 0x34,
  ASYNCLISTADDR: 0x38, CONFIGFLAG: 0x60,
} as const;
export const ehciBarBytes = 0x400;
const COMMAND = { run: 0x01, reset: 0x02, periodic: 0x10 } as const;
const halted = 0x1000;
const hostSystemError = 0x10;
const terminate = 1;
const frames = 1024;
const queueHeadBytes = 48;
/** A frame; a scenario that is to be read may have longer ones. */
const defaultPaceNs = 1_000_000;

interface Frame {
  readonly step: 'entry' | 'head' | 'wait';
  /** The frame list that it was started with: one that ignores its reset ignores a new list too. */
  readonly list: number;
}

export class EhciController implements Device {
  readonly name: string;
  readonly activities: readonly Activity[];
  readonly outstanding: OutstandingDma;
  readonly #paceNs: number;
  readonly #registers: RegisterCells;
  readonly #engine: JobEngine<Frame>;
  readonly #resetLine: ResetLine;

  constructor(settings: DeviceSettings, surroundings: Surroundings) {
    this.name = settings.name;
    this.#paceNs = settings.paceNs ?? defaultPaceNs;
    this.outstanding = new OutstandingDma(settings, surroundings, 'USB transfers.. ');
    this.#registers = new RegisterCells(surroundings.journal, settings.name, REGISTER);
    this.#engine = new JobEngine<Frame>(settings, surroundings, 1, {
      next: (frame, _kernel, result) => this.#next(frame, result),
      weigh: ({ step, list }) => digest([step === 'entry' ? 0 : step === 'head' ? 1 : 2, list]),
    });
    this.activities = [this.#engine, this.outstanding];
    this.#resetLine = new ResetLine(settings, surroundings, this.activities);
    this.#registers.write(REGISTER.USBSTS, halted);
    const [firmware] = settings.reservedRegions;
    if (firmware === undefined) return;
    this.#registers.write(REGISTER.PERIODICLISTBASE, firmware.first);
    this.writeRegister(REGISTER.USBCMD, COMMAND.run + COMMAND.periodic, 'crashed', noCause);
  }

  readRegister(offset: number): number {
    return this.#registers.read(offset);
  }

  writeRegister(offset: number, value: number, kernel: Owner, cause: number): void {
    if (offset === REGISTER.USBSTS) return;
    if (offset !== REGISTER.USBCMD) return this.#registers.write(offset, value);
    const runs = and32(value, COMMAND.run) !== 0 && and32(value, COMMAND.reset) === 0;
    const wasRunning = and32(this.#registers.read(REGISTER.USBCMD), COMMAND.run) !== 0;
    if (and32(value, COMMAND.reset) !== 0) this.#registers.clear();
    this.#registers.write(REGISTER.USBCMD, and32(value, 0xffffffff - COMMAND.reset));
    this.#registers.write(REGISTER.USBSTS, runs ? 0 : halted);
    // Halting it ends its DMA as much as a reset does.
    if (!runs && (wasRunning || this.#isBusy)) this.#resetLine.reset(cause);
    if (runs && and32(value, COMMAND.periodic) !== 0 && !this.#engine.isActive) {
      this.#engine.start({ step: 'wait', list: this.#registers.read(REGISTER.PERIODICLISTBASE) }, 0, kernel, cause);
    }
  }

  get #isBusy(): boolean {
    return this.#engine.isActive || this.outstanding.isActive;
  }

  registerName(offset: number): string {
    return this.#registers.nameAt(offset);
  }

  /** The frame goes by. */
  #frame(list: number): Step<Frame> {
    return { kind: 'delay', delayNs: this.#paceNs, job: { step: 'entry', list } };
  }

  /** Host System Error (2.3.2): the controller halts. */
  #systemError(): Step<Frame> {
    this.#registers.write(REGISTER.USBCMD, 0);
    this.#registers.write(REGISTER.USBSTS, halted + hostSystemError);
    return end;
  }

  #next({ step, list }: Frame, { data }: DmaResult): Step<Frame> {
    switch (step) {
      case 'wait':
        return this.#frame(list);
      case 'entry': {
        const index = this.#registers.read(REGISTER.FRINDEX);
        this.#registers.write(REGISTER.FRINDEX, (index + 1) % frames);
        const address = list + 4 * index;
        return {
          kind: 'dma', job: { step: 'head', list },
          part: { access: 'read', address, length: 4, data: null, purpose: 'frame list' },
        };
      }
      case 'head': {
        if (data === null) return this.#systemError();
        const entry = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
        if (and32(entry, terminate) !== 0 || entry < 32) return this.#frame(list);
        return {
          kind: 'dma', job: { step: 'wait', list },
          part: {
            access: 'read', address: entry - (entry % 32), length: queueHeadBytes, data: null, purpose: 'queue head',
          },
        };
      }
    }
  }
}
