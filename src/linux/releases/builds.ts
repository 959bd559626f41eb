/** What the builds of one release differ in, as far as it shows: options of the kernel's configuration. */

export interface KernelConfig {
  /** CONFIG_DMAR_DEBUG: a fault is followed by a dump of the tables (5.15). */
  readonly dmarDebug: boolean;
  /** CONFIG_INTEL_IOMMU_SVM. */
  readonly svm: boolean;
}

/** As distributions build it; `config` of a scenario's kernel departs from it, word by word. */
export const configWords = ['dmar-debug', 'no-svm'] as const;

export function kernelConfig(words: readonly string[]): KernelConfig {
  return { dmarDebug: words.includes('dmar-debug'), svm: !words.includes('no-svm') };
}
