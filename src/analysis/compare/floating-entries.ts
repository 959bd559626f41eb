/**
 * Interrupts of other devices are set up while a driver maps its buffers, by threads that know nothing of each
 * other: among flushes of pages it is chance where an invalidation of interrupt entries stands.
 */
import { folded, type Step } from './step.ts';

/** Between any two steps that are not flushes of pages, the invalidations of entries come first, as one run. */
export function withEntriesFirst(steps: readonly Step[]): readonly Step[] {
  const result: Step[] = [];
  let pages: Step[] = [];
  for (const step of steps) {
    if (step.kind === 'entries') {
      result.push(step);
    } else if (step.kind === 'iotlb' && step.selection === 'page') {
      pages.push(step);
    } else {
      result.push(...pages, step);
      pages = [];
    }
  }
  return folded([...result, ...pages]);
}
