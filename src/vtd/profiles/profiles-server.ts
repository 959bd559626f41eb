/**
 * DMAR units of Xeon machines, oldest first. Register values are as a kernel log of such a machine prints them
 * ("DMAR: dmar0: reg_base_addr … ver 1:0 cap … ecap …"); those of `sandy-bridge-ep` are also in Intel's public
 * datasheet of the Xeon E5 family, volume 2. Notes have what the same logs show of the boards, and what kernels
 * work around in the silicon (the quirks in Linux's drivers/iommu/intel/iommu.c and arch/x86/kernel/early-quirks.c).
 */
import { siliconUnit, type KnownProfile } from './profile-row.ts';

const nehalem = { hostAddressWidths: [36, 39, 40], units: 2 } as const;
/** The chipset and not the processor has these units, and the kernel knows its revisions. */
const tylersburg = 'the kernel leaves interrupt remapping off on X58 and on 5500/5520 before revision 0x22';
const twoSockets = { hostAddressWidths: [46], units: 2 } as const;
const haswellBoards = 'two-socket boards of E5 v2 to v4: 0xfbffe000 (second socket) and 0xcbffc000, '
  + '0xebffc000 or 0xfbffc000 (INCLUDE_PCI_ALL)';
const oneEachStack = { hostAddressWidths: [46], units: null } as const;

const nehalemProfiles: readonly KnownProfile[] = [
  siliconUnit({
    name: 'nehalem-ep', about: 'Xeon 5500 and 5600, X58', ...nehalem,
    registers: [0x10, 0xc90780106f0462n, 0xf020fen],
    notes: [
      'HP G7 (5520): 0xf7ffe000 and 0xe7ffe000, RMRRs 0xdf7fc000-0xdf7fdfff, 0xdf7f5000-0xdf7fafff, '
        + '0xdf63e000-0xdf63ffff',
      tylersburg,
    ],
  }),
  siliconUnit({
    name: 'nehalem-ep-no-snoop', about: 'Xeon 5500/5600, no SC', ...nehalem,
    registers: [0x10, 0xc90780106f0462n, 0xf0207en], notes: [tylersburg],
  }),
  siliconUnit({
    name: 'nehalem-ep-no-intremap', about: 'Xeon 5500/5600, no DT IR EIM', ...nehalem,
    registers: [0x10, 0xc90780106f0462n, 0xf020e2n],
  }),
  siliconUnit({
    name: 'nehalem-ep-no-ats', about: 'Xeon 5500/5600, no DT EIM', ...nehalem,
    registers: [0x10, 0xc90780106f0462n, 0xf020ean], notes: [tylersburg],
  }),
  siliconUnit({
    name: 'nehalem-ep-isoch', about: 'Xeon 5500/5600, isochronous', ...nehalem, units: null,
    registers: [0x10, 0xc9008010e60262n, 0xf0206an],
    notes: [
      'without room for audio in its TLB: the kernel gives the audio device an identity map', tylersburg,
    ],
  }),
];

