/**
 * The DMAR unit as Linux knows it: register offsets, command bits, table entries, descriptors
 * (include/linux/intel-iommu.h and drivers/iommu/intel-iommu.c, 4.9). The kernel has its own idea of
 * the formats; it shares none with the model of the unit.
 */
import { beyondModel } from '../../base/assert.ts';
import {
  and, bit, compose, domainIdNumber, field, get, isSet, maskOf, or, put, sourceIdNumber, upperField, wordOfAddress,
  zeroWord, addressOf, frameBytes, type Address, type DomainId, type SourceId, type Word64,
} from '../../base/word.ts';

export const DMAR = {
  VER: 0x00, CAP: 0x08, ECAP: 0x10, GCMD: 0x18, GSTS: 0x1c, RTADDR: 0x20, CCMD: 0x28, FSTS: 0x34,
  FECTL: 0x38, FEDATA: 0x3c, FEADDR: 0x40, FEUADDR: 0x44, PMEN: 0x64, IQH: 0x80, IQT: 0x88, IQA: 0x90,
  IRTA: 0xb8,
} as const;

const twoTo = (exponent: number): number => 2 ** exponent;

export const DMA_GCMD_TE = twoTo(31);
export const DMA_GCMD_SRTP = twoTo(30);
export const DMA_GCMD_WBF = twoTo(27);
export const DMA_GCMD_QIE = twoTo(26);
export const DMA_GCMD_IRE = twoTo(25);
export const DMA_GCMD_SIRTP = twoTo(24);
export const DMA_GCMD_CFI = twoTo(23);

/** DMA_GSTS_TES and its neighbours stand in the same places as the commands. */
export const DMA_GSTS_TES = bit(31);
export const DMA_GSTS_RTPS = bit(30);
export const DMA_GSTS_WBFS = bit(27);
export const DMA_GSTS_QIES = bit(26);
export const DMA_GSTS_IRES = bit(25);
export const DMA_GSTS_IRTPS = bit(24);
export const DMA_GSTS_CFIS = bit(23);

export const DMA_RTADDR_RTT = bit(11);
export const DMA_PMEN_EPM = bit(31);
export const DMA_PMEN_PRS = bit(0);

export const DMA_FSTS_PFO_BIT = 1;
export const DMA_FSTS_PPF_BIT = 2;
export const DMA_FSTS_IQE_BIT = 16;
export const DMA_FSTS_ICE_BIT = 32;
export const DMA_FSTS_ITE_BIT = 64;
export const DMA_FSTS_PRO_BIT = 128;
const DMA_FSTS_FAULT_RECORD_INDEX = field(15, 8);

export function dmaFstsFaultRecordIndex(status: number): number {
  return get(DMA_FSTS_FAULT_RECORD_INDEX, { low: status, high: 0 });
}

// --- capabilities (cap_*, ecap_*) -------------------------------------------------------------

export interface Caps {
  readonly ndoms: number;
  readonly rwbf: boolean;
  readonly plmr: boolean;
  readonly phmr: boolean;
  readonly cachingMode: boolean;
  readonly sagaw: number;
  readonly mgaw: number;
  readonly zlr: boolean;
  readonly faultRegOffset: number;
  readonly numFaultRegs: number;
  readonly pgselInv: boolean;
  readonly maxAmaskVal: number;
  readonly writeDrain: boolean;
  readonly readDrain: boolean;
  readonly coherent: boolean;
  readonly qis: boolean;
  readonly iotlbOffset: number;
  readonly scSupport: boolean;
  /** ESRTPS, ESIRTPS: SRTP and SIRTP invalidate by themselves what the pointer leads to. */
  readonly setRootInvalidates: boolean;
  readonly setInterruptInvalidates: boolean;
  readonly interruptRemapping: boolean;
  /** EIM: entries with the 32-bit destinations of x2APIC. */
  readonly extendedInterruptMode: boolean;
  readonly passThrough: boolean;
}

