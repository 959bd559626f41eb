/** What both spellings of a scenario are parsed to, before it is checked. */

import type { Scenario } from './scenario.ts';
import type { SpanTable } from './span.ts';

/** Parts of a scenario in which something could not be understood. */
export type BrokenPart = 'platform' | 'units' | 'bridges' | 'devices' | 'crashed' | 'capture' | 'claims';

/**
 * A whole tree even for a file with errors: what is missing or was not understood has a placeholder
 * without a span, and its part is named in `broken`, so that the checks do not report a name as
 * unknown whose definition is merely misspelt. Such a tree never leaves this folder.
 */
export interface ParsedScenario {
  readonly scenario: Scenario;
  readonly spans: SpanTable;
  readonly broken: ReadonlySet<BrokenPart>;
}
