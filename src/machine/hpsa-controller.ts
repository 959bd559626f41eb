/**
 * A Smart Array controller as its driver sees it (drivers/scsi/hpsa_cmd.h): doorbell, request and reply
 * ports, scratchpad; commands fetched from host memory by DMA. Beside that it plays the commands that
 * were outstanding at the crash: buffers that it goes on reading or writing until it is reset.
 */
import type { Agenda, Appointment } from '../base/agenda.ts';
import { assert } from '../base/assert.ts';
import { noCause, type Owner, type Trace } from '../base/event.ts';
import type { Journal } from '../base/journal.ts';
import { Numbers } from '../base/stores.ts';
import { and32, toNumber, wordOf, zeroWord, type SourceId, type Word64 } from '../base/word.ts';
import type { ResetBehaviour } from '../scenario/scenario.ts';
import type { Device } from './device.ts';
import type { DmaResult, Fabric } from './fabric.ts';
import type { Timing } from './timing.ts';

const PORT = {
  DOORBELL: 0x20, REPLY_INTR_MASK: 0x34, REQUEST_PORT: 0x40, REPLY_PORT: 0x44, SCRATCHPAD: 0xb0,
  OUTSTANDING_ADDRESS: 0x100, OUTSTANDING_LENGTH: 0x108, OUTSTANDING_COUNT: 0x10c,
  OUTSTANDING_PERIOD: 0x110, OUTSTANDING_AFTER_PANIC: 0x118, OUTSTANDING_START: 0x120,
} as const;

const resetBits = 0x24;
const firmwareReady = 0xffff0000;
const nothingToReply = 0xffffffff;
const programLimit = 16;
const commandBytes = 64;

/** Cells of the controller's state. */
const STATE = {
  ready: 0, command: 1, reply: 2, programs: 3, stagedFirst: 4, commandKernel: 16,
  dataAddress: 17, dataLength: 18, dataCause: 19,
} as const;
const stateCells = 20;
/** Cells of one outstanding buffer. */
const PROGRAM = {
  active: 0, access: 1, address: 2, length: 3, count: 4, periodNs: 5, afterPanicNs: 6, kernel: 7, cause: 8, endNs: 9,
} as const;
const programCells = 10;

/** Tags by which the fabric gives results back. */
const TAG = { command: 1, inquiry: 2, outstanding: 16 } as const;

export interface ControllerSettings {
  readonly name: string;
  readonly source: SourceId;
  readonly reset: ResetBehaviour;
  readonly timing: Timing;
}

/** What the controller writes, at most 64 KiB at once, so that a dump shows who was there. */
const outstandingBytesMost = 64 * 1024;
const pattern = new TextEncoder().encode('Smart Array DMA '.repeat(outstandingBytesMost / 16));

function patternOf(length: number): Uint8Array {
  return pattern.subarray(0, length);
}

export class HpsaController implements Device {
  readonly name: string;
  readonly #settings: ControllerSettings;
  readonly #fabric: Fabric;
  readonly #client: number;
  readonly #trace: Trace;
  readonly #agenda: Agenda;
  readonly #state: Numbers;
  readonly #programs: Numbers;
  readonly #programActors: readonly Appointment[];
  readonly #ready: Appointment;
  readonly #silence: Appointment;
  readonly #fetch: Appointment;
  readonly #sendData: Appointment;

  constructor(
    settings: ControllerSettings, fabric: Fabric, journal: Journal, agenda: Agenda, trace: Trace,
  ) {
    this.name = settings.name;
    this.#settings = settings;
    this.#fabric = fabric;
    this.#client = fabric.connect(this);
    this.#trace = trace;
    this.#agenda = agenda;
    this.#state = new Numbers(journal, settings.name, stateCells);
    this.#programs = new Numbers(journal, `${settings.name} outstanding`, programLimit * programCells);
    this.#programActors = Array.from({ length: programLimit }, (_, index) =>
      agenda.add(() => this.#runProgram(index)));
    this.#ready = agenda.add(() => this.#state.set(STATE.ready, 1));
    this.#silence = agenda.add(() => this.#stopPrograms('the late end of its reset'));
    this.#fetch = agenda.add(() => this.#fetchCommand());
    this.#sendData = agenda.add(() => this.#writeData());
    this.#state.set(STATE.ready, 1);
  }

  // --- registers ----------------------------------------------------------------------------

  readRegister(offset: number, _bytes: 4 | 8): Word64 {
    switch (offset) {
      case PORT.SCRATCHPAD:
        return wordOf(this.#state.get(STATE.ready) === 1 ? firmwareReady : 0);
      case PORT.REPLY_PORT: {
        const reply = this.#state.get(STATE.reply);
        this.#state.set(STATE.reply, 0);
        return wordOf(reply === 0 ? nothingToReply : reply);
      }
      default:
        return zeroWord;
    }
  }

  writeRegister(offset: number, _bytes: 4 | 8, value: Word64, kernel: Owner, cause: number): void {
    switch (offset) {
      case PORT.DOORBELL:
        if (and32(value.low, resetBits) !== 0) this.#reset(cause);
        return;
      case PORT.REQUEST_PORT:
        this.#state.set(STATE.command, value.low);
        this.#state.set(STATE.commandKernel, kernel === 'crashed' ? 0 : 1);
        return this.#fetch.in(this.#settings.timing.command);
      case PORT.OUTSTANDING_ADDRESS: return this.#stage(PROGRAM.address, toNumber(value));
      case PORT.OUTSTANDING_LENGTH:
        return this.#stage(PROGRAM.length, Math.min(value.low, outstandingBytesMost));
      case PORT.OUTSTANDING_COUNT: return this.#stage(PROGRAM.count, value.low);
      case PORT.OUTSTANDING_PERIOD: return this.#stage(PROGRAM.periodNs, toNumber(value));
      case PORT.OUTSTANDING_AFTER_PANIC: return this.#stage(PROGRAM.afterPanicNs, toNumber(value));
      case PORT.OUTSTANDING_START: return this.#startProgram(value.low, kernel, cause);
      default:
        return;
    }
  }

  registerName(offset: number): string {
    return Object.entries(PORT).find(([, at]) => at === offset)?.[0] ?? 'port';
  }

  // --- reset --------------------------------------------------------------------------------

  #reset(cause: number): void {
    const { reset, timing } = this.#settings;
    this.#emit(cause, { kind: 'device-reset', behaviour: reset.kind });
    this.#state.set(STATE.ready, 0);
    this.#state.set(STATE.reply, 0);
    this.#fetch.cancel();
    this.#sendData.cancel();
    this.#ready.in(timing.reset);
    if (reset.kind === 'stops') this.#stopPrograms('its reset');
    if (reset.kind === 'late') this.#silence.in(reset.afterNs);
  }

  #stopPrograms(why: string): void {
    const active = this.#programActors.filter((_, index) => this.#program(index, PROGRAM.active) === 1);
    if (active.length === 0) return;
    this.#emit(noCause, { kind: 'device-stop', why });
    for (const [index, actor] of this.#programActors.entries()) {
      this.#setProgram(index, PROGRAM.active, 0);
      actor.cancel();
    }
  }

