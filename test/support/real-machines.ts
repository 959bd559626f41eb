/** Registers of real machines and what they say, restated from logs and datasheets, not decoded. */
export interface RealMachine {
  readonly name: string;
  readonly version: number;
  readonly capability: bigint;
  readonly extended: bigint;
  readonly domains: number;
  readonly levels: readonly number[];
  readonly addressBits: number;
  readonly faultOffset: number;
  readonly iotlbOffset: number;
  /** The largest leaf: '-' for 4 KiB, '1G' for 2 MiB and 1 GiB. */
  readonly superpages: '-' | '1G';
  readonly faultRecords: number;
  readonly maximumAddressMask: number;
  readonly hostAddressWidths: readonly number[];
  readonly units: number | null;
  /** One-bit fields of ECAP that are set, lowest first; and of CAP, without DWD and DRD. */
  readonly extendedBits: string;
  readonly capabilityBits: string;
}

type Row = readonly [
  name: string, registers: readonly [number, bigint, bigint], domains: number, levels: readonly number[],
  addressBits: number, offsets: readonly [number, number], superpages: '-' | '1G', records: number, mask: number,
  widths: readonly number[], units: number | null, extendedBits: string, capabilityBits: string,
];

const nehalem = [36, 39, 40];
const regions = 'PLMR PHMR ZLR';
const paged = `${regions} PSI`;
const oldServer = [0x100, 0x200] as const;
const oldClient = [0x200, 0x100] as const;
const client = [0x400, 0x500] as const;
const newest = [0xee0, 0xef0] as const;
const qemu = [0x220, 0xf0] as const;
const scalable = 'C QI DT IR EIM PT SC MTS NEST SRS NWFS EAFS DIT PDS SMTS SLADS SLTS FLTS SMPWCS RPS';
const meteor = 'NWFS DIT SMTS SLTS FLTS RPS ADMS';

