/**
 * Which actors may come back to where they were, for ever: a device that tries again and again. Where a state
 * leads back to itself nothing on the way is a kernel's, which never comes back, and nothing is used up; and
 * somebody on it goes on without being told to.
 */
import type { Entry } from './knowledge.ts';

/** Of those who go on by themselves, where they may be on such a way; perhaps more, that lie between two. */
export function goingRound(byActor: readonly (readonly Entry[])[]): ReadonlySet<Entry> {
  const left = new Set(byActor.flat().filter(({ nature, spends }) => nature !== 'advances' && !spends));
  for (let before = -1; before !== left.size;) {
    before = left.size;
    const led = new Set<Entry>();
    for (const entry of left) {
      const leads = [...entry.next].filter((next) => left.has(next));
      if (entry.again && entry.nature === 'repeats') leads.push(entry);
      if (leads.length === 0) left.delete(entry);
      for (const next of leads) led.add(next);
    }
    for (const entry of left) if (!led.has(entry)) left.delete(entry);
  }
  return new Set([...left].filter(({ nature }) => nature === 'repeats'));
}
