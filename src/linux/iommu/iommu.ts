/**
 * struct intel_iommu and the routines on its registers (drivers/iommu/intel-iommu.c and dmar.c, 4.9).
 */
import { beyondModel, fail } from '../../base/assert.ts';
import {
  compose, isSet, maskOf, offsetBy, or32, without32, wordOf, wordOfAddress, zeroWord,
  type Address, type Field, type SourceId,
} from '../../base/word.ts';
import { clear, printk, readl, readq, routine, waitFor, writel, writeq } from '../core/bus.ts';
import {
  DMAR, DMA_GCMD_IRE, DMA_GCMD_QIE, DMA_GCMD_SRTP, DMA_GCMD_TE, DMA_GCMD_WBF, DMA_GSTS_IRES,
  DMA_GSTS_QIES, DMA_GSTS_RTPS, DMA_GSTS_TES, DMA_GSTS_WBFS, DMA_PMEN_EPM, DMA_PMEN_PRS, capsOf,
  type Caps,
} from './formats.ts';
import type { Routine } from '../core/operation.ts';
import type { Release } from '../releases/release.ts';
import { driverMessages, type DriverMessages, type NamedUnit } from './driver-messages.ts';

/** DMAR_OPERATION_TIMEOUT: ten seconds of TSC cycles. */
export const operationTimeoutNs = 10_000_000_000;

/** struct q_inval. */
export interface QueuedInvalidation {
  readonly descriptors: Address;
  readonly status: Address;
  freeHead: number;
}

/** struct intel_iommu. */
export interface Iommu extends NamedUnit {
  readonly caps: Caps;
  /** Width in levels minus two: 2 for 48 bits (iommu_calculate_agaw). */
  readonly agaw: number;
  /** The same for the widest table that the unit can walk at all (iommu_calculate_max_sagaw). */
  readonly msagaw: number;
  /** The kernel's copy of the level bits of GCMD. */
  gcmd: number;
  queue: QueuedInvalidation | null;
  /** The bitmap of domain-ids in use; 0 is never given out. */
  readonly domainIds: Set<number>;
  /** `copied_tables`: the devices whose entries are the crashed kernel's (6.0). */
  readonly copiedTables: Set<SourceId>;
  rootTable: Address | null;
  /** VTD_FLAG_TRANS_PRE_ENABLED. */
  preEnabled: boolean;
  /** The vector of its fault interrupt (irq); null: not set up yet. */
  faultVector: number | null;
  readonly newPage: () => Address;
  readonly messages: DriverMessages;
}

export function registerAt(iommu: Iommu, offset: number): Address {
  return offsetBy(iommu.base, offset);
}

/** `__iommu_calculate_agaw`: the widest supported table up to 48 bits. */
function calculateAgaw(sagaw: number): number {
  const agaw = [2, 1, 0].find((width) => Math.floor(sagaw / 2 ** width) % 2 === 1);
  return agaw ?? beyondModel('the address widths that the kernel uses');
}

function calculateMsagaw(sagaw: number): number {
  const agaw = [4, 3, 2, 1, 0].find((width) => Math.floor(sagaw / 2 ** width) % 2 === 1);
  return agaw ?? beyondModel('the address widths that the kernel uses');
}

/** `alloc_iommu` (dmar.c): reads who the unit is and what it is doing already. */
export function* allocIommu(
  sequence: number, base: Address, release: Release, newPage: () => Address,
): Routine<Iommu> {
  const messages = driverMessages(release.startUpMessages);
  const cap = yield* readq(offsetBy(base, DMAR.CAP));
  const ecap = yield* readq(offsetBy(base, DMAR.ECAP));
  const caps = capsOf(cap, ecap);
  const version = yield* readl(offsetBy(base, DMAR.VER));
  const name = `dmar${sequence}`;
  yield* printk(messages.unit({ sequence, name, base },
    `${Math.floor(version / 16) % 16}:${version % 16}`, cap, ecap));
  return {
    sequence, name, base, caps, agaw: calculateAgaw(caps.sagaw), gcmd: yield* firstCommand(base, release),
    msagaw: calculateMsagaw(caps.sagaw), queue: null, domainIds: new Set([0]), copiedTables: new Set(),
    rootTable: null, preEnabled: false, faultVector: null, newPage, messages,
  };
}

