/**
 * One running kernel: its command line, its memory, its DMAR units and PCI devices, its interrupt
 * handlers and its timer. A kernel is one CPU; it takes interrupts where it sleeps.
 *
 * Everything here lives inside the kernel's generator, so that a kernel's state follows from the
 * answers it was given and from nothing else.
 */
import { assert } from '../base/assert.ts';
import { busOf, type Address, type SourceId } from '../base/word.ts';
import type { Domain } from './dmar-domain.ts';
import type { FirmwareTable, PciDevice } from './firmware.ts';
import type { Iommu } from './iommu.ts';
import { timerVector, type Routine } from './operation.ts';
import { PageAllocator } from './pages.ts';
import { RateLimit } from './ratelimit.ts';
import type { Release } from './releases.ts';

export interface KernelSettings {
  readonly release: Release;
  readonly commandLine: string;
  readonly firmware: FirmwareTable;
  readonly devices: readonly PciDevice[];
  /** The memory that its allocator hands out. */
  readonly pages: { readonly first: Address; readonly end: Address };
}

/** The words of `intel_iommu=` that are followed; the others are not modelled and refused earlier. */
export interface IommuOptions {
  readonly strict: boolean;
  readonly forceDac: boolean;
}

export function iommuOptions(commandLine: string): IommuOptions {
  const words = commandLine.split(/\s+/)
    .filter((word) => word.startsWith('intel_iommu='))
    .flatMap((word) => word.slice('intel_iommu='.length).split(','));
  return { strict: words.includes('strict'), forceDac: words.includes('forcedac') };
}

/** Options that change what the kernels do to the unit and are not modelled yet. */
export function unmodelledOption(commandLine: string): string | undefined {
  return commandLine.split(/\s+/).find((word) =>
    /^(iommu=(pt|nopt|off|soft)|intel_iommu=.*\b(off|sp_off|igfx_off|ecs_off|pasid28)\b.*)$/.test(word));
}

export class Kernel {
  readonly settings: KernelSettings;
  readonly release: Release;
  readonly options: IommuOptions;
  readonly pages: PageAllocator;
  readonly iommus: Iommu[] = [];
  readonly domainOfDevice = new Map<SourceId, Domain>();
  /** for_each_rmrr_units runs from the last entry of the firmware's table to the first (list_add). */
  readonly reservedRegions: FirmwareTable['reservedRegions'];
  /** The static state of `dmar_fault`; one for all units. */
  readonly faultRateLimit = new RateLimit('dmar_fault');
  readonly #handlers = new Map<number, () => Routine<void>>();
  #nextVector = 0x31;

  constructor(settings: KernelSettings) {
    this.settings = settings;
    this.release = settings.release;
    this.options = iommuOptions(settings.commandLine);
    this.pages = new PageAllocator(settings.pages.first, settings.pages.end);
    this.reservedRegions = [...settings.firmware.reservedRegions].reverse();
  }

  hasOption(word: string): boolean {
    return this.settings.commandLine.split(/\s+/).includes(word);
  }

  /** request_irq: returns the vector that now leads to `handler`. */
  requestInterrupt(handler: () => Routine<void>): number {
    const vector = this.#nextVector;
    this.#nextVector += 1;
    this.#handlers.set(vector, handler);
    return vector;
  }

  onTimer(handler: () => Routine<void>): void {
    this.#handlers.set(timerVector, handler);
  }

  /** Sleeps for the whole time, taking interrupts in between. */
  * sleep(durationNs: number): Routine<void> {
    let vector = yield { kind: 'sleep', durationNs };
    while (vector !== 0) {
      assert(typeof vector === 'number', 'a sleep is answered with a vector');
      const handler = this.#handlers.get(vector);
      if (handler !== undefined) yield* handler();
      vector = yield { kind: 'resume-sleep' };
    }
  }

  /** device_to_iommu: the unit whose scope has the device, else the one with INCLUDE_PCI_ALL. */
  iommuOf(device: SourceId): Iommu {
    const bus = busOf(device);
    const index = this.settings.firmware.units.findIndex(({ buses }) => buses === null
      || (bus >= buses.first && bus <= buses.last));
    const iommu = this.iommus[index];
    assert(iommu !== undefined, 'a kernel without a DMAR unit maps nothing');
    return iommu;
  }
}
