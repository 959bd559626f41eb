/**
 * A SATA controller as its driver sees it (Serial ATA AHCI 1.3.1) with one disk at port 0: command list,
 * command tables with PRDs and the received-FIS area in host memory. Commands under way go on after the
 * crash, one after another, each in the device's pace. No queued commands, no error FISes.
 */
import type { Appointment } from '../../base/agenda-cells.ts';
import type { Owner } from '../../base/event.ts';
import { digest } from '../../base/hash.ts';
import { and32, or32, powerOfTwo, without32 } from '../../base/word.ts';
import type { DmaResult } from '../fabric.ts';
import type { Device } from './device.ts';
import { end, JobEngine, type Step } from './job-engine.ts';
import { MessageTable } from './message-table.ts';
import { OutstandingDma } from './outstanding-dma.ts';
import { RegisterCells } from './register-cells.ts';
import { ResetLine, type Activity } from './reset-line.ts';
import type { DeviceSettings, Surroundings } from './settings.ts';

const REGISTER = {
  CAP: 0x00, GHC: 0x04, IS: 0x08, PI: 0x0c, VS: 0x10,
  PxCLB: 0x100, PxCLBU: 0x104, PxFB: 0x108, PxFBU: 0x10c, PxIS: 0x110, PxIE: 0x114, PxCMD: 0x118, PxTFD: 0x120,
  PxSIG: 0x124, PxSSTS: 0x128, PxSERR: 0x130, PxCI: 0x138,
} as const;
export const ahciMessageTable = 0x800;
export const ahciBarBytes = 0x810;

const GHC = { hostReset: 0x01 } as const;
const PORT = { start: 0x01, fisReceive: 0x10, fisRunning: 0x4000, running: 0x8000 } as const;
/** 32 slots, one port, 64-bit addresses. */
const capability = 0x8000_1f00;
const version = 0x0001_0300;
const deviceReady = 0x50;
const linkUp = 0x123;
const registerFisInterrupt = 0x01;

const headerBytes = 32;
const fisOffset = 0x80;
const prdBytes = 16;
/** As many PRDs as are looked at. */
const prdMost = 16;
const receivedFisOffset = 0x40;
const receivedFisBytes = 20;
const defaultPaceNs = 1_000_000;

interface Command {
  readonly step: 'run' | 'header' | 'table' | 'data' | 'count' | 'fis';
  readonly slot: number;
  /** Whether the device writes to memory, as for a disk's read. */
  readonly writesMemory: boolean;
  readonly prds: readonly { readonly address: number; readonly length: number }[];
  readonly moved: number;
  /** The lists that the command was issued with. */
  readonly list: number;
  readonly fisArea: number;
}

const slots = Array.from({ length: 32 }, (_, index) => index);
const steps = ['run', 'header', 'table', 'data', 'count', 'fis'] as const;

export class AhciController implements Device {
  readonly name: string;
  readonly activities: readonly Activity[];
  readonly outstanding: OutstandingDma;
  readonly #paceNs: number;
  readonly #settings: DeviceSettings;
  readonly #surroundings: Surroundings;
  readonly #registers: RegisterCells;
  readonly #messages: MessageTable;
  readonly #engine: JobEngine<Command>;
  readonly #resetLine: ResetLine;
  readonly #ready: Appointment;

