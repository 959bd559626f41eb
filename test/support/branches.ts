/** Runs through every combination of choices that a piece of straight code can make. */

export type Choose = <Item>(items: readonly Item[]) => Item;

/** A program with more ways than this is too wild to say anything about. */
const mostBranches = 50_000;

/**
 * Calls `run` once for each way through it. `run` asks for its choices as it comes to them, and must
 * do the same after the same choices.
 */
export function everyBranch(run: (choose: Choose) => void): void {
  // The choices of the current way: which item, and of how many.
  const script: { taken: number; readonly of: number }[] = [];
  for (let branches = 0; ; branches += 1) {
    if (branches === mostBranches) throw new Error(`more than ${mostBranches} ways`);
    let position = 0;
    run((items) => {
      const step = script[position] ?? { taken: 0, of: items.length };
      if (position === script.length) script.push(step);
      position += 1;
      const item = items[step.taken];
      if (step.taken >= items.length) throw new Error('a way that cannot be gone again');
      return item as (typeof items)[number];
    });
    while (script.length > 0) {
      const last = script[script.length - 1];
      if (last !== undefined && last.taken + 1 < last.of) {
        last.taken += 1;
        break;
      }
      script.pop();
    }
    if (script.length === 0) return;
  }
}
