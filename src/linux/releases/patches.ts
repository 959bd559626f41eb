/** What people posted, and what to hold it against: differences to a release of mainline. */
import { linux410, linux412, linux49rc5, linux61 } from './mainline.ts';
import { releaseAs } from './release.ts';

export const patches = [
  releaseAs(linux49rc5, {
    name: 'patch-v1-newdid', kind: 'patch', commit: 'kexec list, v1 by Xunlei Pang', date: '2016-11',
    about: 'before the write context cache and IOTLB of the new id are flushed',
    unconfirmed: ['the whole patch: its text is not stored, this is one of two readings of "v1 -> v2"'],
    handoff: ['flush-context-new', 'flush-iotlb-new', ...linux49rc5.handoff],
  }),
  releaseAs(linux49rc5, {
    name: 'patch-v1-cmblock', kind: 'patch', commit: 'kexec list, v1 by Xunlei Pang', date: '2016-11',
    about: 'after the write the flushes of caching mode, whatever the unit: context cache of id 0, IOTLB of the new id',
    unconfirmed: ['the whole patch: its text is not stored, this is one of two readings of "v1 -> v2"'],
    handoff: ['clear-entry', 'write-fields', 'set-present', 'write-back', 'flush-context-zero', 'flush-iotlb-new'],
  }),
  releaseAs(linux49rc5, {
    name: 'patch-v2', kind: 'patch', commit: 'kexec list 2016-November/017679', date: '2016-11-18',
    about: 'before the write context cache and IOTLB of the old id are flushed (Xunlei Pang)',
    handoff: ['flush-context-old', 'flush-iotlb-old', ...linux49rc5.handoff],
  }),
  releaseAs(linux412, {
    name: 'spec-6.5.3.3', kind: 'reference', commit: 'VT-d specification, section 6.5.3.3', date: '2016-06',
    about: 'P off and written back, then the caches of the old id, then the rest of the entry, P last',
    handoff: ['clear-present', 'write-back', 'flush-context-old', 'flush-iotlb-old', 'clear-entry', 'write-fields',
      'set-present', 'write-back', 'context-present-cache-flush'],
  }),
  releaseAs(linux412, {
    name: 'write-then-flush', kind: 'reference', commit: '36b7200f67df (AMD)', date: '2019-09',
    about: 'the new entry over the old one, then context cache and IOTLB of the old id, as AMD 5.4',
    handoff: ['overwrite-entry', 'write-back', 'flush-context-old', 'flush-iotlb-old', 'context-present-cache-flush'],
  }),
  releaseAs(linux412, {
    name: 'no-did-reserve', kind: 'reference', commit: '38e5f33ee359 (AMD), before dbcd861f252d (Intel)',
    date: '2025-08', about: 'the lowest free id is taken without regard to copied entries',
    unconfirmed: ['the id of the Intel commit'],
    reservesCopiedIds: false,
  }),
  releaseAs(linux61, {
    name: 'linux-6.1-noflush', kind: 'hypothetical', commit: '6.1.192, patched',
    date: '2022-12-11', about: 'the two flushes of the handoff are taken out',
    handoff: linux410.firstEntry,
  }),
];