  afterPanic(cause: number): void {
    for (let index = 0; index < programLimit; index += 1) {
      const afterNs = this.#program(index, PROGRAM.afterPanicNs);
      if (this.#program(index, PROGRAM.active) === 0 || afterNs === 0) continue;
      // The register holds the delay plus one, so that zero means "no end".
      this.#setProgram(index, PROGRAM.endNs, this.#agenda.nowNs + afterNs);
      this.#setProgram(index, PROGRAM.cause, cause);
    }
  }

  // --- buffers that were outstanding at the crash -------------------------------------------

  #program(index: number, cell: number): number {
    return this.#programs.get(index * programCells + cell);
  }

  #setProgram(index: number, cell: number, value: number): void {
    this.#programs.set(index * programCells + cell, value);
  }

  /** The ports describe the next buffer; the write of START takes it. */
  #stage(cell: number, value: number): void {
    this.#state.set(STATE.stagedFirst + cell, value);
  }

  #startProgram(start: number, kernel: Owner, cause: number): void {
    const index = this.#state.get(STATE.programs);
    assert(index < programLimit, 'the scenario was checked: no more outstanding buffers than the model has');
    this.#state.set(STATE.programs, index + 1);
    for (const cell of [PROGRAM.address, PROGRAM.length, PROGRAM.count, PROGRAM.periodNs,
      PROGRAM.afterPanicNs]) {
      this.#setProgram(index, cell, this.#state.get(STATE.stagedFirst + cell));
    }
    this.#setProgram(index, PROGRAM.access, start);
    this.#setProgram(index, PROGRAM.kernel, kernel === 'crashed' ? 0 : 1);
    this.#setProgram(index, PROGRAM.cause, cause);
    this.#setProgram(index, PROGRAM.active, 1);
    this.#programActors[index]?.in(this.#settings.timing.command);
  }

  #runProgram(index: number): void {
    if (this.#program(index, PROGRAM.active) === 0) return;
    const endNs = this.#program(index, PROGRAM.endNs);
    if (endNs > 0 && this.#agenda.nowNs + 1 >= endNs) {
      this.#emit(this.#program(index, PROGRAM.cause), { kind: 'device-stop', why: 'the end of its command' });
      return this.#setProgram(index, PROGRAM.active, 0);
    }
    const access = this.#program(index, PROGRAM.access) === 1 ? 'read' : 'write';
    const length = this.#program(index, PROGRAM.length);
    const taken = this.#fabric.submit(this.#client, {
      source: this.#settings.source, access, address: this.#program(index, PROGRAM.address), length,
      data: access === 'write' ? patternOf(length) : null,
      kernel: this.#program(index, PROGRAM.kernel) === 0 ? 'crashed' : 'capture',
      purpose: 'outstanding command', tag: TAG.outstanding + index,
    }, this.#program(index, PROGRAM.cause));
    if (!taken) return this.#programActors[index]?.in(this.#settings.timing.command);
    const left = this.#program(index, PROGRAM.count);
    if (left === 1) {
      this.#setProgram(index, PROGRAM.active, 0);
      return;
    }
    if (left > 1) this.#setProgram(index, PROGRAM.count, left - 1);
    this.#programActors[index]?.in(this.#program(index, PROGRAM.periodNs));
  }

  // --- commands -----------------------------------------------------------------------------

  #fetchCommand(): void {
    if (this.#state.get(STATE.ready) === 0) return;
    const taken = this.#fabric.submit(this.#client, {
      source: this.#settings.source, access: 'read', address: this.#state.get(STATE.command),
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
    const taken = this.#fabric.submit(this.#client, {
      source: this.#settings.source, access: 'write', address: this.#state.get(STATE.dataAddress), length,
      data: patternOf(length), kernel: this.#commandKernel(), purpose: 'command data', tag: TAG.inquiry,
    }, this.#state.get(STATE.dataCause));
    if (!taken) this.#sendData.in(this.#settings.timing.command);
  }

  #reply(cause: number): void {
    const tag = this.#state.get(STATE.command);
    this.#emit(cause, { kind: 'device-reply', text: `tag 0x${tag.toString(16)}` });
    this.#state.set(STATE.reply, tag);
  }

  #emit(cause: number, what: Parameters<Trace['emit']>[2]): number {
    return this.#trace.emit(this.name, cause, what);
  }
}
