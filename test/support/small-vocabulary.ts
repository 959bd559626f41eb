/** Names that exist for the tests of the scenario language, which knows none of its own. */
import type { Vocabulary } from '../../src/scenario/read.ts';

export const smallVocabulary: Vocabulary = {
  profiles: ['sandy-bridge-ep'],
  releases: ['linux-4.9-rc5', 'patch-v2'],
  models: new Map([
    ['hpsa', { hasDriver: true, takesRequests: true, barBytes: 0x100 }],
    ['nic', { hasDriver: true, takesRequests: false, barBytes: 0x2000 }],
    ['orphan', { hasDriver: false, takesRequests: false, barBytes: 0 }],
  ]),
  choices: new Map([['caching', ['by-device', 'by-domain']]]),
  timings: ['walk-step'],
  configs: ['debug'],
  registersOf: () => ({ capability: { low: 1, high: 0 }, extendedCapability: { low: 1, high: 0 } }),
  capabilityProblem: ({ capability }) => (capability.high === 0 && capability.low === 0 ? 'CAP reads zero' : undefined),
  unmodelledOption: (commandLine) => commandLine.split(' ').find((word) => word === 'iommu=pt'),
};
