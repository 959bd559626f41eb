/**
 * The seed's machine as scenario text with interchangeable pieces, and what became of a run of it. All
 * is read from the events of the run; nothing of the analysis is used, so that it cannot agree with a
 * wrong one.
 */
import { judge, type Verdict } from '../../src/analysis/claims.ts';
import { run, traced, type RunEnd } from '../../src/analysis/run.ts';
import { vocabulary } from '../../src/analysis/vocabulary.ts';
import type { Event, Happening } from '../../src/base/event.ts';
import { hex } from '../../src/base/word.ts';
import { readScenario } from '../../src/scenario/read.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';

export interface Pieces {
  readonly profile?: string;
  readonly platform?: string;
  readonly unit?: string;
  /** What follows the device's model and bar. */
  readonly device?: string;
  /** More blocks of devices. */
  readonly devices?: string;
  readonly crashedRelease?: string;
  readonly crashedOptions?: string;
  readonly crashed?: string;
  readonly release?: string;
  readonly captureOptions?: string;
  readonly capture?: string;
  readonly claims?: string;
}

/** The crashed kernel's work in the seed's story: a write-only page at 0xfffff000, in use until the reset. */
export const seedWork = `map events 4K from-device on hpsa
dma write events every 100ms until reset
wait 350ms
panic`;

export function handoffText(pieces: Pieces): string {
  return `DMAR handoff
platform {
  host-address-width 46
  memory 0x1000-0x9bfff
  memory 0x100000-0xbddabfff
  crash-kernel 0xb3000000-0xbcffffff
  ${pieces.platform ?? ''}
}
unit dmar0 {
  profile ${pieces.profile ?? 'sandy-bridge-ep'}
  base 0xf4ffe000
  ${pieces.unit ?? ''}
}
device hpsa 02:00.0 {
  model hpsa
  bar 0xf7f00000-0xf7ffffff
  ${pieces.device ?? 'reset stops'}
}
${pieces.devices ?? ''}
crashed ${pieces.crashedRelease ?? 'linux-4.9-rc5'} {
  command-line "${pieces.crashedOptions ?? 'intel_iommu=on'}"
  ${pieces.crashed ?? seedWork}
}
capture ${pieces.release ?? 'linux-4.9-rc5'} {
  command-line "${pieces.captureOptions ?? 'intel_iommu=on reset_devices'}"
  ${pieces.capture ?? 'wait 1500ms\nprobe hpsa'}
}
${pieces.claims ?? 'never fault'}
`;
}

/** One page of one DMA: `capture read 0xfffff000: fault 6 stale`, `crashed write 0x1000: to crashed`. */
interface Dma {
  readonly kernel: string;
  readonly device: string;
  readonly text: string;
  readonly timeNs: number;
  /** The event of the unit's answer. */
  readonly answer: number;
}

export class Played {
  readonly scenario: Scenario;
  readonly events: readonly Event[];
  readonly end: RunEnd;
  readonly dmas: readonly Dma[];

  constructor(scenario: Scenario) {
    const done = run(scenario, traced);
    this.scenario = scenario;
    this.events = done.events;
    this.end = done.end;
    this.dmas = dmasOf(done.events);
  }

  /** What was asked for a kernel, in order. */
  of(kernel: 'crashed' | 'capture', device?: string): readonly string[] {
    return this.dmas.filter((dma) => dma.kernel === kernel && (device ?? dma.device) === dma.device)
      .map(({ text }) => text);
  }

  /** What the capture kernel printed from its driver's first line on. */
  get driverLog(): readonly string[] {
    const lines = this.log;
    return lines.slice(lines.indexOf('HP HPSA Driver (v 3.4.16-0)'));
  }

  get log(): readonly string[] {
    return this.happenings('log').map(({ text }) => text);
  }

  get faultLines(): readonly string[] {
    return this.log.filter((line) => line.includes('fault'));
  }

  /** The happenings of one kind, in order. */
  happenings<Kind extends Happening['kind']>(kind: Kind): readonly Extract<Happening, { kind: Kind }>[] {
    return this.events.map(({ what }) => what)
      .filter((what): what is Extract<Happening, { kind: Kind }> => what.kind === kind);
  }

  get verdicts(): readonly Verdict[] {
    return judge(this.scenario, this.events);
  }

  /** Whether each claim holds. */
  get holds(): readonly boolean[] {
    return this.verdicts.map(({ holds }) => holds);
  }
}

export function scenarioOf(text: string): Scenario {
  const reading = readScenario('handoff.dmar', text, vocabulary);
  if (reading.ok) return reading.scenario;
  const [first] = reading.diagnostics;
  throw new Error(`${first?.code} ${first?.line}:${first?.column} ${first?.message}`);
}

export function playText(text: string): Played {
  return new Played(scenarioOf(text));
}

export function play(pieces: Pieces = {}): Played {
  return playText(handoffText(pieces));
}

function dmasOf(events: readonly Event[]): readonly Dma[] {
  const dmas: Dma[] = [];
  const moved = new Map(events.flatMap(({ cause, what }) =>
    (what.kind === 'dma-data' ? [[cause, what.owner] as const] : [])));
  for (const { number, what, timeNs } of events) {
    if (what.kind !== 'dma-translated' && what.kind !== 'dma-blocked') continue;
    let request = events[number];
    while (request !== undefined && request.what.kind !== 'dma-request') request = events[request.cause];
    if (request?.what.kind !== 'dma-request') throw new Error(`#${number} answers nobody`);
    const owner = moved.has(number) ? ` to ${moved.get(number)}` : '';
    const outcome = what.kind === 'dma-blocked' ? ` fault ${what.reason}` : owner;
    dmas.push({
      kernel: request.what.kernel, device: request.actor, timeNs, answer: number,
      text: `${request.what.access} ${hex(what.address)}:${outcome}`
        + (what.freshness.kind === 'stale' ? ' stale' : ''),
    });
  }
  return dmas;
}
