/**
 * The register set as one table (specification 11.4; offsets in order). Reading the table is reading
 * the manual: what a register is called, where it lies, what it is after reset, which bits software
 * may write, which are cleared by writing one, which read as zero.
 *
 * A register that is not modelled yet is a row that says so: touching it is an event.
 */
import { bit, field, maskOf, word, zeroWord, type Field, type Word64 } from '../base/word.ts';
import type { Capability } from './capability.ts';
import type { DepartureName } from './departures.ts';

export const GCMD = {
  TE: bit(31), SRTP: bit(30), SFL: bit(29), EAFL: bit(28), WBF: bit(27), QIE: bit(26), IRE: bit(25),
  SIRTP: bit(24), CFI: bit(23),
} as const;

export const GSTS = {
  TES: bit(31), RTPS: bit(30), FLS: bit(29), AFLS: bit(28), WBFS: bit(27), QIES: bit(26), IRES: bit(25),
  IRTPS: bit(24), CFIS: bit(23),
} as const;

export const RTADDR = { RTA: field(63, 12), TTM: field(11, 10) } as const;

/** Values of RTADDR.TTM, and 0 for legacy mode. */
export const TABLE_MODE = { scalable: 1, abort: 3 } as const;

export const CCMD = {
  ICC: bit(63), CIRG: field(62, 61), CAIG: field(60, 59), FM: field(33, 32), SID: field(31, 16),
  DID: field(15, 0),
} as const;

export const FSTS = {
  FRI: field(15, 8), PRO: bit(7), ITE: bit(6), ICE: bit(5), IQE: bit(4), APF: bit(3), AFO: bit(2),
  PPF: bit(1), PFO: bit(0),
} as const;

export const EVENT_CONTROL = { IM: bit(31), IP: bit(30) } as const;

export const IQH = { QH: field(18, 4) } as const;
export const IQT = { QT: field(18, 4) } as const;
export const IQA = { IQA: field(63, 12), DW: bit(11), QS: field(2, 0) } as const;
export const ICS = { IWC: bit(0) } as const;
export const IQERCD = { ICESID: field(63, 48), ITESID: field(47, 32), IQEI: field(3, 0) } as const;
export const IRTA = { IRTA: field(63, 12), EIME: bit(11), S: field(3, 0) } as const;
export const PMEN = { EPM: bit(31), PRS: bit(0) } as const;

export const IVA = { ADDR: field(63, 12), IH: bit(6), AM: field(5, 0) } as const;
export const IOTLB = {
  IVT: bit(63), IIRG: field(61, 60), IAIG: field(58, 57), DR: bit(49), DW: bit(48), DID: field(47, 32),
} as const;

export const FRCD_LOW = { FI: field(63, 12) } as const;
/** Bits 127:64 of a record. T1 set: read; old units have no T2. */
export const FRCD_HIGH = {
  F: bit(63), T1: bit(62), AT: field(61, 60), PV: field(59, 40), FR: field(39, 32), PP: bit(31),
  EXE: bit(30), PRIV: bit(29), T2: bit(28), SID: field(15, 0),
} as const;

export interface Register {
  readonly name: string;
  readonly offset: number;
  readonly bytes: 4 | 8;
  readonly reset: Word64;
  readonly writable: Word64;
  readonly clearedByOne: Word64;
  /** Bits that read as zero whatever was written. */
  readonly writeOnly: Word64;
  readonly modelled: boolean;
  readonly fields: Readonly<Record<string, Field>>;
}

type Traits = Partial<Pick<Register, 'reset' | 'writable' | 'clearedByOne' | 'writeOnly' | 'fields'>>;

function row(name: string, offset: number, bytes: 4 | 8, traits: Traits = {}): Register {
  return {
    name, offset, bytes, reset: zeroWord, writable: zeroWord, clearedByOne: zeroWord,
    writeOnly: zeroWord, fields: {}, ...traits, modelled: true,
  };
}

function unmodelled(name: string, offset: number, bytes: 4 | 8): Register {
  return { ...row(name, offset, bytes), modelled: false };
}

const all32 = word(0xffff_ffffn);
const all64 = word(0xffff_ffff_ffff_ffffn);
/** Interrupt mask set, nothing pending: the reset value of every event control register. */
const masked = word(0x8000_0000n);

export interface Identity {
  readonly version: number;
  readonly capability: Word64;
  readonly extendedCapability: Word64;
  readonly capabilities: Capability;
  readonly departures: ReadonlySet<DepartureName>;
}

