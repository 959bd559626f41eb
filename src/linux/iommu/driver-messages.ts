/**
 * What the driver says while it starts, byte for byte and by era (drivers/iommu/dmar.c and intel-iommu.c).
 * Up to 4.1 each file has a style of its own; "Cleanup log messages" of 4.2 gave them one prefix.
 */
import { bareHex, bytesOf, wordOfAddress, type Address, type SourceId, type Word64 } from '../../base/word.ts';
import { padded16, pciName } from '../core/print-formats.ts';
import type { StartUpMessages } from '../releases/release.ts';

/** A unit as messages name it. */
export interface NamedUnit {
  readonly sequence: number;
  readonly name: string;
  readonly base: Address;
}

export interface DriverMessages {
  /** `intel_iommu_setup`, one for each word of intel_iommu=. */
  readonly setup: Readonly<Record<'on' | 'off' | 'strict' | 'forcedac', string>>;
  /** What stands before the messages of dmar.c, and before those of interrupt remapping. */
  readonly tablePrefix: string;
  readonly interruptPrefix: string;
  readonly unit: (unit: NamedUnit, version: string, cap: Word64, ecap: Word64) => string;
  readonly invalidation: (unit: NamedUnit, queued: boolean) => string;
  readonly settingRmrr: string | null;
  readonly prepareIsa: string | null;
  /** null: the core maps reserved regions, and says nothing. */
  readonly identityMap: ((device: SourceId, first: Address, last: Address) => string) | null;
  readonly ignoringIdentityMap: (device: SourceId, first: Address, last: Address) => string;
  readonly identityMapping: (hardware: boolean, device: SourceId) => string;
  readonly nonIdentity: (device: SourceId) => string;
  readonly identity: (device: SourceId) => string;
  readonly noDomainIds: (unit: NamedUnit) => string;
  readonly pteAlreadySet: (frame: string, old: Word64, entry: Word64) => string;
  /** The tables of the firmware that are not there. */
  readonly missingTables: readonly string[];
  /** A unit in caching mode gets no batches of flushes. */
  readonly batchingDisallowed: string | null;
  /** `register_pasid_allocator` of a unit in caching mode without scalable mode. */
  readonly noPasidAllocation: string | null;
  /** `iommu_subsys_init` says of which type default domains are, and (5.15) how they are flushed. */
  readonly defaultDomains: 'silent' | 'type' | 'type-and-policy';
  readonly done: string;
}

function range(device: SourceId, first: Address, last: Address): string {
  return `${pciName(device)} [0x${bytesOf(first).toString(16)} - 0x${bytesOf(last).toString(16)}]`;
}

const pteAlreadySet = (frame: string, old: Word64, entry: Word64): string =>
  `ERROR: DMA PTE for vPFN 0x${frame} already set (to ${bareHex(old)} not ${bareHex(entry)})`;

const before42: DriverMessages = {
  setup: {
    on: 'Intel-IOMMU: enabled', off: 'Intel-IOMMU: disabled', strict: 'Intel-IOMMU: disable batched IOTLB flush',
    forcedac: 'Intel-IOMMU: Forcing DAC for PCI devices',
  },
  tablePrefix: 'dmar: ',
  interruptPrefix: '',
  unit: ({ sequence, base }, version, cap, ecap) => `dmar: IOMMU ${sequence}: `
    + `reg_base_addr ${bareHex(wordOfAddress(base))} ver ${version} cap ${bareHex(cap)} ecap ${bareHex(ecap)}`,
  invalidation: ({ sequence, base }, queued) => `IOMMU ${sequence} 0x${bareHex(wordOfAddress(base))}: `
    + `using ${queued ? 'Queued' : 'Register based'} invalidation`,
  settingRmrr: 'IOMMU: Setting RMRR:',
  prepareIsa: 'IOMMU: Prepare 0-16MiB unity mapping for LPC',
  identityMap: (device, first, last) => `IOMMU: Setting identity map for device ${range(device, first, last)}`,
  ignoringIdentityMap: (device, first, last) =>
    `Ignoring identity map for HW passthrough device ${range(device, first, last)}`,
  identityMapping: (hardware, device) =>
    `IOMMU: ${hardware ? 'hardware' : 'software'} identity mapping for device ${pciName(device)}`,
  nonIdentity: (device) => `32bit ${pciName(device)} uses non-identity mapping`,
  identity: (device) => `64bit ${pciName(device)} uses identity mapping`,
  noDomainIds: () => 'IOMMU: no free domain ids',
  pteAlreadySet,
  missingTables: ['DMAR: No RMRR found', 'DMAR: No ATSR found'],
  batchingDisallowed: null,
  noPasidAllocation: null,
  defaultDomains: 'silent',
  done: 'PCI-DMA: Intel(R) Virtualization Technology for Directed I/O',
};

