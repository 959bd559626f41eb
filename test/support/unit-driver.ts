/**
 * One DMAR unit with memory around it, driven as a machine drives it: by registers, memory and DMA
 * requests. Everything here is in raw offsets and raw bits, restated from the specification, so that
 * a wrong mask in the unit cannot make a test agree with it.
 */
import { Agenda } from '../../src/base/agenda.ts';
import { Trace, type Access, type Happening } from '../../src/base/event.ts';
import { Journal } from '../../src/base/journal.ts';
import { PhysicalMemory, frameRange } from '../../src/base/memory.ts';
import { addressOf, frameAt, frameNumber, sourceIdOf, toBigInt, word, wordOf } from '../../src/base/word.ts';
import type { HardwareChoices } from '../../src/vtd/choices.ts';
import { profileNamed, type UnitProfile } from '../../src/vtd/profiles/profiles.ts';
import type { Answer } from '../../src/vtd/request.ts';
import { defaultUnitTiming } from '../../src/vtd/timing.ts';
import { DmarUnit } from '../../src/vtd/unit.ts';
import { Tree } from './tree.ts';

export interface Settings {
  readonly profile?: string | UnitProfile;
  readonly choices?: Partial<HardwareChoices>;
  readonly hostAddressWidth?: number;
  /** Whether what the CPU stored and what RAM holds are kept apart. */
  readonly twoViews?: boolean;
  /** Whether a write buffer stands in front of RAM. */
  readonly buffersWrites?: boolean;
  readonly recording?: boolean;
  /** Whether answers are compared with memory; where left out, where there is a trace. */
  readonly judging?: boolean;
}

/** An address behind which nothing answers. */
export const unbacked = 0xa000_0000n;

const rootTable = 0x1000;
const queueBase = 0x9000;

export class UnitDriver {
  readonly journal: Journal;
  readonly agenda: Agenda;
  readonly trace: Trace;
  readonly memory: PhysicalMemory;
  readonly unit: DmarUnit;
  readonly messages: { readonly address: bigint; readonly data: number }[] = [];
  /** The whole answer to the last DMA. */
  last: Answer | undefined;
  #levels = 0;
  #tail = 0;
  #freeTable = 0x10_0000;

  constructor(settings: Settings = {}) {
    const chosen = settings.profile ?? 'ivy-bridge-ep';
    const profile = typeof chosen === 'string' ? profileNamed(chosen) : chosen;
    if (profile === undefined) throw new Error('no such profile');
    this.journal = new Journal(settings.recording ?? true);
    this.agenda = new Agenda(this.journal);
    const recording = settings.recording ?? true;
    this.trace = new Trace(this.agenda, this.journal, recording, settings.judging ?? recording);
    this.memory = new PhysicalMemory(this.journal, [
      frameRange(addressOf(0), addressOf(0x7fff_ffff)),
      frameRange(addressOf(0x1_0000_0000), addressOf(0x1_7fff_ffff)),
    ], settings.twoViews ?? false, settings.buffersWrites ?? false);
    this.unit = new DmarUnit({
      name: 'dmar0',
      profile,
      choices: { ...profile.choices, ...settings.choices },
      hostAddressWidth: settings.hostAddressWidth ?? 46,
      timing: defaultUnitTiming,
      deliverMessage: (address, data) => {
        this.messages.push({ address: BigInt(address.high) * 2n ** 32n + BigInt(address.low), data });
      },
    }, this.journal, this.memory, this.agenda, this.trace);
  }

  // --- registers ------------------------------------------------------------------------------

  read32(offset: number): number {
    return this.unit.readRegister(offset, 4, -1).low;
  }

  read64(offset: number): bigint {
    const value = this.unit.readRegister(offset, 8, -1);
    return BigInt(value.high) * 2n ** 32n + BigInt(value.low);
  }

  write32(offset: number, value: number): void {
    this.unit.writeRegister(offset, 4, wordOf(value), -1);
  }

  write64(offset: number, value: bigint): void {
    this.unit.writeRegister(offset, 8, word(value), -1);
  }

  /** FRO, bits 33:24 of CAP, in units of 16 bytes. */
  get faultOffset(): number {
    return Number((this.read64(0x08) / 2n ** 24n) % 1024n) * 16;
  }

  /** IRO, bits 17:8 of ECAP, in units of 16 bytes. */
  get iotlbOffset(): number {
    return Number((this.read64(0x10) / 2n ** 8n) % 1024n) * 16;
  }

  /** A fault record as text, high half first. */
  record(index = 0): string {
    const offset = this.faultOffset + 16 * index;
    return `0x${this.read64(offset + 8).toString(16)} 0x${this.read64(offset).toString(16)}`;
  }

  /** Clears F of a record by the write that kernels use: 0x80000000 at +12. */
  clearRecord(index = 0): void {
    this.write32(this.faultOffset + 16 * index + 12, 0x8000_0000);
  }

  settle(): void {
    this.agenda.settle();
  }

  // --- global commands ------------------------------------------------------------------------

