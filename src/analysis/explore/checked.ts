/**
 * A machine whose fingerprint is worked out anew from its state behind every move and every undo: a cell
 * that is changed without its journal, or not put back, is found where it happens.
 */
import { fail } from '../../base/assert.ts';
import type { Fingerprint } from '../../base/hash.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { HandoffSystem } from './handoff.ts';
import type { ExploreOptions } from './options.ts';
import type { ClaimNumber } from './system.ts';
import type { Window } from './window.ts';

export function handoffSystem(
  scenario: Scenario, window: Window,
  { inFlight, open, reduce, checkFingerprints }: Pick<ExploreOptions, 'inFlight' | 'open' | 'reduce' | 'checkFingerprints'>,
  asksFor: (choice: string) => void,
): HandoffSystem {
  const Kind = checkFingerprints ? CheckedSystem : HandoffSystem;
  return new Kind(scenario, window, inFlight, open.evictions, asksFor, reduce);
}

export class CheckedSystem extends HandoffSystem {
  /** Of each store, at the marks of the present way. */
  readonly #marked = new Map<number, readonly Fingerprint[]>();
  #comparisons = 0;

  override get comparisons(): number {
    return this.#comparisons;
  }

  override take(move: number): readonly ClaimNumber[] {
    const mark = super.mark();
    const violated = super.take(move);
    const { journal, agenda } = this.machine;
    if (!this.#isSame(journal.rehash())) {
      const recorded = [...new Set(journal.changesBetween(mark, super.mark()).map(({ store, cell }) => store.describe(cell)))];
      fail(`behind a move of ${agenda.nameOf(this.actorOf(move))} the fingerprint is not that of the state; `
        + `recorded were changes of ${recorded.join(', ') || 'nothing'}`);
    }
    return violated;
  }

  override mark(): number {
    const mark = super.mark();
    this.#marked.set(mark, this.machine.journal.rehashEach());
    return mark;
  }

  override undo(mark: number, low: number, high: number): void {
    super.undo(mark, low, high);
    const { journal } = this.machine;
    if (this.#isSame(journal.rehash())) return;
    const before = this.#marked.get(mark) ?? fail('an undo goes to a mark');
    const different = journal.rehashEach().flatMap((sum, store) =>
      sum.low === before[store]?.low && sum.high === before[store]?.high ? [] : [journal.nameOf(store)]);
    fail(different.length === 0 ? 'an undo was given a fingerprint that is not that of the state'
      : `an undo did not put back ${different.join(', ')}`);
  }

  #isSame({ low, high }: Fingerprint): boolean {
    this.#comparisons += 1;
    return low === this.low && high === this.high;
  }
}
