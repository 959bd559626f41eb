/**
 * Patterns that events are stopped at: `fault` (a kind), `domain_context_mapping_one` (a routine that is
 * entered), `hpsa:dma-request` (of one actor), or any words of the event's text. `*` stands for anything.
 */
import type { Event } from '../../base/event.ts';
import { describeEvent } from '../run/event-text.ts';

export type Pattern = (event: Event) => boolean;

export function compilePattern(text: string): Pattern {
  const [, actor, rest] = /^([a-z][\w-]*):(.+)$/.exec(text) ?? [];
  if (actor !== undefined && rest !== undefined) {
    const matches = patternOf(rest.trim());
    return (event) => event.actor === actor && matches(event);
  }
  return patternOf(text);
}

function patternOf(text: string): Pattern {
  const exact = globOf(text);
  const words = globOf(`*${text}*`);
  const oneWord = /^[\w*-]+$/.test(text);
  return (event) => {
    if (exact(event.what.kind)) return true;
    if (event.what.kind === 'routine-enter' && exact(event.what.routine)) return true;
    // A single word that could be a kind or a routine is not searched for in texts of other kinds.
    return !oneWord && words(describeEvent(event));
  };
}

/** The parts between the stars one after the other, each at its first place: linear, whatever is typed. */
function globOf(text: string): (subject: string) => boolean {
  const [first = '', ...rest] = text.split(/\*+/);
  const last = rest.pop();
  if (last === undefined) return (subject) => subject === text;
  return (subject) => {
    if (!subject.startsWith(first)) return false;
    let at = first.length;
    for (const part of rest) {
      const found = subject.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return subject.length - last.length >= at && subject.endsWith(last);
  };
}
