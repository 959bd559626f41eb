/**
 * A scenario as a tree: what a `.dmar` file says, and what its JSON mirror says, once both are read.
 *
 * The tree is plain data. Names that other layers give a meaning to (profiles, releases, device models,
 * hardware choices, timings) are strings here; `check.ts` holds them against a vocabulary that the
 * composition root hands in, so that this folder needs to know neither the unit nor the kernels.
 *
 * Addresses are byte addresses below 2^52 and times whole nanoseconds, both exact in a double.
 */

import type { Word64 } from '../base/word.ts';
import type { HardwareImage } from './image/hardware-image.ts';

/** Inclusive at both ends, like the RMRR and memory-map lines of a kernel log. */
export interface AddressRange {
  readonly first: number;
  readonly last: number;
}

export interface Scenario {
  readonly name: string;
  /** The prose of the head comment, without its `Result` lines; lines are joined by "\n". */
  readonly about: string;
  readonly expectations: readonly Expectation[];
  /** `Explored: Holds` and `Explored with RELEASE: Violated`: the same, of every interleaving. */
  readonly explorations: readonly Expectation[];
  readonly platform: PlatformDescription;
  readonly units: readonly UnitDescription[];
  readonly bridges: readonly BridgeDescription[];
  readonly devices: readonly DeviceDescription[];
  readonly crashed: KernelDescription<CrashedStatement>;
  readonly capture: KernelDescription<CaptureStatement>;
  readonly claims: readonly Claim[];
  /** What `crashed.imageFile` holds; null where the crashed kernel is simulated. */
  readonly image: HardwareImage | null;
  /** The choices taken, one for each step of the machine; null: always the earliest event. */
  readonly schedule: readonly number[] | null;
  /** Behind the schedule time is set aside, and these act, one after the other; null: time goes on. */
  readonly order: readonly OrderedAct[] | null;
}

/** An actor of the machine acts, in one of the ways that it may act at that point. */
export interface OrderedAct {
  readonly actor: string;
  readonly way: number;
}

/** `Result: Holds` (release null: the file's own capture kernel) or `Result with RELEASE: Violated`. */
export interface Expectation {
  readonly release: string | null;
  readonly result: 'Holds' | 'Violated';
}

export interface PlatformDescription {
  readonly hostAddressWidth: number;
  readonly memory: readonly AddressRange[];
  readonly crashKernel: AddressRange;
  /** Memory windows of the host bridge, as its _CRS has them; 5.3 and later give no I/O address there. */
  readonly pciWindows: readonly AddressRange[];
  /** What the CPU's interrupt controller can be switched to. */
  readonly apic: ApicMode;
  readonly timings: readonly TimingSetting[];
}

export const apicModes = ['xapic', 'x2apic'] as const;
export type ApicMode = (typeof apicModes)[number];

export interface TimingSetting {
  readonly name: string;
  readonly valueNs: number;
}

export interface UnitDescription {
  readonly name: string;
  readonly base: number;
  readonly profile: string;
  /** What CAP and ECAP read, where that is not what the profile says. */
  readonly capability: Word64 | null;
  readonly extendedCapability: Word64 | null;
  /** The buses in its device scope; null and no endpoints: every device that no other unit has (INCLUDE_PCI_ALL). */
  readonly buses: AddressRange | null;
  /** Single devices in its device scope. */
  readonly endpoints: readonly Endpoint[];
  readonly scope: UnitScope;
  /** I/O APICs in its device scope; where no unit has one, the firmware does not offer interrupt remapping. */
  readonly ioapics: readonly IoApic[];
  /** Departures from the profile: `choice NAME VALUE`. */
  readonly choices: readonly { readonly name: string; readonly value: string }[];
}

/** How the firmware says that a unit without buses takes the rest: INCLUDE_PCI_ALL, or device by device. */
export const unitScopes = ['all', 'listed'] as const;
export type UnitScope = (typeof unitScopes)[number];

/** A device in a unit's scope, by its source-id. */
export interface Endpoint {
  readonly sourceId: number;
}

/** A port of a root complex or switch, or a bridge with a conventional PCI bus below it. */
export const bridgeKinds = ['pcie', 'pci', 'pcie-to-pci'] as const;
export type BridgeKind = (typeof bridgeKinds)[number];

export interface BridgeDescription {
  readonly name: string;
  readonly sourceId: number;
  readonly kind: BridgeKind;
  /** Secondary to subordinate bus. */
  readonly buses: AddressRange;
}

export interface IoApic {
  readonly id: number;
  /** The source-id of its interrupt requests, packed as a device's. */
  readonly sourceId: number;
}

