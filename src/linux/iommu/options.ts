/** `intel_iommu_setup` and `iommu_setup`: what the command line asks of the driver (4.9). */
import type { CommandLine } from '../core/command-line.ts';

/** The words of `intel_iommu=` that are followed; the others are not modelled and refused earlier. */
export interface IommuOptions {
  readonly strict: boolean;
  readonly forceDac: boolean;
}

export function iommuOptions(commandLine: CommandLine): IommuOptions {
  const words = commandLine.values('intel_iommu');
  return { strict: words.includes('strict'), forceDac: words.includes('forcedac') };
}

/** Options that change what the kernels do to the unit and are not modelled yet. */
export function unmodelledOption(commandLine: string): string | undefined {
  return commandLine.split(/\s+/).find((word) =>
    /^(iommu=(pt|nopt|off|soft)|intel_iommu=.*\b(off|sp_off|igfx_off|ecs_off|pasid28)\b.*)$/.test(word));
}
