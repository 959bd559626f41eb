/**
 * A DMAR unit: what a register access sets off, and the way of a request through it. The outside sees
 * registers, memory, DMA requests and interrupt messages, and nothing else.
 */
import type { Appointment } from '../base/agenda-cells.ts';
import type { Agenda } from '../base/agenda.ts';
import { noCause, type Trace } from '../base/event.ts';
import type { Journal } from '../base/journal.ts';
import type { PhysicalMemory } from '../base/memory.ts';
import { compose, get, isSet, type Word64 } from '../base/word.ts';
import { LATCHED, UnitCore, type UnitSettings } from './core.ts';
import { FaultRecording } from './fault-recording.ts';
import { emptyCaches } from './invalidation.ts';
import {
  InterruptRemapping, type InterruptAnswer, type InterruptRequest,
} from './interrupt-remapping.ts';
import { ProtectedMemory } from './protected-memory.ts';
import { InvalidationQueue } from './queue.ts';
import { RegisterInvalidation } from './register-invalidation.ts';
import { CCMD, GCMD, GSTS, IOTLB, IQA, IQH, IRTA, RTADDR, TABLE_MODE } from './registers.ts';
import type { Answer, TranslationRequest } from './request.ts';
import { RequestsInProgress } from './requests-in-progress.ts';
import { takeRegisters } from './standing-state.ts';
import { Translation } from './translation.ts';

export class DmarUnit {
  /** The caches and registers, for whoever inspects the unit; no software sees them. */
  readonly core: UnitCore;
  readonly #faults: FaultRecording;
  readonly #translation: Translation;
  readonly #requests: RequestsInProgress;
  readonly #queue: InvalidationQueue;
  readonly #interrupts: InterruptRemapping;
  readonly #protectedMemory: ProtectedMemory;
  readonly #registerInvalidation: RegisterInvalidation;
  readonly #command: Appointment;