const xeonE5Profiles: readonly KnownProfile[] = [
  siliconUnit({
    name: 'sandy-bridge-ep', about: 'Xeon E5 v1 (HP Gen8)', ...twoSockets,
    registers: [0x10, 0xd2078c106f0462n, 0xf020fen],
    // The datasheet: device-selective runs by domain-id, interrupt-entry invalidations are global, SRTP
    // empties the caches, the register interface is blocked while the queue is on.
    choices: {
      'device-selective-context': 'by-domain',
      'interrupt-entry-invalidation': 'global',
      'set-root-pointer': 'empties-caches',
      'register-invalidation-with-queue': 'ignored',
    },
    notes: [
      'HP ProLiant DL388p Gen8: 0xfbafe000 (second socket) and 0xf4ffe000 (INCLUDE_PCI_ALL); Dell 12G: '
        + '0xd4800000 and 0xdf900000 (INCLUDE_PCI_ALL)',
      'by its datasheet protected memory blocks all kinds of DMA, CCMD and IOTLB read AIG 01 after reset, '
        + 'and RTADDR 63:43 must be zero',
      'one source: large pages are reported, but cached in pieces of 4 KiB',
    ],
  }),
  siliconUnit({
    name: 'ivy-bridge-ep', about: 'Xeon E5 v2 to v4', ...twoSockets,
    registers: [0x10, 0xd2078c106f0466n, 0xf020den],
    notes: [
      haswellBoards,
      'UNCONFIRMED: that HP Gen8 machines with E5 v2 read these values; seen on many other boards',
    ],
  }),
  siliconUnit({
    name: 'ivy-bridge-ep-no-ats', about: 'Xeon E5 v2 to v4, no DT', ...twoSockets,
    registers: [0x10, 0xd2078c106f0466n, 0xf020dan], notes: [haswellBoards],
  }),
  siliconUnit({
    name: 'ivy-bridge-ep-coherent', about: 'Xeon E5 v2 to v4, coherent', ...twoSockets,
    registers: [0x10, 0xd2078c106f0466n, 0xf020dfn], notes: [haswellBoards],
  }),
  siliconUnit({
    name: 'ivy-bridge-ep-isoch', about: 'Xeon E5 v2 to v4, isochronous', ...twoSockets, units: null,
    registers: [0x10, 0xd2008c10ef0466n, 0xf0205bn],
  }),
];

const scalableProfiles: readonly KnownProfile[] = [
  siliconUnit({
    name: 'skylake-sp', about: 'Xeon Scalable, gen. 1 and 2', ...oneEachStack, units: 8,
    registers: [0x10, 0x8d2078c106f0466n, 0xf020dfn],
    notes: [
      'eight units on two sockets, one for each stack of IO, the last with INCLUDE_PCI_ALL; at 0xd37fc000, '
        + '0xe0ffc000, 0xee7fc000, 0xfbffc000, 0xaaffc000, 0xb87fc000, 0xc5ffc000',
    ],
  }),
  siliconUnit({
    name: 'ice-lake-sp', about: 'Xeon Scalable, gen. 3', ...oneEachStack,
    registers: [0x40, 0x8ed008c40780466n, 0x60000f050dfn],
    notes: ['MGAW is 57 bits with 48-bit tables only: the smaller of the two counts'],
  }),
  siliconUnit({
    name: 'sapphire-rapids', about: 'Xeon Scalable, gen. 4', ...oneEachStack,
    registers: [0x60, 0x9ed008c40780466n, 0x3ee9e86f050dfn],
    notes: [
      'MGAW is 57 bits with 48-bit tables only: the smaller of the two counts',
      'QuickAssist devices 4940 to 4943 need a second device-TLB invalidation',
    ],
  }),
  siliconUnit({
    name: 'sapphire-rapids-52-bit', about: 'Xeon Scalable, gen. 4 or 5',
    hostAddressWidths: [52], units: null,
    registers: [0x60, 0x19ed008c40780c66n, 0x3ee9e86f050dfn],
    notes: [
      'Intel M50FCP: 0xd97fc000, 0xe17fc000, 0xe97fc000, 0xf17fc000, 0xf97fc000, 0xd13fc000, 0xf9ffc000 '
        + 'and more',
      'UNCONFIRMED: whether the processor was a Sapphire Rapids or an Emerald Rapids',
    ],
  }),
  siliconUnit({
    name: 'xeon-version-7', about: 'newest Xeon (Dell)', hostAddressWidths: [52], units: null,
    registers: [0x70, 0xf9ed008cee780c66n, 0x3fef9ea6f0efdfn],
    notes: ['the name of the processor was not in the log'],
  }),
];

export const serverProfiles: readonly KnownProfile[] = [
  ...nehalemProfiles, ...xeonE5Profiles, ...scalableProfiles,
];
