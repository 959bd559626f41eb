/** What a unit of a scenario chooses where the specification leaves it to the hardware. */
import { fail } from '../base/assert.ts';
import type { UnitDescription } from '../scenario/scenario.ts';
import { withChoice, type HardwareChoices } from '../vtd/choices.ts';
import { profileNamed } from '../vtd/profiles/profiles.ts';

/** Its profile's choices, with those of its own. */
export function choicesOf({ profile, choices }: Pick<UnitDescription, 'profile' | 'choices'>): HardwareChoices {
  const known = profileNamed(profile) ?? fail(`the scenario was checked: profile ${profile}`);
  return choices.reduce((chosen, { name, value }) =>
    withChoice(chosen, name, value) ?? fail(`the scenario was checked: choice ${name} ${value}`), known.choices);
}
