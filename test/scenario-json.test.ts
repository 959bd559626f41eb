// Protects the JSON mirror: it is canonical, it gives back the tree it was printed from, and nothing
// in a hostile file reaches a prototype, overflows the stack or is quietly overlooked.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { printJson } from '../src/scenario/json/print-json.ts';
import { printText } from '../src/scenario/text/print-text.ts';
import { readScenario } from '../src/scenario/read.ts';
import { smallVocabulary as vocabulary } from './support/small-vocabulary.ts';
import type { Scenario } from '../src/scenario/scenario.ts';

/** Every kind of node that a scenario can have. */
const text = `DMAR every-node
(* Result: Holds
 *
 * Prose, with "quotes" and \\ and \u00e9. *)
platform {
  host-address-width 39
  memory 0x100000-0x7fffffff
  crash-kernel 0x10000000-0x17ffffff
  pci-window 0x80000000-0xfebfffff
  apic x2apic
  timing walk-step 120ns
}
unit dmar0 { profile sandy-bridge-ep; base 0xf4ffe000; endpoint 02:00.0; scope listed; ioapic 8 f0:1f.7; choice caching by-domain }
unit dmar1 { profile sandy-bridge-ep; base 0xf4fff000 }
device disk 02:00.0 { model hpsa; bar 0xf7f00000-0xf7ffffff; rmrr 0xe8000-0xe8fff; reset ignored }
bridge port 00:02.2 { kind pcie-to-pci; buses 0x2-0x3 }
device late 03:1f.7 { alias 03:1f.6; model hpsa; reset late 5ms; pace 2s }
crashed linux-4.9-rc5 {
  command-line "a \\"b\\""
  map ring 8K bidirectional on disk
  dma write ring every 1ms
  dma read ring every 1ms until panic + 2ms
  dma read ring every 1ms times 3
  wait 1us
  unmap ring
  probe disk order map-then-reset
  submit write 4K on disk times 2
  panic
}
capture patch-v2 { config debug; wait 1s; probe disk dma-mask 31; submit read 512 on disk }
never fault on disk of capture after handoff reason 6 at 0xfffff000
sometimes log "no-op failed" before reset
schedule 0*3/1
`;

function read(source: string): Scenario {
  const reading = readScenario('x.json', source, vocabulary);
  if (reading.ok) return reading.scenario;
  const [first] = reading.diagnostics;
  return assert.fail(`${first?.code} ${first?.line}:${first?.column} ${first?.message}`);
}

function codes(source: string): readonly string[] {
  const reading = readScenario('x.json', source, vocabulary);
  return reading.ok ? [] : reading.diagnostics.map(({ code }) => code);
}

const canonical = printJson(read(text));

function edited(find: string, replacement: string): string {
  assert.ok(canonical.includes(find), `no ${find} in the canonical JSON`);
  return canonical.replace(find, () => replacement);
}

describe('round trips', () => {
  test('tree to JSON to tree, and the JSON prints the same again', () => {
    assert.deepEqual(read(canonical), read(text));
    assert.equal(printJson(read(canonical)), canonical);
  });

  test('text to JSON to text', () => {
    assert.equal(printText(read(canonical)), printText(read(text)));
  });

  test('the seed scenario', () => {
    const seed = read(readFileSync('scenarios/hpsa-p420i.dmar', 'utf8'));
    assert.deepEqual(read(printJson(seed)), seed);
  });

  test('what is no part of a tree is not printed', () => {
    const scenario = read(text);
    assert.equal(printJson({ ...scenario, ...{ more: 1 } }), canonical);
  });

  test('keys may come in any order, and white space does not matter', () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).reverse()
        .map(([key, member]) => [key, reversed(member)]));
    };
    const shuffled = JSON.stringify(reversed(JSON.parse(canonical)));
    assert.notEqual(shuffled, JSON.stringify(JSON.parse(canonical)));
    assert.deepEqual(read(` \r\n\t${shuffled}`), read(text));
  });

  test('a schedule of a million choices still fits into a file', () => {
    const schedule = Array.from({ length: 1_000_000 }, () => 0);
    const printed = printJson({ ...read(text), schedule });
    assert.ok(printed.length < 10_000);
    assert.equal(read(printed).schedule?.length, 1_000_000);
  });

  test('an empty schedule is none', () => {
    assert.equal(read(printJson({ ...read(text), schedule: [] })).schedule, null);
    assert.equal(read(printText({ ...read(text), schedule: [] })).schedule, null);
  });
});

test('the form is this: fixed order, two spaces, hexadecimal addresses, units in key names', () => {
  const lines = canonical.split('\n');
  assert.equal(lines[0], '{');
  assert.equal(lines[1], '  "format": "dmarsim-scenario/1",');
  assert.deepEqual(Object.keys(JSON.parse(canonical) as object), [
    'format', 'name', 'about', 'expectations', 'platform', 'units', 'bridges', 'devices', 'crashed',
    'capture', 'claims', 'schedule',
  ]);
  const devices = (JSON.parse(canonical) as { devices: unknown }).devices;
  assert.deepEqual(devices, [
    {
      name: 'disk', sourceId: '02:00.0', alias: null, model: 'hpsa',
      bar: { first: '0xf7f00000', last: '0xf7ffffff' },
      reservedRegions: [{ first: '0xe8000', last: '0xe8fff' }], reset: { kind: 'ignored' },
      paceNs: null,
    },
    {
      name: 'late', sourceId: '03:1f.7', alias: '03:1f.6', model: 'hpsa', bar: null, reservedRegions: [],
      reset: { kind: 'late', afterNs: 5_000_000 }, paceNs: 2_000_000_000,
    },
  ]);
  assert.ok(canonical.includes('"schedule": "0*3/1"\n}\n'));
});

