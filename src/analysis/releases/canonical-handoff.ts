/**
 * A small handoff, always the same but for the release: one device with one buffer, taken over by the
 * capture kernel. What two releases do differently is what they do differently here.
 */
import { BeyondModel, fail } from '../../base/assert.ts';
import { readScenario } from '../../scenario/read.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { run, traced, type Run } from '../run.ts';
import { vocabulary } from '../vocabulary.ts';

/** Not the first function of its bus, so that entry and table have different addresses. */
export const canonicalDevice = '02:01.0';

/** Units on which a handoff may look different. */
export const canonicalUnits = [
  { name: 'not coherent', profile: 'sandy-bridge-ep' },
  { name: 'coherent', profile: 'ivy-bridge-ep-coherent' },
  { name: 'caching mode', profile: 'qemu-48-caching-mode' },
] as const;
export type CanonicalUnit = (typeof canonicalUnits)[number];

/** The crashed kernel where it is not the one that is looked at. */
const crashedRelease = 'linux-4.9-rc5';

export interface Roles {
  readonly crashed: string;
  readonly capture: string;
}

export function asCapture(release: string): Roles {
  return { crashed: crashedRelease, capture: release };
}

export function asCrashed(release: string): Roles {
  return { crashed: release, capture: crashedRelease };
}

function text({ crashed, capture }: Roles, profile: string): string {
  return `DMAR canonical
platform {
  host-address-width ${profile.startsWith('qemu') ? 48 : 46}
  memory 0x100000-0x3fffffff
  crash-kernel 0x30000000-0x37ffffff
}
unit dmar0 {
  profile ${profile}
  base 0xfed90000
}
device hpsa ${canonicalDevice} {
  model hpsa
  bar 0xf7f00000-0xf7ffffff
}
crashed ${crashed} {
  command-line "intel_iommu=on"
  map events 4K from-device on hpsa
  wait 1ms
  panic
}
capture ${capture} {
  command-line "intel_iommu=on reset_devices"
  wait 1ms
  probe hpsa
}
never fault
`;
}

export function canonicalScenario(roles: Roles, unit: CanonicalUnit): Scenario {
  const reading = readScenario('canonical.dmar', text(roles, unit.profile), vocabulary);
  if (reading.ok) return reading.scenario;
  return fail(`the canonical handoff is a scenario: ${reading.diagnostics[0]?.message}`);
}

/** The run, or what the model cannot follow. */
export function canonicalRun(roles: Roles, unit: CanonicalUnit): Run {
  const done = run(canonicalScenario(roles, unit), traced);
  if (done.end.kind === 'limit') throw new BeyondModel(done.end.what);
  return done;
}
