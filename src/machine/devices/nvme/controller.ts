/**
 * An NVMe controller as its driver sees it (NVM Express base specification 1.4): registers, submission
 * and completion queues in host memory, doorbells with shadow doorbells, MSI-X. Identify data and the
 * order of its DMA are those of the controller that QEMU 7.2 emulates (hw/nvme/ctrl.c), the one of the
 * recorded handoffs. The medium does one command after another, each in the device's pace.
 *
 * Not modelled: queues that are full, arbitration, SGLs, metadata; aborted commands post no completion.
 */
import type { Appointment } from '../../../base/agenda-cells.ts';
import type { Owner } from '../../../base/event.ts';
import { Numbers } from '../../../base/stores.ts';
import { and32 } from '../../../base/word.ts';
import type { DmaResult } from '../../fabric.ts';
import type { Device } from '../device.ts';
import { JobEngine, type Step } from '../job-engine.ts';
import { MessageTable } from '../message-table.ts';
import { OutstandingDma } from '../outstanding-dma.ts';
import { ResetLine, type Activity } from '../reset-line.ts';
import type { DeviceSettings, Surroundings } from '../settings.ts';
import type { NvmeCommand } from './commands.ts';
import { Execution } from './execution.ts';
import { Fetch } from './fetch.ts';
import { weighJob, type NvmeJob } from './jobs.ts';
import { isAdmin, NvmeQueues } from './queues.ts';

const REGISTER = {
  CAP: 0x00, CAP_HIGH: 0x04, VS: 0x08, INTMS: 0x0c, INTMC: 0x10, CC: 0x14, CSTS: 0x1c, AQA: 0x24, ASQ: 0x28,
  ASQ_HIGH: 0x2c, ACQ: 0x30, ACQ_HIGH: 0x34,
} as const;
const doorbells = 0x1000;
export const nvmeMessageTable = 0x2000;
export const nvmeBarBytes = 0x4000;
const messageEntries = 8;
const jobSlots = 40;

/** 2048 entries a queue, time-out 7.5 s, pages of 4 KiB to 64 KiB. */
const capabilityLow = 0x0f0107ff;
const capabilityHigh = 0x00400820;
const version = 0x00010400;
const enableBit = 1;
const readyBit = 1;
const fatalBit = 2;

const defaultPaceNs = 100_000;
/** Cells: the registers' dwords below 0x40, then when the medium is free. */
const registerCells = 16;
const mediumFreeNs = registerCells;

export class NvmeController implements Device {
  readonly name: string;
  readonly activities: readonly Activity[];
  readonly outstanding: OutstandingDma;
  readonly #settings: DeviceSettings;
  readonly #surroundings: Surroundings;
  readonly #cells: Numbers;
  readonly #queues: NvmeQueues;
  readonly #messages: MessageTable;
  readonly #engine: JobEngine<NvmeJob>;
  readonly #resetLine: ResetLine;
  readonly #fetch: Fetch;
  readonly #execution: Execution;
  readonly #ready: Appointment;

