/**
 * The invalidation queue (specification 6.5.2): fetching, checking and executing descriptors in order,
 * one at a time. Software may rely on a wait descriptor's status write alone; the head moves when a
 * descriptor has been fetched and found valid.
 */
import type { Appointment } from '../base/agenda-cells.ts';
import { unreachable } from '../base/assert.ts';
import { noCause } from '../base/event.ts';
import { addressOf, frameAt, frameOf, isSet, powerOfTwo } from '../base/word.ts';
import { LATCHED, type UnitCore } from './core.ts';
import {
  QUEUE_ERROR, decodeDescriptor, describeDescriptor, isWait, queueErrorTexts, type Descriptor,
  type QueueErrorName,
} from './descriptors.ts';
import { EventMessage } from './event-message.ts';
import type { FaultRecording } from './fault-recording.ts';
import { invalidateContextCache, invalidateIotlb } from './invalidation.ts';
import type { InterruptRemapping } from './interrupt-remapping.ts';
import { FSTS, GSTS, ICS, IQERCD, IQH, IQT } from './registers.ts';
import type { RequestsInProgress } from './requests-in-progress.ts';

export class InvalidationQueue {
  readonly #core: UnitCore;
  readonly #faults: FaultRecording;
  readonly #requests: RequestsInProgress;
  readonly #interrupts: InterruptRemapping;
  readonly #completion: EventMessage;
  readonly #appointment: Appointment;

