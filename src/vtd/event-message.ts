/**
 * One of the unit's interrupt messages: its control register with mask and pending bit, and the
 * registers that say where the message goes (specification 7.3; fault event and invalidation
 * completion event work alike).
 */
import { isSet } from '../base/word.ts';
import type { UnitCore } from './core.ts';
import { EVENT_CONTROL } from './registers.ts';

export class EventMessage {
  readonly #core: UnitCore;
  readonly #purpose: string;
  readonly #prefix: 'FE' | 'IE';

  /** `prefix` of the register names: FECTL, FEDATA, FEADDR, FEUADDR or IECTL and so on. */
  constructor(core: UnitCore, purpose: string, prefix: 'FE' | 'IE') {
    this.#core = core;
    this.#purpose = purpose;
    this.#prefix = prefix;
  }

  /** The condition became true: pending, and sent unless masked. */
  raise(cause: number): void {
    this.#core.registers.setField(`${this.#prefix}CTL`, EVENT_CONTROL.IP, 1);
    this.controlChanged(cause);
  }

  /** Unmasking sends what is pending. */
  controlChanged(cause: number): void {
    const { registers } = this.#core;
    const control = registers.value(`${this.#prefix}CTL`);
    if (!isSet(EVENT_CONTROL.IP, control) || isSet(EVENT_CONTROL.IM, control)) return;
    const address = {
      low: registers.value(`${this.#prefix}ADDR`).low,
      high: registers.value(`${this.#prefix}UADDR`).low,
    };
    const data = registers.value(`${this.#prefix}DATA`).low;
    const message = this.#core.emit(cause, { kind: 'message', purpose: this.#purpose, address, data });
    registers.setField(`${this.#prefix}CTL`, EVENT_CONTROL.IP, 0);
    this.#core.deliverMessage(address, data, message);
  }

  /** Software has served every condition: nothing is pending any more, and nothing is sent. */
  served(): void {
    this.#core.registers.setField(`${this.#prefix}CTL`, EVENT_CONTROL.IP, 0);
  }
}
