/** Flushes of the lazy queue: they come when a timer or a full queue says so, not where the kernel's code stands. */
import { get, zeroWord } from '../../base/word.ts';
import { CAP } from '../../vtd/capability.ts';
import type { Capture } from '../capture/capture.ts';
import { folded, type Step } from './step.ts';

/** Whether the capture kernel flushes at once what is unmapped: it was told to, or the unit has caching mode. */
export function isStrict({ commandLines, image }: Capture): boolean {
  return /(^|\s)(iommu\.strict=1|intel_iommu=(\S*,)?strict)(\s|,|$)/.test(commandLines.capture)
    || get(CAP.CM, image.registers.get('CAP') ?? zeroWord) === 1;
}

export interface WithoutLazyFlushes {
  readonly steps: readonly Step[];
  /** How often each domain was flushed. */
  readonly flushes: ReadonlyMap<number, number>;
  /** The first flush of each domain. */
  readonly lazy: readonly { readonly domain: number; readonly step: Step }[];
}

/** Takes the flushes of the lazy queue out: of a whole domain of the kernel's own, not with a context entry. */
export function withoutLazyFlushes(
  steps: readonly Step[], oldDomains: ReadonlySet<number>, strict: boolean,
): WithoutLazyFlushes {
  const flushes = new Map<number, number>();
  const first = new Map<number, Step>();
  const kept = steps.filter((step, index) => {
    const lazy = !strict && step.kind === 'iotlb' && step.selection === 'domain' && !oldDomains.has(step.domain)
      && steps[index - 1]?.kind !== 'context';
    if (!lazy) return true;
    flushes.set(step.domain, (flushes.get(step.domain) ?? 0) + 1);
    if (!first.has(step.domain)) first.set(step.domain, step);
    return false;
  });
  return { steps: folded(kept), flushes, lazy: [...first].map(([domain, step]) => ({ domain, step })) };
}
