/**
 * A gigabit network card as its driver sees it (Intel 82574, datasheet sections 7.1 and 10.2): a ring of
 * receive descriptors in host memory. While receiving is on, a frame arrives in the device's pace; each
 * takes the next descriptor, writes the frame to its buffer, writes the descriptor back and interrupts.
 * With no descriptor left a frame is lost. Sending is left out, and so is everything about the link.
 */
import type { Owner } from '../../base/event.ts';
import { digest } from '../../base/hash.ts';
import { and32 } from '../../base/word.ts';
import type { DmaResult } from '../fabric.ts';
import type { Device } from './device.ts';
import { JobEngine, type Step } from './job-engine.ts';
import { MessageTable } from './message-table.ts';
import { OutstandingDma } from './outstanding-dma.ts';
import { RegisterCells } from './register-cells.ts';
import { ResetLine, type Activity } from './reset-line.ts';
import type { DeviceSettings, Surroundings } from './settings.ts';

const REGISTER = {
  CTRL: 0x0000, STATUS: 0x0008, ICR: 0x00c0, IMS: 0x00d0, IMC: 0x00d8, RCTL: 0x0100, TCTL: 0x0400,
  RDBAL: 0x2800, RDBAH: 0x2804, RDLEN: 0x2808, RDH: 0x2810, RDT: 0x2818,
  TDBAL: 0x3800, TDBAH: 0x3804, TDLEN: 0x3808, TDH: 0x3810, TDT: 0x3818,
} as const;
/** The MSI-X table has a BAR of its own in the real card. */
export const e1000eMessageTable = 0x1_0000;
export const e1000eBarBytes = 0x1_0040;
const messageEntries = 3;
const receiveVector = 0;

const resetBit = 0x0400_0000;
const receiveEnable = 0x02;
const linkUp = 0x02;
const descriptorBytes = 16;
const frameBytes = 128;
/** Descriptor done, end of packet. */
const doneBits = 0x03;
const defaultPaceNs = 10_000_000;

interface Receive {
  readonly step: 'arrive' | 'descriptor' | 'frame' | 'written';
  /** The descriptor's own address. */
  readonly descriptor: number;
}

const steps = ['arrive', 'descriptor', 'frame', 'written'] as const;

export class E1000eCard implements Device {
  readonly name: string;
  readonly activities: readonly Activity[];
  readonly outstanding: OutstandingDma;
  readonly #paceNs: number;
  readonly #registers: RegisterCells;
  readonly #messages: MessageTable;
  readonly #engine: JobEngine<Receive>;
  readonly #resetLine: ResetLine;

  constructor(settings: DeviceSettings, surroundings: Surroundings) {
    this.name = settings.name;
    this.#paceNs = settings.paceNs ?? defaultPaceNs;
    this.outstanding = new OutstandingDma(settings, surroundings, 'frame received. ');
    this.#registers = new RegisterCells(surroundings.journal, settings.name, REGISTER);
    this.#messages = new MessageTable(settings, surroundings, messageEntries);
    this.#engine = new JobEngine<Receive>(settings, surroundings, 1, {
      next: (job, _kernel, result) => this.#next(job, result),
      weigh: ({ step, descriptor }) => digest([steps.indexOf(step), descriptor]),
    });
    this.activities = [this.#engine, this.outstanding];
    this.#resetLine = new ResetLine(settings, surroundings, this.activities);
    this.#registers.write(REGISTER.STATUS, linkUp);
  }

  readRegister(offset: number): number {
    return offset >= e1000eMessageTable ? this.#messages.read(offset - e1000eMessageTable) : this.#registers.read(offset);
  }

  writeRegister(offset: number, value: number, kernel: Owner, cause: number): void {
    if (offset >= e1000eMessageTable) return this.#messages.write(offset - e1000eMessageTable, value, kernel);
    if (offset === REGISTER.STATUS) return;
    if (offset === REGISTER.CTRL && and32(value, resetBit) !== 0) return this.#reset(cause);
    this.#registers.write(offset, value);
    if (offset !== REGISTER.RCTL) return;
    if (!this.#receives) this.#engine.stop();
    else if (!this.#engine.isActive) this.#engine.start({ step: 'arrive', descriptor: 0 }, this.#paceNs, kernel, cause);
  }

  registerName(offset: number): string {
    return offset >= e1000eMessageTable ? this.#messages.registerName(offset - e1000eMessageTable)
      : this.#registers.nameAt(offset);
  }

  get #receives(): boolean {
    return and32(this.#registers.read(REGISTER.RCTL), receiveEnable) !== 0;
  }

  /** What a reset does not stop goes on with the ring as it was. */
  #reset(cause: number): void {
    this.#resetLine.reset(cause);
    if (this.#engine.isActive) return;
    this.#registers.clear();
    this.#registers.write(REGISTER.STATUS, linkUp);
  }

  // --- receiving ----------------------------------------------------------------------------

  #next({ step, descriptor }: Receive, { data, cause }: DmaResult): Step<Receive> {
    switch (step) {
      case 'arrive': return this.#arrive();
      case 'descriptor': {
        // A descriptor that could not be read: the frame is lost, the descriptor used up.
        if (data === null) return this.#nextFrame;
        const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
        const address = view.getUint32(0, true) + view.getUint32(4, true) * 0x1_0000_0000;
        return {
          kind: 'dma', job: { step: 'frame', descriptor },
          part: {
            access: 'write', address, length: frameBytes, data: this.outstanding.pattern(frameBytes), purpose: 'frame',
          },
        };
      }
      case 'frame': {
        const done = new Uint8Array(8);
        const view = new DataView(done.buffer);
        view.setUint32(0, doneBits, true);
        view.setUint16(4, frameBytes, true);
        return {
          kind: 'dma', job: { step: 'written', descriptor },
          part: { access: 'write', address: descriptor + 8, length: 8, data: done, purpose: 'descriptor' },
        };
      }
      case 'written':
        this.#messages.signal(receiveVector, cause);
        return this.#nextFrame;
    }
  }

  get #nextFrame(): Step<Receive> {
    return { kind: 'delay', delayNs: this.#paceNs, job: { step: 'arrive', descriptor: 0 } };
  }

  #arrive(): Step<Receive> {
    const head = this.#registers.read(REGISTER.RDH);
    const count = Math.floor(this.#registers.read(REGISTER.RDLEN) / descriptorBytes);
    if (count === 0 || head === this.#registers.read(REGISTER.RDT)) return this.#nextFrame;
    this.#registers.write(REGISTER.RDH, (head + 1) % count);
    const address = this.#registers.address(REGISTER.RDBAL) + descriptorBytes * head;
    return {
      kind: 'dma', job: { step: 'descriptor', descriptor: address },
      part: { access: 'read', address, length: descriptorBytes, data: null, purpose: 'receive descriptor' },
    };
  }
}
