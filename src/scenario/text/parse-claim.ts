/** The claims at the end of a scenario's text: `never fault on hpsa after handoff`. */

import type { Cursor } from './cursor.ts';
import { limits } from '../limits.ts';
import { reportRepeated } from './parse-block.ts';
import { readAddress } from '../quantities.ts';
import { phases } from '../scenario.ts';
import type { Claim, ClaimScope, ClaimSubject, DmaProperty } from '../scenario.ts';
import type { Span } from '../span.ts';
import { readInteger, readName, readWord } from '../values.ts';
import type { Reading } from '../values.ts';

export const quantifiers: readonly Claim['quantifier'][] = ['never', 'sometimes', 'always'];
export const outcomes: readonly DmaProperty[] =
  ['dma', 'fault', 'stale', 'foreign', 'translated', 'fresh'];
const subjects: readonly (DmaProperty | 'log')[] = [...outcomes, 'log'];
export const scopeKernels: readonly ('crashed' | 'capture')[] = ['crashed', 'capture'];

export function readReason(text: string): Reading<number> {
  return readInteger(text, 'a fault reason', 0, limits.faultReason);
}

type Changeable<Node> = { -readonly [Name in keyof Node]: Node[Name] };

export function parseClaim(
  cursor: Cursor,
  quantifier: Claim['quantifier'],
  keyword: Span,
): Claim | null {
  const what = parseSubject(cursor);
  if (what === null) return null;
  const scope: Changeable<ClaimScope> = {
    device: null, kernel: null, after: null, before: null, reason: null, address: null,
  };
  const seen = new Set<string>();
  while (cursor.peek().kind === 'word') {
    const word = cursor.peek();
    const parse = scopeParsers.get(word.text);
    if (parse === undefined) break;
    cursor.next();
    if (seen.has(word.text)) {
      reportRepeated(cursor, word.text, word.span);
      return null;
    }
    seen.add(word.text);
    if (!parse(cursor, scope)) return null;
  }
  const claim = { quantifier, what, scope };
  return cursor.spans.place(claim, cursor.since(keyword));
}

function parseSubject(cursor: Cursor): ClaimSubject | null {
  const outcome = cursor.value('what is claimed', (text) => readWord(text, subjects));
  if (outcome === null) return null;
  if (outcome.value !== 'log') return { kind: 'dma', outcome: outcome.value };
  const text = cursor.text('a text of the log', false);
  return text === null ? null : { kind: 'log', text: text.value };
}

type ScopeParser = (cursor: Cursor, scope: Changeable<ClaimScope>) => boolean;

const scopeParsers: ReadonlyMap<string, ScopeParser> = new Map<string, ScopeParser>([
  ['on', scopeParser('device', 'the name of a device', readName)],
  ['of', scopeParser('kernel', '`crashed` or `capture`', (text) => readWord(text, scopeKernels))],
  ['after', scopeParser('after', 'a phase', (text) => readWord(text, phases))],
  ['before', scopeParser('before', 'a phase', (text) => readWord(text, phases))],
  ['reason', scopeParser('reason', 'a fault reason', readReason)],
  ['at', scopeParser('address', 'the address of a page', readAddress)],
]);

function scopeParser<Property extends keyof ClaimScope>(
  property: Property,
  what: string,
  read: (text: string) => Reading<NonNullable<ClaimScope[Property]>>,
): ScopeParser {
  return (cursor, scope) => {
    const value = cursor.value(what, read);
    if (value === null) return false;
    scope[property] = value.value;
    cursor.spans.placeProperty<ClaimScope>(scope, property, value.span);
    return true;
  };
}
