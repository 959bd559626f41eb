/** What every check of a scenario is given. */

import type { Word64 } from '../../base/word.ts';
import type { BrokenPart } from '../parsed.ts';
import type { Problems } from '../problems.ts';
import type { Scenario } from '../scenario.ts';
import type { SpanTable } from '../span.ts';

export interface UnitRegisters {
  readonly capability: Word64;
  readonly extendedCapability: Word64;
}

/** What a scenario must know of a device model before it can be run. */
export interface ModelTraits {
  readonly hasDriver: boolean;
  /** The driver takes `submit`. */
  readonly takesRequests: boolean;
  /** How much of its BAR the model answers. */
  readonly barBytes: number;
}

/** The names that other layers give a meaning to. */
export interface Vocabulary {
  readonly profiles: readonly string[];
  readonly releases: readonly string[];
  readonly models: ReadonlyMap<string, ModelTraits>;
  /** The values that each hardware choice can have. */
  readonly choices: ReadonlyMap<string, readonly string[]>;
  readonly timings: readonly string[];
  /** What CAP and ECAP of a profile read. */
  readonly registersOf: (profile: string) => UnitRegisters | undefined;
  /** Options in which the build of a kernel may depart from the usual. */
  readonly configs: readonly string[];
  /** Why no unit can have these registers. */
  readonly capabilityProblem: (registers: UnitRegisters) => string | undefined;
  /** A word of a kernel command line that asks for what is not modelled. */
  readonly unmodelledOption: (commandLine: string) => string | undefined;
}

/** What every check is given. */
export interface CheckContext {
  readonly scenario: Scenario;
  readonly spans: SpanTable;
  readonly broken: ReadonlySet<BrokenPart>;
  readonly problems: Problems;
  readonly vocabulary: Vocabulary;
}
