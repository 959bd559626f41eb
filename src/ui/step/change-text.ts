/** What an event changed, a line for each cell. Bookkeeping of the simulator itself is left out. */
import type { Change } from '../../base/journal.ts';
import { hex } from '../../base/word.ts';

/** Stores that say who acts next, not what the machine holds. */
const bookkeeping = /^(agenda|cpu|transfers|pending interrupts)$|( fills| requests| latched| outstanding| position| in flight)$/;
const mostLines = 12;

export function changeLines(changes: readonly Change[]): readonly string[] {
  const shown = lastOfEachCell(changes).filter(({ store }) => !bookkeeping.test(store.name));
  const lines = shown.slice(0, mostLines).map(({ store, cell, before, after }) =>
    typeof before === 'number' && typeof after === 'number'
      ? `    ${store.describe(cell)}: ${hex(before)} -> ${hex(after)}`
      : `    ${after === undefined ? `${store.name}: an entry is gone` : store.describe(cell)}`);
  return shown.length <= mostLines ? lines : [...lines, `    ... and ${shown.length - mostLines} cells more`];
}

/** One change for each cell: from what it held first to what it holds now. */
function lastOfEachCell(changes: readonly Change[]): readonly Change[] {
  const merged = new Map<string, Change>();
  for (const change of changes) {
    const key = `${change.store.name} ${change.cell}`;
    const earlier = merged.get(key);
    merged.set(key, earlier === undefined ? change : { ...change, before: earlier.before });
  }
  return [...merged.values()].filter(({ before, after }) => before !== after);
}
