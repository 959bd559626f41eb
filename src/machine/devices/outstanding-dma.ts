/**
 * What a device has outstanding when its kernel dies: buffers that it goes on reading or writing until it
 * is reset. A scenario's workload describes them through ports that no real device has.
 */
import type { Appointment } from '../../base/agenda-cells.ts';
import type { Agenda } from '../../base/agenda.ts';
import { assert } from '../../base/assert.ts';
import type { Owner, Trace } from '../../base/event.ts';
import { Numbers } from '../../base/stores.ts';
import { toNumber, type Word64 } from '../../base/word.ts';
import type { DmaClient, Fabric } from '../fabric.ts';
import type { DeviceSettings, Surroundings } from './settings.ts';
import type { Activity } from './reset-line.ts';

const PORT = {
  OUTSTANDING_ADDRESS: 0x00, OUTSTANDING_LENGTH: 0x08, OUTSTANDING_COUNT: 0x0c, OUTSTANDING_PERIOD: 0x10,
  OUTSTANDING_AFTER_PANIC: 0x18, OUTSTANDING_START: 0x20,
} as const;

const bufferLimit = 16;
/** Cells of one outstanding buffer. */
const BUFFER = {
  active: 0, access: 1, address: 2, length: 3, count: 4, periodNs: 5, afterPanicNs: 6, kernel: 7, cause: 8, endNs: 9,
} as const;
const bufferCells = 10;
/** What one request moves where time is set aside and each page may be asked for by itself. */
const lineBytes = 64;
const pageBytes = 4096;

/** What a device writes, at most 64 KiB at once, so that a dump shows who was there. */
const outstandingBytesMost = 64 * 1024;

export class OutstandingDma implements DmaClient, Activity {
  readonly name: string;
  readonly #settings: DeviceSettings;
  readonly #fabric: Fabric;
  readonly #client: number;
  readonly #trace: Trace;
  readonly #agenda: Agenda;
  readonly #pattern: Uint8Array;
  /** The buffer that the ports describe, then the number of buffers. */
  readonly #staged: Numbers;
  readonly #buffers: Numbers;
  readonly #actors: readonly Appointment[];

