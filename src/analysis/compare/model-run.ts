/** What the model's kernels do on a captured machine: operations on the unit, and lines of their logs. */
import { BeyondModel } from '../../base/assert.ts';
import type { Event } from '../../base/event.ts';
import { Machine } from '../../machine/machine.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import type { ImageContext } from '../image/image-tables.ts';
import { run, traced } from '../run.ts';
import { machineContexts } from './machine-tables.ts';
import type { RawOperation } from './step.ts';

export interface ModelRun {
  readonly operations: readonly RawOperation[];
  readonly lines: readonly string[];
  /** Its context entries at the end. */
  readonly contexts: readonly ImageContext[];
  /** Why the run did not come to its end; null: it did. */
  readonly cut: string | null;
}

/** Far more than a kernel does until it panics at once. */
const stepsMost = 1_000_000;

export interface FirstKernelRun {
  readonly lines: readonly string[];
  readonly cut: string | null;
  /** As it stands at the crash. */
  readonly machine: Machine;
}

/** The first kernel, up to its crash. */
export function runFirstKernel(scenario: Scenario): FirstKernelRun {
  const machine = new Machine(scenario, traced);
  const { events } = machine.trace;
  let cut: string | null = null;
  for (let steps = 0, seen = 0; cut === null; steps += 1) {
    const actor = machine.agenda.earliest();
    if (actor === undefined || steps === stepsMost) cut = 'the first kernel does not come to its crash';
    else cut = step(machine, actor);
    if (events.slice(seen).some(({ what }) => what.kind === 'panic')) break;
    seen = events.length;
  }
  return { lines: logOf(events), cut, machine };
}

function step(machine: Machine, actor: number): string | null {
  try {
    machine.step(actor);
    return null;
  } catch (error) {
    if (error instanceof BeyondModel) return error.message;
    throw error;
  }
}

export function runCaptureKernel(scenario: Scenario): ModelRun {
  const { events, end, machine } = run(scenario, traced);
  const start = events.findIndex(({ actor, what }) => actor === 'capture' && what.kind === 'kernel-start');
  const capture = start < 0 ? [] : events.slice(start);
  const unit = scenario.units[0]?.name;
  return {
    operations: capture.flatMap(({ actor, what }): readonly RawOperation[] => {
      if (what.kind === 'register-write' && what.target === unit) {
        return [{ kind: 'write', offset: what.offset, bytes: what.bytes, value: what.value }];
      }
      return what.kind === 'descriptor' && actor === unit ? [{ kind: 'descriptor', low: what.low, high: what.high }] : [];
    }),
    lines: logOf(capture),
    contexts: machineContexts(machine),
    cut: end.kind === 'ended' ? null : end.kind === 'limit' ? `the run needs more than ${end.what}` : 'the capture kernel waits for ever',
  };
}

function logOf(events: readonly Event[]): readonly string[] {
  return events.flatMap(({ what }) => (what.kind === 'log' ? [what.text] : []));
}
