import type { Scenario } from '../../scenario/scenario.ts';

/** A way to violate a claim, to be run again and mailed. */
export interface Counterexample {
  /** The scenario with the schedule and the order that violate the claim. */
  readonly scenario: Scenario;
  readonly moves: number;
  readonly switches: number;
  /** False where time ran out before every shorter way had been excluded. */
  readonly isShortest: boolean;
}
