/**
 * Patterns that events are stopped at: `fault` (a kind), `domain_context_mapping_one` (a routine that is
 * entered), `hpsa:dma-request` (of one actor), or any words of the event's text. `*` stands for anything.
 */
import type { Event } from '../base/event.ts';
import { describeEvent } from './event-text.ts';

export type Pattern = (event: Event) => boolean;

export function compilePattern(text: string): Pattern {
  const [, actor, rest] = /^([a-z][\w-]*):(.+)$/.exec(text) ?? [];
  if (actor !== undefined && rest !== undefined) {
    const matches = compilePattern(rest.trim());
    return (event) => event.actor === actor && matches(event);
  }
  const exact = globOf(text, true);
  const words = globOf(text, false);
  const oneWord = /^[\w*-]+$/.test(text);
  return (event) => {
    if (exact.test(event.what.kind)) return true;
    if (event.what.kind === 'routine-enter' && exact.test(event.what.routine)) return true;
    // A single word that could be a kind or a routine is not searched for in texts of other kinds.
    return !oneWord && words.test(describeEvent(event));
  };
}

function globOf(text: string, whole: boolean): RegExp {
  const source = text.split(/\*+/).map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&')).join('.*');
  return new RegExp(whole ? `^${source}$` : source);
}
