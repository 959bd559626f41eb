/**
 * The departure `pass-through-latched`: which sources go around the unit, as found in memory at the last
 * occasion on which such a unit looks.
 */
import type { Journal } from '../base/journal.ts';
import { Numbers } from '../base/stores.ts';
import { frameAt, sourceIdNumber, sourceIdOf, type SourceId } from '../base/word.ts';
import type { UnitCore } from './core.ts';
import { TRANSLATION_TYPE } from './entries.ts';
import { Walk, walkStart } from './walk.ts';

const sources = 0x1_0000;
/** A page that any width of table reaches. */
const anyFrame = frameAt(0);

export class PassThroughLatch {
  readonly #walk: Walk;
  readonly #latched: Numbers;

  constructor(core: UnitCore, journal: Journal) {
    this.#walk = new Walk(core);
    this.#latched = new Numbers(journal, `${core.name} pass-through`, sources);
  }

  isLatched(source: SourceId): boolean {
    return this.#latched.get(sourceIdNumber(source)) === 1;
  }

  /** A DMA of `source` was passed through. */
  latch(source: SourceId): void {
    this.#latched.set(sourceIdNumber(source), 1);
  }

  /** Looks at the context entry in memory of every source that `selects` picks. */
  lookAgain(selects: (source: SourceId) => boolean): void {
    for (let bus = 0; bus < 256; bus += 1) {
      const present = this.#rootEntryIsPresent(sourceIdOf(bus * 256));
      for (let devfn = 0; devfn < 256; devfn += 1) {
        const source = sourceIdOf(bus * 256 + devfn);
        if (!selects(source)) continue;
        this.#latched.set(bus * 256 + devfn, present && this.#passesThrough(source) ? 1 : 0);
      }
    }
  }

  #rootEntryIsPresent(source: SourceId): boolean {
    return this.#walk.advance(walkStart, source, anyFrame, 'read').kind === 'context';
  }

  #passesThrough(source: SourceId): boolean {
    const state = this.#walk.toContext(source);
    return state.kind === 'ready' && state.context.translationType === TRANSLATION_TYPE.passThrough;
  }
}
