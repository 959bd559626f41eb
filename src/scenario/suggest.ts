/** "Did you mean": the nearest of the words that would have been right. */

import { quote } from './printable.ts';

const longestWord = 64;

/** Levenshtein distance with transpositions of neighbours counted as one. */
export function editDistance(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2]
        && left[row - 2] === right[column - 1]) {
        best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[right.length] ?? 0;
}

/** Null when nothing is near enough to have been meant: more than a third of the letters differ. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  if (word.length > longestWord) return null;
  const folded = word.toLowerCase();
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(folded, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

const listed = 20;

export function listWords(words: readonly string[]): string {
  const shown = words.slice(0, listed).map((word) => quote(word)).join(', ');
  return words.length > listed ? `${shown} and ${words.length - listed} more` : shown;
}

/** The help line for a word that is none of `candidates`. */
export function suggestion(word: string, candidates: readonly string[]): string | null {
  if (candidates.length === 0) return null;
  const near = nearest(word, candidates);
  const list = candidates.length === 1
    ? `only ${listWords(candidates)} is known here`
    : `one of ${listWords(candidates)}`;
  return near === null ? list
    : `did you mean ${quote(near)}? (${list})`;
}
