/** With which hardware claims are violated, where every combination was tried. */
import { fail } from '../../base/assert.ts';
import { standsFor, variations, type OpenChoice, type Variation, type VariedSpace } from './spaces.ts';

export interface ChoiceValue {
  readonly name: string;
  /** `as they are`: what the units choose, where they do not agree. */
  readonly value: string;
}

export interface HardwareShare {
  /** In so many of the combinations the claim is violated. */
  readonly violated: number;
  readonly of: number;
  /** Values with which it always is, and with which it never is; none where all combinations are alike. */
  readonly always: readonly ChoiceValue[];
  readonly never: readonly ChoiceValue[];
}

/** For each claim. */
export function sharesOf(claims: number, open: readonly OpenChoice[], found: readonly VariedSpace[]): readonly HardwareShare[] {
  const all = [...variations(open)].map((variation) => ({
    variation,
    space: found.find((known) => standsFor(known.variation, known.space.asked, variation))?.space
      ?? fail('every combination was explored'),
  }));
  const values = open.flatMap(({ name, own, others }): readonly ChoiceValue[] =>
    [own ?? unlike, ...others].map((value) => ({ name, value })));
  return Array.from({ length: claims }, (_, claim) => {
    const isViolated = ({ space }: Pick<VariedSpace, 'space'>): boolean => space.counterexamples.has(claim);
    const violated = all.filter(isViolated).length;
    const isMixed = violated > 0 && violated < all.length;
    const those = ({ name, value }: ChoiceValue): readonly VariedSpace[] => all.filter(({ variation }) =>
      valueIn(variation, open, name) === value);
    return {
      violated, of: all.length,
      always: isMixed ? values.filter((value) => those(value).every(isViolated)) : [],
      never: isMixed ? values.filter((value) => !those(value).some(isViolated)) : [],
    };
  });
}

const unlike = 'as they are';

function valueIn(variation: Variation, open: readonly OpenChoice[], name: string): string {
  return variation.find((setting) => setting.name === name)?.value ?? open.find((choice) => choice.name === name)?.own ?? unlike;
}
