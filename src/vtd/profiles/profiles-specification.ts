/**
 * Two units that nobody built: the registers of Ivy Bridge-EP, and every freedom that the specification
 * leaves taken to one end. What goes wrong with either is the software's fault.
 */
import { word } from '../../base/word.ts';
import { keepsTheLeast, keepsTheMost } from '../choices.ts';
import type { KnownProfile } from './profile-row.ts';

const registers = {
  version: 0x10,
  capability: word(0xd2078c106f0466n),
  extendedCapability: word(0xf020den),
  hostAddressWidths: [46],
  units: null,
  departures: [],
} as const;

export const specificationProfiles: readonly KnownProfile[] = [
  {
    ...registers,
    name: 'specification-keeps-most',
    about: 'no silicon: forgets nothing',
    choices: { ...keepsTheMost, 'paging-structure-cache': 'kept' },
    notes: ['registers of ivy-bridge-ep; removes what it must and nothing else'],
  },
  {
    ...registers,
    name: 'specification-keeps-least',
    about: 'no silicon: forgets the most',
    choices: keepsTheLeast,
    notes: [
      'registers of ivy-bridge-ep; removes with each command all that its choices let it remove, and has '
        + 'the smallest caches',
    ],
  },
];
