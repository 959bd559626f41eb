/** The head comment: its Result and Explored lines, which are checked, and its prose, which is for people. */

import type { Problems } from '../problems.ts';
import type { Expectation } from '../scenario.ts';
import type { Span, SpanTable } from '../span.ts';
import { quote } from '../printable.ts';

export interface HeadComment {
  readonly about: string;
  readonly expectations: readonly Expectation[];
  readonly explorations: readonly Expectation[];
}

const resultLike = /^(?:Result|Explored)(?::| with [^\s:]+:)/;
const resultLine = /^(Result|Explored)(?: with ([a-z0-9][a-z0-9_.-]{0,63}))?:[ \t]*(Holds|Violated)$/;

/** `inside` is the span between the comment marks. */
export function parseHeadComment(
  source: string,
  inside: Span,
  problems: Problems,
  spans: SpanTable,
): HeadComment {
  const expectations: Expectation[] = [];
  const explorations: Expectation[] = [];
  const prose: string[] = [];
  let start = inside.start;
  for (const written of source.slice(inside.start, inside.end).split('\n')) {
    // On the first line the comment mark itself stands in the star's place.
    const border = start === inside.start ? /^ ?/ : /^[ \t]*(?:\* ?)?/;
    const line = written.slice(border.exec(written)?.[0].length ?? 0).trimEnd();
    const text = line.trimStart();
    const textStart = start + written.trimEnd().length - text.length;
    const span = { start: textStart, end: textStart + text.length };
    start += written.length + 1;
    if (!resultLike.test(text)) {
      prose.push(line);
      continue;
    }
    const expectation = parseResult(text);
    if (expectation === null) reportResult(problems, span, text);
    else (text.startsWith('Explored') ? explorations : expectations).push(spans.place(expectation, span));
  }
  return { about: withoutBlankEnds(prose).join('\n'), expectations, explorations };
}

function parseResult(text: string): Expectation | null {
  const match = resultLine.exec(text);
  const result = match?.[3];
  if (result !== 'Holds' && result !== 'Violated') return null;
  return { release: match?.[2] ?? null, result };
}

function reportResult(problems: Problems, span: Span, text: string): void {
  problems.report(span, {
    code: 'S028', message: `${quote(text)} is not ${text.startsWith('Result') ? 'a Result' : 'an Explored'} line`,
    label: 'not understood',
    help: 'write `Result: Holds`, `Result: Violated` or `Result with RELEASE: Violated`; '
      + 'for every interleaving `Explored` instead of `Result`',
  });
}

function withoutBlankEnds(lines: readonly string[]): readonly string[] {
  const written = (line: string): boolean => line !== '';
  const first = lines.findIndex(written);
  return first < 0 ? [] : lines.slice(first, lines.findLastIndex(written) + 1);
}

/** Without a newline at the end; empty when there is nothing to say. */
export function printHeadComment({ about, expectations, explorations }: HeadComment): string {
  const line = (word: string, { release, result }: Expectation): string =>
    `${word}${release === null ? '' : ` with ${release}`}: ${result}`;
  const lines = [
    ...expectations.map((expectation) => line('Result', expectation)),
    ...explorations.map((expectation) => line('Explored', expectation)),
  ];
  if (lines.length > 0 && about !== '') lines.push('');
  if (about !== '') lines.push(...about.split('\n'));
  if (lines.length === 0) return '';
  const bordered = lines.map((line, index) => (index === 0 ? line : ` * ${line}`.trimEnd()));
  return `(* ${bordered.join('\n')} *)`;
}

/** Whether prose comes back unchanged when it is printed in a head comment and read again. */
export function isPrintableProse(about: string): boolean {
  if (about.includes('(*') || about.includes('*)')) return false;
  const lines = about.split('\n');
  return !lines.some((line) => resultLike.test(line.trimStart()) || line !== line.trimEnd())
    && withoutBlankEnds(lines).join('\n') === about;
}
