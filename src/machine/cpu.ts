/**
 * The CPU: carries out the operations of the running kernel one by one, each at its time, and hands the
 * machine from the crashed kernel to the capture kernel at the panic.
 */
import type { Appointment } from '../base/agenda-cells.ts';
import type { Agenda } from '../base/agenda.ts';
import { assert, unreachable } from '../base/assert.ts';
import { noCause, type Happening, type Owner, type Trace } from '../base/event.ts';
import { digest } from '../base/hash.ts';
import type { Journal } from '../base/journal.ts';
import type { PhysicalMemory } from '../base/memory.ts';
import { Numbers } from '../base/stores.ts';
import { and32, frameBytes, offsetBy, pagesFurther, wordOf } from '../base/word.ts';
import { firstTimerVector, timerCount, type Answer, type Condition, type Operation } from '../linux/core/operation.ts';
import type { Program } from '../linux/core/program.ts';
import { holds, type RegisterBus } from './conditions.ts';
import type { Observer } from './observer.ts';
import { ProgramCounter } from './program-counter.ts';
import type { Timing } from './timing.ts';

export interface KernelProgram {
  readonly release: string;
  readonly commandLine: string;
  /** Hands over by kexec instead of a panic. */
  readonly endsOrderly: boolean;
  readonly program: Program;
}

const CELL = { kernel: 0, state: 1, deadline: 2, depth: 3, noticed: 4, wakeUp: 5, stack: 6 } as const;
const stackLimit = 48;
const vectorCount = 256;
const STATE = { running: 0, waiting: 1, sleeping: 2, ended: 3 } as const;
const owners: readonly Owner[] = ['crashed', 'capture'];

type InstantOperation = Extract<Operation, { kind: 'enter' | 'leave' | 'arm-timer' | 'clock' | 'wake-up' }>;

export class Cpu {
  readonly #kernels: readonly [KernelProgram, KernelProgram];
  readonly #memory: PhysicalMemory;
  readonly #bus: RegisterBus;
  readonly #timing: Timing;
  readonly #agenda: Agenda;
  readonly #trace: Trace;
  readonly #cells: Numbers;
  readonly #counters: readonly [ProgramCounter, ProgramCounter];
  /** For each vector: 0, or two more than the number of the event that raised it; last, how many. */
  readonly #pending: Numbers;
  readonly #turn: Appointment;
  readonly #timers: readonly Appointment[];
  readonly #onPanic: (cause: number) => void;
  readonly #observer: Observer | null;