  constructor(settings: DeviceSettings, surroundings: Surroundings) {
    this.name = settings.name;
    this.#paceNs = settings.paceNs ?? defaultPaceNs;
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.outstanding = new OutstandingDma(settings, surroundings, 'SATA disk data. ');
    this.#registers = new RegisterCells(surroundings.journal, settings.name, REGISTER);
    this.#messages = new MessageTable(settings, surroundings, 1);
    // One command at a time: its own slot, whatever is issued waits in PxCI.
    this.#engine = new JobEngine<Command>(settings, surroundings, 1, {
      next: (command, _kernel, result) => this.#next(command, result),
      weigh: ({ step, slot, writesMemory, prds, moved, list, fisArea }) => digest([steps.indexOf(step), slot,
        writesMemory ? 1 : 0, moved, list, fisArea, ...prds.flatMap(({ address, length }) => [address, length])]),
    });
    this.activities = [this.#engine, this.outstanding];
    this.#resetLine = new ResetLine(settings, surroundings, this.activities);
    this.#ready = surroundings.agenda.add(() => this.#registers.write(REGISTER.GHC, 0),
      { name: `${settings.name}.ready`, urgency: 'timed' });
    this.#powerOn();
  }

  #powerOn(): void {
    this.#registers.clear();
    this.#registers.write(REGISTER.CAP, capability);
    this.#registers.write(REGISTER.VS, version);
    this.#registers.write(REGISTER.PI, 1);
    this.#registers.write(REGISTER.PxTFD, deviceReady);
    this.#registers.write(REGISTER.PxSSTS, linkUp);
    this.#registers.write(REGISTER.PxSIG, 0x101);
  }

  readRegister(offset: number): number {
    return offset >= ahciMessageTable ? this.#messages.read(offset - ahciMessageTable) : this.#registers.read(offset);
  }

  registerName(offset: number): string {
    return offset >= ahciMessageTable ? this.#messages.registerName(offset - ahciMessageTable)
      : this.#registers.nameAt(offset);
  }

  writeRegister(offset: number, value: number, kernel: Owner, cause: number): void {
    if (offset >= ahciMessageTable) return this.#messages.write(offset - ahciMessageTable, value, kernel);
    switch (offset) {
      case REGISTER.GHC:
        this.#registers.write(offset, value);
        return and32(value, GHC.hostReset) === 0 ? undefined : this.#reset(cause);
      case REGISTER.PxCMD: return this.#control(value);
      case REGISTER.PxCI: return this.#issue(value, kernel, cause);
      case REGISTER.IS:
      case REGISTER.PxIS:
      case REGISTER.PxSERR:
        return this.#registers.write(offset, without32(this.#registers.read(offset), value));
      case REGISTER.PxCLB:
      case REGISTER.PxCLBU:
      case REGISTER.PxFB:
      case REGISTER.PxFBU:
      case REGISTER.PxIE:
        return this.#registers.write(offset, value);
      default:
        return;
    }
  }

  #reset(cause: number): void {
    this.#resetLine.reset(cause);
    this.#powerOn();
    this.#registers.write(REGISTER.GHC, GHC.hostReset);
    this.#ready.in(this.#settings.timing.command);
  }

  /** The engines follow their bits; a stopped one forgets what was issued. */
  #control(value: number): void {
    const running = (and32(value, PORT.start) === 0 ? 0 : PORT.running)
      + (and32(value, PORT.fisReceive) === 0 ? 0 : PORT.fisRunning);
    this.#registers.write(REGISTER.PxCMD, or32(and32(value, PORT.start + PORT.fisReceive), running));
    if (and32(value, PORT.start) !== 0) return;
    this.#registers.write(REGISTER.PxCI, 0);
    this.#engine.stop();
  }

  #issue(value: number, kernel: Owner, cause: number): void {
    this.#registers.write(REGISTER.PxCI, or32(this.#registers.read(REGISTER.PxCI), value));
    if (!this.#engine.isActive) this.#begin(kernel, cause);
  }

  #begin(kernel: Owner, cause: number): void {
    const command = this.#lowestIssued();
    if (command === undefined || and32(this.#registers.read(REGISTER.PxCMD), PORT.start) === 0) return;
    this.#engine.start(command, this.#paceNs, kernel, cause);
  }

  #lowestIssued(): Command | undefined {
    const issued = this.#registers.read(REGISTER.PxCI);
    const slot = slots.find((index) => and32(issued, powerOfTwo(index)) !== 0);
    if (slot === undefined) return undefined;
    return {
      step: 'run', slot, writesMemory: true, prds: [], moved: 0,
      list: this.#registers.address(REGISTER.PxCLB), fisArea: this.#registers.address(REGISTER.PxFB),
    };
  }

  // --- one command ----------------------------------------------------------------------------

  #next(command: Command, { data, cause }: DmaResult): Step<Command> {
    const { slot, list } = command;
    switch (command.step) {
      case 'run':
        return {
          kind: 'dma', job: { ...command, step: 'header' },
          part: { access: 'read', address: list + headerBytes * slot, length: headerBytes, data: null, purpose: 'command header' },
        };
      case 'header': {
        if (data === null) return this.#stuck('the command header', cause);
        const view = viewOf(data);
        const first = view.getUint32(0, true);
        const count = Math.min(Math.floor(first / 0x1_0000), prdMost);
        const address = view.getUint32(8, true) + view.getUint32(12, true) * 0x1_0000_0000;
        return {
          kind: 'dma', job: { ...command, step: 'table', writesMemory: and32(first, 0x40) === 0 },
          part: { access: 'read', address, length: fisOffset + prdBytes * count, data: null, purpose: 'command table' },
        };
      }
      case 'table': {
        if (data === null) return this.#stuck('the command table', cause);
        const view = viewOf(data);
        this.#note(`command 0x${view.getUint8(2).toString(16)} (slot ${slot})`, cause);
        const prds = Array.from({ length: (data.byteLength - fisOffset) / prdBytes }, (_, index) => {
          const at = fisOffset + prdBytes * index;
          return {
            address: view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000,
            length: and32(view.getUint32(at + 12, true), 0x3fffff) + 1,
          };
        });
        return this.#moveData({ ...command, prds });
      }
      case 'data': return this.#moveData(command);
      case 'count': return this.#receiveFis(command);
      case 'fis': return this.#finish(command, cause);
    }
  }

  #moveData(command: Command): Step<Command> {
    const [prd, ...prds] = command.prds;
    if (prd === undefined) return this.#countBytes(command);
    const access = command.writesMemory ? 'write' : 'read';
    return {
      kind: 'dma', job: { ...command, step: 'data', prds, moved: command.moved + prd.length },
      part: {
        access, address: prd.address, length: prd.length, purpose: 'disk data',
        data: command.writesMemory ? this.outstanding.pattern(prd.length) : null,
      },
    };
  }

  /** PRDBC of the command header. */
  #countBytes(command: Command): Step<Command> {
    const data = new Uint8Array(4);
    new DataView(data.buffer).setUint32(0, command.moved, true);
    return {
      kind: 'dma', job: { ...command, step: 'count' },
      part: { access: 'write', address: command.list + headerBytes * command.slot + 4, length: 4, data, purpose: 'byte count' },
    };
  }

  #receiveFis(command: Command): Step<Command> {
    const data = new Uint8Array(receivedFisBytes);
    data.set([0x34, 0x40, deviceReady]);
    return {
      kind: 'dma', job: { ...command, step: 'fis' },
      part: {
        access: 'write', address: command.fisArea + receivedFisOffset, length: receivedFisBytes, data, purpose: 'register FIS',
      },
    };
  }

  /** PxCI follows the FIS; with the list that it has now, if a reset came in between. */
  #finish({ slot, list }: Command, cause: number): Step<Command> {
    if (list !== this.#registers.address(REGISTER.PxCLB)) return end;
    this.#registers.write(REGISTER.PxCI, without32(this.#registers.read(REGISTER.PxCI), powerOfTwo(slot)));
    this.#registers.write(REGISTER.PxIS, registerFisInterrupt);
    this.#registers.write(REGISTER.IS, 1);
    this.#messages.signal(0, cause);
    const job = this.#lowestIssued();
    return job === undefined ? end : { kind: 'delay', delayNs: this.#paceNs, job };
  }

  /** A host bus fatal error: the port stands still, and the driver's command runs out of time. */
  #stuck(what: string, cause: number): Step<Command> {
    this.#note(`${what} could not be read`, cause);
    return end;
  }

  #note(text: string, cause: number): void {
    this.#surroundings.trace.emit(this.name, cause, { kind: 'device-command', text });
  }
}

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}
