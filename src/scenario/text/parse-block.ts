/** `{ … }` and the statements in it: the loop, the recovery, and what may stand how often. */

import type { Cursor } from './cursor.ts';
import { quote } from '../printable.ts';
import type { Span } from '../span.ts';
import { suggestion } from '../suggest.ts';

/** The words that begin a block or statement outside of braces; none begins a statement inside. */
export const topLevelWords: readonly string[] = [
  'platform', 'unit', 'bridge', 'device', 'crashed', 'capture', 'never', 'sometimes', 'always', 'schedule', 'order',
];

export interface StatementRule {
  readonly occurs: 'once' | 'at most once' | 'repeatedly';
  /** Called after the keyword, whose span it is given; false: a problem is reported. */
  readonly parse: (keyword: Span) => boolean;
}

/** Where each statement of a block that stands only once was seen. */
class Occurrences {
  readonly #seen = new Map<string, Span>();

  /** False for a repetition, which is reported. */
  admit(cursor: Cursor, word: string, occurs: StatementRule['occurs'], span: Span): boolean {
    const repeated = occurs !== 'repeatedly' && this.#seen.has(word);
    if (!repeated) this.#seen.set(word, span);
    else reportRepeated(cursor, word, span);
    return !repeated;
  }

  has(word: string): boolean {
    return this.#seen.has(word);
  }
}

export function reportRepeated(cursor: Cursor, word: string, span: Span): void {
  cursor.problems.report(span, {
    code: 'S026', message: `\`${word}\` stands here a second time`, label: 'repeated',
    help: 'delete one of the two',
  });
}

/**
 * Parses a block from its `{`; false when anything in it was not understood.
 * `header` is what a missing statement is reported at.
 */
export function parseBlock(
  cursor: Cursor,
  block: string,
  header: Span,
  rules: ReadonlyMap<string, StatementRule>,
): boolean {
  cursor.skipEnds();
  let opened = true;
  if (cursor.peek().kind === 'open') {
    cursor.next();
  } else {
    cursor.reportFound('`{`');
    opened = false;
  }
  const occurrences = new Occurrences();
  let whole = opened;
  for (;;) {
    cursor.skipEnds();
    const token = cursor.peek();
    if (token.kind === 'close') {
      cursor.next();
      break;
    }
    const leaves = token.kind === 'word' && topLevelWords.includes(token.text);
    if (token.kind === 'eof' || leaves) {
      // Without a `{` there was no block to close, and that is reported already.
      if (opened) {
        cursor.problems.report(token.span, {
          code: 'S024', message: `the block \`${block}\` is not closed before this`,
          label: 'expected `}`',
        });
      }
      whole = false;
      break;
    }
    if (!parseStatement(cursor, block, rules, occurrences)) whole = false;
  }
  for (const [word, rule] of rules) {
    if (rule.occurs !== 'once' || occurrences.has(word) || !opened) continue;
    cursor.problems.report(header, {
      code: 'S027', message: `the block \`${block}\` has no \`${word}\``,
      label: `needs \`${word}\``,
    });
    whole = false;
  }
  return whole;
}

function parseStatement(
  cursor: Cursor,
  block: string,
  rules: ReadonlyMap<string, StatementRule>,
  occurrences: Occurrences,
): boolean {
  const keyword = cursor.peek();
  const rule = keyword.kind === 'word' ? rules.get(keyword.text) : undefined;
  if (rule === undefined) {
    if (keyword.kind === 'word') {
      cursor.problems.report(keyword.span, {
        code: 'S021', message: `${quote(keyword.text)} is no statement of \`${block}\``,
        label: 'unknown statement', help: () => suggestion(keyword.text, [...rules.keys()]),
      });
    } else {
      cursor.reportFound('a statement');
    }
    cursor.skipStatement();
    return false;
  }
  cursor.next();
  const first = occurrences.admit(cursor, keyword.text, rule.occurs, keyword.span);
  if (first && rule.parse(keyword.span)) return cursor.endStatement();
  cursor.skipStatement();
  return false;
}
