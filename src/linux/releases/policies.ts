/** Other ways through a crash: switches of the capture kernel, proposals that were not merged, and what others do. */
import { linux41, linux412, linux49rc5 } from './mainline.ts';
import { releaseAs } from './release.ts';

export const policies = [
  releaseAs(linux41, {
    name: 'indoh-2012', kind: 'policy', commit: 'mail, v7 of 2012', date: '2012',
    about: 'a hot reset of every endpoint before the unit is touched, with reset_devices (Takao Indoh)',
    unconfirmed: ['that nothing but the reset differs: the series was for 3.6 and 3.7'],
    resetsEndpointsFirst: true,
  }),
  releaseAs(linux412, {
    name: 'sumner-2014', kind: 'policy', commit: 'mail of April 2014', date: '2014-04',
    about: 'new addresses only from ranges that the copied tables do not use (Bill Sumner)',
    avoidsOldAddresses: true,
  }),
  releaseAs(linux41, {
    name: 'capture-off-4.1', kind: 'policy', commit: '3a93c841c2b3b14824f7728dd74bd00a1cedb806', date: '2013-04',
    about: 'with intel_iommu=off: translation is switched off at the start all the same',
    commandLine: 'intel_iommu=off',
  }),
  releaseAs(linux49rc5, {
    name: 'capture-off-4.9', kind: 'policy', commit: '60b523ecfe64', date: '2015-06',
    about: 'with intel_iommu=off: translation stays on with the old tables, and drivers use physical addresses',
    unconfirmed: ['the id of the commit that took the early switch-off away'],
    commandLine: 'intel_iommu=off',
  }),
  releaseAs(linux412, {
    name: 'capture-off-4.12', kind: 'policy', commit: '161b28aae165', date: '2017-03',
    about: 'with intel_iommu=off: translation is switched off again',
    unconfirmed: ['that 4.12 was the first release with it'],
    commandLine: 'intel_iommu=off',
  }),
  releaseAs(linux49rc5, {
    name: 'capture-pt', kind: 'policy', commit: '86080ccc223aabf8d0b85a504f4f06aa88e82fb3', date: '2015-06',
    about: 'with iommu=pt: at its first map a device gets a pass-through entry, without a flush',
    commandLine: 'iommu=pt',
  }),
  releaseAs(linux412, {
    name: 'xen-crash-disable', kind: 'policy', commit: 'Xen, vtd_crash_shutdown', date: '2026',
    about: 'at the crash all caches are flushed, then translation, interrupt remapping and queue switched off',
    unconfirmed: ['since which release of Xen'],
    atCrash: 'flush-and-off',
  }),
  releaseAs(linux412, {
    name: 'orderly-kexec', kind: 'policy', commit: '6c3a44ed3c55', date: '2019-11',
    about: 'it does not crash: Bus Master of every device off, then translation; the next kernel is no capture kernel',
    unconfirmed: ['the id of the commit that added intel_iommu_shutdown, and its release, 5.5'],
    atCrash: 'orderly',
  }),
];