const rows: readonly Row[] = [
  ['nehalem-ep', [0x10, 0xc90780106f0462n, 0xf020fen], 256, [4], 48, oldServer, '-', 8, 9, nehalem, 2,
    'QI DT IR EIM CH PT SC', paged],
  ['nehalem-ep-no-snoop', [0x10, 0xc90780106f0462n, 0xf0207en], 256, [4], 48, oldServer, '-', 8, 9, nehalem, 2,
    'QI DT IR EIM CH PT', paged],
  ['nehalem-ep-no-intremap', [0x10, 0xc90780106f0462n, 0xf020e2n], 256, [4], 48, oldServer, '-', 8, 9, nehalem, 2,
    'QI CH PT SC', paged],
  ['nehalem-ep-no-ats', [0x10, 0xc90780106f0462n, 0xf020ean], 256, [4], 48, oldServer, '-', 8, 9, nehalem, 2,
    'QI IR CH PT SC', paged],
  ['nehalem-ep-isoch', [0x10, 0xc9008010e60262n, 0xf0206an], 256, [3], 39, oldServer, '-', 1, 9, nehalem, null,
    'QI IR CH PT', 'PLMR PHMR ZLR ISOCH PSI'],
  ['sandy-bridge-ep', [0x10, 0xd2078c106f0462n, 0xf020fen], 256, [4], 48, oldServer, '1G', 8, 18, [46], 2,
    'QI DT IR EIM CH PT SC', paged],
  ['ivy-bridge-ep', [0x10, 0xd2078c106f0466n, 0xf020den], 65536, [4], 48, oldServer, '1G', 8, 18, [46], 2,
    'QI DT IR EIM PT SC', paged],
  ['ivy-bridge-ep-no-ats', [0x10, 0xd2078c106f0466n, 0xf020dan], 65536, [4], 48, oldServer, '1G', 8, 18, [46], 2,
    'QI IR EIM PT SC', paged],
  ['ivy-bridge-ep-coherent', [0x10, 0xd2078c106f0466n, 0xf020dfn], 65536, [4], 48, oldServer, '1G', 8, 18, [46], 2,
    'C QI DT IR EIM PT SC', paged],
  ['ivy-bridge-ep-isoch', [0x10, 0xd2008c10ef0466n, 0xf0205bn], 65536, [4], 48, oldServer, '1G', 1, 18, [46], null,
    'C QI IR EIM PT', 'PLMR PHMR ZLR ISOCH PSI'],
  ['skylake-sp', [0x10, 0x8d2078c106f0466n, 0xf020dfn], 65536, [4], 48, oldServer, '1G', 8, 18, [46], 8,
    'C QI DT IR EIM PT SC', `${paged} PI`],
  ['ice-lake-sp', [0x40, 0x8ed008c40780466n, 0x60000f050dfn], 65536, [4], 57, client, '1G', 1, 45, [46], null,
    'C QI DT IR EIM PT SC DIT PDS', `${paged} PI`],
  ['sapphire-rapids', [0x60, 0x9ed008c40780466n, 0x3ee9e86f050dfn], 65536, [4], 57, client, '1G', 1, 45, [46], null,
    scalable, `${paged} FL1GP PI`],
  ['sapphire-rapids-52-bit', [0x60, 0x19ed008c40780c66n, 0x3ee9e86f050dfn], 65536, [4, 5], 57, client, '1G', 1, 45,
    [52], null, scalable, `${paged} FL1GP PI FL5LP`],
  ['xeon-version-7', [0x70, 0xf9ed008cee780c66n, 0x3fef9ea6f0efdfn], 65536, [4, 5], 57, newest, '1G', 1, 45,
    [52], null, 'C QI DT IR EIM PT SC MTS NEST PRS SRS NWFS EAFS PASID DIT PDS SMTS SLADS SLTS FLTS SMPWCS RPS '
      + 'TDXCS PMS ADMS RPRIVS', `${paged} FL1GP PI FL5LP ECMDS ESIRTPS ESRTPS`],
  ['sandy-bridge-client', [0x10, 0xc9008020660262n, 0xf0105an], 256, [3], 39, oldClient, '-', 1, 9, [39], 2,
    'QI IR EIM PT', paged],
  ['sandy-bridge-client-graphics', [0x10, 0xc0000020e60262n, 0xf0101an], 256, [3], 39, oldClient, '-', 1, 0, [39], 2,
    'QI IR EIM', `${regions} ISOCH`],
  ['haswell-client', [0x10, 0xd2008c20660462n, 0xf010dan], 256, [4], 39, oldClient, '1G', 1, 18, [39], 2,
    'QI IR EIM PT SC', paged],
  ['haswell-client-graphics', [0x10, 0xc0000020660462n, 0xf0101an], 256, [4], 39, oldClient, '-', 1, 0, [39], 2,
    'QI IR EIM', regions],
  ['skylake-client', [0x10, 0xd2008c40660462n, 0xf050dan], 256, [4], 39, client, '1G', 1, 18, [39], 2,
    'QI IR EIM PT SC', paged],
  ['skylake-client-graphics', [0x10, 0x1c0000c40660462n, 0x7e1ff0505en], 256, [4], 39, client, '1G', 1, 0, [39], 2,
    'QI DT IR EIM PT ECS MTS NEST DIS PASID_28 NWFS EAFS', `${regions} FL1GP`],
  ['skylake-client-graphics-prs', [0x10, 0x1c0000c40660462n, 0x7e3ff0505en], 256, [4], 39, client, '1G', 1, 0, [39],
    2, 'QI DT IR EIM PT ECS MTS NEST DIS PASID_28 PRS NWFS EAFS', `${regions} FL1GP`],
  ['kaby-lake-graphics', [0x10, 0x1c0000c40660462n, 0x19e2ff0505en], 256, [4], 39, client, '1G', 1, 0, [39], 2,
    'QI DT IR EIM PT ECS MTS NEST DIS PRS NWFS EAFS PASID', `${regions} FL1GP`],
  ['ice-lake-client-graphics', [0x40, 0x1c0000c40660462n, 0x49e2ff0505en], 256, [4], 39, client, '1G', 1, 0, [39], 2,
    'QI DT IR EIM PT ECS MTS NEST DIS PRS NWFS EAFS PDS', `${regions} FL1GP`],
  ['tiger-lake-graphics', [0x40, 0x1c0000c40660462n, 0x69e2ff0505en], 256, [4], 39, client, '1G', 1, 0, [39], 2,
    'QI DT IR EIM PT ECS MTS NEST DIS PRS NWFS EAFS DIT PDS', `${regions} FL1GP`],
  ['alder-lake', [0x50, 0xd2008c40660462n, 0xf050dan], 256, [4], 39, client, '1G', 1, 18, [39], 2,
    'QI IR EIM PT SC', paged],
  ['alder-lake-graphics', [0x40, 0x1c0000c40660462n, 0x29a00f0505en], 256, [4], 39, client, '1G', 1, 0, [39], 2,
    'QI DT IR EIM PT NWFS DIT', `${regions} FL1GP`],
  ['meteor-lake', [0x70, 0xc9de008cee690462n, 0x12ca9a00f0efden], 256, [4], 42, newest, '1G', 1, 30, [42], 2,
    `QI DT IR EIM PT SC ${meteor}`, `${paged} FL1GP PI ESIRTPS ESRTPS`],
  ['meteor-lake-graphics', [0x70, 0xc9de008cee690462n, 0x12ca9a00f0ef5en], 256, [4], 42, newest, '1G', 1, 30, [42], 2,
    `QI DT IR EIM PT ${meteor}`, `${paged} FL1GP PI ESIRTPS ESRTPS`],
  ['qemu-39', [0x10, 0xd2008c22260206n, 0xf00f4an], 65536, [3], 39, qemu, '1G', 1, 18, [39], 1, 'QI IR PT', 'PSI'],
  ['qemu-39-caching-mode', [0x10, 0xd2008c22260286n, 0xf00f5an], 65536, [3], 39, qemu, '1G', 1, 18, [39], 1,
    'QI IR EIM PT', 'CM PSI'],
  ['qemu-48', [0x10, 0xd2008c222f0606n, 0xf00f4an], 65536, [3, 4], 48, qemu, '1G', 1, 18, [48], 1, 'QI IR PT', 'PSI'],
  ['qemu-48-caching-mode', [0x10, 0xd2008c222f0686n, 0xf00f5an], 65536, [3, 4], 48, qemu, '1G', 1, 18, [48], 1,
    'QI IR EIM PT', 'CM PSI'],
  ['qemu-48-device-iotlb', [0x10, 0xd2008c222f0606n, 0xf00f5en], 65536, [3, 4], 48, qemu, '1G', 1, 18, [48], 1,
    'QI DT IR EIM PT', 'PSI'],
  ['specification-keeps-most', [0x10, 0xd2078c106f0466n, 0xf020den], 65536, [4], 48, oldServer, '1G', 8, 18, [46], null,
    'QI DT IR EIM PT SC', paged],
  ['specification-keeps-least', [0x10, 0xd2078c106f0466n, 0xf020den], 65536, [4], 48, oldServer, '1G', 8, 18, [46],
    null, 'QI DT IR EIM PT SC', paged],
];

export const realMachines: readonly RealMachine[] = rows.map(([
  name, [version, capability, extended], domains, levels, addressBits, [faultOffset, iotlbOffset], superpages,
  faultRecords, maximumAddressMask, hostAddressWidths, units, extendedBits, capabilityBits,
]) => ({
  name, version, capability, extended, domains, levels, addressBits, faultOffset, iotlbOffset, superpages,
  faultRecords, maximumAddressMask, hostAddressWidths, units, extendedBits, capabilityBits,
}));
