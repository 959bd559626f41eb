/** Releases of mainline, each as the one before it with what it changed. */
import { firstRelease, releaseAs, type HandoffStep } from './release.ts';

/** The entry itself, without what is flushed around it. */
const clearAndWrite: readonly HandoffStep[] = ['clear-entry', 'write-fields', 'set-present', 'write-back'];

/** To 4.1 the setters find an entry that was never written. */
const writeOnly: readonly HandoffStep[] = ['write-fields', 'set-present', 'write-back', 'context-present-cache-flush'];

export const linux49rc5 = firstRelease({
  name: 'linux-4.9-rc5', kind: 'released', commit: 'dbcd861f252d and its neighbours', date: '2016-11-13',
  about: 'tables copied, ids reserved, one global flush at start; at the handoff no invalidation of the old id',
  unconfirmed: ['the ids of the commits of June 2015 that reserve ids and mark entries',
    'that one-line faults (a0fe14d7dcf5) and the rate limit (c43fce4eebae) came with 4.6'],
  takeOver: 'copied-tables',
  commandFromStatus: true,
  copiedMark: 'entry-bit-67',
  reservesCopiedIds: true,
  handoff: [...clearAndWrite, 'context-present-cache-flush'],
  firstEntry: [...clearAndWrite, 'context-present-cache-flush'],
  teardown: 'clear-then-global',
  reservedRegions: 'at-start-or-handoff',
  attach: 'first-map',
  dmaApi: 'intel-dma-ops',
  identityId: 'at-attach',
  switchedOff: 'left-on',
  coreOptions: [],
  startUpMessages: '4.2',
  faultLine: 'one-line',
  faultRateLimit: 'by-interrupt',
  trustsPointerFlush: false,
  writeOnlyEntries: true,
  vectorOrder: 'spread',
  faultStatusClear: 'PFO-PPF',
  faultMessage: 'once',
  atCrash: 'nothing',
  avoidsOldAddresses: false,
  resetsEndpointsFirst: false,
  commandLine: '',
});

export const linux42CopyOnly = releaseAs(linux49rc5, {
  name: 'linux-4.2-copy-only', kind: 'hypothetical', commit: '091d42e43d21b6ca7ec39bf5f9e17bc0bd8d4312', date: '2015-06',
  about: 'copied entries are not marked, ids not reserved: the handoff writes nothing, the old tables stay in force',
  unconfirmed: ['never released: the early switch-off of 4.1, which that commit still has, is taken out'],
  copiedMark: 'none', reservesCopiedIds: false, firstEntry: writeOnly, handoff: [], faultLine: 'two-lines-with-prefix',
  faultRateLimit: 'none',
});

export const linux41 = releaseAs(linux49rc5, {
  name: 'linux-4.1', kind: 'released', commit: '3a93c841c2b3b14824f7728dd74bd00a1cedb806', date: '2013-04',
  about: 'translation is switched off before all else, then empty tables; the first map writes a fresh entry',
  unconfirmed: ['4.1 itself is not stored: read at 3a93c841c2b3 and at the state of June 2015',
    'that dmar_fault clears PFO and PPF alone by 4.1'],
  takeOver: 'translation-off-first', copiedMark: 'none', reservesCopiedIds: false, firstEntry: writeOnly, handoff: [],
  identityId: 'at-start', reservedRegions: 'at-start', startUpMessages: 'before-4.2', faultLine: 'two-lines',
  faultRateLimit: 'none',
});

export const linux39 = releaseAs(linux41, {
  name: 'linux-3.9', kind: 'released', commit: 'before 3a93c841c2b3', date: '2013-04-28',
  about: 'no early switch-off: empty tables are set and flushed under the running devices, which then fault (1, 2)',
  unconfirmed: ['whether 3.10 or 3.11 was the first release with 3a93c841c2b3'],
  takeOver: 'empty-tables', commandFromStatus: false, faultStatusClear: 'everything',
});

export const linux410 = releaseAs(linux49rc5, {
  name: 'linux-4.10', kind: 'released', commit: 'aec0e86172a79eb5e44aff1055bb953fe4d47c59', date: '2016-12-05',
  about: 'before the write the context cache of the old id is flushed, the IOTLB is not (patch v3)',
  unconfirmed: ['that the list of changes said "Flush context cache only"'],
  handoff: ['flush-context-old', ...clearAndWrite, 'context-present-cache-flush'],
});

