/**
 * Invalidation by registers (specification 6.5.1): CCMD for the context cache, IVA and IOTLB for the
 * IOTLB. A command runs a while after the write of its uppermost byte and then clears its own bit.
 */
import type { Appointment } from '../base/agenda-cells.ts';
import { domainIdOf, frameAt, get, isSet, sourceIdOf, type Word64 } from '../base/word.ts';
import { LATCHED, type UnitCore } from './core.ts';
import {
  contextGranularityDone, drainAsked, invalidateContextCache, invalidateIotlb, type ContextInvalidation,
  type IotlbInvalidation,
} from './invalidation.ts';
import { CCMD, GSTS, IOTLB, IVA } from './registers.ts';
import type { RequestsInProgress } from './requests-in-progress.ts';

/** What CAIG and IAIG report. */
const granularityCode = { global: 1, domain: 2, device: 3, page: 3 } as const;

export class RegisterInvalidation {
  readonly #core: UnitCore;
  readonly #requests: RequestsInProgress;
  readonly #contextCommand: Appointment;
  readonly #iotlbCommand: Appointment;

  constructor(core: UnitCore, requests: RequestsInProgress) {
    this.#core = core;
    this.#requests = requests;
    this.#contextCommand = core.agenda.add(() => this.#completeContextCommand(),
      { name: `${core.name}.context-command`, urgency: 'prompt' });
    this.#iotlbCommand = core.agenda.add(() => this.#completeIotlbCommand(),
      { name: `${core.name}.iotlb-command`, urgency: 'prompt' });
  }

  /** ICC was written as one. */
  acceptContextCommand(cause: number): void {
    this.#accept(this.#contextCommand, LATCHED.contextCommandCause, cause);
  }

  /** IVT was written as one. */
  acceptIotlbCommand(cause: number): void {
    this.#accept(this.#iotlbCommand, LATCHED.iotlbCommandCause, cause);
  }

  /** The data of some translated request has become visible. */
  afterDrain(): void {
    if (this.#core.latched.get(LATCHED.registerDrains) !== 0) this.#finishIotlbCommand();
  }

  #accept(appointment: Appointment, causeCell: number, cause: number): void {
    const core = this.#core;
    const queueOn = isSet(GSTS.QIES, core.registers.value('GSTS'));
    if (queueOn && core.choices['register-invalidation-with-queue'] === 'ignored') return;
    core.latched.set(causeCell, cause);
    if (!appointment.isMade) appointment.in(core.timing.invalidationNs);
  }

  #completeContextCommand(): void {
    const core = this.#core;
    const command = this.#contextCommandAsked(core.registers.value('CCMD'));
    if (command !== undefined) {
      invalidateContextCache(core, command, core.latched.get(LATCHED.contextCommandCause));
      this.#requests.contextInvalidated(command);
    }
    core.registers.setField('CCMD', CCMD.CAIG,
      command === undefined ? 0 : granularityCode[contextGranularityDone(core, command)]);
    core.registers.setField('CCMD', CCMD.ICC, 0);
  }

  #contextCommandAsked(value: Word64): ContextInvalidation | undefined {
    if (!this.#registersInvalidate()) return undefined;
    const domain = domainIdOf(get(CCMD.DID, value));
    switch (get(CCMD.CIRG, value)) {
      case 1: return { granularity: 'global' };
      case 2: return { granularity: 'domain', domain };
      case 3: return {
        granularity: 'device', domain, source: sourceIdOf(get(CCMD.SID, value)),
        functionMask: get(CCMD.FM, value),
      };
      default: return undefined;
    }
  }

  #completeIotlbCommand(): void {
    const core = this.#core;
    const command = this.#iotlbCommandAsked();
    if (command !== undefined) {
      invalidateIotlb(core, command, core.latched.get(LATCHED.iotlbCommandCause));
      this.#requests.restartWalks(command);
      const { registers, capability } = core;
      const asked = registers.value('IOTLB');
      if (drainAsked(capability, isSet(IOTLB.DW, asked), isSet(IOTLB.DR, asked))) {
        core.latched.set(LATCHED.registerDrains, this.#requests.drain('registers') ? 1 : 0);
      }
    }
    core.registers.setField('IOTLB', IOTLB.IAIG,
      command === undefined ? 0 : granularityCode[command.granularity]);
    this.#finishIotlbCommand();
  }

  /** IVT is clear only when what had to be drained is (6.5.4). */
  #finishIotlbCommand(): void {
    const { latched, registers } = this.#core;
    if (!this.#requests.isDrained('registers')) return;
    latched.set(LATCHED.registerDrains, 0);
    registers.setField('IOTLB', IOTLB.IVT, 0);
  }

  #iotlbCommandAsked(): IotlbInvalidation | undefined {
    const { registers, capability } = this.#core;
    if (!this.#registersInvalidate()) return undefined;
    const domain = domainIdOf(registers.field('IOTLB', IOTLB.DID));
    switch (registers.field('IOTLB', IOTLB.IIRG)) {
      case 1: return { granularity: 'global' };
      case 2: return { granularity: 'domain', domain };
      case 3: {
        const order = registers.field('IVA', IVA.AM);
        if (order > capability.maximumAddressMask) return undefined;
        // A unit without page-selective invalidation does more than it was asked.
        if (!capability.pageSelective) return { granularity: 'domain', domain };
        return {
          granularity: 'page', domain, frame: frameAt(registers.field('IVA', IVA.ADDR)), order,
          leafOnly: registers.field('IVA', IVA.IH) === 1,
        };
      }
      default: return undefined;
    }
  }

  /** Units of version 6 and later, and other table modes, have no register-based invalidation. */
  #registersInvalidate(): boolean {
    return this.#core.capability.majorVersion < 6 && this.#core.latched.get(LATCHED.tableMode) === 0;
  }
}