/** What the driver believes of GCMD, which cannot be read; a driver that knows nothing switches all off. */
function* firstCommand(base: Address, release: Release): Routine<number> {
  if (!release.commandFromStatus) return 0;
  const status = { low: yield* readl(offsetBy(base, DMAR.GSTS)), high: 0 };
  return (isSet(DMA_GSTS_IRES, status) ? DMA_GCMD_IRE : 0)
    + (isSet(DMA_GSTS_TES, status) ? DMA_GCMD_TE : 0)
    + (isSet(DMA_GSTS_QIES, status) ? DMA_GCMD_QIE : 0);
}

/** IOMMU_WAIT_OP on a status register: the unit must answer, or the kernel panics. */
export function* waitStatus(iommu: Iommu, offset: number, part: Field, set: boolean): Routine<void> {
  const held = yield* waitFor(`DMAR hardware: ${iommu.name} status`, operationTimeoutNs, {
    kind: 'register-equals', address: registerAt(iommu, offset), bytes: 4, mask: maskOf(part),
    value: set ? compose([part, 1]) : zeroWord,
  });
  if (held < 0) beyondModel('what follows a panic (DMAR hardware is malfunctioning)');
}

/** `iommu_flush_write_buffer`: nothing to do unless CAP.RWBF asks for it. */
export function* iommuFlushWriteBuffer(iommu: Iommu): Routine<void> {
  if (!iommu.caps.rwbf) return;
  yield* writel(registerAt(iommu, DMAR.GCMD), or32(iommu.gcmd, DMA_GCMD_WBF));
  yield* waitStatus(iommu, DMAR.GSTS, DMA_GSTS_WBFS, false);
}

/** `__iommu_flush_cache`: CLFLUSH, unless the unit snoops. */
export function* iommuFlushCache(iommu: Iommu, address: Address, length: number): Routine<void> {
  if (!iommu.caps.coherent) yield { kind: 'write-back', address, length };
}

/** `alloc_pgtable_page` with the flush that follows it everywhere: a zeroed page that the unit sees. */
export function* allocTablePage(iommu: Iommu): Routine<Address> {
  const page = iommu.newPage();
  yield* clear(page, 4096);
  yield* iommuFlushCache(iommu, page, 4096);
  return page;
}

/** `iommu_set_root_entry`. */
export function* iommuSetRootEntry(iommu: Iommu): Routine<void> {
  const { rootTable } = iommu;
  if (rootTable === null) fail(`${iommu.name} has no root table yet`);
  yield* routine('iommu_set_root_entry', iommu.name, function* () {
    yield* writeq(registerAt(iommu, DMAR.RTADDR), wordOfAddress(rootTable));
    yield* writel(registerAt(iommu, DMAR.GCMD), or32(iommu.gcmd, DMA_GCMD_SRTP));
    yield* waitStatus(iommu, DMAR.GSTS, DMA_GSTS_RTPS, true);
  });
}

/** `iommu_enable_translation`. */
export function* iommuEnableTranslation(iommu: Iommu): Routine<void> {
  iommu.gcmd = or32(iommu.gcmd, DMA_GCMD_TE);
  yield* writel(registerAt(iommu, DMAR.GCMD), iommu.gcmd);
  yield* waitStatus(iommu, DMAR.GSTS, DMA_GSTS_TES, true);
}

/** `iommu_disable_translation`. */
export function* iommuDisableTranslation(iommu: Iommu): Routine<void> {
  iommu.gcmd = without32(iommu.gcmd, DMA_GCMD_TE);
  yield* writel(registerAt(iommu, DMAR.GCMD), iommu.gcmd);
  yield* waitStatus(iommu, DMAR.GSTS, DMA_GSTS_TES, false);
}

/** `iommu_disable_protect_mem_regions`. */
export function* iommuDisableProtectMemRegions(iommu: Iommu): Routine<void> {
  if (!iommu.caps.plmr && !iommu.caps.phmr) return;
  const pmen = yield* readl(registerAt(iommu, DMAR.PMEN));
  yield* writel(registerAt(iommu, DMAR.PMEN), without32(pmen, DMA_PMEN_EPM.lowMask));
  yield* waitStatus(iommu, DMAR.PMEN, DMA_PMEN_PRS, false);
}

/** `init_translation_status`. */
export function* initTranslationStatus(iommu: Iommu): Routine<void> {
  iommu.preEnabled = isSet(DMA_GSTS_TES, wordOf(yield* readl(registerAt(iommu, DMAR.GSTS))));
}
