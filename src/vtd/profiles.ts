/**
 * Units of real machines: what their registers read, and what is known of their silicon beyond that.
 * Register values are from kernel logs and datasheets of machines of the kind.
 */
import { word, type Word64 } from '../base/word.ts';
import { keepsTheMost, type HardwareChoices } from './choices.ts';
import { departures, type DepartureName } from './departures.ts';

export interface UnitProfile {
  readonly name: string;
  readonly about: string;
  readonly version: number;
  readonly capability: Word64;
  readonly extendedCapability: Word64;
  readonly choices: HardwareChoices;
  /** Where the unit breaks the specification. */
  readonly departures: readonly DepartureName[];
}

/** Every departure in the table is QEMU's: it is the one unit whose behaviour was recorded. */
const allDepartures = Object.keys(departures) as DepartureName[];

export const unitProfiles: readonly UnitProfile[] = [
  {
    name: 'sandy-bridge-ep',
    about: 'Xeon E5 v1 (HP ProLiant Gen8 and its contemporaries): 256 domains, walks not coherent',
    version: 0x10,
    capability: word(0xd2078c106f0462n),
    extendedCapability: word(0xf020fen),
    // The datasheet: device-selective runs by domain-id, SRTP empties the caches, the register
    // interface is blocked while the queue is on.
    choices: {
      ...keepsTheMost,
      'device-selective-context': 'by-domain',
      'set-root-pointer': 'empties-caches',
      'register-invalidation-with-queue': 'ignored',
    },
    departures: [],
  },
  {
    name: 'ivy-bridge-ep',
    about: 'Xeon E5 v2 to v4: 65536 domains, walks not coherent; choices as the specification has them',
    version: 0x10,
    capability: word(0xd2078c106f0466n),
    extendedCapability: word(0xf020den),
    choices: keepsTheMost,
    departures: [],
  },
  {
    name: 'skylake-sp',
    about: 'Xeon Scalable, first and second generation: 65536 domains, coherent walks',
    version: 0x10,
    capability: word(0x8d2078c106f0466n),
    extendedCapability: word(0xf020dfn),
    choices: keepsTheMost,
    departures: [],
  },
  {
    name: 'skylake-client',
    about: 'Skylake to Coffee Lake client, main unit: 39 address bits in 4-level tables, one fault record',
    version: 0x10,
    capability: word(0xd2008c40660462n),
    extendedCapability: word(0xf050dan),
    choices: { ...keepsTheMost, 'same-source-faults': 'collapsed' },
    departures: [],
  },
  {
    name: 'qemu-39',
    about: "QEMU's unit with aw-bits=39: 3-level tables, coherent only by accident, one fault record",
    version: 0x10,
    capability: word(0xd2008c22260206n),
    extendedCapability: word(0xf00f4an),
    choices: {
      ...keepsTheMost,
      'device-selective-context': 'by-source',
      'domain-selective-context': 'global',
      'set-root-pointer': 'empties-caches',
      'translation-enable': 'empties-caches',
      'same-source-faults': 'collapsed',
      'partial-superpage-invalidation': 'removes',
      'register-invalidation-with-queue': 'ignored',
      'page-selective-invalidation': 'low-eight-bits',
      'iotlb-entries': '1024',
      'when-full': 'all',
    },
    departures: allDepartures,
  },
];

export function profileNamed(name: string): UnitProfile | undefined {
  return unitProfiles.find((profile) => profile.name === name);
}
