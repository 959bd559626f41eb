/** What the builds of one release differ in, as far as it shows: options of the kernel's configuration. */

export interface KernelConfig {
  /** CONFIG_DMAR_DEBUG: a fault is followed by a dump of the tables (5.15). */
  readonly dmarDebug: boolean;
  /** CONFIG_INTEL_IOMMU_SVM. */
  readonly svm: boolean;
  /** Whether ids of copied context entries are given out again, against the release's own way; null: its own. */
  readonly copiedIds: 'reserved' | 'reused' | null;
}

/** As distributions build it; `config` of a scenario's kernel departs from it, word by word. */
export const configWords = ['dmar-debug', 'no-svm', 'reuse-copied-ids', 'reserve-copied-ids'] as const;
/** Of these, what people set who build a kernel to look at the IOMMU. */
const ownBuild = ['dmar-debug', 'no-svm'] as const;

export function kernelConfig(words: readonly string[]): KernelConfig {
  const copiedIds = words.includes('reuse-copied-ids') ? 'reused' : null;
  return {
    dmarDebug: words.includes('dmar-debug'), svm: !words.includes('no-svm'),
    copiedIds: words.includes('reserve-copied-ids') ? 'reserved' : copiedIds,
  };
}

/**
 * What the release in a kernel's version line (its first word) tells of its build: distributions have shared virtual memory and no debug
 * dump; kernels that people build for themselves to look at the IOMMU have it the other way round.
 */
export function configOfVersion(version: string): readonly (typeof configWords)[number][] {
  const [release] = version.split(/\s/);
  const isDistribution = /-\d+(\.\d+)?-(amd64|generic|default)$|\.(fc|el)\d+/.test(release ?? '');
  return isDistribution ? [] : ownBuild;
}
