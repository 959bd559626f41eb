/** A matrix as one JSON document. */
import type { MatrixTable } from './matrix-text.ts';

export function matrixDocument({ releases, rows, explored }: MatrixTable): object {
  return {
    version: 1,
    explored: explored !== null,
    inFlight: explored?.inFlight ?? null,
    releases,
    rows: rows.map(({ file, scenario, choice, cells }) => ({
      file, scenario, choice: choice === null ? null : { name: choice.name, value: choice.value },
      cells: cells.map(({ release, outcome, states, steps, isShortest, event, expected, asExpected, why }) => ({
        release, outcome: outcome === 'foreign' ? 'other-owners-buffer' : outcome, states, steps,
        shortest: steps === null ? null : isShortest, event, expected, asExpected, why,
      })),
    })),
  };
}
