/** What a kernel is told of its machine: the firmware's DMAR table, and the PCI devices that it found. */
import type { Address, SourceId } from '../../base/word.ts';

/** What the firmware's DMAR table says, in its own order. */
export interface FirmwareTable {
  readonly hostAddressWidth: number;
  /** DRHD structures; neither buses nor endpoints: INCLUDE_PCI_ALL, the last one. */
  readonly units: readonly {
    readonly base: Address;
    readonly buses: { readonly first: number; readonly last: number } | null;
    readonly endpoints: readonly SourceId[];
    /** It takes what is left, and the table lists that device by device instead of with INCLUDE_PCI_ALL. */
    readonly isListed: boolean;
    /** Scopes of I/O APICs; where no unit has one, the table does not offer interrupt remapping. */
    readonly ioapics: readonly { readonly id: number; readonly source: SourceId }[];
  }[];
  readonly reservedRegions: readonly {
    readonly first: Address; readonly last: Address; readonly devices: readonly SourceId[] }[];
}

/** What a kernel finds besides the DMAR table. */
export interface PlatformTable {
  /** Memory windows of the host bridge. */
  readonly pciWindows: readonly { readonly first: Address; readonly last: Address }[];
  /** The CPU has x2APIC. */
  readonly x2apic: boolean;
}

export interface PciDevice {
  readonly name: string;
  readonly source: SourceId;
  /** In the order of `pci_for_each_dma_alias`: its own id, then those that its requests may carry instead. */
  readonly aliases: readonly SourceId[];
  /** Its configuration space. */
  readonly config: Address;
  readonly model: string;
  /** PCI_CLASS_BRIDGE_ISA: it passes on what old devices do in the first 16 MiB. */
  readonly isIsaBridge: boolean;
  readonly bar: { readonly first: Address; readonly last: Address };
  /** The MSI-X table, as the device's capability says. */
  readonly messageTable: Address;
  /** Where a scenario's workload tells the model of the device what is outstanding. */
  readonly outstandingPorts: Address;
}
