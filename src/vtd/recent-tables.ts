/**
 * The page of the table that was read last at each level: walks come in runs through the same tables. This is
 * a short cut of the simulator and no cache of the unit: a page stays the object that it is, so that what is
 * kept here is never out of date.
 */
import { untouched, type MemoryView } from '../base/memory-view.ts';
import { frameNumber, type Frame } from '../base/word.ts';

const nowhere = -1;

export class RecentTables {
  readonly #memory: MemoryView;
  /** By level, 1 to 5. */
  readonly #frames = [nowhere, nowhere, nowhere, nowhere, nowhere, nowhere];
  readonly #pages = [untouched, untouched, untouched, untouched, untouched, untouched];

  constructor(memory: MemoryView) {
    this.#memory = memory;
  }

  /** The page of a table of this level; undefined where nothing answers. */
  page(level: number, table: Frame): DataView | undefined {
    return this.#frames[level] === frameNumber(table) ? this.#pages[level] : this.#find(level, table);
  }

  #find(level: number, table: Frame): DataView | undefined {
    const page = this.#memory.page(table);
    // What stands for a page that nothing was written to gives way to the page.
    if (page !== undefined && page !== untouched) {
      this.#frames[level] = frameNumber(table);
      this.#pages[level] = page;
    }
    return page;
  }
}
