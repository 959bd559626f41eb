/** The names that a scenario may use, collected from the layers that give them a meaning. */
import { unmodelledOption } from '../linux/iommu/options.ts';
import { driverTraits } from '../linux/drivers/drivers.ts';
import { configWords } from '../linux/releases/builds.ts';
import { releases } from '../linux/releases/releases.ts';
import { deviceModels } from '../machine/devices/models.ts';
import { timingDefaultsNs } from '../machine/timing.ts';
import type { Vocabulary } from '../scenario/check/check-context.ts';
import { hardwareChoices } from '../vtd/choices.ts';
import { capabilityProblem } from '../vtd/capability-problem.ts';
import { profileNamed, unitProfiles } from '../vtd/profiles/profiles.ts';

export const vocabulary: Vocabulary = {
  profiles: unitProfiles.map(({ name }) => name),
  releases: releases.map(({ name }) => name),
  models: new Map([...deviceModels].map(([name, { barBytes }]) => [name, { barBytes, ...driverTraits(name) }])),
  choices: new Map(Object.entries(hardwareChoices)),
  timings: Object.keys(timingDefaultsNs),
  configs: configWords,
  registersOf: profileNamed,
  capabilityProblem,
  unmodelledOption,
};