export function capsOf(cap: Word64, ecap: Word64): Caps {
  return {
    ndoms: twoTo(4 + 2 * get(field(2, 0), cap)),
    rwbf: isSet(bit(4), cap),
    plmr: isSet(bit(5), cap),
    phmr: isSet(bit(6), cap),
    cachingMode: isSet(bit(7), cap),
    sagaw: get(field(12, 8), cap),
    mgaw: get(field(21, 16), cap) + 1,
    zlr: isSet(bit(22), cap),
    faultRegOffset: get(field(33, 24), cap) * 16,
    numFaultRegs: get(field(47, 40), cap) + 1,
    pgselInv: isSet(bit(39), cap),
    maxAmaskVal: get(field(53, 48), cap),
    writeDrain: isSet(bit(54), cap),
    readDrain: isSet(bit(55), cap),
    coherent: isSet(bit(0), ecap),
    qis: isSet(bit(1), ecap),
    iotlbOffset: get(field(17, 8), ecap) * 16,
    scSupport: isSet(bit(7), ecap),
    setRootInvalidates: isSet(bit(63), cap),
    setInterruptInvalidates: isSet(bit(62), cap),
    interruptRemapping: isSet(bit(3), ecap),
    extendedInterruptMode: isSet(bit(4), ecap),
    passThrough: isSet(bit(6), ecap),
  };
}

// --- root and context entries -----------------------------------------------------------------

const ROOT_PRESENT = bit(0);
const CONTEXT_PRESENT = bit(0);
const CONTEXT_FAULT_DISABLE = bit(1);
const CONTEXT_TT = field(3, 2);
const PAGE_ADDRESS = field(63, 12);
const CONTEXT_AW = upperField(66, 64);
/** Ignored by the hardware; from 4.2 to 5.19 the kernel's mark of a copied entry. */
const CONTEXT_COPIED = upperField(67, 67);
const CONTEXT_DID = upperField(87, 72);

export const CONTEXT_TT_MULTI_LEVEL = 0;
export const CONTEXT_TT_PASS_THROUGH = 2;

/** No host has more physical address bits (specification 9.1). */
const addressEnd = 2 ** 52;

/** Where a register or an entry that an earlier kernel left leads to: whatever stands there is followed. */
export function pageAddress(value: Word64): Address {
  const bytes = get(PAGE_ADDRESS, value) * frameBytes;
  if (bytes >= addressEnd) beyondModel('addresses of tables beyond 52 bits');
  return addressOf(bytes);
}

export function rootEntryFor(contextTable: Address): Word64 {
  return put(ROOT_PRESENT, wordOfAddress(contextTable), 1);
}

export function rootEntryLctp(low: Word64): Address | undefined {
  return isSet(ROOT_PRESENT, low) ? pageAddress(low) : undefined;
}

/** The 16 bytes of a context entry. */
export interface ContextEntry {
  readonly low: Word64;
  readonly high: Word64;
}

export const contextEntryBytes = 16;

/** P as the hardware sees it (`__context_present`). */
export function contextEntryValid(entry: ContextEntry): boolean {
  return isSet(CONTEXT_PRESENT, entry.low);
}

export function contextCopied(entry: ContextEntry): boolean {
  return isSet(CONTEXT_COPIED, entry.high);
}

export function contextSetCopied(entry: ContextEntry): ContextEntry {
  return { low: entry.low, high: put(CONTEXT_COPIED, entry.high, 1) };
}

export function contextAddressRoot(low: Word64): Address {
  return pageAddress(low);
}

export function contextDomainId(entry: ContextEntry): number {
  return get(CONTEXT_DID, entry.high);
}

/** The setters OR into the entry, as the kernel's do: an entry that was not cleared first is a mix. */
export function contextSetDomainId(high: Word64, domain: DomainId): Word64 {
  return or(high, compose([CONTEXT_DID, domainIdNumber(domain)]));
}

export function contextSetAddressWidth(high: Word64, agaw: number): Word64 {
  return or(high, compose([CONTEXT_AW, agaw]));
}

export function contextAddressWidth(entry: ContextEntry): number {
  return get(CONTEXT_AW, entry.high);
}

export function contextSetAddressRoot(low: Word64, table: Address): Word64 {
  return or(low, wordOfAddress(table));
}

export function contextSetTranslationType(low: Word64, type: number): Word64 {
  return put(CONTEXT_TT, low, type);
}

export function contextSetFaultEnable(low: Word64): Word64 {
  return put(CONTEXT_FAULT_DISABLE, low, 0);
}

export function contextSetPresent(low: Word64): Word64 {
  return put(CONTEXT_PRESENT, low, 1);
}

export function contextClearPresent(low: Word64): Word64 {
  return put(CONTEXT_PRESENT, low, 0);
}

// --- page-table entries -----------------------------------------------------------------------

const DMA_PTE_READ = bit(0);
const DMA_PTE_WRITE = bit(1);
const DMA_PTE_LARGE_PAGE = bit(7);

export interface Protection {
  readonly read: boolean;
  readonly write: boolean;
}

export const readWrite: Protection = { read: true, write: true };

