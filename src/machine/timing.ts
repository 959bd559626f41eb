/**
 * What things take, in nanoseconds of simulated time. A scenario may set any of them by name
 * (`timing walk-step 300ns`). Round figures for a two-socket server of 2012.
 */
import { defaultUnitTiming, type UnitTiming } from '../vtd/timing.ts';

export const timingDefaultsNs = {
  /** A store or load that hits the CPU's caches. */
  'store': 2,
  'load': 4,
  /** Zeroing a page. */
  'clear': 200,
  /** CLFLUSH of one line, with the fence around it. */
  'write-back': 100,
  'register-read': 600,
  'register-write': 150,
  /** From the moment a polled condition holds to the CPU's having seen it. */
  'poll': 300,
  'log': 2_000,
  /** From an interrupt message to the first instruction of its handler. */
  'interrupt': 1_500,
  /** From the panic to the capture kernel's first look at the unit. */
  'kexec': 600_000_000,
  /** From a translated request to its data in memory. */
  'dma': 250,
  /** What a controller needs to fetch, run or answer a command. */
  'command': 50_000,
  /** From a doorbell reset to the board being ready. */
  'reset': 8_000_000_000,
  'iotlb-hit': defaultUnitTiming.iotlbHitNs,
  'walk-step': defaultUnitTiming.walkStepNs,
  'unit-command': defaultUnitTiming.commandNs,
  'descriptor': defaultUnitTiming.descriptorNs,
  'invalidation': defaultUnitTiming.invalidationNs,
} as const;

export type TimingName = keyof typeof timingDefaultsNs;
export type Timing = Readonly<Record<TimingName, number>>;

export function timingWith(settings: readonly { readonly name: string; readonly valueNs: number }[]): Timing {
  return { ...timingDefaultsNs, ...Object.fromEntries(settings.map(({ name, valueNs }) => [name, valueNs])) };
}

export function unitTiming(timing: Timing): UnitTiming {
  return {
    iotlbHitNs: timing['iotlb-hit'],
    walkStepNs: timing['walk-step'],
    commandNs: timing['unit-command'],
    descriptorNs: timing['descriptor'],
    invalidationNs: timing['invalidation'],
  };
}
