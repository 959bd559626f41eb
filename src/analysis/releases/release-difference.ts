/** The difference of two lists of operations: the longest common part, and what each has besides. */
export interface DifferenceLine {
  readonly in: 'both' | 'first' | 'second';
  readonly text: string;
}

export function difference(first: readonly string[], second: readonly string[]): readonly DifferenceLine[] {
  const common = commonLengths(first, second);
  const lines: DifferenceLine[] = [];
  let left = 0;
  let right = 0;
  while (left < first.length || right < second.length) {
    const [a, b] = [first[left], second[right]];
    if (a !== undefined && a === b) {
      lines.push({ in: 'both', text: a });
      left += 1;
      right += 1;
    } else if (a !== undefined
      && (b === undefined || lengthAt(common, left + 1, right) >= lengthAt(common, left, right + 1))) {
      lines.push({ in: 'first', text: a });
      left += 1;
    } else if (b !== undefined) {
      lines.push({ in: 'second', text: b });
      right += 1;
    }
  }
  return lines;
}

function lengthAt(common: readonly (readonly number[])[], left: number, right: number): number {
  return common[left]?.[right] ?? 0;
}

/** The length of the longest common part from each pair of places on. */
function commonLengths(first: readonly string[], second: readonly string[]): readonly (readonly number[])[] {
  const rows: number[][] = [[]];
  for (let left = first.length - 1; left >= 0; left -= 1) {
    const below = rows[0] ?? [];
    const row: number[] = [];
    for (let right = second.length - 1; right >= 0; right -= 1) {
      row[right] = first[left] === second[right] ? (below[right + 1] ?? 0) + 1
        : Math.max(below[right] ?? 0, row[right + 1] ?? 0);
    }
    rows.unshift(row);
  }
  return rows;
}
