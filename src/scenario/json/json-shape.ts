/** Asking a JSON object for the members that its place in a scenario calls for. */

import type { JsonMember, JsonObject, JsonValue } from './json-value.ts';
import { quote } from '../printable.ts';
import type { Problems } from '../problems.ts';
import type { SpanTable } from '../span.ts';
import { suggestion } from '../suggest.ts';
import type { Reading } from '../values.ts';

/** Where a JSON tree is turned into a scenario: its problems and spans. */
export interface JsonContext {
  readonly problems: Problems;
  readonly spans: SpanTable;
}

export interface LocatedValue<Value> {
  readonly value: Value;
  readonly json: JsonValue;
}

const kindNames: Readonly<Record<JsonValue['kind'], string>> = {
  null: 'null', boolean: 'a boolean', number: 'a number', string: 'a string', array: 'an array',
  object: 'an object',
};

/** Null when the value is no object; that is reported, and so is each key that is not in `keys`. */
export function shapeOf(
  context: JsonContext,
  json: JsonValue,
  what: string,
  keys: readonly string[],
): JsonShape | null {
  if (json.kind !== 'object') {
    reportKind(context, json, `an object (${what})`);
    return null;
  }
  for (const { key, keySpan } of json.members) {
    if (keys.includes(key)) continue;
    context.problems.report(keySpan, {
      code: 'S043', message: `${quote(key)} is no key of ${what}`, label: 'unknown key',
      help: () => suggestion(key, keys),
    });
  }
  return new JsonShape(context, json, what);
}

/** Each method returns null after reporting what is wrong. */
export class JsonShape {
  readonly context: JsonContext;
  readonly json: JsonObject;
  readonly #what: string;
  readonly #members: ReadonlyMap<string, JsonMember>;

  constructor(context: JsonContext, json: JsonObject, what: string) {
    this.context = context;
    this.json = json;
    this.#what = what;
    this.#members = new Map(json.members.map((member) => [member.key, member]));
  }

  member(key: string): JsonValue | null {
    const found = this.#members.get(key);
    if (found !== undefined) return found.value;
    const { start } = this.json.span;
    this.context.problems.report({ start, end: start + 1 }, {
      code: 'S044', message: `${this.#what} has no key \`${key}\``, label: `needs \`${key}\``,
      help: 'all keys are written, even when the value is null or an empty array',
    });
    return null;
  }

  string<Value>(key: string, read: (text: string) => Reading<Value>): LocatedValue<Value> | null {
    const json = this.member(key);
    if (json === null) return null;
    if (json.kind === 'string') return this.#reading(json, read(json.value));
    return reportKind(this.context, json, `a string for \`${key}\``);
  }

  /** For keys that are written only where they say something; null also where the key is not there. */
  optionalString<Value>(key: string, read: (text: string) => Reading<Value>): LocatedValue<Value> | null {
    return this.#members.has(key) && !this.isNull(key) ? this.string(key, read) : null;
  }

  /** As `array`; null also where the key is not there. */
  optionalArray<Item>(key: string, read: (item: JsonValue) => Item | null): readonly Item[] | null {
    return this.#members.has(key) ? this.array(key, read) : null;
  }

  number(key: string, check: (value: number) => Reading<number>): LocatedValue<number> | null {
    const json = this.member(key);
    if (json === null) return null;
    // `1e3` and `1.0` are numbers too, but not as this format writes them.
    if (json.kind === 'number' && /^[0-9]{1,16}$/.test(json.text)) {
      return this.#reading(json, check(json.value));
    }
    return reportKind(this.context, json, `a whole number for \`${key}\``);
  }

  array<Item>(key: string, read: (item: JsonValue) => Item | null): readonly Item[] | null {
    const json = this.member(key);
    if (json === null) return null;
    if (json.kind !== 'array') return reportKind(this.context, json, `an array for \`${key}\``);
    const items: Item[] = [];
    let whole = true;
    for (const value of json.items) {
      const item = read(value);
      if (item === null) whole = false;
      else items.push(item);
    }
    return whole ? items : null;
  }

  isNull(key: string): boolean {
    return this.#members.get(key)?.value.kind === 'null';
  }

  /** Gives the node the object's span, and each property the span of its value. */
  place<const Node extends object>(node: Node): Node {
    this.context.spans.place(node, this.json.span);
    for (const { key, value } of this.#members.values()) {
      if (Object.hasOwn(node, key)) {
        this.context.spans.placeProperty(node, key as keyof Node & string, value.span);
      }
    }
    return node;
  }

  #reading<Value>(json: JsonValue, reading: Reading<Value>): LocatedValue<Value> | null {
    if (reading.ok) return { value: reading.value, json };
    this.context.problems.report(json.span, reading.problem);
    return null;
  }
}

function reportKind(context: JsonContext, json: JsonValue, expected: string): null {
  const found = json.kind === 'number' ? `the number ${quote(json.text)}` : kindNames[json.kind];
  context.problems.report(json.span, {
    code: 'S045', message: `expected ${expected}, found ${found}`, label: `expected ${expected}`,
  });
  return null;
}