export function dmaPte(page: Address, protection: Protection): Word64 {
  return or(wordOfAddress(page), compose(
    [DMA_PTE_READ, protection.read ? 1 : 0], [DMA_PTE_WRITE, protection.write ? 1 : 0]));
}

export function dmaPtePresent(pte: Word64): boolean {
  return isSet(DMA_PTE_READ, pte) || isSet(DMA_PTE_WRITE, pte);
}

/** DMA_PTE_LARGE_PAGE, above level 1. */
export function dmaPteSuperpage(pte: Word64): boolean {
  return isSet(DMA_PTE_LARGE_PAGE, pte);
}

export function dmaPteAddr(pte: Word64): Address {
  return pageAddress(pte);
}

// --- invalidation: register commands and queue descriptors ------------------------------------

export type ContextGranularity = 'global' | 'device';
export type IotlbGranularity = 'global' | 'domain' | 'page';

const contextGranularityCode = { global: 1, device: 3 } as const;
const iotlbGranularityCode = { global: 1, domain: 2, page: 3 } as const;

export const DMA_CCMD_ICC = bit(63);

export function ccmdValue(type: ContextGranularity, domain: number, source: SourceId): Word64 {
  return compose([DMA_CCMD_ICC, 1], [field(62, 61), contextGranularityCode[type]],
    [field(31, 16), type === 'device' ? sourceIdNumber(source) : 0],
    [field(15, 0), type === 'device' ? domain : 0]);
}

export const DMA_TLB_IVT = bit(63);

/** The register path asks for the write drain alone (`__iommu_flush_iotlb`). */
export function iotlbValue(type: IotlbGranularity, domain: number, caps: Caps): Word64 {
  return compose([DMA_TLB_IVT, 1], [field(61, 60), iotlbGranularityCode[type]],
    [bit(48), caps.writeDrain ? 1 : 0], [field(47, 32), type === 'global' ? 0 : domain]);
}

export function ivaValue(address: Address, order: number): Word64 {
  return put(field(5, 0), wordOfAddress(address), order);
}

/** An invalidation descriptor, 16 bytes. */
export interface Descriptor {
  readonly low: Word64;
  readonly high: Word64;
}

const QI_TYPE = field(3, 0);
const QI_GRAN = field(5, 4);

export function contextDescriptor(
  type: ContextGranularity, domain: number, source: SourceId,
): Descriptor {
  return {
    low: compose([QI_TYPE, 1], [QI_GRAN, contextGranularityCode[type]], [field(31, 16), domain],
      [field(47, 32), sourceIdNumber(source)]),
    high: zeroWord,
  };
}

/** The queue path asks for both drains where the unit has them; the hint bit is never set (4.9). */
export function iotlbDescriptor(
  type: IotlbGranularity, domain: number, address: Address, order: number, caps: Caps,
): Descriptor {
  return {
    low: compose([QI_TYPE, 2], [QI_GRAN, iotlbGranularityCode[type]], [bit(6), caps.writeDrain ? 1 : 0],
      [bit(7), caps.readDrain ? 1 : 0], [field(31, 16), domain]),
    high: put(field(5, 0), wordOfAddress(address), order),
  };
}

/** `qi_flush_iec`: one index, or (null) the whole interrupt-entry cache. */
export function interruptDescriptor(index: number | null): Descriptor {
  const selected = index === null ? [] : [[bit(4), 1], [field(47, 32), index]] as const;
  return { low: compose([QI_TYPE, 4], ...selected), high: zeroWord };
}

/** QI_DONE: what the unit writes to the status word when the wait is reached. */
export const QI_IN_USE = 1;
export const QI_DONE = 2;

export function waitDescriptor(status: Address): Descriptor {
  return {
    low: compose([QI_TYPE, 5], [bit(5), 1], [field(63, 32), QI_DONE]),
    high: wordOfAddress(status),
  };
}

// --- fault records ----------------------------------------------------------------------------

const DMA_FRCD_F = bit(31);
const DMA_FRCD_TYPE = bit(30);

/** The top dword of a record. */
export function dmaFrcdFault(top: number): { pending: boolean; reason: number; read: boolean } {
  const value = { low: top, high: 0 };
  return {
    pending: isSet(DMA_FRCD_F, value), reason: get(field(7, 0), value), read: isSet(DMA_FRCD_TYPE, value),
  };
}

export const DMA_FRCD_F_BIT = twoTo(31);

export function dmaFrcdSourceId(dword: number): number {
  return get(field(15, 0), { low: dword, high: 0 });
}

export function dmaFrcdPageAddress(record: Word64): Word64 {
  return and(record, maskOf(PAGE_ADDRESS));
}
