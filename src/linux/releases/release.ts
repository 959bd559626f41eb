/**
 * A release of the driver, as data: which variant of which routine it has. What a variant does is in the
 * routine that asks for it; nothing else distinguishes one release from another.
 */

/** How a unit is taken on which an earlier kernel left translation on. */
export type TakeOver =
  /** A new, empty root table is set while translation stays on. */
  | 'empty-tables'
  /** Translation is switched off before anything else (3a93c841c2b3); then empty tables. */
  | 'translation-off-first'
  /** A capture kernel copies root and context tables, and translation stays on (091d42e43d21). */
  | 'copied-tables';

/** How the driver knows a context entry that it copied from one of its own. */
export type CopiedMark =
  /** It does not: a copied entry is present like any other. */
  | 'none'
  /** Bit 67 of the entry, which the hardware ignores. */
  | 'entry-bit-67'
  /** The bitmap `copied_tables` of the unit (0c5f6c0d8201). */
  | 'bitmap';

/** One step of `domain_context_mapping_one`, from the copied entry to the new one. */
export type HandoffStep =
  /** Context cache, device-selective, with the id of the copied entry; nothing if the unit lacks that id. */
  | 'flush-context-old'
  /** IOTLB, domain-selective, with the id of the copied entry; nothing if the unit lacks that id. */
  | 'flush-iotlb-old'
  | 'flush-context-new' | 'flush-iotlb-new' | 'flush-context-zero'
  /** `context_clear_entry`: both halves to zero, the low one first. */
  | 'clear-entry'
  /** P alone goes, the rest of the entry stays. */
  | 'clear-present'
  /** The setters, which add their bits to what is there: id, table, width, type. */
  | 'write-fields'
  | 'set-present'
  /** The new entry over the old one, high half first, P with the low half. */
  | 'overwrite-entry'
  /** `__iommu_flush_cache` of the entry: nothing on a unit that snoops. */
  | 'write-back'
  /** Caching mode: context cache with id 0 and IOTLB of the new id. Else the write buffer. */
  | 'context-present-cache-flush';

/** Who maps a device's reserved regions, and when. */
export type ReservedRegions =
  /** `iommu_prepare_rmrr_dev` at start-up, before the device's context entry is written (to 4.1). */
  | 'at-start'
  /** The same behind the context entry; with copied tables at the device's handoff, before it. */
  | 'at-start-or-handoff'
  /** iommu_create_device_direct_mappings of the core, in silence (5.3). */
  | 'core';

/** When a device gets its domain. */
export type Attach =
  /** At its first mapping. */
  | 'first-map'
  /** When it is found; with copied tables at its first mapping (`is_attach_deferred`, 5.3). */
  | 'probe-or-deferred';

export type DmaApi = 'intel-dma-ops' | 'dma-iommu';

/** What `domain_context_clear_one` does when a device leaves its domain. */
export type Teardown =
  /** The entry is cleared; both caches are flushed globally. */
  | 'clear-then-global'
  /** The entry is cleared; both caches are flushed by its id. */
  | 'clear-then-flush'
  /** P goes first, then the caches by id, then the rest of the entry (c1e4f1dccbe9). */
  | 'present-first';

/** The domain-id of the identity domain (`si_domain`). */
export type IdentityId =
  /** Taken from every unit at start-up, the first one (to 4.1). */
  | 'at-start'
  /** Taken from a unit with the first device that enters. */
  | 'at-attach'
  /** As at-attach, but 1 is never given out (2c13012e0919 as backported to 6.1). */
  | 'reserved'
  /** 1, which no other domain gets (`FLPT_DEFAULT_DID`, 2c13012e0919). */
  | 'fixed';

/** `intel_iommu=off` on a unit whose translation is on, and that no early switch-off has met. */
export type SwitchedOff =
  /** The driver looks away, and the old tables stay in force. */
  | 'left-on'
  /** `intel_disable_iommus` (161b28aae165). */
  | 'translation-off';

/** Options of the IOMMU core, iommu.NAME=, that the driver heeds; others are passed over. */
export type CoreOption = 'passthrough' | 'strict' | 'forcedac';

/** The words of the driver at start-up. */
export type StartUpMessages = 'before-4.2' | '4.2' | '5.3' | '5.11' | '5.15' | '6.12';

/** The line of a fault in `dmar_fault_do_one`. */
export type FaultLine = 'two-lines' | 'two-lines-with-prefix' | 'one-line' | 'with-pasid' | 'hexadecimal-throughout'
  | 'hexadecimal';

