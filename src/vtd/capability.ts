/** Fields of the version, capability and extended capability registers (specification 11.4.1–11.4.3). */
import { bit, field, get, isSet, type Word64 } from '../base/word.ts';

export const VER = { MIN: field(3, 0), MAX: field(7, 4) } as const;

/** Deprecated fields (ISOCH; CH, ECS, DIS, PASID_28, ERS) are here because older units report them. */
export const CAP = {
  ND: field(2, 0),
  AFL: bit(3),
  RWBF: bit(4),
  PLMR: bit(5),
  PHMR: bit(6),
  CM: bit(7),
  SAGAW: field(12, 8),
  MGAW: field(21, 16),
  ZLR: bit(22),
  ISOCH: bit(23),
  FRO: field(33, 24),
  SLLPS: field(37, 34),
  PSI: bit(39),
  NFR: field(47, 40),
  MAMV: field(53, 48),
  DWD: bit(54),
  DRD: bit(55),
  FL1GP: bit(56),
  PI: bit(59),
  FL5LP: bit(60),
  ECMDS: bit(61),
  ESIRTPS: bit(62),
  ESRTPS: bit(63),
} as const;

export const ECAP = {
  C: bit(0),
  QI: bit(1),
  DT: bit(2),
  IR: bit(3),
  EIM: bit(4),
  CH: bit(5),
  PT: bit(6),
  SC: bit(7),
  IRO: field(17, 8),
  MHMV: field(23, 20),
  ECS: bit(24),
  MTS: bit(25),
  NEST: bit(26),
  DIS: bit(27),
  PASID_28: bit(28),
  PRS: bit(29),
  ERS: bit(30),
  SRS: bit(31),
  NWFS: bit(33),
  EAFS: bit(34),
  PSS: field(39, 35),
  PASID: bit(40),
  DIT: bit(41),
  PDS: bit(42),
  SMTS: bit(43),
  VCS: bit(44),
  SLADS: bit(45),
  SLTS: bit(46),
  FLTS: bit(47),
  SMPWCS: bit(48),
  RPS: bit(49),
  TDXCS: bit(50),
  PMS: bit(51),
  ADMS: bit(52),
  RPRIVS: bit(53),
  HPTS: bit(55),
  PTRS: bit(56),
  SSIRWS: bit(57),
  SMS: bit(58),
  HPT1GPS: bit(59),
  RDTS: bit(60),
  EIMER: bit(61),
  IRREQ: bit(62),
} as const;

/** What the unit's rules ask of VER, CAP and ECAP, worked out once. */
export interface Capability {
  readonly majorVersion: number;
  readonly domainIdBits: number;
  readonly requiresWriteBufferFlush: boolean;
  readonly cachingMode: boolean;
  /** Numbers of table levels that a context entry may choose: 3 for 39 bits, 4 for 48, 5 for 57. */
  readonly levels: readonly number[];
  /** MGAW: widths above this many bits are beyond what the unit takes from a device. */
  readonly addressBits: number;
  readonly zeroLengthRead: boolean;
  readonly faultOffset: number;
  readonly faultRecords: number;
  /** Largest leaf, as the order of its number of frames: 0, 9 (2 MiB) or 18 (1 GiB). */
  readonly superpageOrders: readonly number[];
  readonly pageSelective: boolean;
  readonly maximumAddressMask: number;
  readonly writeDrain: boolean;
  readonly readDrain: boolean;
  readonly setRootInvalidates: boolean;
  readonly setInterruptInvalidates: boolean;
  readonly coherentWalk: boolean;
  readonly queuedInvalidation: boolean;
  readonly deviceTlb: boolean;
  /** ECAP.DIT: device-TLB invalidations name the physical function. */
  readonly deviceTlbThrottle: boolean;
  readonly interruptRemapping: boolean;
  readonly extendedInterruptMode: boolean;
  readonly protectedLow: boolean;
  readonly protectedHigh: boolean;
  readonly passThrough: boolean;
  readonly snoopControl: boolean;
  readonly scalableMode: boolean;
  /** ECAP.ADMS: a table mode in which every request is blocked. */
  readonly abortMode: boolean;
  readonly iotlbOffset: number;
  readonly hostAddressWidth: number;
}

export function decodeCapability(
  version: number, capability: Word64, extended: Word64, hostAddressWidth: number,
): Capability {
  const sagaw = get(CAP.SAGAW, capability);
  const superpages = get(CAP.SLLPS, capability);
  return {
    majorVersion: get(VER.MAX, { low: version, high: 0 }),
    domainIdBits: 4 + 2 * get(CAP.ND, capability),
    requiresWriteBufferFlush: isSet(CAP.RWBF, capability),
    cachingMode: isSet(CAP.CM, capability),
    levels: [3, 4, 5].filter((levels) => Math.floor(sagaw / 2 ** (levels - 2)) % 2 === 1),
    addressBits: get(CAP.MGAW, capability) + 1,
    zeroLengthRead: isSet(CAP.ZLR, capability),
    faultOffset: get(CAP.FRO, capability) * 16,
    faultRecords: get(CAP.NFR, capability) + 1,
    superpageOrders: [0, ...(superpages % 2 === 1 ? [9] : []), ...(superpages >= 2 ? [18] : [])],
    pageSelective: isSet(CAP.PSI, capability),
    maximumAddressMask: get(CAP.MAMV, capability),
    writeDrain: isSet(CAP.DWD, capability),
    readDrain: isSet(CAP.DRD, capability),
    setRootInvalidates: isSet(CAP.ESRTPS, capability),
    setInterruptInvalidates: isSet(CAP.ESIRTPS, capability),
    coherentWalk: isSet(ECAP.C, extended),
    queuedInvalidation: isSet(ECAP.QI, extended),
    deviceTlb: isSet(ECAP.DT, extended),
    deviceTlbThrottle: isSet(ECAP.DIT, extended),
    interruptRemapping: isSet(ECAP.IR, extended),
    extendedInterruptMode: isSet(ECAP.EIM, extended),
    protectedLow: isSet(CAP.PLMR, capability),
    protectedHigh: isSet(CAP.PHMR, capability),
    passThrough: isSet(ECAP.PT, extended),
    snoopControl: isSet(ECAP.SC, extended),
    scalableMode: isSet(ECAP.SMTS, extended),
    abortMode: isSet(ECAP.ADMS, extended),
    iotlbOffset: get(ECAP.IRO, extended) * 16,
    hostAddressWidth,
  };
}
