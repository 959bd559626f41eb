/** Releases across, scenarios or hardware choices down. */
import { hardwareChoices } from '../../vtd/choices.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import type { MatrixCell } from './cell.ts';

export interface MatrixScenario {
  readonly file: string;
  readonly scenario: Scenario;
}

export interface Choice {
  readonly name: string;
  readonly value: string;
}

export interface MatrixRow {
  readonly file: string;
  readonly scenario: string;
  /** The hardware choice that this row takes; null: the file's own. */
  readonly choice: Choice | null;
  /** In the order of the releases. */
  readonly cells: readonly MatrixCell[];
}

/** Row by row, each cell when the one before is there. */
export async function makeMatrix(
  files: readonly MatrixScenario[], releases: readonly string[], varied: readonly string[],
  cellOf: (scenario: Scenario) => Promise<MatrixCell>,
): Promise<readonly MatrixRow[]> {
  const choices = varied.flatMap((name): readonly Choice[] => valuesOf(name).map((value) => ({ name, value })));
  const rows: MatrixRow[] = [];
  for (const { file, scenario } of files) {
    for (const choice of choices.length === 0 ? [null] : choices) {
      const cells: MatrixCell[] = [];
      for (const release of releases) cells.push(await cellOf(withChoice(withCapture(scenario, release), choice)));
      rows.push({ file, scenario: scenario.name, choice, cells });
    }
  }
  return rows;
}

export function valuesOf(choice: string): readonly string[] {
  return Object.entries(hardwareChoices).find(([name]) => name === choice)?.[1] ?? [];
}

/** `Result: Holds` speaks of the release in the file, also when another takes its place. */
export function withCapture(scenario: Scenario, release: string): Scenario {
  const { capture } = scenario;
  const named = (expectations: Scenario['expectations']): Scenario['expectations'] =>
    expectations.map((row) => ({ ...row, release: row.release ?? capture.release }));
  return {
    ...scenario, capture: { ...capture, release },
    expectations: named(scenario.expectations), explorations: named(scenario.explorations),
  };
}

/** A file says nothing of another choice than its own. */
function withChoice(scenario: Scenario, choice: Choice | null): Scenario {
  if (choice === null) return scenario;
  const { name, value } = choice;
  return {
    ...scenario, expectations: [], explorations: [],
    units: scenario.units.map((unit) => ({
      ...unit, choices: [...unit.choices.filter((known) => known.name !== name), { name, value }],
    })),
  };
}
