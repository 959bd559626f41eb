/**
 * One running kernel: its command line, its memory, its interrupt handlers and timers. A kernel is one
 * CPU; it takes interrupts where it sleeps.
 *
 * Everything here lives inside the kernel's generator, so that a kernel's state follows from the
 * answers it was given and from nothing else.
 */
import { assert, beyondModel, fail } from '../../base/assert.ts';
import type { Address, SourceId } from '../../base/word.ts';
import type { KernelConfig } from '../releases/builds.ts';
import type { Release } from '../releases/release.ts';
import { CommandLine } from './command-line.ts';
import { directDmaOps, type DmaOps } from './dma-ops.ts';
import type { FirmwareTable, PciDevice, PlatformTable } from './firmware.ts';
import { InterruptVectors, localApicChip, type IrqChip } from './interrupts.ts';
import { firstTimerVector, timerCount, type Routine } from './operation.ts';
import { PageAllocator } from './pages.ts';

export interface KernelSettings {
  readonly release: Release;
  /** is_kdump_kernel(). */
  readonly isKdump: boolean;
  readonly commandLine: string;
  readonly config: KernelConfig;
  readonly firmware: FirmwareTable;
  readonly platform: PlatformTable;
  readonly devices: readonly PciDevice[];
  /** All memory that it knows of, in the order of the memory map. */
  readonly memory: readonly { readonly first: Address; readonly last: Address }[];
  /** The memory that its allocator hands out. */
  readonly pages: { readonly first: Address; readonly end: Address };
}

/** A one-shot timer; arming it again moves it. */
export interface Timer {
  arm(delayNs: number): Routine<void>;
}

/** The DMA mask of a PCI device whose driver has not set one. */
const defaultDmaMaskBits = 32;

export class Kernel {
  readonly settings: KernelSettings;
  readonly release: Release;
  readonly commandLine: CommandLine;
  readonly pages: PageAllocator;
  /** dma_ops: direct until an IOMMU driver takes it over. */
  dmaOps: DmaOps = directDmaOps;
  readonly vectors: InterruptVectors;
  /** What stands between devices and the vectors: the local APIC, until interrupt remapping is set up. */
  irqChip: IrqChip = localApicChip;
  readonly #dmaMasks = new Map<SourceId, number>();
  #timers = 0;

  constructor(settings: KernelSettings) {
    this.settings = settings;
    this.release = settings.release;
    this.vectors = new InterruptVectors(settings.release.vectorOrder);
    this.commandLine = new CommandLine(settings.commandLine);
    this.pages = new PageAllocator(settings.pages.first, settings.pages.end);
  }

  /** Before anything else: a release that cannot be followed is told from one that does nothing. */
  * begin(): Routine<void> {
    const { name, notModelled } = this.release;
    // Thrown in the machine's first step, not while it is put together.
    yield { kind: 'clock' };
    if (notModelled !== null) beyondModel(`the model has of ${name}: ${notModelled} is missing`);
  }

  deviceNamed(name: string): PciDevice {
    const device = this.settings.devices.find((known) => known.name === name);
    if (device === undefined) fail(`the scenario was checked: ${name} exists`);
    return device;
  }

  /** dma_set_mask_and_coherent. */
  setDmaMask(device: PciDevice, bits: number): void {
    this.#dmaMasks.set(device.source, bits);
  }

  /** A driver's own mask, where the scenario gives no narrower one. */
  setDmaMaskUnlessGiven(device: PciDevice, bits: number): void {
    if (!this.#dmaMasks.has(device.source)) this.#dmaMasks.set(device.source, bits);
  }

  dmaMaskBits(device: PciDevice): number {
    return this.#dmaMasks.get(device.source) ?? defaultDmaMaskBits;
  }

  timer(handler: () => Routine<void>): Timer {
    const vector = firstTimerVector + timerCount - 1 - this.#timers;
    if (this.#timers === timerCount) beyondModel('the timers of a CPU');
    this.#timers += 1;
    this.vectors.set(vector, handler);
    return {
      * arm(delayNs: number): Routine<void> {
        yield { kind: 'arm-timer', vector, delayNs };
      },
    };
  }

  /** Sleeps for the whole time, taking interrupts in between. */
  * sleep(durationNs: number): Routine<void> {
    let vector = yield { kind: 'sleep', durationNs };
    while (vector !== 0) {
      assert(typeof vector === 'number', 'a sleep is answered with a vector');
      const handler = this.vectors.handler(vector);
      if (handler !== undefined) yield* handler();
      vector = yield { kind: 'resume-sleep' };
    }
  }

  /** wait_for_completion_timeout: whether an interrupt's handler made `isDone` true before the time was over. */
  * sleepUntil(isDone: () => boolean, timeoutNs: number): Routine<boolean> {
    if (isDone()) return true;
    let vector = yield { kind: 'sleep', durationNs: timeoutNs };
    while (vector !== 0) {
      assert(typeof vector === 'number', 'a sleep is answered with a vector');
      const handler = this.vectors.handler(vector);
      if (handler !== undefined) yield* handler();
      if (isDone()) {
        yield { kind: 'wake-up' };
        return true;
      }
      vector = yield { kind: 'resume-sleep' };
    }
    return isDone();
  }
}
