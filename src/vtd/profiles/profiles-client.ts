/**
 * DMAR units of client machines, oldest first: the main unit and the graphics one. All read ECAP.C 0:
 * their walks do not snoop. Register values are as a kernel log of such a machine prints them ("DMAR: dmar0:
 * reg_base_addr … ver 1:0 cap … ecap …"); Intel's public datasheets describe these units for the 2nd and 12th
 * generation of Core and for Core Ultra. What kernels work around is in the quirks of Linux's
 * drivers/iommu/intel/iommu.c. The 4-series chipset, whose datasheet has CAP 0xc0000020230272, is left out: its
 * ECAP is not known.
 */
import { siliconUnit, type KnownProfile } from './profile-row.ts';

const client = { hostAddressWidths: [39], units: 2 } as const;
const meteorLake = { hostAddressWidths: [42], units: 2 } as const;
const graphicsBase = 'usually at 0xfed90000, with the main unit at 0xfed91000';
const mainBase = 'usually at 0xfed91000, with the graphics unit at 0xfed90000';
const noPages = 'PSI is 0: every page-selective invalidation runs for the whole domain';
const keepEnabled = 'the kernel leaves translation on in the graphics units of some generations; UNCONFIRMED '
  + 'whether this is one';
const lunarLake = 'Lunar Lake and Arrow Lake read the same';
const graphicsNotes = [graphicsBase, noPages, keepEnabled];

export const clientProfiles: readonly KnownProfile[] = [
  siliconUnit({
    name: 'sandy-bridge-client', about: 'Core gen. 2, main unit', ...client,
    registers: [0x10, 0xc9008020660262n, 0xf0105an], notes: [mainBase],
  }),
  siliconUnit({
    name: 'sandy-bridge-client-graphics', about: 'Core gen. 2, graphics', ...client,
    registers: [0x10, 0xc0000020e60262n, 0xf0101an], notes: graphicsNotes,
  }),
  siliconUnit({
    name: 'haswell-client', about: 'Core gen. 3, 4, main unit', ...client,
    registers: [0x10, 0xd2008c20660462n, 0xf010dan],
    notes: [mainBase, 'MGAW is 39 bits in 4-level tables: the bits above must be zero'],
  }),
  siliconUnit({
    name: 'haswell-client-graphics', about: 'Core gen. 3, 4, graphics', ...client,
    registers: [0x10, 0xc0000020660462n, 0xf0101an],
    notes: [...graphicsNotes, 'MGAW is 39 bits in 4-level tables: the bits above must be zero'],
  }),
  siliconUnit({
    name: 'skylake-client', about: 'Core gen. 6 to 9, main unit', ...client,
    registers: [0x10, 0xd2008c40660462n, 0xf050dan], notes: [mainBase],
  }),
  siliconUnit({
    name: 'skylake-client-graphics', about: 'Core gen. 6, graphics', ...client,
    registers: [0x10, 0x1c0000c40660462n, 0x7e1ff0505en],
    notes: [...graphicsNotes, 'reports extended contexts (ECS), which kernels since 5.0 ignore'],
  }),
  siliconUnit({
    name: 'skylake-client-graphics-prs', about: 'Core gen. 6, graphics, PRS', ...client,
    registers: [0x10, 0x1c0000c40660462n, 0x7e3ff0505en],
    notes: [...graphicsNotes, 'reports extended contexts (ECS), which kernels since 5.0 ignore'],
  }),
  siliconUnit({
    name: 'kaby-lake-graphics', about: 'Core gen. 7, graphics', ...client,
    registers: [0x10, 0x1c0000c40660462n, 0x19e2ff0505en], notes: graphicsNotes,
  }),
  siliconUnit({
    name: 'ice-lake-client-graphics', about: 'Core gen. 10, graphics', ...client,
    registers: [0x40, 0x1c0000c40660462n, 0x49e2ff0505en],
    notes: [...graphicsNotes, 'UNCONFIRMED: seen on Ice Lake or Tiger Lake, which differ in ECAP.DIT'],
  }),
  siliconUnit({
    name: 'tiger-lake-graphics', about: 'Core gen. 11, graphics', ...client,
    registers: [0x40, 0x1c0000c40660462n, 0x69e2ff0505en],
    notes: [...graphicsNotes, 'UNCONFIRMED: seen on Ice Lake or Tiger Lake, which differ in ECAP.DIT'],
  }),
  siliconUnit({
    name: 'alder-lake', about: 'Core gen. 12, 13, main unit', ...client,
    registers: [0x50, 0xd2008c40660462n, 0xf050dan], notes: [mainBase],
  }),
  siliconUnit({
    name: 'alder-lake-graphics', about: 'Core gen. 12, 13, graphics', ...client,
    registers: [0x40, 0x1c0000c40660462n, 0x29a00f0505en], notes: graphicsNotes,
  }),
  siliconUnit({
    name: 'meteor-lake', about: 'Core Ultra, main unit', ...meteorLake,
    registers: [0x70, 0xc9de008cee690462n, 0x12ca9a00f0efden],
    notes: ['usually at 0xfc801000, with the graphics unit at 0xfc800000', lunarLake],
  }),
  siliconUnit({
    name: 'meteor-lake-graphics', about: 'Core Ultra, graphics', ...meteorLake,
    registers: [0x70, 0xc9de008cee690462n, 0x12ca9a00f0ef5en],
    notes: ['usually at 0xfc800000, with the main unit at 0xfc801000', lunarLake],
  }),
];
