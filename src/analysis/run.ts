/** One run: a machine, taken from its start to the end of the capture kernel along one schedule. */
import { waysLimit } from '../base/agenda.ts';
import { BeyondModel } from '../base/assert.ts';
import type { Event } from '../base/event.ts';
import { Machine, type MachineOptions } from '../machine/machine.ts';
import type { OrderedAct, Scenario } from '../scenario/scenario.ts';

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
  | { readonly kind: 'schedule'; readonly step: number; readonly choice: number; readonly offered: number }
  /** The order asks for an act that the machine does not offer there. */
  | { readonly kind: 'order'; readonly step: number; readonly actor: string; readonly way: number;
      readonly offered: readonly string[] }
  /** The order is at its end, and the machine is not. */
  | { readonly kind: 'cut' };

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
  while (!machine.hasEnded && (scenario.order === null || steps < schedule.length)) {
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
  if (scenario.order === null) return finish({ kind: 'ended' });
  const end = actInOrder(machine, scenario.order);
  return { machine, events: machine.trace.events, end, steps: steps + scenario.order.length };
}

/** What an exploration found: time is set aside, and the order says who acts. */
function actInOrder(machine: Machine, order: readonly OrderedAct[]): RunEnd {
  machine.setTimeAside(Infinity, true);
  const offered: number[] = [];
  for (const [step, { actor, way }] of order.entries()) {
    const count = machine.agenda.offers(offered);
    const number = machine.agenda.actorNamed(actor) ?? -1;
    if (!offered.slice(0, count).includes(number * waysLimit + way)) {
      const names = offered.slice(0, count).map((move) => machine.agenda.nameOf(Math.floor(move / waysLimit)));
      return { kind: 'order', step, actor, way, offered: [...new Set(names)] };
    }
    try {
      machine.step(number, way);
    } catch (error) {
      if (!(error instanceof BeyondModel)) throw error;
      return { kind: 'limit', what: error.message };
    }
  }
  if (machine.hasEnded) return { kind: 'ended' };
  return machine.agenda.mustGoOn() ? { kind: 'cut' } : { kind: 'stuck' };
}