  constructor(
    core: UnitCore, faults: FaultRecording, requests: RequestsInProgress, interrupts: InterruptRemapping,
  ) {
    this.#interrupts = interrupts;
    this.#core = core;
    this.#faults = faults;
    this.#requests = requests;
    this.#completion = new EventMessage(core, 'invalidation completion', 'IE');
    this.#appointment = core.agenda.add(() => this.#run(),
      {
      name: `${core.name}.queue`, urgency: 'prompt',
      // With time set aside a wait that is held up keeps its turn, so that no DMA has to give it back.
      ways: () => core.latched.get(LATCHED.queueHeldUp) !== 0 && !requests.isDrained('queue') ? 0 : 1,
    });
  }

  get isIdle(): boolean {
    return !this.#appointment.isMade && this.#head() === this.#tail();
  }

  /** Something changed that may let the queue go on: IQT, QIES, IQE, a finished DMA. */
  kick(cause: number): void {
    if (this.#appointment.isMade || !this.#mayFetch()) return;
    this.#core.latched.set(LATCHED.queueCause, cause);
    this.#appointment.in(this.#core.timing.descriptorNs);
  }

  /** A drained DMA may complete a wait; the wait's cause stays what it was. */
  kickAfterDrain(): void {
    if (this.#core.agenda.timeIsAside || this.#core.latched.get(LATCHED.queueDrains) === 0) return;
    this.kick(this.#core.latched.get(LATCHED.queueCause));
  }

  /** After software wrote IECTL or ICS. */
  completionControlChanged(cause: number): void {
    if (!isSet(ICS.IWC, this.#core.registers.value('ICS'))) this.#completion.served();
    this.#completion.controlChanged(cause);
  }

  #head(): number {
    return this.#core.registers.field('IQH', IQH.QH);
  }

  #tail(): number {
    return this.#core.registers.field('IQT', IQT.QT);
  }

  #size(): number {
    return powerOfTwo(this.#core.latched.get(LATCHED.queueOrder) + 8);
  }

  #mayFetch(): boolean {
    const { registers } = this.#core;
    const status = registers.value('FSTS');
    return isSet(GSTS.QIES, registers.value('GSTS')) && this.#head() !== this.#tail()
      && !isSet(FSTS.IQE, status) && !isSet(FSTS.ITE, status);
  }

  #run(): void {
    if (!this.#mayFetch()) return;
    const core = this.#core;
    const cause = core.latched.get(LATCHED.queueCause);
    const index = this.#head();
    if (core.latched.get(LATCHED.queueWide) !== 0) return this.#fail('invalidWidth', index, cause);
    if (this.#tail() >= this.#size()) return this.#fail('invalidTail', index, cause);
    const offset = index * 16;
    const memory = core.memory.view(true);
    const frame = frameAt(core.latched.get(LATCHED.queueBase) + Math.floor(offset / 4096));
    const page = memory.page(frame);
    if (page === undefined) {
      core.latched.set(LATCHED.lastWasWait, 0);
      return this.#fail('fetch', index, cause);
    }
    memory.noteRead(frame, offset % 4096, 16);
    const low = { low: page.getUint32(offset % 4096, true), high: page.getUint32(offset % 4096 + 4, true) };
    const high = {
      low: page.getUint32(offset % 4096 + 8, true), high: page.getUint32(offset % 4096 + 12, true),
    };
    core.latched.set(LATCHED.lastWasWait, isWait(low) ? 1 : 0);
    const descriptor = decodeDescriptor(core, low, high);
    if (typeof descriptor === 'string') return this.#fail(descriptor, index, cause);
    if (descriptor.kind === 'wait'
      && !this.#requests.isDrained('queue')) return this.#holdUp();
    core.latched.set(LATCHED.queueHeldUp, 0);
    if (descriptor.kind === 'wait' && this.#statusWriteFails(descriptor)) {
      return this.#fail('statusWrite', index, cause);
    }
    const event = core.trace.recording
      ? core.emit(cause, { kind: 'descriptor', index, text: describeDescriptor(descriptor), low, high }) : noCause;
    core.registers.setField('IQH', IQH.QH, (index + 1) % this.#size());
    this.#execute(descriptor, event);
    if (this.#mayFetch()) {
      this.#appointment.in(core.timing.descriptorNs
        + (descriptor.kind === 'wait' ? 0 : core.timing.invalidationNs));
    }
  }

  #holdUp(): void {
    const core = this.#core;
    if (!core.agenda.timeIsAside) return;
    core.latched.set(LATCHED.queueHeldUp, 1);
    this.#appointment.in(0);
  }

  #execute(descriptor: Descriptor, event: number): void {
    const core = this.#core;
    switch (descriptor.kind) {
      case 'context':
        invalidateContextCache(core, descriptor.command, event);
        this.#requests.contextInvalidated(descriptor.command);
        return;
      case 'iotlb':
        invalidateIotlb(core, descriptor.command, event);
        this.#requests.restartWalks(descriptor.command);
        if (descriptor.drains) {
          core.latched.set(LATCHED.queueDrains, this.#requests.drain('queue') ? 1 : 0);
        }
        return;
      case 'interrupt-entry':
        return this.#interrupts.invalidate(descriptor.selected, event);
      case 'other':
        core.emit(event, { kind: 'unmodelled', register: descriptor.what, access: 'write' });
        return;
      case 'wait':
        core.latched.set(LATCHED.queueDrains, 0);
        if (descriptor.status !== null) {
          core.memory.write32(addressOf(descriptor.status.address), descriptor.status.data);
        }
        if (descriptor.interrupt && core.registers.field('ICS', ICS.IWC) === 0) {
          core.registers.setField('ICS', ICS.IWC, 1);
          this.#completion.raise(event);
        }
        return;
      default:
        return unreachable(descriptor);
    }
  }

  /** Whether the unit takes a status write that nothing answers for an error, and this is one. */
  #statusWriteFails({ status }: Extract<Descriptor, { kind: 'wait' }>): boolean {
    return status !== null && this.#core.departs('failed-status-write-stops-queue')
      && (!status.isExact || !this.#core.memory.isBacked(frameOf(addressOf(status.address))));
  }

  #fail(name: QueueErrorName, index: number, cause: number): void {
    const event = this.#core.emit(cause, { kind: 'queue-error', index, reason: queueErrorTexts[name] });
    if (this.#core.choices['queue-error-code'] === 'recorded') {
      this.#core.registers.setField('IQERCD', IQERCD.IQEI, QUEUE_ERROR[name]);
    }
    this.#faults.setStatus(FSTS.IQE, event);
  }
}