const from42: DriverMessages = {
  setup: {
    on: 'DMAR: IOMMU enabled', off: 'DMAR: IOMMU disabled', strict: 'DMAR: Disable batched IOTLB flush',
    forcedac: 'DMAR: Forcing DAC for PCI devices',
  },
  tablePrefix: 'DMAR: ',
  interruptPrefix: 'DMAR-IR: ',
  unit: ({ name, base }, version, cap, ecap) => `DMAR: ${name}: reg_base_addr ${bareHex(wordOfAddress(base))} `
    + `ver ${version} cap ${bareHex(cap)} ecap ${bareHex(ecap)}`,
  invalidation: ({ name }, queued) => `DMAR: ${name}: Using ${queued ? 'Queued' : 'Register based'} invalidation`,
  settingRmrr: 'DMAR: Setting RMRR:',
  prepareIsa: 'DMAR: Prepare 0-16MiB unity mapping for LPC',
  identityMap: (device, first, last) => `DMAR: Setting identity map for device ${range(device, first, last)}`,
  ignoringIdentityMap: (device, first, last) =>
    `DMAR: Ignoring identity map for HW passthrough device ${range(device, first, last)}`,
  identityMapping: (hardware, device) =>
    `DMAR: ${hardware ? 'Hardware' : 'Software'} identity mapping for device ${pciName(device)}`,
  nonIdentity: (device) => `DMAR: 32bit ${pciName(device)} uses non-identity mapping`,
  identity: (device) => `DMAR: 64bit ${pciName(device)} uses identity mapping`,
  noDomainIds: ({ name }) => `DMAR: ${name}: No free domain ids`,
  pteAlreadySet: (frame, old, entry) => `DMAR: ${pteAlreadySet(frame, old, entry)}`,
  missingTables: ['DMAR: No RMRR found', 'DMAR: No ATSR found'],
  batchingDisallowed: null,
  noPasidAllocation: null,
  defaultDomains: 'silent',
  done: 'DMAR: Intel(R) Virtualization Technology for Directed I/O',
};

/** From 5.3 on reserved regions are the core's, and so is the choice of an identity domain. */
const from53: DriverMessages = {
  ...from42, settingRmrr: null, prepareIsa: null, identityMap: null, defaultDomains: 'type',
  batchingDisallowed: 'DMAR: Disable batched IOTLB flush because of virtualization',
};
const from511: DriverMessages = {
  ...from53, batchingDisallowed: 'DMAR: IOMMU batching is disabled due to virtualization',
  noPasidAllocation: 'DMAR: VT-d Scalable Mode not enabled, no PASID allocation',
};
const from515: DriverMessages = {
  ...from511,
  setup: {
    ...from511.setup, strict: 'DMAR: intel_iommu=strict deprecated; use iommu.strict=1 instead',
    forcedac: 'DMAR: intel_iommu=forcedac deprecated; use iommu.forcedac instead',
  },
  defaultDomains: 'type-and-policy',
  missingTables: [...from42.missingTables, 'DMAR: No SATC found'],
  batchingDisallowed: 'DMAR: IOMMU batching disallowed due to virtualization',
};
const from612: DriverMessages = { ...from515, noPasidAllocation: null };

const messages: Readonly<Record<StartUpMessages, DriverMessages>> = {
  'before-4.2': before42, '4.2': from42, '5.3': from53, '5.11': from511, '5.15': from515, '6.12': from612,
};

export function driverMessages(era: StartUpMessages): DriverMessages {
  return messages[era];
}

/** The firmware's table as `parse_dmar_table` prints it. */
export function hostAddressWidthLine(prefix: string, bits: number): string {
  return `${prefix}Host address width ${bits}`;
}

export function drhdLine(prefix: string, base: Address, includesAll: boolean): string {
  return `${prefix}DRHD base: ${padded16(wordOfAddress(base))} flags: 0x${includesAll ? 1 : 0}`;
}

export function rmrrLine(prefix: string, first: Address, last: Address): string {
  return `${prefix}RMRR base: ${padded16(wordOfAddress(first))} end: ${padded16(wordOfAddress(last))}`;
}

