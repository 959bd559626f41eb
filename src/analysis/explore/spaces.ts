/** The hardware that is left open: a space for each combination of values, found as units ask for them. */
import type { Scenario } from '../../scenario/scenario.ts';
import { hardwareChoices, isChoiceName, type ChoiceName } from '../../vtd/choices.ts';
import type { OpenHardware } from './options.ts';

/** What a cache forgets by being full, it may as well forget by itself: evictions stand for these. */
const capacities: ReadonlySet<string> = new Set(['context-cache-entries', 'iotlb-entries', 'when-full']);

export interface Setting {
  readonly name: ChoiceName;
  readonly value: string;
}

/** Every combination of values of the given choices, the first value of each first. */
export function combinations(names: readonly ChoiceName[]): readonly (readonly Setting[])[] {
  return names.reduce<readonly (readonly Setting[])[]>((sofar, name) => sofar.flatMap((settings) =>
    hardwareChoices[name].map((value) => [...settings, { name, value }])), [[]]);
}

/** The choices that are open: those named, or of those that were asked for all that evictions do not stand for. */
export function openChoices(open: OpenHardware, asked: ReadonlySet<string>): readonly ChoiceName[] {
  if (open.choices !== 'all') return open.choices;
  return Object.keys(hardwareChoices).filter((name) => isChoiceName(name) && asked.has(name)
    && !capacities.has(name)).filter(isChoiceName);
}

/** The scenario with all its units made so. */
export function withSettings(scenario: Scenario, settings: readonly Setting[]): Scenario {
  if (settings.length === 0) return scenario;
  return {
    ...scenario,
    units: scenario.units.map((unit) => ({
      ...unit,
      choices: [...unit.choices.filter(({ name }) => settings.every((setting) => setting.name !== name)), ...settings],
    })),
  };
}