  constructor(settings: DeviceSettings, surroundings: Surroundings) {
    const { journal, agenda } = surroundings;
    this.name = settings.name;
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.outstanding = new OutstandingDma(settings, surroundings, 'NVMe disk data. ');
    this.#cells = new Numbers(journal, settings.name, registerCells + 1);
    this.#queues = new NvmeQueues(journal, settings.name);
    this.#messages = new MessageTable(settings, surroundings, messageEntries);
    this.#engine = new JobEngine(settings, surroundings, jobSlots,
      { next: (job, kernel, result) => this.#next(job, kernel, result), weigh: weighJob });
    this.activities = [this.#engine, this.outstanding];
    this.#resetLine = new ResetLine(settings, surroundings, this.activities);
    this.#fetch = new Fetch(this.#queues, {
      retryNs: settings.timing.command,
      start: (key, command, kernel, cause) => this.#start(key, command, kernel, cause),
      fail: (cause) => this.#fail(cause),
    });
    this.#execution = new Execution(this.#queues, {
      vectors: messageEntries,
      note: (text, cause) => this.#note(text, cause),
      signal: (vector, cause) => this.#messages.signal(vector, cause),
      pattern: (length) => this.outstanding.pattern(length),
    });
    this.#ready = agenda.add(() => this.#followEnable(),
      { name: `${settings.name}.ready`, urgency: 'timed' });
  }

  // --- registers ----------------------------------------------------------------------------

  readRegister(offset: number): number {
    if (this.#isMessage(offset)) return this.#messages.read(offset - nvmeMessageTable);
    switch (offset) {
      case REGISTER.CAP: return capabilityLow;
      case REGISTER.CAP_HIGH: return capabilityHigh;
      case REGISTER.VS: return version;
      default: return offset < doorbells ? this.#register(offset) : 0;
    }
  }

  writeRegister(offset: number, value: number, kernel: Owner, cause: number): void {
    if (this.#isMessage(offset)) return this.#messages.write(offset - nvmeMessageTable, value, kernel);
    if (offset >= doorbells) return this.#doorbell((offset - doorbells) / 4, value, cause);
    switch (offset) {
      case REGISTER.CC: return this.#control(value, kernel, cause);
      case REGISTER.AQA:
      case REGISTER.ASQ:
      case REGISTER.ASQ_HIGH:
      case REGISTER.ACQ:
      case REGISTER.ACQ_HIGH:
        return this.#cells.set(offset / 4, value);
      default:
        return;
    }
  }

  registerName(offset: number): string {
    if (this.#isMessage(offset)) return this.#messages.registerName(offset - nvmeMessageTable);
    if (offset >= doorbells) {
      const index = (offset - doorbells) / 4;
      return `${index % 2 === 0 ? 'SQ' : 'CQ'}${Math.floor(index / 2)}_DOORBELL`;
    }
    return Object.entries(REGISTER).find(([, at]) => at === offset)?.[0] ?? 'reserved';
  }

  #isMessage(offset: number): boolean {
    return offset >= nvmeMessageTable && offset < nvmeMessageTable + this.#messages.bytes;
  }

  /** Registers' cells are their dwords; those below 0x40 have one. */
  #register(offset: number): number {
    return offset < registerCells * 4 ? this.#cells.get(offset / 4) : 0;
  }

  #address(low: number, high: number): number {
    return this.#register(low) + this.#register(high) * 0x1_0000_0000;
  }

  // --- enabling and resetting ---------------------------------------------------------------

  #control(value: number, kernel: Owner, cause: number): void {
    const was = and32(this.#register(REGISTER.CC), enableBit);
    const is = and32(value, enableBit);
    this.#cells.set(REGISTER.CC / 4, value);
    // What an image says is under way is not in the registers.
    if (was === is && !(is === 0 && this.outstanding.isActive)) return;
    if (is === 0) this.#disable(cause);
    else this.#enable(kernel);
    this.#ready.in(this.#settings.timing.command);
  }

  /** Controller reset: queues are forgotten; requests under way end as the scenario has it. */
  #disable(cause: number): void {
    this.#resetLine.reset(cause);
    this.#queues.reset();
    this.#cells.set(mediumFreeNs, 0);
  }

  #enable(kernel: Owner): void {
    const sizes = this.#register(REGISTER.AQA);
    const key = this.#queues.keyOf(0);
    this.#queues.setSubmission(key, {
      base: this.#address(REGISTER.ASQ, REGISTER.ASQ_HIGH), entries: and32(sizes, 0xfff) + 1, head: 0, tail: 0,
      completions: 0, kernel, fetching: false,
    });
    this.#queues.setCompletion(key, {
      base: this.#address(REGISTER.ACQ, REGISTER.ACQ_HIGH), entries: and32(Math.floor(sizes / 0x1_0000), 0xfff) + 1,
      tail: 0, phase: 1, vector: 0,
    });
  }

  #followEnable(): void {
    this.#cells.set(REGISTER.CSTS / 4, and32(this.#register(REGISTER.CC), enableBit) === 0 ? 0 : readyBit);
  }

  /** CSTS.CFS. */
  #fail(cause: number): void {
    this.#note('the submission entry could not be read', cause);
    this.#cells.set(REGISTER.CSTS / 4, readyBit + fatalBit);
  }

  // --- commands -----------------------------------------------------------------------------

  #doorbell(index: number, value: number, cause: number): void {
    // Nothing here waits for room in a completion queue.
    if (index % 2 === 1) return;
    const key = this.#queues.keyOf(index / 2);
    const queue = this.#queues.submission(key);
    if (queue === undefined) return;
    this.#queues.setSubmission(key, { ...queue, tail: value % queue.entries, fetching: true });
    if (queue.fetching) return;
    this.#engine.start({ kind: 'fetch', key, step: 'begin' }, this.#settings.timing.command, queue.kernel, cause);
  }

  #next(job: NvmeJob, kernel: Owner, result: DmaResult): Step<NvmeJob> {
    return job.kind === 'command' ? this.#execution.next(job, result) : this.#fetch.next(job, kernel, result);
  }

  /** Admin commands are quick; the medium takes its time, one command after another. */
  #start(key: number, command: NvmeCommand, kernel: Owner, cause: number): boolean {
    const job: NvmeJob = { kind: 'command', key, command, step: 'run', pages: [], left: 0, status: 0, vector: 0 };
    const { timing, paceNs } = this.#settings;
    if (isAdmin(key) || this.#surroundings.agenda.timeIsAside) return this.#engine.start(job, timing.command, kernel, cause);
    const { nowNs } = this.#surroundings.agenda;
    const endNs = Math.max(nowNs, this.#cells.get(mediumFreeNs)) + (paceNs ?? defaultPaceNs);
    if (!this.#engine.start(job, endNs - nowNs, kernel, cause)) return false;
    this.#cells.set(mediumFreeNs, endNs);
    return true;
  }

  #note(text: string, cause: number): void {
    this.#surroundings.trace.emit(this.name, cause, { kind: 'device-command', text });
  }
}
