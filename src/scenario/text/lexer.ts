/**
 * The tokens of a scenario's text, one at a time, so that a hostile megabyte of braces is never held
 * as a million objects.
 */

import { isReportedCharacter } from '../decode.ts';
import { quote } from '../printable.ts';
import type { Problems } from '../problems.ts';
import type { Span } from '../span.ts';

export interface Token {
  /** `end` ends a statement: newline or `;`, as many as follow each other. */
  readonly kind: 'word' | 'string' | 'open' | 'close' | 'plus' | 'end' | 'eof';
  /** A string's contents, without quotes and escapes; otherwise the source text. */
  readonly text: string;
  readonly span: Span;
}

/** Sticky, so that each tries at one offset only. */
const blank = /[ \t]+/y;
const ends = /[;\n][;\n \t\r]*/y;
/** A slash belongs to a word unless it begins a comment. */
const word = /(?:[A-Za-z0-9_.:*-]+|\/(?!\/))+/y;
const lineComment = /\/\/[^\n]*/y;
const commentMark = /\(\*|\*\)/g;
const stringBody = /[^"\\\n]+/y;

export class Lexer {
  readonly #text: string;
  readonly #problems: Problems;
  #at = 0;
  #watching = false;
  #headComment: Span | null = null;

  constructor(text: string, problems: Problems) {
    this.#text = text;
    this.#problems = problems;
  }

  /** The first comment that is passed while watching; its span leaves out the comment marks. */
  get headComment(): Span | null {
    return this.#headComment;
  }

  watchForComment(watching: boolean): void {
    this.#watching = watching;
  }

  next(): Token {
    for (;;) {
      const start = this.#at;
      if (start >= this.#text.length) return this.#token('eof', start, '');
      if (this.#match(blank) !== null || this.#match(lineComment) !== null) continue;
      const end = this.#match(ends);
      if (end !== null) return this.#token('end', start, end);
      const text = this.#match(word);
      if (text !== null) return this.#token('word', start, text);
      if (this.#text.startsWith('(*', start)) {
        this.#comment(start);
        continue;
      }
      const character = this.#text[start] ?? '';
      if (character === '"') return this.#string(start);
      const kind = punctuation.get(character);
      if (kind === undefined) {
        this.#unexpected(start);
        continue;
      }
      this.#at += 1;
      return this.#token(kind, start, character);
    }
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return null;
    this.#at = pattern.lastIndex;
    return match[0];
  }

  #token(kind: Token['kind'], start: number, text: string): Token {
    return { kind, text, span: { start, end: this.#at } };
  }

  /** Ends at the first `*)` whatever stands between, so that one missing mark costs one comment. */
  #comment(start: number): void {
    const inside = start + 2;
    for (commentMark.lastIndex = inside; ;) {
      const mark = commentMark.exec(this.#text);
      if (mark === null) {
        this.#problems.report({ start, end: inside }, {
          code: 'S011', message: 'this comment is never closed', label: 'opened here',
          help: 'close it with `*)`',
        });
        this.#at = this.#text.length;
        return;
      }
      if (mark[0] === '*)') {
        this.#at = mark.index + 2;
        if (this.#watching) this.#headComment ??= { start: inside, end: mark.index };
        return;
      }
      this.#problems.report({ start: mark.index, end: mark.index + 2 }, {
        code: 'S012', message: 'a comment begins inside a comment', label: 'comments do not nest',
        help: 'close the first comment with `*)` before this one',
      });
    }
  }

  #string(start: number): Token {
    const parts: string[] = [];
    this.#at += 1;
    for (;;) {
      const body = this.#match(stringBody);
      if (body !== null) parts.push(body);
      const stop = this.#text[this.#at];
      if (stop === '"') {
        this.#at += 1;
        return this.#token('string', start, parts.join(''));
      }
      if (stop !== '\\') {
        this.#problems.report({ start, end: this.#at }, {
          code: 'S013', message: 'this string is never closed', label: 'opened here',
          help: 'close it with `"` on the same line',
        });
        return this.#token('string', start, parts.join(''));
      }
      parts.push(this.#escape());
    }
  }

  #escape(): string {
    const escaped = this.#text[this.#at + 1] ?? '\n';
    if (escaped === '"' || escaped === '\\') {
      this.#at += 2;
      return escaped;
    }
    this.#problems.report({ start: this.#at, end: this.#at + 1 }, {
      code: 'S014', message: 'this backslash escapes nothing', label: 'unknown escape',
      help: 'only `\\"` and `\\\\` are escapes; write `\\\\` for a backslash',
    });
    this.#at += 1;
    return '\\';
  }

  /** A run of such characters is one mistake. */
  #unexpected(start: number): void {
    let reported = true;
    let end = start;
    while (end < this.#text.length) {
      const character = String.fromCodePoint(this.#text.codePointAt(end) ?? 0);
      if (!strange(character, this.#text[end + 1])) break;
      if (!isReportedCharacter(character)) reported = false;
      end += character.length;
    }
    this.#at = Math.max(end, start + 1);
    if (reported && end > start) return;
    const text = this.#text.slice(start, this.#at);
    this.#problems.report({ start, end: this.#at }, {
      code: 'S010', message: `unexpected ${quote(text)}`, label: 'not part of the language',
      help: /['\u2018-\u201f]/u.test(text) ? 'text goes in straight double quotes' : null,
    });
  }
}

const punctuation: ReadonlyMap<string, Token['kind']> = new Map([
  ['{', 'open'], ['}', 'close'], ['+', 'plus'],
]);

function strange(character: string, following: string | undefined): boolean {
  if (character === '(') return following !== '*';
  return !/[ \t\n;{}+"A-Za-z0-9_.:*/-]/.test(character);
}