function fixedRegisters(identity: Identity): readonly Register[] {
  const { extendedInterruptMode, protectedLow, protectedHigh } = identity.capabilities;
  // The upper half of a message address is reserved on units without x2APIC.
  const upperAddress = extendedInterruptMode ? all32 : zeroWord;
  const low = protectedLow ? word(0xfff0_0000n) : zeroWord;
  const high = protectedHigh ? word(0xffff_ffff_fff0_0000n) : zeroWord;
  const data = identity.departures.has('completion-data-32-bits') ? all32 : word(0xffffn);
  const eventControl = { reset: masked, writable: maskOf(EVENT_CONTROL.IM), fields: EVENT_CONTROL };
  return [
    row('VER', 0x000, 4, { reset: { low: identity.version, high: 0 } }),
    row('CAP', 0x008, 8, { reset: identity.capability }),
    row('ECAP', 0x010, 8, { reset: identity.extendedCapability }),
    row('GCMD', 0x018, 4, { writable: all32, writeOnly: all32, fields: GCMD }),
    row('GSTS', 0x01c, 4, { fields: GSTS }),
    row('RTADDR', 0x020, 8, { writable: maskOf(RTADDR.RTA, RTADDR.TTM), fields: RTADDR }),
    row('CCMD', 0x028, 8, {
      writable: maskOf(CCMD.ICC, CCMD.CIRG, CCMD.FM, CCMD.SID, CCMD.DID),
      writeOnly: maskOf(CCMD.FM, CCMD.SID),
      fields: CCMD,
    }),
    row('FSTS', 0x034, 4, {
      clearedByOne: maskOf(FSTS.PFO, FSTS.AFO, FSTS.APF, FSTS.IQE, FSTS.ICE, FSTS.ITE, FSTS.PRO),
      fields: FSTS,
    }),
    row('FECTL', 0x038, 4, eventControl),
    row('FEDATA', 0x03c, 4, { writable: word(0xffffn) }),
    row('FEADDR', 0x040, 4, { writable: word(0xffff_fffcn) }),
    row('FEUADDR', 0x044, 4, { writable: upperAddress }),
    unmodelled('AFLOG', 0x058, 8),
    row('PMEN', 0x064, 4, {
      writable: protectedLow || protectedHigh ? maskOf(PMEN.EPM) : zeroWord, fields: PMEN,
    }),
    row('PLMBASE', 0x068, 4, { writable: low }),
    row('PLMLIMIT', 0x06c, 4, { writable: low }),
    row('PHMBASE', 0x070, 8, { writable: high }),
    row('PHMLIMIT', 0x078, 8, { writable: high }),
    row('IQH', 0x080, 8, { fields: IQH }),
    row('IQT', 0x088, 8, { writable: maskOf(IQT.QT), fields: IQT }),
    row('IQA', 0x090, 8, { writable: maskOf(IQA.IQA, IQA.DW, IQA.QS), fields: IQA }),
    row('ICS', 0x09c, 4, { clearedByOne: maskOf(ICS.IWC), fields: ICS }),
    row('IECTL', 0x0a0, 4, eventControl),
    row('IEDATA', 0x0a4, 4, { writable: data }),
    row('IEADDR', 0x0a8, 4, { writable: word(0xffff_fffcn) }),
    row('IEUADDR', 0x0ac, 4, { writable: upperAddress }),
    row('IQERCD', 0x0b0, 8, { fields: IQERCD }),
    row('IRTA', 0x0b8, 8, { writable: maskOf(IRTA.IRTA, IRTA.EIME, IRTA.S), fields: IRTA }),
    unmodelled('PQH', 0x0c0, 8),
    unmodelled('PQT', 0x0c8, 8),
    unmodelled('PQA', 0x0d0, 8),
    unmodelled('PRS', 0x0dc, 4),
    unmodelled('PECTL', 0x0e0, 4),
    unmodelled('PEDATA', 0x0e4, 4),
    unmodelled('PEADDR', 0x0e8, 4),
    unmodelled('PEUADDR', 0x0ec, 4),
  ];
}

/** The registers whose place the capability registers tell: IVA and IOTLB at IRO, records at FRO. */
function placedRegisters(identity: Identity): readonly Register[] {
  const iotlb = [
    row('IVA', identity.capabilities.iotlbOffset, 8, {
      writable: maskOf(IVA.ADDR, IVA.IH, IVA.AM), writeOnly: all64, fields: IVA,
    }),
    row('IOTLB', identity.capabilities.iotlbOffset + 8, 8, {
      writable: maskOf(IOTLB.IVT, IOTLB.IIRG, IOTLB.DR, IOTLB.DW, IOTLB.DID), fields: IOTLB,
    }),
  ];
  const records = Array.from({ length: identity.capabilities.faultRecords }, (_, index) => [
    row(`FRCD${index}`, identity.capabilities.faultOffset + 16 * index, 8, { fields: FRCD_LOW }),
    row(`FRCD${index}_HIGH`, identity.capabilities.faultOffset + 16 * index + 8, 8, {
      clearedByOne: maskOf(FRCD_HIGH.F), fields: FRCD_HIGH,
    }),
  ]).flat();
  return [...iotlb, ...records];
}

/**
 * All registers of a unit, by ascending offset. Rows of later revisions that share their addresses
 * with a placed register of an older unit give way to it.
 */
export function registerTable(identity: Identity): readonly Register[] {
  const placed = placedRegisters(identity);
  const taken = (offset: number): boolean =>
    placed.some((register) => offset >= register.offset && offset < register.offset + register.bytes);
  return [...fixedRegisters(identity).filter((register) => !taken(register.offset)), ...placed]
    .sort((left, right) => left.offset - right.offset);
}
