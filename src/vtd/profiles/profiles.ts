/** All profiles that a scenario may name, and the look-up by name. */
import { clientProfiles } from './profiles-client.ts';
import { emulatedProfiles } from './profiles-emulated.ts';
import type { KnownProfile } from './profile-row.ts';
import { serverProfiles } from './profiles-server.ts';
import { specificationProfiles } from './profiles-specification.ts';

export type { KnownProfile, UnitProfile } from './profile-row.ts';

export const unitProfiles: readonly KnownProfile[] = [
  ...serverProfiles, ...clientProfiles, ...emulatedProfiles, ...specificationProfiles,
];

const byName: ReadonlyMap<string, KnownProfile> =
  new Map(unitProfiles.map((profile) => [profile.name, profile]));

export function profileNamed(name: string): KnownProfile | undefined {
  return byName.get(name);
}
