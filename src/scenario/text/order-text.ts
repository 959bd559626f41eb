/** An order of acts with run lengths, `cpu*120/hpsa.outstanding0:15/dma16*8`; text and JSON write it alike. */

import { limits } from '../limits.ts';
import { quote } from '../printable.ts';
import type { OrderedAct } from '../scenario.ts';
import { bad, good } from '../values.ts';
import type { Reading } from '../values.ts';

export function readOrder(text: string): Reading<readonly OrderedAct[]> {
  const runs: { readonly act: OrderedAct; readonly length: number }[] = [];
  let total = 0;
  for (let start = 0; start <= text.length;) {
    const slash = text.indexOf('/', start);
    const end = slash < 0 ? text.length : slash;
    const match = /^([a-z0-9][a-z0-9_.-]{0,127})(?::([0-9]{1,3}))?(?:\*([0-9]{1,7}))?$/.exec(text.slice(start, end));
    const actor = match?.[1] ?? '';
    const way = Number(match?.[2] ?? 0);
    const length = Number(match?.[3] ?? 1);
    if (actor === '' || way > limits.wayIndex || length === 0) {
      return bad({
        code: 'S087', message: `${quote(text.slice(start, end))} is not an act of an order`,
        label: 'malformed', help: 'write actors with slashes between them: `cpu*120/hpsa.outstanding0:15/dma16*8`',
      });
    }
    runs.push({ act: { actor, way }, length });
    total += length;
    start = end + 1;
  }
  if (total > limits.scheduleChoices) {
    return bad({
      code: 'S038', message: `the order has ${total} acts`, label: 'too long',
      help: `at most ${limits.scheduleChoices} are allowed`,
    });
  }
  const acts: OrderedAct[] = [];
  for (const { act, length } of runs) {
    for (let taken = 0; taken < length; taken += 1) acts.push(act);
  }
  return good(acts);
}

export function printOrder(acts: readonly OrderedAct[]): string {
  const runs: string[] = [];
  for (let start = 0; start < acts.length;) {
    const first = acts[start];
    if (first === undefined) break;
    const { actor, way } = first;
    let end = start + 1;
    while (acts[end]?.actor === actor && acts[end]?.way === way) end += 1;
    runs.push(`${actor}${way === 0 ? '' : `:${way}`}${end - start > 1 ? `*${end - start}` : ''}`);
    start = end;
  }
  return runs.join('/');
}
