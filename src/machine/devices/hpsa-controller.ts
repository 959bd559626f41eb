/**
 * A Smart Array controller as its driver sees it (drivers/scsi/hpsa_cmd.h): doorbell, request and reply
 * ports, scratchpad; commands fetched from host memory by DMA.
 */
import type { Appointment } from '../../base/agenda-cells.ts';
import { noCause, type Owner, type Trace } from '../../base/event.ts';
import { Numbers } from '../../base/stores.ts';
import { and32 } from '../../base/word.ts';
import type { DmaClient, DmaResult } from '../fabric.ts';
import type { Device } from './device.ts';
import { OutstandingDma } from './outstanding-dma.ts';
import { ResetLine, type Activity } from './reset-line.ts';
import type { DeviceSettings, Surroundings } from './settings.ts';

const PORT = {
  DOORBELL: 0x20, REPLY_INTR_MASK: 0x34, REQUEST_PORT: 0x40, REPLY_PORT: 0x44, SCRATCHPAD: 0xb0,
} as const;

const resetBits = 0x24;
const firmwareReady = 0xffff0000;
const nothingToReply = 0xffffffff;
const commandBytes = 64;

/** Cells of the controller's state. */
const STATE = {
  ready: 0, command: 1, reply: 2, commandKernel: 3, dataAddress: 4, dataLength: 5, dataCause: 6,
} as const;
const stateCells = 7;

/** Tags by which the fabric gives results back. */
const TAG = { command: 1, inquiry: 2 } as const;

export class HpsaController implements Device, DmaClient {
  readonly name: string;
  readonly activities: readonly Activity[];
  readonly outstanding: OutstandingDma;
  readonly #settings: DeviceSettings;
  readonly #surroundings: Surroundings;
  readonly #client: number;
  readonly #state: Numbers;
  readonly #resetLine: ResetLine;
  readonly #ready: Appointment;
  readonly #fetch: Appointment;
  readonly #sendData: Appointment;

  constructor(settings: DeviceSettings, surroundings: Surroundings) {
    const { fabric, journal, agenda } = surroundings;
    this.name = settings.name;
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.#client = fabric.connect(this);
    this.outstanding = new OutstandingDma(settings, surroundings, 'Smart Array DMA ');
    this.activities = [this.outstanding];
    this.#resetLine = new ResetLine(settings, surroundings, this.activities);
    this.#state = new Numbers(journal, settings.name, stateCells);
    const { name } = settings;
    this.#ready = agenda.add(() => this.#state.set(STATE.ready, 1), { name: `${name}.ready`, urgency: 'timed' });
    const ways = (): number => fabric.hasRoom(this.#client) ? 1 : 0;
    this.#fetch = agenda.add(() => this.#fetchCommand(), { name: `${name}.fetch`, urgency: 'prompt', ways });
    this.#sendData = agenda.add(() => this.#writeData(), { name: `${name}.data`, urgency: 'prompt', ways });
    this.#state.set(STATE.ready, 1);
  }

  // --- registers ----------------------------------------------------------------------------

  readRegister(offset: number): number {
    switch (offset) {
      case PORT.SCRATCHPAD:
        return this.#state.get(STATE.ready) === 1 ? firmwareReady : 0;
      case PORT.REPLY_PORT: {
        const reply = this.#state.get(STATE.reply);
        this.#state.set(STATE.reply, 0);
        return reply === 0 ? nothingToReply : reply;
      }
      default:
        return 0;
    }
  }

  writeRegister(offset: number, value: number, kernel: Owner, cause: number): void {
    switch (offset) {
      case PORT.DOORBELL:
        if (and32(value, resetBits) !== 0) this.#reset(cause);
        return;
      case PORT.REQUEST_PORT:
        this.#state.set(STATE.command, value);
        this.#state.set(STATE.commandKernel, kernel === 'crashed' ? 0 : 1);
        return this.#fetch.in(this.#settings.timing.command);
      default:
        return;
    }
  }

  registerName(offset: number): string {
    return Object.entries(PORT).find(([, at]) => at === offset)?.[0] ?? 'port';
  }

  #reset(cause: number): void {
    this.#state.set(STATE.ready, 0);
    this.#state.set(STATE.reply, 0);
    this.#fetch.cancel();
    this.#sendData.cancel();
    this.#ready.in(this.#settings.timing.reset);
    this.#resetLine.reset(cause);
  }

  // --- commands -----------------------------------------------------------------------------

  #fetchCommand(): void {
    if (this.#state.get(STATE.ready) === 0) return;
    const taken = this.#surroundings.fabric.submit(this.#client, {
      source: this.#settings.requester.read, access: 'read', address: this.#state.get(STATE.command),
      length: commandBytes, data: null, kernel: this.#commandKernel(), purpose: 'command list',
      tag: TAG.command,
    }, noCause);
    if (!taken) this.#fetch.in(this.#settings.timing.command);
  }

  #commandKernel(): Owner {
    return this.#state.get(STATE.commandKernel) === 0 ? 'crashed' : 'capture';
  }

  dmaDone(tag: number, result: DmaResult): void {
    if (tag === TAG.command) this.#execute(result);
    else if (tag === TAG.inquiry) this.#reply(result.cause);
  }

  /** Runs the command list that was fetched, if it is one. */
  #execute(result: DmaResult): void {
    const address = this.#state.get(STATE.command);
    if (result.data === null) {
      this.#emit(result.cause, { kind: 'device-command', text: 'the command list could not be read' });
      return;
    }
    const view = new DataView(result.data.buffer);
    const tag = view.getUint32(4, true);
    if (tag !== address) {
      const text = `what was read is no command list (tag 0x${tag.toString(16)})`;
      this.#emit(result.cause, { kind: 'device-command', text });
      return;
    }
    const opcode = view.getUint8(24);
    const isMessage = view.getUint8(21) === 1;
    const dataAddress = view.getUint32(52, true);
    const dataLength = view.getUint32(60, true);
    const text = isMessage ? `message ${opcode}` : `command 0x${opcode.toString(16)}`;
    const event = this.#emit(result.cause, { kind: 'device-command', text });
    if (isMessage || dataLength === 0) return this.#reply(event);
    this.#state.set(STATE.dataAddress, dataAddress);
    this.#state.set(STATE.dataLength, Math.min(dataLength, 4096));
    this.#state.set(STATE.dataCause, event);
    this.#writeData();
  }

  #writeData(): void {
    const length = this.#state.get(STATE.dataLength);
    const taken = this.#surroundings.fabric.submit(this.#client, {
      source: this.#settings.requester.write, access: 'write', address: this.#state.get(STATE.dataAddress), length,
      data: this.outstanding.pattern(length), kernel: this.#commandKernel(), purpose: 'command data', tag: TAG.inquiry,
    }, this.#state.get(STATE.dataCause));
    if (!taken) this.#sendData.in(this.#settings.timing.command);
  }

  #reply(cause: number): void {
    const tag = this.#state.get(STATE.command);
    this.#emit(cause, { kind: 'device-reply', text: `tag 0x${tag.toString(16)}` });
    this.#state.set(STATE.reply, tag);
  }

  #emit(cause: number, what: Parameters<Trace['emit']>[2]): number {
    return this.#surroundings.trace.emit(this.name, cause, what);
  }
}
