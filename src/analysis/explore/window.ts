/**
 * Where exploration begins. The crashed kernel's life and the start of the capture kernel happen as in a
 * run; from the window on every order of what may happen is tried.
 */
import { BeyondModel } from '../../base/assert.ts';
import type { Event } from '../../base/event.ts';
import { Machine } from '../../machine/machine.ts';
import { phases, type Phase, type Scenario } from '../../scenario/scenario.ts';
import { phaseStart } from '../phases.ts';

export interface Window {
  /** Steps of the machine before it. */
  readonly steps: number;
  /** The run comes by here; else the window is never reached. */
  readonly reached: boolean;
  /** What is behind, in words. */
  readonly name: string;
  /** Where the run comes to, by names that may be asked for, in order; empty where the window is reached. */
  readonly places: readonly string[];
  /** What the way there needs more of than the model has; null: nothing. */
  readonly beyond: string | null;
}

/** More steps than any scenario needs to get there. */
const stepLimit = 3_000_000;

/**
 * The window before the event that `from` names: a phase, or a routine of the capture kernel. Null: what
 * follows the last root switch of the capture kernel's start and the flush behind it, when nothing of the
 * crashed kernel's is cached and everything that is cached again is its devices' doing.
 */
export function findWindow(scenario: Scenario, from: string | null): Window {
  const machine = new Machine(scenario, { trace: true, journal: false });
  const schedule = scenario.schedule ?? [];
  /** For each step how many events there were before it. */
  const eventsBefore: number[] = [];
  let beyond: string | null = null;
  for (let steps = 0; steps < stepLimit && !machine.hasEnded; steps += 1) {
    const actor = machine.choices()[schedule[steps] ?? 0];
    if (actor === undefined) break;
    eventsBefore.push(machine.trace.events.length);
    try {
      machine.step(actor);
    } catch (error) {
      if (!(error instanceof BeyondModel)) throw error;
      beyond = error.message;
      break;
    }
  }
  const { events } = machine.trace;
  const { event, name } = windowEvent(events, scenario, from);
  if (event === undefined) {
    return { steps: eventsBefore.length, reached: false, name, beyond, places: placesOf(events, scenario) };
  }
  const after = eventsBefore.findIndex((count) => count > event);
  return { steps: (after < 0 ? eventsBefore.length : after) - 1, reached: true, name, beyond: null, places: [] };
}

function windowEvent(
  events: readonly Event[], scenario: Scenario, from: string | null,
): { readonly event: number | undefined; readonly name: string } {
  if (from === null) return { event: behindRootSwitch(events), name: 'the flush after the root switch' };
  if (isPhase(from)) return { event: phaseStart(events, scenario, from, null), name: from };
  const entered = events.find(({ actor, what }) => actor === 'capture' && what.kind === 'routine-enter'
    && what.routine === from);
  return { event: entered?.number, name: from };
}

function placesOf(events: readonly Event[], scenario: Scenario): readonly string[] {
  const routines = events.flatMap(({ actor, what }) => actor === 'capture' && what.kind === 'routine-enter' ? [what.routine] : []);
  return [...phases.filter((phase) => phaseStart(events, scenario, phase, null) !== undefined), ...new Set(routines)];
}

function isPhase(name: string): name is Phase {
  return phases.some((phase) => phase === name);
}

/** The end of the first IOTLB flush behind the last root switch of `init_dmars`. */
function behindRootSwitch(events: readonly Event[]): number | undefined {
  const start = events.find(({ actor, what }) => what.kind === 'kernel-start' && actor === 'capture');
  if (start === undefined) return undefined;
  const end = events.find(({ number, what }) => number > start.number && what.kind === 'routine-leave'
    && what.routine === 'init_dmars')?.number ?? events.length;
  const lastSwitch = events.findLast(({ number, what }) => number > start.number && number < end
    && what.kind === 'command' && what.command.startsWith('SRTP'));
  const flushed = events.find(({ number, what }) => lastSwitch !== undefined && number > lastSwitch.number
    && number < end && what.kind === 'routine-leave' && what.routine.includes('flush_iotlb'));
  return flushed?.number ?? (end < events.length ? end : undefined);
}
