/** The claims, from JSON. */

import { shapeOf } from './json-shape.ts';
import type { JsonContext, JsonShape, LocatedValue } from './json-shape.ts';
import type { JsonValue } from './json-value.ts';
import { limits } from '../limits.ts';
import { outcomes, quantifiers, scopeKernels } from '../text/parse-claim.ts';
import { kindedShape } from './parse-json-statements.ts';
import { readAddress } from '../quantities.ts';
import { phases } from '../scenario.ts';
import type { Claim, ClaimScope, ClaimSubject } from '../scenario.ts';
import { checkInteger, checkText, readName, readWord } from '../values.ts';
import type { Reading } from '../values.ts';

const scopeKeys: readonly string[] = ['device', 'kernel', 'after', 'before', 'reason', 'address'];

const subjectKeys = {
  dma: ['kind', 'outcome'],
  log: ['kind', 'text'],
} as const satisfies Record<ClaimSubject['kind'], readonly string[]>;

export function readClaim(context: JsonContext, json: JsonValue): Claim | null {
  const shape = shapeOf(context, json, 'a claim', ['quantifier', 'what', 'scope']);
  if (shape === null) return null;
  const quantifier = shape.string('quantifier', (text) => readWord(text, quantifiers));
  const whatJson = shape.member('what');
  const what = whatJson === null ? null : readSubject(context, whatJson);
  const scopeJson = shape.member('scope');
  const scope = scopeJson === null ? null : readScope(context, scopeJson);
  if (quantifier === null || what === null || scope === null) return null;
  return shape.place({ quantifier: quantifier.value, what, scope });
}

function readSubject(context: JsonContext, json: JsonValue): ClaimSubject | null {
  const kinded = kindedShape(context, json, 'the subject', subjectKeys);
  if (kinded === null) return null;
  const { kind, shape } = kinded;
  switch (kind) {
    case 'dma': {
      const outcome = shape.string('outcome', (text) => readWord(text, outcomes));
      return outcome === null ? null : shape.place({ kind, outcome: outcome.value });
    }
    case 'log': {
      const text = shape.string('text', (written) => checkText(written, false));
      return text === null ? null : shape.place({ kind, text: text.value });
    }
  }
}

function readScope(context: JsonContext, json: JsonValue): ClaimScope | null {
  const shape = shapeOf(context, json, 'a scope', scopeKeys);
  if (shape === null) return null;
  const device = stringOrNull(shape, 'device', readName);
  const kernel = stringOrNull(shape, 'kernel', (text) => readWord(text, scopeKernels));
  const after = stringOrNull(shape, 'after', (text) => readWord(text, phases));
  const before = stringOrNull(shape, 'before', (text) => readWord(text, phases));
  const reason = shape.isNull('reason') ? absent
    : shape.number('reason', (value) => checkInteger(value, 'a fault reason', 0, limits.faultReason));
  const address = stringOrNull(shape, 'address', readAddress);
  if (device === null || kernel === null || after === null || before === null
    || reason === null || address === null) return null;
  return shape.place({
    device: device.value, kernel: kernel.value, after: after.value, before: before.value,
    reason: reason.value, address: address.value,
  });
}

/** Distinct from null, which means that a fault is reported. */
const absent = { value: null };

function stringOrNull<Value>(
  shape: JsonShape,
  key: string,
  read: (text: string) => Reading<Value>,
): LocatedValue<Value> | typeof absent | null {
  return shape.isNull(key) ? absent : shape.string(key, read);
}
