/**
 * Primary fault logging (specification 7.2.1) and the fault event (7.3).
 */
import type { Access, Freshness } from '../base/event.ts';
import {
  compose, frameNumber, get, isSet, put, sourceIdNumber, zeroWord, type Frame, type SourceId, type Word64,
} from '../base/word.ts';
import { LATCHED, type UnitCore } from './core.ts';
import { EventMessage } from './event-message.ts';
import { REASON, type FaultReason } from './fault-reasons.ts';
import { FRCD_HIGH, FRCD_LOW, FSTS, GSTS } from './registers.ts';

export interface Fault {
  readonly reason: FaultReason;
  /** FPD of the context entry in use: hides a qualified fault. */
  readonly faultDisabled: boolean;
  readonly source: SourceId;
  readonly frame: Frame;
  readonly access: Access;
  readonly freshness: Freshness;
  readonly cause: number;
  /** For interrupt requests: what FI 63:48 gets. */
  readonly interruptIndex?: number;
}

/** The interrupt index stands in FI 63:48, which is bit 36 of the page number. */
const indexScale = 2 ** 36;

export class FaultRecording {
  readonly #core: UnitCore;
  readonly #message: EventMessage;

  constructor(core: UnitCore) {
    this.#core = core;
    this.#message = new EventMessage(core, 'fault event', 'FE');
  }

  /** Reports a blocked request, following 7.2.1 step by step; returns the number of its event. */
  report(fault: Fault): number {
    const core = this.#core;
    const { reason, source, access, frame, freshness } = fault;
    const number = core.emit(fault.cause,
      { kind: 'fault', reason: reason.code, source, access, frame, freshness });
    const qualified = reason.qualified
      && !(reason === REASON.contextReserved && core.departs('context-reserved-bits-unqualified'));
    if (qualified && fault.faultDisabled) {
      this.#lose(number, reason, 'FPD is set in the context entry');
      return number;
    }
    // 1. After an overflow nothing is recorded until software has cleared PFO.
    if (isSet(FSTS.PFO, core.registers.value('FSTS'))) {
      this.#lose(number, reason, 'PFO is set');
      return number;
    }
    // 2. Some units keep one record for a source (compression is optional).
    if (this.#pendingFor(source) && core.choices['same-source-faults'] === 'collapsed') {
      this.#lose(number, reason, 'a record of this source is pending');
      return number;
    }
    // 3. The next record is still in use: overflow.
    const index = core.latched.get(LATCHED.faultIndex);
    if (isSet(FRCD_HIGH.F, core.registers.value(`FRCD${index}_HIGH`))) {
      this.#lose(number, reason, 'every record is in use: PFO');
      core.registers.setField('FSTS', FSTS.PFO, 1);
      return number;
    }
    // 4. Write the record, F last; the first pending one sets FRI and may raise the event.
    const wasQuiet = this.#eventCondition() === 0;
    const record = core.emit(number, { kind: 'fault-record', index, reason: reason.code });
    const high: Word64 = compose(
      [FRCD_HIGH.FR, reason.code],
      [FRCD_HIGH.T1, access === 'write' || access === 'atomic' ? 0 : 1],
      [FRCD_HIGH.SID, sourceIdNumber(source)],
    );
    core.registers.setValue(`FRCD${index}`, put(FRCD_LOW.FI, zeroWord,
      fault.interruptIndex === undefined ? this.#recorded(frame) : fault.interruptIndex * indexScale));
    core.registers.setValue(`FRCD${index}_HIGH`, put(FRCD_HIGH.F, high, 1));
    if (core.registers.field('FSTS', FSTS.PPF) === 0) {
      core.registers.setField('FSTS', FSTS.FRI, index);
      core.registers.setField('FSTS', FSTS.PPF, 1);
    }
    core.latched.set(LATCHED.faultIndex, (index + 1) % core.capability.faultRecords);
    if (wasQuiet) this.#message.raise(record);
    return number;
  }

  /** Sets IQE, ICE or ITE, each a condition of the fault event. */
  setStatus(part: (typeof FSTS)['IQE' | 'ICE' | 'ITE'], cause: number): void {
    const wasQuiet = this.#eventCondition() === 0;
    if (this.#core.registers.field('FSTS', part) === 1) return;
    this.#core.registers.setField('FSTS', part, 1);
    if (wasQuiet) this.#message.raise(cause);
  }

  /** After software touched a record or FSTS: PPF follows the records, IP goes when all is served. */
  recordsChanged(what: 'record' | 'status'): void {
    const { registers, capability } = this.#core;
    let pending = false;
    for (let index = 0; index < capability.faultRecords; index += 1) {
      pending ||= isSet(FRCD_HIGH.F, registers.value(`FRCD${index}_HIGH`));
    }
    registers.setField('FSTS', FSTS.PPF, pending ? 1 : 0);
    if (what === 'record' && this.#core.departs('pending-cleared-by-status-write')) return;
    if (this.#eventCondition() === 0) this.#message.served();
  }

  /** After software wrote FECTL. */
  controlChanged(cause: number): void {
    this.#message.controlChanged(cause);
  }

  /** The next record to write goes back to the first when nothing is remapped any more (7.2.1). */
  remappingChanged(): void {
    const status = this.#core.registers.value('GSTS');
    if (!isSet(GSTS.TES, status) && !isSet(GSTS.IRES, status)) {
      this.#core.latched.set(LATCHED.faultIndex, 0);
    }
  }

  /** The page address that FI gets. */
  #recorded(frame: Frame): number {
    const { choices, capability } = this.#core;
    const bits = 12 + 9 * Math.max(...capability.levels);
    const within = frameNumber(frame) % 2 ** (bits - 12);
    return within === frameNumber(frame) || choices['fault-address'] === 'within-address-width' ? within
      : frameNumber(frame);
  }

  #eventCondition(): number {
    const status = this.#core.registers.value('FSTS');
    return get(FSTS.PFO, status) + get(FSTS.PPF, status) + get(FSTS.IQE, status)
      + get(FSTS.ICE, status) + get(FSTS.ITE, status);
  }

  #pendingFor(source: SourceId): boolean {
    const { registers, capability } = this.#core;
    return Array.from({ length: capability.faultRecords }, (_, index) =>
      registers.value(`FRCD${index}_HIGH`))
      .some((high) => isSet(FRCD_HIGH.F, high) && get(FRCD_HIGH.SID, high) === sourceIdNumber(source));
  }

  #lose(cause: number, reason: FaultReason, why: string): void {
    this.#core.emit(cause, { kind: 'fault-lost', why, reason: reason.code });
  }
}
