/** A schedule in run lengths, `0*120/1/0/2`; text and JSON write it alike. */

import { limits } from '../limits.ts';
import { quote } from '../printable.ts';
import { bad, good } from '../values.ts';
import type { Reading } from '../values.ts';

export function readSchedule(text: string): Reading<readonly number[]> {
  const runs: { readonly choice: number; readonly length: number }[] = [];
  let total = 0;
  for (let start = 0; start <= text.length;) {
    const slash = text.indexOf('/', start);
    const end = slash < 0 ? text.length : slash;
    const match = /^([0-9]{1,6})(?:\*([0-9]{1,7}))?$/.exec(text.slice(start, end));
    const choice = Number(match?.[1] ?? Number.NaN);
    const length = Number(match?.[2] ?? 1);
    if (!(choice <= limits.choiceIndex) || length === 0) {
      return bad({
        code: 'S037', message: `${quote(text.slice(start, end))} is not a choice of a schedule`,
        label: 'malformed', help: 'write numbers with slashes between them: `0*120/1/0/2`',
      });
    }
    runs.push({ choice, length });
    total += length;
    start = end + 1;
  }
  // Before expanding: `0*9999999` is short to write.
  if (total > limits.scheduleChoices) {
    return bad({
      code: 'S038', message: `the schedule has ${total} choices`, label: 'too long',
      help: `at most ${limits.scheduleChoices} are allowed`,
    });
  }
  const choices: number[] = [];
  for (const { choice, length } of runs) {
    for (let taken = 0; taken < length; taken += 1) choices.push(choice);
  }
  return good(choices);
}

export function printSchedule(choices: readonly number[]): string {
  const runs: string[] = [];
  for (let start = 0; start < choices.length;) {
    let end = start + 1;
    while (end < choices.length && choices[end] === choices[start]) end += 1;
    const choice = String(choices[start]);
    runs.push(end - start > 1 ? `${choice}*${end - start}` : choice);
    start = end;
  }
  return runs.join('/');
}
