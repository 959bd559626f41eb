/** `intel_iommu_setup` and `iommu_setup`: what the command line asks of the driver (4.9). */
import { printk } from '../core/bus.ts';
import type { CommandLine } from '../core/command-line.ts';
import type { Routine } from '../core/operation.ts';
import type { DriverMessages } from './driver-messages.ts';

/** The words of `intel_iommu=` that are followed; the others are not modelled and refused earlier. */
export interface IommuOptions {
  /** dmar_disabled or no_iommu: the unit is not used. */
  readonly off: boolean;
  readonly strict: boolean;
  readonly forceDac: boolean;
}

export function iommuOptions(commandLine: CommandLine): IommuOptions {
  const words = commandLine.values('intel_iommu');
  // The last of on and off counts; the kernels are built with CONFIG_INTEL_IOMMU_DEFAULT_ON.
  const switched = words.filter((word) => word === 'on' || word === 'off').at(-1);
  const off = switched === 'off' || commandLine.values('iommu').includes('off');
  return { off, strict: words.includes('strict'), forceDac: words.includes('forcedac') };
}

/** What the driver says of the words that it knows, each time it meets one. */
export function* intelIommuSetup(commandLine: CommandLine, messages: DriverMessages): Routine<void> {
  for (const word of commandLine.values('intel_iommu')) {
    if (word === 'on' || word === 'off' || word === 'strict' || word === 'forcedac') {
      yield* printk(messages.setup[word]);
    }
  }
}

/** Options that change what the kernels do to the unit and are not modelled yet. */
export function unmodelledOption(commandLine: string): string | undefined {
  return commandLine.split(/\s+/).find((word) =>
    /^(iommu=(.*,)?(pt|nopt|soft|force|merge)(,.*)?|intel_iommu=(.*,)?(sp_off|igfx_off|ecs_off|pasid28|sm_on|sm_off)(,.*)?)$/.test(word));
}
