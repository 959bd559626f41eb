/**
 * The hardware that is left open. Each way of changing what the units choose, for all of them alike, is a space
 * of its own, but only what units ask for counts: a space stands for every other that differs from it in choices
 * which nobody asks for there.
 */
import { choicesOf } from '../../machine/unit-choices.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { hardwareChoices, isChoiceName, type ChoiceName } from '../../vtd/choices.ts';
import type { OpenHardware } from './options.ts';
import type { Space } from './space.ts';

/** What a cache forgets by being full, it may as well forget by itself: evictions stand for these. */
const capacities: ReadonlySet<string> = new Set(['context-cache-entries', 'iotlb-entries', 'when-full']);

export interface Setting {
  readonly name: ChoiceName;
  readonly value: string;
}

/** What is made otherwise than the units make it, in the order of the choices. */
export type Variation = readonly Setting[];

export interface VariedSpace {
  readonly variation: Variation;
  readonly space: Space;
}

export interface OpenChoice {
  readonly name: ChoiceName;
  /** The value that all units take; null: they do not agree. */
  readonly own: string | null;
  readonly others: readonly string[];
}

/** The choices that are open and were asked for, in their order. */
export function openChoices(scenario: Scenario, open: OpenHardware, asked: ReadonlySet<string>): readonly OpenChoice[] {
  const units = scenario.units.map(choicesOf);
  const isOpen = (name: ChoiceName): boolean => open.choices === 'all' ? !capacities.has(name) : open.choices.includes(name);
  return Object.keys(hardwareChoices).filter(isChoiceName).filter((name) => asked.has(name) && isOpen(name)).map((name) => {
    const [first] = units;
    const own = first !== undefined && units.every((choices) => choices[name] === first[name]) ? first[name] : null;
    return { name, own, others: hardwareChoices[name].filter((value) => value !== own) };
  });
}

export function combinationsOf(open: readonly OpenChoice[]): number {
  return open.reduce((product, { others }) => product * (1 + others.length), 1);
}

/** Every variation, those that change least first: what is found with few changes is told with few. */
export function* variations(open: readonly OpenChoice[]): Generator<Variation> {
  for (let changes = 0; changes <= open.length; changes += 1) yield* withChanges(open, changes);
}

function* withChanges(open: readonly OpenChoice[], changes: number): Generator<Variation> {
  if (changes === 0) yield [];
  if (changes === 0 || changes > open.length) return;
  for (const [at, { name, others }] of open.entries()) {
    for (const value of others) {
      for (const rest of withChanges(open.slice(at + 1), changes - 1)) yield [{ name, value }, ...rest];
    }
  }
}

/** Whether a space with this variation, in which these choices were asked for, is the same as that of `other`. */
export function standsFor(variation: Variation, asked: ReadonlySet<string>, other: Variation): boolean {
  const differs = ({ name, value }: Setting, from: Variation): boolean =>
    asked.has(name) && !from.some((setting) => setting.name === name && setting.value === value);
  return !variation.some((setting) => differs(setting, other)) && !other.some((setting) => differs(setting, variation));
}

/** The scenario with all its units made so. */
export function withSettings(scenario: Scenario, settings: Variation): Scenario {
  if (settings.length === 0) return scenario;
  return {
    ...scenario,
    units: scenario.units.map((unit) => ({
      ...unit,
      choices: [...unit.choices.filter(({ name }) => settings.every((setting) => setting.name !== name)), ...settings],
    })),
  };
}
