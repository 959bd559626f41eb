/**
 * Folding of repetition: a passage of lines that comes again and again, but for numbers, is printed once
 * with how often it came.
 */
export interface FoldLine {
  readonly timeNs: number;
  /** The line without what may differ between repetitions. */
  readonly key: string;
}

export type Folded<Line> =
  | { readonly kind: 'line'; readonly line: Line }
  /** The passage just before came `times` more, the last of them ending with `last`. */
  | { readonly kind: 'again'; readonly length: number; readonly times: number; readonly last: Line };

const longestPassage = 24;

export function fold<Line extends FoldLine>(lines: readonly Line[]): readonly Folded<Line>[] {
  const result: Folded<Line>[] = [];
  for (let at = 0; at < lines.length;) {
    const found = repetitionAt(lines, at);
    if (found === undefined) {
      const line = lines[at];
      if (line !== undefined) result.push({ kind: 'line', line });
      at += 1;
      continue;
    }
    const { length, times } = found;
    for (const line of lines.slice(at, at + length)) result.push({ kind: 'line', line });
    const last = lines[at + length * (times + 1) - 1];
    if (last !== undefined) result.push({ kind: 'again', length, times, last });
    at += length * (times + 1);
  }
  return result;
}

/** The passage at `at` that repeats and covers most lines; short ones must repeat twice. */
function repetitionAt(
  lines: readonly FoldLine[], at: number,
): { readonly length: number; readonly times: number } | undefined {
  let best: { readonly length: number; readonly times: number } | undefined;
  for (let length = 1; length <= longestPassage; length += 1) {
    let times = 0;
    while (samePassage(lines, at, at + length * (times + 1), length)) times += 1;
    if (times < 1 || (length * times < 2)) continue;
    if (best === undefined || length * times > best.length * best.times) best = { length, times };
  }
  return best;
}

function samePassage(lines: readonly FoldLine[], left: number, right: number, length: number): boolean {
  if (right + length > lines.length) return false;
  for (let index = 0; index < length; index += 1) {
    if (lines[left + index]?.key !== lines[right + index]?.key) return false;
  }
  return true;
}
