/** `intel_iommu_setup` and `iommu_setup`: what the command line asks of the driver. */
import { printk } from '../core/bus.ts';
import type { CommandLine } from '../core/command-line.ts';
import type { Routine } from '../core/operation.ts';
import type { Release } from '../releases/release.ts';
import type { DriverMessages } from './driver-messages.ts';

/** The words of `intel_iommu=` that are followed; the others are not modelled and refused earlier. */
export interface IommuOptions {
  /** dmar_disabled or no_iommu: the unit is not used. */
  readonly off: boolean;
  /** iommu_pass_through. */
  readonly passThrough: boolean;
  readonly strict: boolean;
  readonly forceDac: boolean;
  /** The driver's pr_debug lines are switched on (dyndbg). */
  readonly debug: boolean;
}

/** Words that a release does not know are passed over, as its kernel does. */
export function iommuOptions(commandLine: CommandLine, release: Release): IommuOptions {
  const words = commandLine.values('intel_iommu');
  const words86 = commandLine.values('iommu');
  // The last of on and off counts; the kernels are built with CONFIG_INTEL_IOMMU_DEFAULT_ON.
  const off = lastOf(words, 'on', 'off') === 'off' || words86.includes('off');
  return {
    off,
    passThrough: passThroughAsked(commandLine, release),
    strict: words.includes('strict') || (release.coreOptions.includes('strict') && isYes(commandLine, 'iommu.strict')),
    forceDac: words.includes('forcedac')
      || (release.coreOptions.includes('forcedac') && isYes(commandLine, 'iommu.forcedac')),
    debug: /\bdyndbg="?file[ ,]drivers\/iommu\/intel(\/iommu|-iommu)\.c[ ,]\+p/.test(commandLine.text),
  };
}

/** `iommu=pt` of x86; from 5.3 on the core's default domain, which has an option of its own and can be set back. */
function passThroughAsked(commandLine: CommandLine, { coreOptions }: Release): boolean {
  const words = commandLine.values('iommu');
  if (!coreOptions.includes('passthrough')) return words.includes('pt');
  const asked = lastOf(words, 'pt', 'nopt');
  return asked === undefined ? isYes(commandLine, 'iommu.passthrough') : asked === 'pt';
}

function lastOf(words: readonly string[], ...among: readonly string[]): string | undefined {
  return words.filter((word) => among.includes(word)).at(-1);
}

/** kstrtobool. */
function isYes(commandLine: CommandLine, name: string): boolean {
  return /^(1|y|on)/i.test(commandLine.values(name).at(-1) ?? '');
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
    /^(iommu=(.*,)?(soft|force|merge)(,.*)?|intel_iommu=(.*,)?(sp_off|igfx_off|ecs_off|pasid28|sm_on|sm_off)(,.*)?)$/.test(word));
}