export interface DeviceDescription {
  readonly name: string;
  /** Bus, device and function packed as the unit sees them: bus 15:8, device 7:3, function 2:0. */
  readonly sourceId: number;
  /** A second source-id that its requests carry, by a fault of the device; null: none. */
  readonly alias: number | null;
  readonly model: string;
  readonly bar: AddressRange | null;
  /** In the order of the firmware's DMAR table. */
  readonly reservedRegions: readonly AddressRange[];
  readonly reset: ResetBehaviour;
  /** How often the device does by itself what it does; null: as often as its model has it. */
  readonly paceNs: number | null;
}

/** What becomes of a device's outstanding DMA when its driver resets it. */
export type ResetBehaviour =
  | { readonly kind: 'stops' }
  /** One request may still go on the bus. */
  | { readonly kind: 'leaves-one' }
  | { readonly kind: 'late'; readonly afterNs: number }
  | { readonly kind: 'ignored' };

/** Stands in the place of a release where the crashed kernel is not simulated but left an image behind. */
export const imageRelease = 'image';
/** Stands in the place of the crashed kernel's release where it is the capture kernel's, whichever that is. */
export const sameRelease = 'same';

export function crashedReleaseOf({ crashed, capture }: Pick<Scenario, 'crashed' | 'capture'>): string {
  return crashed.release === sameRelease ? capture.release : crashed.release;
}

export interface ConfigWord {
  readonly word: string;
}

export interface KernelDescription<Statement> {
  readonly release: string;
  /** With `imageRelease`: as written, relative to the scenario. */
  readonly imageFile: string | null;
  readonly commandLine: string;
  /** Options in which the build departs from the usual: `config WORD`. */
  readonly config: readonly ConfigWord[];
  readonly statements: readonly Statement[];
}

export type DataDirection = 'to-device' | 'from-device' | 'bidirectional';

export type CrashedStatement =
  | { readonly kind: 'map'; readonly buffer: string; readonly bytes: number;
      readonly direction: DataDirection; readonly device: string }
  | { readonly kind: 'unmap'; readonly buffer: string }
  /** What an image has mapped already, by the address that the device uses. */
  | { readonly kind: 'buffer'; readonly buffer: string; readonly address: number; readonly bytes: number;
      readonly device: string }
  | { readonly kind: 'dma'; readonly access: 'read' | 'write'; readonly buffer: string;
      readonly periodNs: number; readonly until: DmaEnd }
  | { readonly kind: 'wait'; readonly durationNs: number }
  | ProbeStatement
  | SubmitStatement
  | { readonly kind: 'panic' };

/** When a periodic DMA ends by itself; `reset`: only the device's reset ends it. */
export type DmaEnd =
  | { readonly kind: 'reset' }
  | { readonly kind: 'panic'; readonly afterNs: number }
  | { readonly kind: 'count'; readonly count: number };

export type CaptureStatement =
  | { readonly kind: 'wait'; readonly durationNs: number }
  | ProbeStatement
  | SubmitStatement;

/** The device's driver takes it over. */
export interface ProbeStatement {
  readonly kind: 'probe';
  readonly device: string;
  /** null: as wide as the driver asks for. */
  readonly dmaMaskBits: number | null;
  readonly order: ProbeOrder;
}

/** Whether a driver resets its device before its first DMA mapping; `as-written`: as its source does. */
export const probeOrders = ['as-written', 'reset-then-map', 'map-then-reset'] as const;
export type ProbeOrder = (typeof probeOrders)[number];

/** Requests that the driver hands to the device without waiting for them. */
export interface SubmitStatement {
  readonly kind: 'submit';
  readonly access: 'read' | 'write';
  readonly bytes: number;
  readonly device: string;
  readonly count: number;
}

export interface Claim {
  readonly quantifier: 'never' | 'sometimes' | 'always';
  readonly what: ClaimSubject;
  readonly scope: ClaimScope;
}

export type ClaimSubject =
  | { readonly kind: 'dma'; readonly outcome: DmaProperty }
  | { readonly kind: 'log'; readonly text: string };

/** `dma` is true of every DMA: it claims that one happened. */
export type DmaProperty = 'dma' | 'fault' | 'stale' | 'foreign' | 'translated' | 'fresh';

export const phases = ['crash', 'capture-start', 'root-switch', 'reset', 'handoff'] as const;
export type Phase = (typeof phases)[number];

export interface ClaimScope {
  readonly device: string | null;
  /** Whose driver asked for the DMA. */
  readonly kernel: 'crashed' | 'capture' | null;
  readonly after: Phase | null;
  readonly before: Phase | null;
  readonly reason: number | null;
  readonly address: number | null;
}
