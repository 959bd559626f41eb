/** A profile for programs: the words of the list, and every field of the one. */
import { hex } from '../../base/word.ts';
import { decodeCapability } from '../../vtd/capability.ts';
import { departures } from '../../vtd/departures.ts';
import type { KnownProfile } from '../../vtd/profiles/profiles.ts';
import { registersOf } from './profile-text.ts';

export function summaryJson(profile: KnownProfile): object {
  const { name, about, version, capability, extendedCapability, hostAddressWidths, units } = profile;
  const { levels, domainIdBits, coherentWalk, faultRecords } =
    decodeCapability(version, capability, extendedCapability, Math.max(...hostAddressWidths));
  return {
    name, about, hostAddressWidths, units,
    levels, domains: 2 ** domainIdBits, coherent: coherentWalk, faultRecords,
    VER: hex(version), CAP: hex(capability), ECAP: hex(extendedCapability),
  };
}

export function profileJson(profile: KnownProfile): object {
  const { name, about, hostAddressWidths, units, notes, choices } = profile;
  return {
    name, about, hostAddressWidths, units, notes,
    registers: registersOf(profile).map((register) => ({ ...register, value: hex(register.value) })),
    choices,
    departures: profile.departures.map((departure) => ({ name: departure, ...departures[departure] })),
  };
}