  constructor(
    kernels: readonly [KernelProgram, KernelProgram], memory: PhysicalMemory, bus: RegisterBus,
    timing: Timing, onPanic: (cause: number) => void, observer: Observer | null, journal: Journal,
    agenda: Agenda, trace: Trace,
  ) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.#bus = bus;
    this.#timing = timing;
    this.#onPanic = onPanic;
    this.#observer = observer;
    this.#agenda = agenda;
    this.#trace = trace;
    this.#cells = new Numbers(journal, 'cpu', CELL.stack + stackLimit, ['kernel', 'state']);
    this.#counters = [
      new ProgramCounter(journal, 'crashed position', kernels[0].program),
      new ProgramCounter(journal, 'capture position', kernels[1].program),
    ];
    this.#pending = new Numbers(journal, 'pending interrupts', vectorCount + 1);
    this.#turn = agenda.add(() => this.#act(),
      { name: 'cpu', urgency: 'timed', ways: () => this.#ways(), progress: () => this.position });
    this.#timers = Array.from({ length: timerCount }, (_, index) =>
      agenda.add(() => this.interrupt(firstTimerVector + index, noCause),
        { name: `timer${index}`, urgency: 'timed' }));
    this.#turn.in(0);
  }

  get owner(): Owner {
    return owners[this.#cells.get(CELL.kernel)] ?? 'capture';
  }

  /** Where the running kernel is: a number that means nothing in another process. */
  get position(): number {
    return this.#counter().value * 2 + this.#cells.get(CELL.kernel);
  }

  /** The same as a number that is the same everywhere. */
  get nameOfPosition(): number {
    return digest([this.#kernel().program.weightOf(this.#counter().value), this.#cells.get(CELL.kernel)]);
  }

  /** Whether it waits for whatever is prompt to be done: it sleeps. */
  get waitsForPrompt(): boolean {
    const kind = this.#operation()?.kind;
    return kind === 'sleep' || kind === 'resume-sleep';
  }

  isTurn(actor: number): boolean {
    return this.#turn.isActor(actor);
  }

  get hasEnded(): boolean {
    return this.#cells.get(CELL.state) === STATE.ended;
  }

  interrupt(vector: number, cause: number): void {
    this.#setPending(vector, cause + 2);
    if (this.#agenda.timeIsAside) return;
    if (this.#cells.get(CELL.state) === STATE.sleeping) this.#turn.in(this.#timing.interrupt);
  }

  /** To be called after anybody acted: a polled condition may hold now. */
  recheck(): void {
    if (this.#agenda.timeIsAside) return;
    if (this.#cells.get(CELL.state) !== STATE.waiting || this.#cells.get(CELL.noticed) !== 0) return;
    const operation = this.#operation();
    assert(operation?.kind === 'wait', 'a waiting CPU waits');
    if (this.#conditionThatHolds(operation.conditions) < 0) return;
    this.#cells.set(CELL.noticed, 1);
    this.#turn.in(this.#timing.poll);
  }

  #kernel(): KernelProgram {
    return this.#kernels[this.#cells.get(CELL.kernel) === 0 ? 0 : 1];
  }

  #counter(): ProgramCounter {
    return this.#counters[this.#cells.get(CELL.kernel) === 0 ? 0 : 1];
  }

  #operation(): Operation | null {
    return this.#kernel().program.operationAt(this.#counter().value);
  }

  // --- with time set aside ------------------------------------------------------------------

  /** To be called when time has been set aside: a wait or a sleep begins again, for as long as it takes. */
  timeSetAside(): void {
    if (this.hasEnded) return;
    this.#cells.set(CELL.state, STATE.running);
    for (const cell of [CELL.deadline, CELL.noticed, CELL.wakeUp]) this.#cells.set(cell, 0);
    this.#turn.in(0);
    // A kernel that is still to start does so with its first act.
    if (this.#counter().value !== 0) this.#carryOutInstants();
  }

  /**
   * 0 where the CPU cannot go on now: it polls for what does not hold, and somebody can still move; or it
   * sleeps, which outlasts everything that is prompt.
   */
  #ways(): number {
    const operation = this.#operation();
    switch (operation?.kind) {
      case 'sleep':
      case 'resume-sleep':
        return this.#agenda.isBusy ? 0 : 1;
      case 'wait':
        if (this.#conditionThatHolds(operation.conditions) >= 0) return 1;
        return operation.timeoutNs !== null && !this.#agenda.awaitsOthers(this.#turn) ? 1 : 0;
      default:
        return 1;
    }
  }

  /** Returns the operation behind everything that takes no time; null at the kernel's end. */
  #carryOutInstants(): Exclude<Operation, InstantOperation> | null {
    let operation = this.#operation();
    while (operation !== null && this.#takesNoTime(operation)) operation = this.#operation();
    return operation;
  }

  // --- trace --------------------------------------------------------------------------------

  #cause(): number {
    const depth = this.#cells.get(CELL.depth);
    return depth === 0 ? noCause : this.#cells.get(CELL.stack + depth - 1);
  }

  #emit(what: Happening, cause = this.#cause()): number {
    return this.#trace.recording ? this.#trace.emit(this.owner, cause, what) : noCause;
  }

  #push(event: number): void {
    if (!this.#trace.recording) return;
    const depth = this.#cells.get(CELL.depth);
    assert(depth < stackLimit, 'kernel routines are not nested that deep');
    this.#cells.set(CELL.stack + depth, event);
    this.#cells.set(CELL.depth, depth + 1);
  }

  #pop(): void {
    if (!this.#trace.recording) return;
    this.#cells.set(CELL.depth, this.#cells.get(CELL.depth) - 1);
  }

  // --- one operation ------------------------------------------------------------------------

  #act(): void {
    if (this.#counter().value === 0 && this.#cells.get(CELL.state) === STATE.running) {
      const { release, commandLine } = this.#kernel();
      this.#emit({ kind: 'kernel-start', release, commandLine });
      this.#observer?.kernelStarted(this.owner);
    }
    const operation = this.#carryOutInstants();
    if (operation === null) return this.#end();
    switch (operation.kind) {
      case 'load': return this.#load(operation);
      case 'store': return this.#store(operation);
      case 'clear': return this.#clear(operation);
      case 'copy': return this.#copy(operation);
      case 'fill': return this.#fill(operation);
      case 'find': return this.#find(operation);
      case 'write-back': return this.#writeBack(operation);
      case 'register-read': return this.#readRegister(operation);
      case 'register-write': return this.#writeRegister(operation);
      case 'wait': return this.#wait(operation);
      case 'sleep': return this.#sleep(operation.durationNs);
      case 'resume-sleep': return this.#resumeSleep();
      case 'log':
        this.#emit({ kind: 'log', text: operation.text });
        this.#observer?.logged(operation.text);
        return this.#answer(0, this.#timing.log);
      default:
        return unreachable(operation);
    }
  }

  /** Carries out what nothing can come in between: marks of the trace, and the CPU's own clock. */
  #takesNoTime(operation: Operation): operation is InstantOperation {
    switch (operation.kind) {
      case 'enter': {
        const { routine, detail } = operation;
        this.#push(this.#emit({ kind: 'routine-enter', routine, detail }));
        this.#observer?.routineEntered(this.owner, routine, detail);
        this.#goOn(0);
        return true;
      }
      case 'leave':
        this.#emit({ kind: 'routine-leave', routine: operation.routine });
        this.#observer?.routineLeft(this.owner, operation.routine);
        this.#pop();
        this.#goOn(0);
        return true;
      case 'arm-timer':
        this.#timers[operation.vector - firstTimerVector]?.in(operation.delayNs);
        this.#goOn(0);
        return true;
      case 'clock':
        this.#goOn(this.#agenda.clockNs);
        return true;
      case 'wake-up':
        this.#pop();
        this.#goOn(0);
        return true;
      default:
        return false;
    }
  }

  /** The operation is done: the kernel goes on after `delayNs`. */
  #answer(answer: Answer, delayNs: number): void {
    this.#goOn(answer);
    this.#turn.in(delayNs);
    if (this.#agenda.timeIsAside) this.#carryOutInstants();
  }

  #goOn(answer: Answer): void {
    const counter = this.#counter();
    counter.set(this.#kernel().program.after(counter.value, answer));
    this.#cells.set(CELL.state, STATE.running);
  }

  #load({ address, bytes }: Extract<Operation, { kind: 'load' }>): void {
    const value = bytes === 8 ? this.#memory.read64(address) : wordOf(this.#memory.read32(address));
    this.#emit({ kind: 'load', address, bytes, value });
    this.#answer(bytes === 8 ? value : value.low, this.#timing.load);
  }

  #store({ address, bytes, value }: Extract<Operation, { kind: 'store' }>): void {
    this.#emit({ kind: 'store', address, bytes, value });
    if (bytes === 8) this.#memory.store64(address, value);
    else this.#memory.store32(address, value.low);
    this.#answer(0, this.#timing.store);
  }

  #clear({ address, length }: Extract<Operation, { kind: 'clear' }>): void {
    this.#emit({ kind: 'clear', address, length });
    this.#memory.clear(address, length);
    this.#answer(0, this.#timing.clear);
  }

  #copy({ from, to, length }: Extract<Operation, { kind: 'copy' }>): void {
    this.#emit({ kind: 'copy', from, to, length });
    this.#memory.copy(to, from, length);
    this.#answer(0, this.#timing.clear * Math.ceil(length / frameBytes));
  }

  #fill({ address, count, first }: Extract<Operation, { kind: 'fill' }>): void {
    this.#emit({ kind: 'fill', address, count, first });
    for (let index = 0; index < count; index += 1) {
      this.#memory.store64(offsetBy(address, 8 * index), pagesFurther(first, index));
    }
    this.#answer(0, this.#timing.store * count);
  }

  #find({ address, start, count, mask }: Extract<Operation, { kind: 'find' }>): void {
    let index = start;
    while (index < count && and32(this.#memory.read32(offsetBy(address, 16 * index)), mask) === 0) index += 1;
    this.#answer(index < count ? index : -1, this.#timing.load);
  }

  #writeBack({ address, length }: Extract<Operation, { kind: 'write-back' }>): void {
    this.#emit({ kind: 'write-back', address, length });
    this.#memory.writeBack(address, length);
    this.#answer(0, this.#timing['write-back'] * Math.max(1, Math.ceil(length / 64)));
  }

  #readRegister({ address, bytes }: Extract<Operation, { kind: 'register-read' }>): void {
    const value = this.#bus.read(address, bytes, this.#cause());
    if (this.#trace.recording) this.#emit({ kind: 'register-read', ...this.#bus.name(address), bytes, value });
    this.#answer(bytes === 8 ? value : value.low, this.#timing['register-read']);
  }

  #writeRegister({ address, bytes, value }: Extract<Operation, { kind: 'register-write' }>): void {
    const event = this.#trace.recording
      ? this.#emit({ kind: 'register-write', ...this.#bus.name(address), bytes, value }) : noCause;
    this.#bus.write(address, bytes, value, this.owner, event);
    this.#answer(0, this.#timing['register-write']);
  }

  // --- waiting and sleeping -----------------------------------------------------------------

  #wait(operation: Extract<Operation, { kind: 'wait' }>): void {
    const nowNs = this.#agenda.nowNs;
    if (this.#agenda.timeIsAside) {
      const held = this.#conditionThatHolds(operation.conditions);
      this.#emit({ kind: 'wait', what: operation.what });
      this.#emit({ kind: 'wait-end', met: held >= 0 });
      return this.#answer(held, 0);
    }
    const isFirst = this.#cells.get(CELL.state) !== STATE.waiting;
    if (isFirst) {
      this.#emit({ kind: 'wait', what: operation.what });
      this.#cells.set(CELL.deadline, operation.timeoutNs === null ? 0 : nowNs + operation.timeoutNs);
    }
    const held = this.#conditionThatHolds(operation.conditions);
    const deadline = this.#cells.get(CELL.deadline);
    if (held >= 0 || (deadline > 0 && nowNs >= deadline)) {
      this.#emit({ kind: 'wait-end', met: held >= 0 });
      return this.#answer(held, this.#timing['register-read']);
    }
    this.#cells.set(CELL.state, STATE.waiting);
    this.#cells.set(CELL.noticed, 0);
    if (deadline > 0) this.#turn.in(deadline - nowNs);
  }

  #conditionThatHolds(conditions: readonly Condition[]): number {
    return conditions.findIndex((condition) => holds(condition, this.#memory, this.#bus));
  }

  #sleep(durationNs: number): void {
    if (this.#agenda.timeIsAside) {
      this.#emit({ kind: 'sleep', durationNs });
    } else if (this.#cells.get(CELL.state) !== STATE.sleeping) {
      this.#emit({ kind: 'sleep', durationNs });
      this.#cells.set(CELL.wakeUp, this.#agenda.nowNs + durationNs);
    }
    this.#sleepOn();
  }

  /** The handler is done: its events end here, and the sleep goes on. */
  #resumeSleep(): void {
    if (this.#cells.get(CELL.state) !== STATE.sleeping) this.#pop();
    this.#sleepOn();
  }

  #sleepOn(): void {
    const vector = this.#firstPending();
    if (vector !== undefined) {
      const cause = this.#pending.get(vector) - 2;
      const event = this.#emit({ kind: 'interrupt', vector }, cause);
      this.#setPending(vector, 0);
      this.#push(event);
      return this.#answer(vector, 0);
    }
    const left = this.#cells.get(CELL.wakeUp) - this.#agenda.nowNs;
    if (left <= 0 || this.#agenda.timeIsAside) return this.#answer(0, 0);
    this.#cells.set(CELL.state, STATE.sleeping);
    this.#turn.in(left);
  }

  #setPending(vector: number, value: number): void {
    const before = this.#pending.get(vector);
    this.#pending.set(vector, value);
    const change = (value === 0 ? 0 : 1) - (before === 0 ? 0 : 1);
    this.#pending.set(vectorCount, this.#pending.get(vectorCount) + change);
  }

  #firstPending(): number | undefined {
    if (this.#pending.get(vectorCount) === 0) return undefined;
    for (let vector = 0; vector < vectorCount; vector += 1) {
      if (this.#pending.get(vector) !== 0) return vector;
    }
    return undefined;
  }

  // --- from one kernel to the next ----------------------------------------------------------

  #end(): void {
    if (this.#cells.get(CELL.kernel) === 1) {
      this.#emit({ kind: 'kernel-end' });
      if (this.#agenda.timeIsAside) for (const timer of this.#timers) timer.cancel();
      this.#cells.set(CELL.state, STATE.ended);
      return;
    }
    const event = this.#emit({ kind: 'panic', orderly: this.#kernels[0].endsOrderly });
    this.#observer?.panicked();
    for (const timer of this.#timers) timer.cancel();
    for (let vector = 0; vector < vectorCount; vector += 1) this.#setPending(vector, 0);
    this.#cells.set(CELL.kernel, 1);
    this.#cells.set(CELL.depth, 0);
    this.#onPanic(event);
    this.#turn.in(this.#timing.kexec);
  }
}

