/** An exploration as a JSON document, for scripts. */
import type { Exploration } from '../../analysis/explore/explore.ts';
import { formatFingerprint } from '../../base/hash.ts';
import type { ExploreOptions } from '../../analysis/explore/options.ts';
import { printOrder } from '../../scenario/text/order-text.ts';
import { claimLine } from '../../scenario/text/print-text.ts';
import { crashedReleaseOf, type Scenario } from '../../scenario/scenario.ts';

export function explorationJson(
  path: string, scenario: Scenario, options: ExploreOptions, found: Exploration,
): object {
  return {
    version: 1,
    file: path,
    scenario: scenario.name,
    crashed: crashedReleaseOf(scenario),
    capture: scenario.capture.release,
    window: { from: found.window.name, step: found.window.steps, reached: found.window.reached },
    inFlight: options.inFlight,
    hardware: found.hardware,
    end: found.end.kind,
    limit: found.end.kind === 'limit' ? found.end.limit : null,
    beyond: found.end.kind === 'beyond' ? found.end.what : found.window.beyond,
    states: found.states,
    transitions: found.transitions,
    depth: found.depth,
    fingerprintBits: 64,
    fingerprintSeed: options.seed,
    windowFingerprint: found.start === null ? null : formatFingerprint(found.start),
    fingerprintsChecked: found.comparisons,
    claims: found.claims.map(({ claim, outcome, counterexample, variation, hardware }) => ({
      claim: claimLine(claim), outcome,
      combinations: hardware === null ? null
        : { violated: hardware.violated, of: hardware.of, always: hardware.always, never: hardware.never },
      counterexample: counterexample === null ? null : {
        hardware: variation,
        steps: counterexample.moves, switches: counterexample.switches, shortest: counterexample.isShortest,
        order: printOrder(counterexample.scenario.order ?? []),
      },
    })),
    holds: found.claims.every(({ outcome }) => outcome === 'holds'),
  };
}
