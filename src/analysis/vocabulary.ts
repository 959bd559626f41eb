/** The names that a scenario may use, collected from the layers that give them a meaning. */
import { unmodelledOption } from '../linux/iommu/options.ts';
import { releases } from '../linux/releases/releases.ts';
import { deviceModels } from '../machine/devices/models.ts';
import { timingDefaultsNs } from '../machine/timing.ts';
import type { Vocabulary } from '../scenario/check-context.ts';
import { hardwareChoices } from '../vtd/choices.ts';
import { capabilityProblem } from '../vtd/capability-problem.ts';
import { profileNamed, unitProfiles } from '../vtd/profiles.ts';

export const vocabulary: Vocabulary = {
  profiles: unitProfiles.map(({ name }) => name),
  releases: releases.map(({ name }) => name),
  models: deviceModels,
  choices: new Map(Object.entries(hardwareChoices)),
  timings: Object.keys(timingDefaultsNs),
  registersOf: profileNamed,
  capabilityProblem,
  unmodelledOption,
};
