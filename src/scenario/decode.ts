/**
 * From bytes to text, and the characters that no scenario may hold, whether as text or as JSON.
 *
 * The reader goes on after reporting them, and later steps pass over them in silence.
 */

import { limits } from './limits.ts';
import { quote } from './printable.ts';
import type { Problems } from './problems.ts';

/**
 * Control characters, line separators that editors disagree about, lone surrogates, byte order marks,
 * and the marks that reorder a line so that it reads otherwise than it runs ("Trojan source").
 */
const forbidden =
  /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\p{Cs}]+|\r(?!\n)/gu;
const forbiddenOnce = new RegExp(forbidden.source, 'u');
const damaged = /\ufffd+/gu;

/** Whether a string from inside a file (say, after a JSON escape) holds none of them. */
export function isPlainText(text: string): boolean {
  return !forbiddenOnce.test(text) && !text.includes('\ufffd');
}

/** For lexers: what has been reported here already. */
export function isReportedCharacter(character: string): boolean {
  return character === '\r' || !isPlainText(character);
}

/** Null when the file is too long to be read at all; that is reported. */
export function decodeSource(input: Uint8Array | string, problems: Problems): string | null {
  const bytes = typeof input === 'string' ? utf8Length(input) : input.length;
  if (bytes > limits.fileBytes) {
    problems.report({ start: 0, end: 0 }, {
      code: 'S001', message: `the file has more than ${limits.fileBytes} bytes`,
      help: 'a scenario is a page or two of text; is this the right file?',
    });
    return null;
  }
  const text = typeof input === 'string'
    ? input
    : new TextDecoder('utf-8', { ignoreBOM: true }).decode(input);
  reportCharacters(text, problems);
  return text;
}

function utf8Length(text: string): number {
  // Longer than the limit in units is longer in bytes; no need to encode it to know.
  return text.length > limits.fileBytes ? text.length : new TextEncoder().encode(text).length;
}

function reportCharacters(text: string, problems: Problems): void {
  for (const match of text.matchAll(damaged)) {
    problems.report({ start: match.index, end: match.index + match[0].length }, {
      code: 'S003', message: 'this is not UTF-8', label: 'damaged here',
      help: 'save the file as UTF-8; scenarios need no character outside ASCII',
    });
  }
  for (const match of text.matchAll(forbidden)) {
    const run = match[0];
    const span = { start: match.index, end: match.index + run.length };
    if (match.index === 0 && run.startsWith('\ufeff')) {
      problems.report({ start: 0, end: 1 }, {
        code: 'S005', message: 'the file begins with a byte order mark',
        help: 'save the file as UTF-8 without one',
      });
      if (run.length === 1) continue;
      span.start = 1;
    }
    problems.report(span, {
      code: 'S004', message: `${quote(text.slice(span.start, span.end))} must not be in a scenario`,
      label: 'invisible character',
      help: run === '\r' ? 'end lines with a newline' : 'delete it',
    });
  }
}