export const linux412 = releaseAs(linux410, {
  name: 'linux-4.12', kind: 'released', commit: 'f73a7eee900e', date: '2017-05-05',
  about: 'before the write context cache and IOTLB of the old id are flushed; the legacy order up to 6.11',
  unconfirmed: ['the id of the commit, and that 4.12 was the first release with it',
    'that 4.12 was the first in which intel_iommu=off switches translation off (161b28aae165)'],
  handoff: ['flush-context-old', 'flush-iotlb-old', ...clearAndWrite, 'context-present-cache-flush'],
  switchedOff: 'translation-off',
});

export const linux53 = releaseAs(linux412, {
  name: 'linux-5.3', kind: 'released', commit: '8af46c784ece', date: '2019-07',
  about: 'the core attaches devices, deferred in a capture kernel, and maps reserved regions; '
    + 'a lazy queue of 256 entries that flushes its own domain (4.15)',
  unconfirmed: ['that the queue came with 13cf01744608', 'the id of the commit',
    'that FSTS.PRO is cleared and tokens are taken by record (6c50d79f6638, 4.19) by 5.3'],
  reservedRegions: 'core', attach: 'probe-or-deferred', coreOptions: ['passthrough'], startUpMessages: '5.3',
  faultRateLimit: 'by-record',
  vectorOrder: 'matrix', faultMessage: 'affinity-after-start',
  faultStatusClear: 'PFO-PPF-PRO',
});

export const linux511 = releaseAs(linux53, {
  name: 'linux-5.11', kind: 'released', commit: 'c588072bba6b54b4b946485228b0409f23cd68a6', date: '2020-11',
  about: 'dma-iommu: no addresses in the windows of the host bridge; a device passed through is never taken over',
  dmaApi: 'dma-iommu', startUpMessages: '5.11', faultLine: 'with-pasid', teardown: 'clear-then-flush',
});

export const linux61 = releaseAs(linux511, {
  name: 'linux-6.1', kind: 'released', commit: '0c5f6c0d8201a809a6585b07b6263e9db2c874a3', date: '2022-08-23',
  about: 'a bitmap marks copied entries, which are copied verbatim; teardown clears P first (6.1.192)',
  unconfirmed: ['the ids of the commits that made fault lines hexadecimal (719a19335692, 4d99efb229e6; 5.14, 5.15)'],
  copiedMark: 'bitmap', coreOptions: ['passthrough', 'strict', 'forcedac'], teardown: 'present-first',
  faultLine: 'hexadecimal',
  identityId: 'reserved', startUpMessages: '5.15', trustsPointerFlush: true, writeOnlyEntries: false,
  faultMessage: 'affinity-before-start',
});

export const linux69ScalableMode = releaseAs(linux61, {
  name: 'linux-6.9-sm', kind: 'released', commit: '301f1a80487fd2f51012533792583d4425e8b8c0', date: '2024-03',
  about: 'in scalable mode: clear, write back, context cache, PASID cache and IOTLB flushed, then the new entry',
  notModelled: 'scalable mode',
});

export const linux612 = releaseAs(linux61, {
  name: 'linux-6.12', kind: 'released', commit: 'c7191984e5aade540f1a3845a116537c89572655', date: '2024-09',
  about: 'the copied entry is cleared first, then context cache and IOTLB of its id are flushed; '
    + 'id 1 is kept for identity',
  handoff: ['clear-entry', 'flush-context-old', 'flush-iotlb-old', ...clearAndWrite, 'context-present-cache-flush'],
  identityId: 'fixed', startUpMessages: '6.12', teardown: 'clear-then-flush',
});

export const linux70 = releaseAs(linux612, {
  name: 'linux-7.0', kind: 'released', commit: 'c1e4f1dccbe9d7656d1c6872ebeadb5992d0aaa2', date: '2026-01',
  about: 'teardown clears P first; the legacy handoff is that of 6.12',
  teardown: 'present-first',
});

export const linux70ScalableMode = releaseAs(linux70, {
  name: 'linux-7.0-sm', kind: 'released', commit: 'c1e4f1dccbe9d7656d1c6872ebeadb5992d0aaa2', date: '2026-01',
  about: 'in scalable mode: P off and written back, the caches flushed, then the rest, the new entry, P last',
  notModelled: 'scalable mode',
});
