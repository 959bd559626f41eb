/**
 * QEMU's unit with its options. Its behaviour was recorded, so that it alone has departures. Register
 * values are with intremap=on; without it ECAP reads 0xf42, and nothing but interrupts is otherwise.
 */
import { word } from '../../base/word.ts';
import { keepsTheMost, type HardwareChoices } from '../choices.ts';
import { departures, type DepartureName } from '../departures.ts';
import type { KnownProfile } from './profile-row.ts';

/** Every departure in the table is QEMU's: it is the one unit whose behaviour was recorded. */
const allDepartures = Object.keys(departures) as DepartureName[];

const choices: HardwareChoices = {
  ...keepsTheMost,
  'device-selective-context': 'by-source',
  'domain-selective-context': 'global',
  'set-root-pointer': 'empties-caches',
  'translation-enable': 'empties-caches',
  'same-source-faults': 'collapsed',
  'partial-superpage-invalidation': 'removes',
  'register-invalidation-with-queue': 'ignored',
  'page-selective-invalidation': 'low-eight-bits',
  'pointer-width': 'host-width',
  'leaf-bit-62': 'ignored-with-device-tlb',
  'queue-error-code': 'none',
  'iotlb-entries': '1024',
  'when-full': 'all',
};

function emulatedUnit(
  name: string, about: string, hostAddressWidth: number, capability: bigint, extendedCapability: bigint,
  notes: readonly string[] = [],
): KnownProfile {
  return {
    name, about, version: 0x10, capability: word(capability), extendedCapability: word(extendedCapability),
    choices, departures: allDepartures, hostAddressWidths: [hostAddressWidth], units: 1,
    notes: [
      ...notes,
      'the unit is at 0xfed90000; ECAP.C is clear, but a guest has no cache lines that the unit cannot see',
      'as of version 7.2; since late 2025 CAP.ESRTPS is set too',
    ],
  };
}

export const emulatedProfiles: readonly KnownProfile[] = [
  emulatedUnit('qemu-39', 'QEMU aw-bits=39, no x2APIC', 39, 0xd2008c22260206n, 0xf00f4an),
  emulatedUnit('qemu-39-caching-mode', 'QEMU aw-bits=39 caching-mode', 39, 0xd2008c22260286n, 0xf00f5an),
  emulatedUnit('qemu-48', 'QEMU aw-bits=48, no x2APIC', 48, 0xd2008c222f0606n, 0xf00f4an,
    ['CAP as recorded; ECAP by analogy with aw-bits=39: the recording had intremap=off (0xf42)']),
  emulatedUnit('qemu-48-caching-mode', 'QEMU aw-bits=48 caching-mode', 48, 0xd2008c222f0686n, 0xf00f5an),
  emulatedUnit('qemu-48-device-iotlb', 'QEMU aw-bits=48 device-iotlb', 48, 0xd2008c222f0606n, 0xf00f5en),
];