/** How often `dmar_fault` may print: a token for the interrupt, or one for each message and look at a record. */
export type FaultRateLimit = 'none' | 'by-interrupt' | 'by-record';

/** In which order a CPU's interrupt vectors are given out. */
export type VectorOrder =
  /** Each in the next priority class (`__assign_irq_vector`). */
  | 'spread'
  /** The lowest free one (kernel/irq/matrix.c, 4.15). */
  | 'matrix';

/** What `dmar_fault` clears of FSTS at its end. */
export type FaultStatusClear =
  /** All that is set, also when no record is pending. */
  | 'everything'
  /** PFO and PPF; nothing where PPF is clear. */
  | 'PFO-PPF'
  | 'PFO-PPF-PRO';

/** How often the message of the fault interrupt is written. */
export type FaultMessage =
  | 'once'
  /** When it is activated, and with its affinity behind the start-up. */
  | 'affinity-after-start'
  /** The affinity comes first (IRQCHIP_AFFINITY_PRE_STARTUP, 5.14). */
  | 'affinity-before-start';

/** The crashing side, between its last statement and the jump. */
export type AtCrash =
  /** `native_machine_crash_shutdown`: unit and devices stay as they are. */
  | 'nothing'
  /** `vtd_crash_shutdown` of Xen with crash-disable: flush, then translation, interrupts and queue off. */
  | 'flush-and-off'
  /** No crash: device_shutdown with Bus Master off, then `intel_iommu_shutdown`. */
  | 'orderly';

export interface Traits {
  readonly takeOver: TakeOver;
  /** The driver's copy of GCMD begins with what GSTS says (3a93c841c2b3), else with 0. */
  readonly commandFromStatus: boolean;
  readonly copiedMark: CopiedMark;
  /** The domain-ids of copied entries are never given out again. */
  readonly reservesCopiedIds: boolean;
  /** From a copied entry to the driver's own, in order. */
  readonly handoff: readonly HandoffStep[];
  /** The same where there was no entry. */
  readonly firstEntry: readonly HandoffStep[];
  readonly teardown: Teardown;
  readonly reservedRegions: ReservedRegions;
  readonly attach: Attach;
  readonly dmaApi: DmaApi;
  readonly identityId: IdentityId;
  readonly switchedOff: SwitchedOff;
  readonly coreOptions: readonly CoreOption[];
  readonly startUpMessages: StartUpMessages;
  readonly faultLine: FaultLine;
  readonly faultRateLimit: FaultRateLimit;
  /** No flush behind SRTP and SIRTP where ESRTPS and ESIRTPS say that the hardware does it (6.1). */
  readonly trustsPointerFlush: boolean;
  /** Page-table entries for writing alone; from 5.13 on every entry can be read (eea53c581688). */
  readonly writeOnlyEntries: boolean;
  readonly vectorOrder: VectorOrder;
  readonly faultStatusClear: FaultStatusClear;
  readonly faultMessage: FaultMessage;
  readonly atCrash: AtCrash;
  /** New addresses only from ranges that the copied tables do not use (Sumner 2014). */
  readonly avoidsOldAddresses: boolean;
  /** A hot reset of every endpoint before the unit is touched (Indoh 2012). */
  readonly resetsEndpointsFirst: boolean;
  /** Words that it adds to the scenario's command line. */
  readonly commandLine: string;
}

/** What a release is: something that people ran, a patch that was posted, or a thing to compare with. */
export type ReleaseKind = 'released' | 'patch' | 'policy' | 'reference' | 'hypothetical';

export interface Release extends Traits {
  readonly name: string;
  readonly kind: ReleaseKind;
  /** The release that it is written as a difference to; null for the first. */
  readonly basis: string | null;
  /** The commit or mail that made the difference, and its date. */
  readonly commit: string;
  readonly date: string;
  /** The one line in which it differs from its basis. */
  readonly about: string;
  /** What no stored source proves, as text. */
  readonly unconfirmed: readonly string[];
  /** What is missing, where it cannot be run yet; null: it can. */
  readonly notModelled: string | null;
}

type Head = Pick<Release, 'name' | 'kind' | 'commit' | 'date' | 'about'>
  & Partial<Pick<Release, 'unconfirmed' | 'notModelled'>>;

/** The release from which all others are derived. */
export function firstRelease(row: Head & Traits): Release {
  return { unconfirmed: [], notModelled: null, ...row, basis: null };
}

/** A release written as "as BASIS, but …"; what is not modelled of the basis is not of this one either. */
export function releaseAs(basis: Release, row: Head & Partial<Traits>): Release {
  return { ...basis, unconfirmed: [], ...row, basis: basis.name };
}
