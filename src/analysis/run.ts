/** One run: a machine, taken from its start to the end of the capture kernel along one schedule. */
import { BeyondModel } from '../base/assert.ts';
import type { Event } from '../base/event.ts';
import { Machine, type MachineOptions } from '../machine/machine.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** More steps than any scenario of a few simulated minutes needs. */
const stepLimit = 3_000_000;
/** Events that fit in memory with room to spare. */
const eventLimit = 1_000_000;

export type RunEnd =
  | { readonly kind: 'ended' }
  /** Nobody has anything left to do, and the capture kernel waits for ever. */
  | { readonly kind: 'stuck' }
  /** The run needs more than `what` holds. */
  | { readonly kind: 'limit'; readonly what: string }
  /** The schedule asks for a choice that the machine does not offer at that step. */
  | { readonly kind: 'schedule'; readonly step: number; readonly choice: number; readonly offered: number };

export interface Run {
  readonly machine: Machine;
  readonly events: readonly Event[];
  readonly end: RunEnd;
  readonly steps: number;
}

export const traced: MachineOptions = { trace: true, journal: false };
export const steppable: MachineOptions = { trace: true, journal: true };

export function run(scenario: Scenario, options: MachineOptions): Run {
  const machine = new Machine(scenario, options);
  const schedule = scenario.schedule ?? [];
  let steps = 0;
  const finish = (end: RunEnd): Run => ({ machine, events: machine.trace.events, end, steps });
  while (!machine.hasEnded) {
    if (steps >= stepLimit) return finish({ kind: 'limit', what: `${stepLimit} steps of the machine` });
    if (machine.trace.events.length > eventLimit) {
      return finish({ kind: 'limit', what: `${eventLimit} events` });
    }
    const choice = schedule[steps] ?? 0;
    const actor = choice === 0 ? machine.agenda.earliest() : machine.choices()[choice];
    if (actor === undefined) {
      const offered = machine.choices().length;
      return finish(offered === 0 ? { kind: 'stuck' } : { kind: 'schedule', step: steps, choice, offered });
    }
    try {
      machine.step(actor);
    } catch (error) {
      if (!(error instanceof BeyondModel)) throw error;
      return finish({ kind: 'limit', what: error.message });
    }
    steps += 1;
  }
  return finish({ kind: 'ended' });
}
