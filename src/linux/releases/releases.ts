/**
 * Releases of the driver, as data: which variant of which routine they have. What a release does is in
 * the routines; what distinguishes it is here.
 */
/** What a release does about a copied entry before it writes its own. */
export type CopiedContextFlush = 'none' | 'context-and-iotlb';

export interface Release {
  readonly name: string;
  readonly about: string;
  /** What `domain_context_mapping_one` does about a copied entry before it writes its own. */
  readonly copiedContextFlush: CopiedContextFlush;
}

export const releases: readonly Release[] = [
  {
    name: 'linux-4.9-rc5',
    about: 'tables are copied, ids reserved, one global flush at the start; nothing at the handoff',
    copiedContextFlush: 'none',
  },
  {
    name: 'patch-v2',
    about: 'as linux-4.9-rc5; at the handoff context cache (device) and IOTLB (domain) of the old id '
      + 'are flushed before the new entry is written (Xunlei Pang, 18 November 2016)',
    copiedContextFlush: 'context-and-iotlb',
  },
];

export function releaseNamed(name: string): Release | undefined {
  return releases.find((release) => release.name === name);
}
