/** The moments of a handoff that claims refer to, found in the events of a run. */
import type { Event } from '../base/event.ts';
import { bdf, sourceIdOf } from '../base/word.ts';
import type { Phase, Scenario } from '../scenario/scenario.ts';

/**
 * The number of the event that a phase begins with, or undefined when the run never got there.
 * `reset` and `handoff` are those of `device`, or of the first device where it is null.
 */
export function phaseStart(
  events: readonly Event[], scenario: Scenario, phase: Phase, device: string | null,
): number | undefined {
  switch (phase) {
    case 'crash':
      return events.find(({ what }) => what.kind === 'panic')?.number;
    case 'capture-start':
      return captureStart(events);
    case 'root-switch': {
      const start = captureStart(events);
      return events.find(({ number, what }) => start !== undefined && number > start
        && what.kind === 'command' && what.command.startsWith('SRTP'))?.number;
    }
    case 'reset':
      return events.find(({ actor, what }) => what.kind === 'device-reset'
        && (device === null || actor === device))?.number;
    case 'handoff':
      return handoff(events, scenario, device);
  }
}

function captureStart(events: readonly Event[]): number | undefined {
  return events.find(({ actor, what }) => what.kind === 'kernel-start' && actor === 'capture')?.number;
}

/** The end of the capture kernel's first domain_context_mapping_one for the device. */
function handoff(
  events: readonly Event[], scenario: Scenario, device: string | null,
): number | undefined {
  const wanted = scenario.devices.find(({ name }) => name === device);
  const source = wanted === undefined ? null : bdf(sourceIdOf(wanted.sourceId));
  const entered = events.find(({ actor, what }) => actor === 'capture' && what.kind === 'routine-enter'
    && what.routine === 'domain_context_mapping_one' && (source === null || what.detail === source));
  if (entered === undefined) return undefined;
  return events.find(({ number, what }) => number > entered.number && what.kind === 'routine-leave'
    && what.routine === 'domain_context_mapping_one')?.number;
}
