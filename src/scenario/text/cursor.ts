/** One token of lookahead, and the steps that every statement of the text is parsed with. */

import { Lexer } from './lexer.ts';
import type { Token } from './lexer.ts';
import { quote } from '../printable.ts';
import type { Problems } from '../problems.ts';
import type { Span, SpanTable } from '../span.ts';
import { checkText } from '../values.ts';
import type { Reading } from '../values.ts';

export interface Located<Value> {
  readonly value: Value;
  readonly span: Span;
}

export class Cursor {
  readonly problems: Problems;
  readonly spans: SpanTable;
  readonly #lexer: Lexer;
  #ahead: Token | null = null;
  #lastEnd = 0;

  constructor(text: string, problems: Problems, spans: SpanTable) {
    this.problems = problems;
    this.spans = spans;
    this.#lexer = new Lexer(text, problems);
  }

  peek(): Token {
    this.#ahead ??= this.#lexer.next();
    return this.#ahead;
  }

  next(): Token {
    const token = this.peek();
    this.#ahead = null;
    if (token.kind !== 'end') this.#lastEnd = token.span.end;
    return token;
  }

  /** From a token to the last one taken. */
  since(start: Span): Span {
    return { start: start.start, end: Math.max(start.end, this.#lastEnd) };
  }

  /** Passes the ends of statements up to the next token; the first comment on the way, if any. */
  passToHeadComment(): Span | null {
    this.#lexer.watchForComment(true);
    this.skipEnds();
    this.#lexer.watchForComment(false);
    return this.#lexer.headComment;
  }

  skipEnds(): void {
    while (this.peek().kind === 'end') this.next();
  }

  /** Takes the next token if it is this word. */
  takeWord(word: string): Token | null {
    const token = this.peek();
    return token.kind === 'word' && token.text === word ? this.next() : null;
  }

  /** A word that must come next; false: reported. */
  expectWord(word: string): boolean {
    if (this.takeWord(word) !== null) return true;
    this.reportFound(`\`${word}\``);
    return false;
  }

  /** A value that must come next, read by one of the functions of `values.ts`; null: reported. */
  value<Value>(what: string, read: (text: string) => Reading<Value>): Located<Value> | null {
    const token = this.peek();
    if (token.kind !== 'word') {
      this.reportFound(what);
      return null;
    }
    this.next();
    return this.#located(token, read(token.text));
  }

  text(what: string, mayBeEmpty: boolean): Located<string> | null {
    const token = this.peek();
    if (token.kind !== 'string') {
      this.reportFound(`${what} in double quotes`);
      return null;
    }
    this.next();
    return this.#located(token, checkText(token.text, mayBeEmpty));
  }

  #located<Value>(token: Token, reading: Reading<Value>): Located<Value> | null {
    if (reading.ok) return { value: reading.value, span: token.span };
    this.problems.report(token.span, reading.problem);
    return null;
  }

  reportFound(expected: string): void {
    const token = this.peek();
    const span = token.kind === 'end'
      ? { start: token.span.start, end: token.span.start + 1 }
      : token.span;
    this.problems.report(span, {
      code: 'S022', message: `expected ${expected}, found ${describe(token)}`,
      label: `expected ${expected}`,
    });
  }

  /** The end of a complete statement; what is left over is reported and passed. */
  endStatement(): boolean {
    const { kind, span } = this.peek();
    if (kind === 'end' || kind === 'close' || kind === 'eof') return true;
    this.skipStatement();
    this.problems.report(this.since(span), {
      code: 'S023', message: 'the statement should have ended here', label: 'left over',
      help: 'put each statement on its own line, or `;` between them',
    });
    return false;
  }

  /** To the end of a statement that could not be understood, with all blocks that it opens. */
  skipStatement(): void {
    for (let depth = 0; ;) {
      const { kind } = this.peek();
      if (kind === 'eof' || (depth === 0 && (kind === 'end' || kind === 'close'))) return;
      if (kind === 'open') depth += 1;
      if (kind === 'close') depth -= 1;
      this.next();
    }
  }
}

function describe(token: Token): string {
  switch (token.kind) {
    case 'word': return quote(token.text);
    case 'string': return 'a text';
    case 'open': return '`{`';
    case 'close': return '`}`';
    case 'plus': return '`+`';
    case 'end': return 'the end of the statement';
    case 'eof': return 'the end of the file';
  }
}