describe('hostile JSON', () => {
  test('__proto__ and constructor are unknown keys and touch nothing', () => {
    for (const key of ['__proto__', 'constructor', 'prototype', 'toString', '\\u005f_proto__']) {
      const source = edited('"name": "every-node"',
        `"${key}": { "polluted": true }, "name": "every-node"`);
      assert.deepEqual(codes(source), ['S043'], key);
    }
    assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
    assert.equal(Object.hasOwn(Object, 'polluted'), false);
  });

  test('an inherited property is no substitute for a missing key', () => {
    assert.deepEqual(codes(edited('"kind": "ignored"',
      '"__proto__": { "kind": "ignored" }')).toSorted(), ['S043', 'S044']);
  });

  test('names of inherited properties are no kinds, words or choices', () => {
    assert.deepEqual(codes(edited('"kind": "panic",\n', '"kind": "toString",\n')), ['S039']);
    assert.deepEqual(codes(edited('"caching"', '"constructor"')), ['S053']);
    assert.deepEqual(codes(edited('"quantifier": "never"', '"quantifier": "valueOf"')), ['S039']);
  });

  test('each duplicate key is reported, escaped or not, and the first one counts', () => {
    assert.deepEqual(codes(edited('"name": "every-node"',
      '"name": "every-node", "name": "X", "n\\u0061me": "Y"')), ['S042', 'S042']);
  });

  test('deep nesting is refused before it is followed', () => {
    for (const open of ['[', '{"a":']) {
      assert.deepEqual(codes(`{"a":${open.repeat(100_000)}`), ['S041']);
    }
    assert.deepEqual(codes(`{"a":${'['.repeat(31)}${']'.repeat(31)}}`).includes('S041'), false);
    assert.deepEqual(codes(`{"a":${'['.repeat(33)}${']'.repeat(33)}}`), ['S041']);
  });

  test('numbers that a double cannot hold, or that are not written plainly', () => {
    for (const number of ['1e999', '-1', '9'.repeat(500_000), '1.0', '1e3', '0.5', '-0',
      '9007199254740993', '18446744073709551616']) {
      const found = codes(edited('"bytes": 8192', `"bytes": ${number}`));
      assert.equal(found.length, 1, number.slice(0, 30));
      assert.match(found[0] ?? '', /^S0(?:45|77)$/, number.slice(0, 30));
    }
    assert.deepEqual(codes(edited('"bytes": 8192', '"bytes": 0x10')), ['S040']);
    assert.deepEqual(codes(edited('"bytes": 8192', '"bytes": 010')), ['S040']);
    assert.deepEqual(codes(edited('"bytes": 8192', '"bytes": NaN')), ['S040']);
  });

  test('prose that a head comment cannot hold', () => {
    for (const prose of ['a *) b', 'a (* b', 'Result: Holds', ' Result with x: Violated', 'blank ',
      '\\nfirst', 'last\\n', 'a \\nb']) {
      const source = canonical.replace(/"about": ".*",/, () => `"about": "${prose}",`);
      assert.deepEqual(codes(source), ['S047'], prose);
    }
    for (const hidden of ['\\u0000', '\\u001b[31m', '\\u202e', '\\ud800', '\\ufeff']) {
      assert.ok(codes(edited('"about": "', `"about": "${hidden}`)).includes('S015'), hidden);
    }
  });

  test('text that could not be written in a string', () => {
    for (const hidden of ['\\u0000', '\\n', '\\t', '\\u202e', '\\udfff', '\\u2028', '\\u0085']) {
      assert.deepEqual(codes(edited('"no-op failed"', `"${hidden}"`)), ['S015'], hidden);
    }
  });

  test('every key is needed, and no other is taken', () => {
    const keys = new Set(canonical.match(/"[A-Za-z]+"(?=:)/g));
    assert.ok(keys.size > 40);
    for (const key of keys) {
      const found = codes(edited(`${key}:`, '"strange":'));
      assert.ok(found.includes('S043'), `${key}: ${found.join(' ')}`);
      assert.ok(found.includes('S044'), `${key}: ${found.join(' ')}`);
    }
  });

  test('a value of another type is refused wherever it stands', () => {
    const values = [...canonical.matchAll(/: (?:"(?:[^"\\]|\\.)*"|[0-9]+|null|\[\]|[[{])/g)];
    assert.ok(values.length > 100);
    for (const match of values) {
      const at = match.index + 2;
      const opening = match[0].slice(2);
      // Replacing what only opens here would leave its contents behind.
      if (opening === '{' || opening === '[') continue;
      const source = `${canonical.slice(0, at)}true${canonical.slice(at + opening.length)}`;
      assert.deepEqual(codes(source), ['S045'], `${canonical.slice(at - 30, at + 20)}`);
    }
  });

  test('what only begins like JSON is one error of syntax', () => {
    for (const source of ['{', '{]', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{} x', '{a}',
      '{"a":[1,]}', '{"a":+1}', '{"a":.5}', '{"a":tru}', '{"a" 1}', '{"a":"\\x"}', '{"a":"\\u12"}',
      '{"a":"', "{'a':1}", '{"a":1}{']) {
      assert.equal(codes(source).length, 1, source);
      assert.match(codes(source)[0] ?? '', /^S0(?:40|13|14)$/, source);
    }
  });
});