  /** Writes GCMD: the levels that are on, and one-shot bits; waits until it is done. */
  command(oneShots: number): void {
    this.write32(0x18, this.#levels + oneShots);
    this.settle();
  }

  /** Switches level bits of GCMD (TE 31, QIE 26, IRE 25, CFI 23). */
  levels(levels: number): void {
    this.#levels = levels;
    this.command(0);
  }

  setRoot(table: bigint = BigInt(rootTable)): void {
    this.write64(0x20, table);
    this.command(0x4000_0000);
  }

  /** Root table at 0x1000, translation on. */
  start(): void {
    this.setRoot();
    this.levels(0x8000_0000);
  }

  /** TE and QIE on, with a queue of one page (256 descriptors). */
  startQueue(base = queueBase): void {
    this.write64(0x88, 0n);
    this.write64(0x90, BigInt(base));
    this.levels(this.#levels < 0x8000_0000 ? 0x0400_0000 : 0x8400_0000);
    this.#tail = 0;
  }

  /** Puts descriptors behind the tail and moves it; does not wait. */
  post(...descriptors: readonly (readonly [bigint, bigint])[]): void {
    for (const [low, high] of descriptors) {
      this.poke(queueBase + 16 * this.#tail, low);
      this.poke(queueBase + 16 * this.#tail + 8, high);
      this.#tail = (this.#tail + 1) % 256;
    }
    this.write64(0x88, BigInt(16 * this.#tail));
  }

  submit(...descriptors: readonly (readonly [bigint, bigint])[]): void {
    this.post(...descriptors);
    this.settle();
  }

  // --- memory and tables ----------------------------------------------------------------------

  /** A CPU store that reaches RAM. */
  poke(address: number, value: bigint): void {
    this.store(address, value);
    this.memory.writeBack(addressOf(address), 8);
  }

  /** A CPU store that stays in the cache. */
  store(address: number, value: bigint): void {
    this.memory.store64(addressOf(address), word(value));
  }

  /** What the CPU reads. */
  peek(address: number): bigint {
    return toBigInt(this.memory.read64(addressOf(address)));
  }

  root(bus: number, low: bigint, high = 0n): void {
    this.poke(rootTable + 16 * bus, low);
    this.poke(rootTable + 16 * bus + 8, high);
  }

  /** Where the context entry of a source lies; the table of its bus is 0x2000 + bus * 0x1000. */
  contextAddress(source: number): number {
    return 0x2000 + 0x1000 * Math.floor(source / 256) + 16 * (source % 256);
  }

  /** Writes a context entry and the root entry that leads to it. */
  context(source: number, low: bigint, high: bigint): void {
    const bus = Math.floor(source / 256);
    this.root(bus, BigInt(0x2001 + 0x1000 * bus));
    this.poke(this.contextAddress(source), low);
    this.poke(this.contextAddress(source) + 8, high);
  }

  /** An empty second-level tree. */
  tree(levels = 4): Tree {
    return new Tree(this, levels, this.newTable());
  }

  newTable(): number {
    this.#freeTable += 0x1000;
    return this.#freeTable;
  }

  // --- requests -------------------------------------------------------------------------------

  /** A DMA step by step: `to 0x…`, `blocked 0x…`, `blocked` or `interrupt`. */
  dma(source: number, address: number, access: Access = 'read'): string {
    this.begin(0, source, address, access);
    const answer = this.finish(0, address);
    this.unit.retire(0);
    return answer;
  }

  /** The same DMA with all its steps at one instant. */
  dmaAtOnce(source: number, address: number, access: Access = 'read'): string {
    return this.#text(this.unit.translate(this.#request(source, address, access)), address);
  }

  begin(slot: number, source: number, address: number, access: Access = 'read'): void {
    this.unit.begin(slot, this.#request(source, address, access));
  }

  /** One step of a request that must not be answered by it. */
  step(slot: number): void {
    const step = this.unit.advance(slot);
    if (typeof step !== 'number') throw new Error('the request is answered already');
  }

  /** The remaining steps of a request; it stays in flight until it is retired. */
  finish(slot: number, address: number): string {
    let step = this.unit.advance(slot);
    while (typeof step === 'number') step = this.unit.advance(slot);
    return this.#text(step, address);
  }

  #request(source: number, address: number, access: Access) {
    const frame = frameAt(Math.floor(address / 4096));
    return { source: sourceIdOf(source), frame, access, cause: -1 };
  }

  #text(answer: Answer, address: number): string {
    this.last = answer;
    switch (answer.kind) {
      case 'translated':
        return `to 0x${(frameNumber(answer.target) * 4096 + (address % 4096)).toString(16)}`;
      case 'blocked':
        return answer.reason === null ? 'blocked' : `blocked 0x${answer.reason.code.toString(16)}`;
      case 'interrupt':
        return 'interrupt';
    }
  }

  /** The recorded happenings of one kind, oldest first. */
  happenings<Kind extends Happening['kind']>(kind: Kind): readonly Extract<Happening, { kind: Kind }>[] {
    return this.trace.events
      .map((event) => event.what)
      .filter((what): what is Extract<Happening, { kind: Kind }> => what.kind === kind);
  }
}