  constructor(
    settings: UnitSettings, journal: Journal, memory: PhysicalMemory, agenda: Agenda, trace: Trace,
  ) {
    this.core = new UnitCore(settings, journal, memory, agenda, trace);
    this.#faults = new FaultRecording(this.core);
    this.#translation = new Translation(this.core, this.#faults, journal);
    this.#requests = new RequestsInProgress(this.core, this.#translation, journal);
    this.#interrupts = new InterruptRemapping(this.core, this.#faults, journal);
    this.#protectedMemory = new ProtectedMemory(this.core);
    this.#queue = new InvalidationQueue(
      this.core, this.#faults, this.#requests, this.#interrupts);
    this.#registerInvalidation = new RegisterInvalidation(this.core, this.#requests);
    this.#command = agenda.add(() => this.#completeCommand(),
      { name: `${settings.name}.command`, urgency: 'prompt' });
  }

  /** Before anything runs: takes over how a unit was found. Descriptors that were waiting go on. */
  standAs(readings: ReadonlyMap<string, Word64>): void {
    takeRegisters(this.core, readings);
    this.#protectedMemory.follow();
    this.#queue.kick(noCause);
  }

  // --- requests -----------------------------------------------------------------------------

  begin(slot: number, request: TranslationRequest): number {
    return this.#requests.begin(slot, request);
  }

  advance(slot: number): Answer | number {
    const step = this.#requests.advance(slot);
    if (typeof step === 'number') return step;
    const answer = this.#guard(step);
    if (answer !== step) this.retire(slot);
    return answer;
  }

  evictionWays(slot: number): number {
    return this.#requests.evictionWays(slot);
  }

  evict(slot: number, way: number): void {
    this.#requests.evict(slot, way);
  }

  /** How far the request in a slot has come; a small number. */
  progressOf(slot: number): number {
    return this.#requests.progressOf(slot);
  }

  retire(slot: number): void {
    this.#requests.retire(slot);
    this.#queue.kickAfterDrain();
    this.#registerInvalidation.afterDrain();
  }

  translate(request: TranslationRequest): Answer {
    return this.#guard(this.#translation.translate(request));
  }

  /** A write of one aligned dword to the interrupt range. */
  interrupt(request: InterruptRequest): InterruptAnswer {
    return this.#interrupts.remap(request);
  }

  /** Protected regions hold back what translation let through; nothing is logged. */
  #guard(answer: Answer): Answer {
    if (answer.kind !== 'translated' || this.core.latched.get(LATCHED.protectedOn) === 0) return answer;
    const remapped = answer.via === 'IOTLB' || answer.via === 'walk';
    if (!this.#protectedMemory.blocks(answer.target, remapped)) return answer;
    return { kind: 'blocked', reason: null, freshness: answer.freshness, event: answer.event };
  }

  // --- registers ----------------------------------------------------------------------------

  /** A software read of an aligned dword or qword; `cause` is the event of the access. */
  readRegister(offset: number, bytes: 4 | 8, cause: number): Word64 {
    this.#noteUnmodelled(offset, bytes, 'read', cause);
    return { low: this.#read32(offset), high: bytes === 8 ? this.#read32(offset + 4) : 0 };
  }

  /** A software write; a qword may take effect as two dwords, the low one first (11.2). */
  writeRegister(offset: number, bytes: 4 | 8, value: Word64, cause: number): void {
    this.#noteUnmodelled(offset, bytes, 'write', cause);
    this.#write32(offset, value.low, cause);
    if (bytes === 8) this.#write32(offset + 4, value.high, cause);
  }

  registerName(offset: number): string {
    return this.core.registers.at(offset)?.register.name ?? 'reserved';
  }

  #noteUnmodelled(offset: number, bytes: 4 | 8, access: 'read' | 'write', cause: number): void {
    const first = this.core.registers.at(offset)?.register;
    const second = bytes === 8 ? this.core.registers.at(offset + 4)?.register : undefined;
    for (const register of new Set([first, second])) {
      if (register?.modelled === false) {
        this.core.emit(cause, { kind: 'unmodelled', register: register.name, access });
      }
    }
  }

  #read32(offset: number): number {
    const half = this.core.registers.at(offset);
    if (half?.register.name === 'IQA' && this.core.departs('queue-address-reads-latched')) {
      return compose([IQA.IQA, this.core.latched.get(LATCHED.queueBase)],
        [IQA.QS, this.core.registers.field('IQA', IQA.QS)])[half.part];
    }
    return this.core.registers.read32(offset);
  }

  #write32(offset: number, value: number, cause: number): void {
    const { registers } = this.core;
    const half = registers.at(offset);
    if (half === undefined) return;
    registers.write32(offset, value);
    const { name } = half.register;
    if (name.startsWith('FRCD')) return this.#faults.recordsChanged('record');
    switch (name) {
      case 'GCMD':
        return this.#acceptCommand(value, cause);
      case 'CCMD':
        if (half.part === 'high' && isSet(CCMD.ICC, { low: 0, high: value })) {
          this.#registerInvalidation.acceptContextCommand(cause);
        }
        return;
      case 'IOTLB':
        if (half.part === 'high' && isSet(IOTLB.IVT, { low: 0, high: value })) {
          this.#registerInvalidation.acceptIotlbCommand(cause);
        }
        return;
      case 'FSTS':
        this.#faults.recordsChanged('status');
        if (!this.core.departs('queue-error-waits-for-tail')) this.#queue.kick(cause);
        return;
      case 'FECTL':
        return this.#faults.controlChanged(cause);
      case 'IQT':
        // The tail is in the low half.
        return half.part === 'low' ? this.#queue.kick(cause) : undefined;
      case 'ICS':
      case 'IECTL':
        return this.#queue.completionControlChanged(cause);
      case 'PMEN':
        return this.#protectedMemory.follow();
      default:
        return;
    }
  }

  // --- global commands (GCMD) ---------------------------------------------------------------

  /** A command takes effect after a while; one that comes before that hurries the first along. */
  #acceptCommand(value: number, cause: number): void {
    if (this.#command.isMade) {
      this.#command.cancel();
      this.#completeCommand();
    }
    const { registers, latched } = this.core;
    if (isSet(GCMD.SRTP, { low: value, high: 0 })) registers.setField('GSTS', GSTS.RTPS, 0);
    if (this.#asks('SIRTP', value)) registers.setField('GSTS', GSTS.IRTPS, 0);
    if (this.#asks('WBF', value)) registers.setField('GSTS', GSTS.WBFS, 1);
    latched.set(LATCHED.pendingCommand, value);
    latched.set(LATCHED.commandCause, cause);
    this.#command.in(this.core.timing.commandNs);
  }

  #completeCommand(): void {
    const { latched, registers } = this.core;
    const value = { low: latched.get(LATCHED.pendingCommand), high: 0 };
    const cause = latched.get(LATCHED.commandCause);
    const status = registers.value('GSTS');
    if (isSet(GCMD.SRTP, value)) this.#setRootTablePointer(cause);
    if (this.#asks('SIRTP', value.low)) this.#setInterruptTablePointer(cause);
    if (this.#asks('WBF', value.low)) {
      this.core.emit(cause, { kind: 'command', command: 'WBF: write buffer flushed' });
      this.core.memory.flushWriteBuffer();
      registers.setField('GSTS', GSTS.WBFS, 0);
    }
    for (const level of ['QIE', 'TE', 'IRE', 'CFI'] as const) {
      const on = isSet(GCMD[level], value);
      if (on !== isSet(GCMD[level], status) && this.#has(level)) this.#switch(level, on, cause);
    }
  }

  /** Commands for what the unit does not have do nothing. */
  #asks(command: 'SIRTP' | 'WBF', value: number): boolean {
    const { capability } = this.core;
    if (!isSet(GCMD[command], { low: value, high: 0 })) return false;
    if (command === 'WBF') return capability.requiresWriteBufferFlush;
    return capability.interruptRemapping || this.core.departs('interrupt-table-without-remapping');
  }

  #has(level: 'QIE' | 'TE' | 'IRE' | 'CFI'): boolean {
    const { capability } = this.core;
    switch (level) {
      case 'QIE': return capability.queuedInvalidation;
      case 'IRE': return capability.interruptRemapping;
      case 'CFI':
        return capability.interruptRemapping && !this.core.departs('compatibility-interrupts-pass');
      case 'TE': return true;
    }
  }

  #setRootTablePointer(cause: number): void {
    const { core } = this;
    const address = core.registers.value('RTADDR');
    const event = core.emit(cause, { kind: 'command', command: 'SRTP: root table latched' });
    core.latched.set(LATCHED.rootTable, core.pointer(get(RTADDR.RTA, address)));
    core.latched.set(LATCHED.tableMode, core.departs('table-mode-ignored') ? 0 : get(RTADDR.TTM, address));
    core.registers.setField('GSTS', GSTS.RTPS, 1);
    core.rootTableLatched?.();
    if (core.capability.scalableMode && core.latched.get(LATCHED.tableMode) === TABLE_MODE.scalable) {
      core.emit(event, { kind: 'unmodelled', register: 'scalable-mode tables', access: 'write' });
    }
    if (core.capability.setRootInvalidates
      || (this.#mayLose() && core.choices['set-root-pointer'] === 'empties-caches')) {
      this.#emptyCaches(event);
    }
    this.#translation.lookAgainForPassThrough(() => true);
  }

  #setInterruptTablePointer(cause: number): void {
    const { registers, latched, capability } = this.core;
    const event = this.core.emit(cause, { kind: 'command', command: 'SIRTP: interrupt-remapping table latched' });
    const address = registers.value('IRTA');
    latched.set(LATCHED.interruptTable, this.core.pointer(get(IRTA.IRTA, address)));
    latched.set(LATCHED.interruptOrder, get(IRTA.S, address));
    latched.set(LATCHED.interruptMode, get(IRTA.EIME, address));
    registers.setField('GSTS', GSTS.IRTPS, 1);
    if (capability.setInterruptInvalidates) this.#interrupts.invalidate(null, event);
  }

  /** Whether it makes a difference that caches are emptied: to what is in them, to walks, to the trace. */
  #mayLose(): boolean {
    const { trace, contextCache, iotlb, structures } = this.core;
    return trace.recording || contextCache.size > 0 || iotlb.size > 0 || structures.size > 0 || !this.#requests.isEmpty;
  }

  /** What the unit does by itself, it does to walks in progress too. */
  #emptyCaches(event: number): void {
    emptyCaches(this.core, event);
    this.#requests.restartWalks({ granularity: 'global' });
  }

  #switch(level: 'QIE' | 'TE' | 'IRE' | 'CFI', on: boolean, cause: number): void {
    const { core } = this;
    const { registers } = core;
    const event = core.emit(cause, { kind: 'command', command: `${level} ${on ? 'on' : 'off'}` });
    switch (level) {
      case 'TE':
        registers.setField('GSTS', GSTS.TES, on ? 1 : 0);
        core.latched.set(LATCHED.translationOn, on ? 1 : 0);
        if (this.#mayLose() && core.choices['translation-enable'] === 'empties-caches') this.#emptyCaches(event);
        this.#translation.lookAgainForPassThrough(() => true);
        return this.#faults.remappingChanged();
      case 'IRE':
        registers.setField('GSTS', GSTS.IRES, on ? 1 : 0);
        return this.#faults.remappingChanged();
      case 'CFI':
        return registers.setField('GSTS', GSTS.CFIS, on ? 1 : 0);
      case 'QIE':
        return this.#switchQueue(on, event);
    }
  }

  #switchQueue(on: boolean, event: number): void {
    const { registers, latched } = this.core;
    if (!on && this.core.departs('queue-disable-needs-wait')
      && (!this.#queue.isIdle || latched.get(LATCHED.lastWasWait) === 0)) return;
    registers.setField('IQH', IQH.QH, 0);
    registers.setField('GSTS', GSTS.QIES, on ? 1 : 0);
    if (!on) return;
    const address = registers.value('IQA');
    latched.set(LATCHED.queueBase, this.core.pointer(get(IQA.IQA, address)));
    latched.set(LATCHED.queueOrder, get(IQA.QS, address));
    latched.set(LATCHED.queueWide, this.core.departs('descriptor-width-ignored') ? 0 : get(IQA.DW, address));
    this.#queue.kick(event);
  }
}
