/**
 * A JSON reader that keeps spans, refuses duplicate keys, and holds no object whose keys come from the
 * file: members are a list, so that `__proto__` is a string like any other.
 *
 * `JSON.parse` gives no positions on Node 20 and keeps the last of two equal keys in silence.
 */

import { isReportedCharacter } from '../decode.ts';
import { limits } from '../limits.ts';
import { quote } from '../printable.ts';
import type { Problems, ProblemText } from '../problems.ts';
import type { Span } from '../span.ts';

export type JsonValue =
  | { readonly kind: 'null'; readonly span: Span }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly span: Span }
  | { readonly kind: 'number'; readonly value: number; readonly text: string; readonly span: Span }
  | { readonly kind: 'string'; readonly value: string; readonly span: Span }
  | { readonly kind: 'array'; readonly items: readonly JsonValue[]; readonly span: Span }
  | JsonObject;

export interface JsonObject {
  readonly kind: 'object';
  readonly members: readonly JsonMember[];
  readonly span: Span;
}

export interface JsonMember {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: JsonValue;
}

/** Null after the first fault of syntax, which is reported; duplicate keys do not stop the reading. */
export function readJson(source: string, problems: Problems): JsonValue | null {
  return new JsonReader(source, problems).read();
}

const blank = /[ \t\n]+/y;
const numberText = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const wordText = /[A-Za-z0-9_.+-]+/y;
const stringBody = /[^"\\\n]+/y;
const hexDigits = /[0-9a-fA-F]{4}/y;

const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'], ['\\', '\\'], ['/', '/'], ['b', '\b'], ['f', '\f'], ['n', '\n'], ['r', '\r'],
  ['t', '\t'],
]);

class JsonReader {
  readonly #source: string;
  readonly #problems: Problems;
  #at = 0;

  constructor(source: string, problems: Problems) {
    this.#source = source;
    this.#problems = problems;
  }

  read(): JsonValue | null {
    const value = this.#value(0);
    if (value === null) return null;
    this.#skipBlank();
    if (this.#at >= this.#source.length) return value;
    return this.#fail({ start: this.#at, end: this.#source.length }, {
      code: 'S040', message: 'something follows the end of the JSON value', label: 'left over',
    });
  }

  #value(depth: number): JsonValue | null {
    this.#skipBlank();
    const start = this.#at;
    if (depth > limits.jsonDepth) {
      return this.#fail({ start, end: start + 1 }, {
        code: 'S041', message: `JSON nested more than ${limits.jsonDepth} deep`, label: 'too deep',
      });
    }
    switch (this.#source[start]) {
      case '{': return this.#object(start, depth);
      case '[': return this.#array(start, depth);
      case '"': {
        const value = this.#string();
        return value === null ? null : { kind: 'string', value, span: this.#since(start) };
      }
      default: return this.#scalar(start);
    }
  }

  #scalar(start: number): JsonValue | null {
    const number = this.#match(numberText);
    if (number !== null) {
      return { kind: 'number', value: Number(number), text: number, span: this.#since(start) };
    }
    const word = this.#match(wordText);
    const span = this.#since(start);
    if (word === 'null') return { kind: 'null', span };
    if (word === 'true' || word === 'false') {
      return { kind: 'boolean', value: word === 'true', span };
    }
    this.#at = start;
    return this.#failExpected('a JSON value');
  }

  #object(start: number, depth: number): JsonValue | null {
    const members: JsonMember[] = [];
    const keys = new Set<string>();
    this.#at += 1;
    if (this.#take('}')) return { kind: 'object', members, span: this.#since(start) };
    for (;;) {
      this.#skipBlank();
      const keyStart = this.#at;
      if (this.#source[keyStart] !== '"') return this.#failExpected('a key in double quotes');
      const key = this.#string();
      if (key === null) return null;
      const keySpan = this.#since(keyStart);
      if (!this.#take(':')) return this.#failExpected('`:`');
      const value = this.#value(depth + 1);
      if (value === null) return null;
      if (keys.has(key)) this.#reportDuplicate(key, keySpan);
      else members.push({ key, keySpan, value });
      keys.add(key);
      if (this.#take('}')) return { kind: 'object', members, span: this.#since(start) };
      if (!this.#take(',')) return this.#failExpected('`,` or `}`');
    }
  }

  #array(start: number, depth: number): JsonValue | null {
    const items: JsonValue[] = [];
    this.#at += 1;
    if (this.#take(']')) return { kind: 'array', items, span: this.#since(start) };
    for (;;) {
      const item = this.#value(depth + 1);
      if (item === null) return null;
      items.push(item);
      if (this.#take(']')) return { kind: 'array', items, span: this.#since(start) };
      if (!this.#take(',')) return this.#failExpected('`,` or `]`');
    }
  }

  /** From its opening quote. */
  #string(): string | null {
    const start = this.#at;
    const parts: string[] = [];
    this.#at += 1;
    for (;;) {
      const body = this.#match(stringBody);
      if (body !== null) parts.push(body);
      const stop = this.#source[this.#at];
      if (stop === '"') {
        this.#at += 1;
        return parts.join('');
      }
      if (stop !== '\\') {
        return this.#fail(this.#since(start), {
          code: 'S013', message: 'this string is never closed', label: 'opened here',
          help: 'write a newline in a string as `\\n`',
        });
      }
      const escaped = this.#escape();
      if (escaped === null) return null;
      parts.push(escaped);
    }
  }

  #escape(): string | null {
    const start = this.#at;
    const letter = this.#source[start + 1] ?? '';
    const plain = escapes.get(letter);
    this.#at += 2;
    if (plain !== undefined) return plain;
    const digits = letter === 'u' ? this.#match(hexDigits) : null;
    if (digits !== null) return String.fromCharCode(Number.parseInt(digits, 16));
    return this.#fail({ start, end: start + 1 }, {
      code: 'S014', message: 'this backslash escapes nothing', label: 'unknown escape',
      help: 'JSON knows `\\"`, `\\\\`, `\\n`, `\\t` and `\\u` with four hexadecimal digits',
    });
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#source);
    if (match === null) return null;
    this.#at = pattern.lastIndex;
    return match[0];
  }

  #take(character: string): boolean {
    this.#skipBlank();
    if (this.#source[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  /** Characters that were reported while decoding count as blanks. */
  #skipBlank(): void {
    for (;;) {
      if (this.#match(blank) !== null) continue;
      const character = this.#source[this.#at];
      if (character === undefined || /[!-~]/.test(character)) return;
      if (!isReportedCharacter(character)) return;
      this.#at += 1;
    }
  }

  #since(start: number): Span {
    return { start, end: this.#at };
  }

  #reportDuplicate(key: string, span: Span): void {
    this.#problems.report(span, {
      code: 'S042', message: `the key ${quote(key)} stands here a second time`, label: 'repeated',
      help: 'delete one of the two',
    });
  }

  #failExpected(expected: string): null {
    const start = this.#at;
    const character = this.#source[start];
    this.#match(wordText);
    const text = this.#at > start ? this.#source.slice(start, this.#at) : character ?? '';
    const found = character === undefined ? 'the end of the file' : quote(text);
    return this.#fail({ start, end: start + Math.max(1, text.length) }, {
      code: 'S040', message: `expected ${expected}, found ${found}`, label: `expected ${expected}`,
    });
  }

  #fail(span: Span, problem: ProblemText): null {
    this.#problems.report(span, problem);
    return null;
  }
}