  /** `signature`: sixteen characters that the device writes over and over. */
  constructor(settings: DeviceSettings, { fabric, journal, agenda, trace }: Surroundings, signature: string) {
    assert(signature.length === 16, 'a signature has sixteen characters');
    this.name = settings.name;
    this.#settings = settings;
    this.#fabric = fabric;
    this.#client = fabric.connect(this);
    this.#trace = trace;
    this.#agenda = agenda;
    this.#pattern = new TextEncoder().encode(signature.repeat(outstandingBytesMost / 16));
    this.#staged = new Numbers(journal, `${settings.name} staged`, bufferCells + 1);
    this.#buffers = new Numbers(journal, `${settings.name} outstanding`, bufferLimit * bufferCells);
    this.#actors = Array.from({ length: bufferLimit }, (_, index) =>
      agenda.add((way) => this.#run(index, way), {
        name: `${settings.name}.outstanding${index}`, urgency: 'optional', ways: () => this.#ways(index),
      }));
  }

  /** `length` bytes of what the device writes. */
  pattern(length: number): Uint8Array {
    return this.#pattern.subarray(0, length);
  }

  // --- ports --------------------------------------------------------------------------------

  writePort(offset: number, value: Word64, kernel: Owner, cause: number): void {
    switch (offset) {
      case PORT.OUTSTANDING_ADDRESS: return this.#staged.set(BUFFER.address, toNumber(value));
      case PORT.OUTSTANDING_LENGTH:
        return this.#staged.set(BUFFER.length, Math.min(value.low, outstandingBytesMost));
      case PORT.OUTSTANDING_COUNT: return this.#staged.set(BUFFER.count, value.low);
      case PORT.OUTSTANDING_PERIOD: return this.#staged.set(BUFFER.periodNs, toNumber(value));
      case PORT.OUTSTANDING_AFTER_PANIC: return this.#staged.set(BUFFER.afterPanicNs, toNumber(value));
      case PORT.OUTSTANDING_START: return this.#start(value.low, kernel, cause);
      default:
        return;
    }
  }

  portName(offset: number): string {
    return Object.entries(PORT).find(([, at]) => at === offset)?.[0] ?? 'port';
  }

  #start(access: number, kernel: Owner, cause: number): void {
    const index = this.#staged.get(bufferCells);
    assert(index < bufferLimit, 'the scenario was checked: no more outstanding buffers than the model has');
    this.#staged.set(bufferCells, index + 1);
    for (const cell of [BUFFER.address, BUFFER.length, BUFFER.count, BUFFER.periodNs, BUFFER.afterPanicNs]) {
      this.#set(index, cell, this.#staged.get(cell));
    }
    this.#set(index, BUFFER.access, access);
    this.#set(index, BUFFER.kernel, kernel === 'crashed' ? 0 : 1);
    this.#set(index, BUFFER.cause, cause);
    this.#set(index, BUFFER.active, 1);
    this.#actors[index]?.in(this.#settings.timing.command);
  }

  // --- its end ------------------------------------------------------------------------------

  get isActive(): boolean {
    return this.#actors.some((_, index) => this.#get(index, BUFFER.active) === 1);
  }

  stop(): void {
    for (const index of this.#actors.keys()) this.#drop(index);
  }

  stopAfterOne(): void {
    const [first, ...others] = [...this.#actors.keys()].filter((index) => this.#get(index, BUFFER.active) === 1);
    for (const index of others) this.#drop(index);
    if (first !== undefined) this.#set(first, BUFFER.count, 1);
  }

  #drop(index: number): void {
    this.#set(index, BUFFER.active, 0);
    this.#actors[index]?.cancel();
  }

  afterPanic(cause: number): void {
    for (let index = 0; index < bufferLimit; index += 1) {
      const afterNs = this.#get(index, BUFFER.afterPanicNs);
      if (this.#get(index, BUFFER.active) === 0 || afterNs === 0) continue;
      // The port holds the delay plus one, so that zero means "no end".
      this.#set(index, BUFFER.endNs, this.#agenda.clockNs + afterNs);
      this.#set(index, BUFFER.cause, cause);
    }
  }

  // --- one transfer -------------------------------------------------------------------------

  /** With time set aside: one way for each page of the buffer, as long as there is something left in flight. */
  #ways(index: number): number {
    const first = Math.floor(this.#get(index, BUFFER.address) / pageBytes);
    const end = this.#get(index, BUFFER.address) + this.#get(index, BUFFER.length);
    const { left } = this.#fabric.inFlight;
    const active = this.#get(index, BUFFER.active) === 1;
    return left > 0 && active && !this.#isOver(index) ? Math.ceil(end / pageBytes) - first : 0;
  }

  #isOver(index: number): boolean {
    const endNs = this.#get(index, BUFFER.endNs);
    return endNs > 0 && this.#agenda.clockNs + 1 >= endNs;
  }

  /** One page of the buffer, a line of it: what a request is where each is a choice of its own. */
  #page(index: number, page: number): { readonly address: number; readonly length: number } {
    const start = this.#get(index, BUFFER.address);
    const address = page === 0 ? start : (Math.floor(start / pageBytes) + page) * pageBytes;
    return { address, length: Math.min(lineBytes, start + this.#get(index, BUFFER.length) - address) };
  }

  #run(index: number, page: number): void {
    if (this.#get(index, BUFFER.active) === 0) return;
    if (this.#isOver(index)) {
      this.#emit(this.#get(index, BUFFER.cause), { kind: 'device-stop', why: 'the end of its command' });
      return this.#set(index, BUFFER.active, 0);
    }
    const access = this.#get(index, BUFFER.access) === 1 ? 'read' : 'write';
    const { timeIsAside } = this.#agenda;
    const { address, length } = timeIsAside ? this.#page(index, page)
      : { address: this.#get(index, BUFFER.address), length: this.#get(index, BUFFER.length) };
    if (timeIsAside) this.#fabric.inFlight.take();
    const taken = this.#fabric.submit(this.#client, {
      source: this.#settings.requester[access], access, address, length,
      data: access === 'write' ? this.pattern(length) : null,
      kernel: this.#get(index, BUFFER.kernel) === 0 ? 'crashed' : 'capture',
      purpose: 'outstanding command', tag: index,
    }, this.#get(index, BUFFER.cause), timeIsAside);
    if (!taken) return this.#actors[index]?.in(this.#settings.timing.command);
    const left = this.#get(index, BUFFER.count);
    if (left === 1) return this.#set(index, BUFFER.active, 0);
    if (left > 1) this.#set(index, BUFFER.count, left - 1);
    this.#actors[index]?.in(this.#get(index, BUFFER.periodNs));
  }

  /** Nobody waits for what an outstanding command brings. */
  dmaDone(): void {
    // The next one is due at its own time.
  }

  #get(index: number, cell: number): number {
    return this.#buffers.get(index * bufferCells + cell);
  }

  #set(index: number, cell: number, value: number): void {
    this.#buffers.set(index * bufferCells + cell, value);
  }

  #emit(cause: number, what: Parameters<Trace['emit']>[2]): number {
    return this.#trace.emit(this.name, cause, what);
  }
}
