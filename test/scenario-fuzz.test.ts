// Protects against hostile input: whatever the bytes, reading them neither throws nor hangs, every
// diagnostic stands inside the file, and what is accepted survives being printed.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { Random } from '../src/base/hash.ts';
import { formatDiagnostic } from '../src/scenario/diagnostic.ts';
import { printJson } from '../src/scenario/json/print-json.ts';
import { printText } from '../src/scenario/text/print-text.ts';
import { readScenario } from '../src/scenario/read.ts';
import { smallVocabulary as vocabulary } from './support/small-vocabulary.ts';

const mebibyte = 1_048_576;

/** One of the items. */
function oneOf<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.below(items.length)];
  assert.ok(item !== undefined);
  return item;
}

/** Reads, and checks what must be true of any outcome. Returns whether it was accepted. */
function examine(input: Uint8Array | string): boolean {
  const reading = readScenario('fuzz', input, vocabulary);
  if (reading.ok) {
    const text = printText(reading.scenario);
    const again = readScenario('again', text, vocabulary);
    assert.ok(again.ok);
    assert.deepEqual(again.scenario, reading.scenario);
    const json = readScenario('json', printJson(reading.scenario), vocabulary);
    assert.ok(json.ok);
    assert.deepEqual(json.scenario, reading.scenario);
    return true;
  }
  const { diagnostics, source } = reading;
  assert.ok(diagnostics.length > 0 && diagnostics.length <= 101);
  const lines = source.split('\n');
  for (const diagnostic of diagnostics) {
    const line = lines[diagnostic.line - 1];
    assert.ok(line !== undefined, `line ${diagnostic.line} of ${lines.length}`);
    // One past the end is where something that is missing is missed.
    assert.ok(diagnostic.column >= 1 && diagnostic.column <= line.length + 1);
    assert.ok(diagnostic.endColumn > diagnostic.column && diagnostic.endColumn <= line.length + 2);
  }
  for (const diagnostic of diagnostics.slice(0, 3)) {
    assert.doesNotMatch(formatDiagnostic(diagnostic, source), /[^\P{C}\n]/u);
  }
  return false;
}

const seedFile = new Uint8Array(readFileSync('scenarios/hpsa-p420i.dmar'));

const snippets: readonly string[] = [
  '{', '}', '(*', '*)', '//', '"', '\\', ';', '\n', '\r', '\0', '\t', '+', '-', '/', '*', ':', ',',
  '[', ']', 'DMAR', 'platform', 'unit', 'panic', 'never', 'log', '0x', '0', '9'.repeat(30),
  'ms', '\u202e', '\ufeff', '\ud83d\ude00', '__proto__', '0*1000000', '[[[[', '{"a":', 'Result: Holds',
  'null', '1e999', '"\\u0000"',
];

function mutate(original: Uint8Array, random: Random): Uint8Array {
  let bytes = [...original];
  for (let count = 1 + random.below(4); count > 0; count -= 1) {
    const at = random.below(bytes.length + 1);
    const length = random.below(12);
    switch (random.below(6)) {
      case 0: bytes.splice(at, 1, random.below(256)); break;
      case 1: bytes.splice(at, length); break;
      case 2: bytes.splice(at, 0, ...Buffer.from(oneOf(random, snippets))); break;
      case 3: bytes.splice(at, 0, ...bytes.slice(random.below(bytes.length + 1)).slice(0, 80)); break;
      case 4: bytes = bytes.slice(0, at); break;
      default: bytes.splice(at, length, ...Array.from({ length }, () => random.below(128)));
    }
  }
  return Uint8Array.from(bytes);
}

describe('mutated scenarios', () => {
  const seed = Number(process.env['FUZZ_SEED'] ?? 20161127);
  const budgetNs = 1_200_000_000n;

  for (const form of ['text', 'JSON']) {
    test(`${form}, bytes at random`, (context) => {
      context.diagnostic(`FUZZ_SEED=${seed}`);
      const random = new Random(seed);
      let original = seedFile;
      if (form === 'JSON') {
        const reading = readScenario('seed', seedFile, vocabulary);
        assert.ok(reading.ok);
        original = new Uint8Array(Buffer.from(printJson(reading.scenario)));
      }
      let accepted = 0;
      let rounds = 0;
      const start = process.hrtime.bigint();
      while (rounds < 1500 && process.hrtime.bigint() - start < budgetNs) {
        const mutated = mutate(original, random);
        rounds += 1;
        try {
          if (examine(mutated)) accepted += 1;
        } catch (error) {
          context.diagnostic(`round ${rounds}: ${Buffer.from(mutated).toString('base64')}`);
          throw error;
        }
      }
      context.diagnostic(`${rounds} rounds, ${accepted} accepted`);
      assert.ok(accepted > 0 && accepted < rounds);
    });
  }

  test('every prefix', () => {
    for (let length = 0; length < seedFile.length; length += 7) examine(seedFile.slice(0, length));
  });

  test('words in any order', (context) => {
    context.diagnostic(`FUZZ_SEED=${seed}`);
    const random = new Random(seed + 1);
    const words = [...snippets, ...Buffer.from(seedFile).toString().split(/(\s+)/)];
    for (let round = 0; round < 200; round += 1) {
      const body = Array.from({ length: random.below(200) }, () => oneOf(random, words)).join(' ');
      examine(`DMAR x\n${body}`);
    }
  });

  test('bytes that are no text at all', () => {
    const random = new Random(seed + 2);
    for (let round = 0; round < 100; round += 1) {
      examine(Uint8Array.from({ length: random.below(400) }, () => random.below(256)));
    }
    examine(new Uint8Array(0));
    examine(new Uint8Array(mebibyte));
    examine(new Uint8Array(mebibyte + 1));
    examine(new Uint8Array(mebibyte).fill(0xff));
    examine(Uint8Array.from({ length: mebibyte }, () => random.below(256)));
  });
});

describe('files made to take long', () => {
  /** Long enough that a square of it shows, short enough that it ends. */
  const bytes = 262_144;

  /** What is repeated to that length, between what comes before and after it. */
  const shapes: readonly (readonly [before: string, piece: string, after?: string])[] = [
    ['DMAR x\n', '{'], ['DMAR x\n', '}'], ['DMAR x\n', '{}'], ['DMAR x\n', ';'], ['DMAR x\n', '+'],
    ['DMAR x\n', '"'], ['DMAR x\n', '\\'], ['DMAR x\n', '\u00a7'], ['DMAR x\n', '\u00a7 '],
    ['DMAR x\n', '\0'], ['DMAR x\n', '\0 '], ['DMAR x\n', 'a'], ['DMAR x\n', 'a '],
    ['DMAR x\n', 'platform '], ['DMAR x\n', 'platform{'], ['DMAR x\n', 'platform\n'],
    ['DMAR x\n', 'never\n'], ['DMAR x\n', 'never fault '], ['DMAR x\n', 'never fault\n'],
    ['DMAR x\n', 'never dma at 0 before crash after reset\n'],
    ['DMAR x\n', '(*'], ['DMAR x\n', '(**)'], ['DMAR x\n', '(* *'], ['DMAR x\n', '/'],
    ['DMAR x\n(*', ' '], ['DMAR x\n(*', ' ', '*)'], ['DMAR x\n(*', '\n', '*)'],
    ['DMAR x\n(*', ' *', '*)'],
    ['DMAR x\n(*', '\nResult: Holds', '*)'], ['DMAR x\n(*', '\nResult:', '*)'],
    ['DMAR x\nschedule ', '0/'], ['DMAR x\nschedule ', '0*9/', '0'], ['DMAR x\nschedule ', '0*'],
    ['DMAR x\nplatform {\n', 'memory 0x0-0xfff\n', '}'],
    ['DMAR x\nplatform {\n', 'memory 0x0-\n', '}'],
    ['DMAR x\nplatform { memory ', '0'], ['DMAR x\nplatform { memory ', '0-'],
    ['DMAR x\n', 'device a 0:0.0 { model hpsa }\n'], ['DMAR x\n', 'unit a { base 0x1000 }\n'],
    ['DMAR x\ncrashed linux-4.9-rc5 {\n', 'unmap b\n', '}'],
    ['DMAR x\ncrashed linux-4.9-rc5 {\n', 'map b 4K to-device on c\n', '}'],
    ['DMAR x\ncrashed linux-4.9-rc5 {\n', 'wait 1.', '}'],
    ['DMAR x\ncrashed linux-4.9-rc5 { wait 1.', '0', '1s }'],
    ['DMAR x\ncrashed linux-4.9-rc5 { wait ', '0', '1s }'],
    ['DMAR x\ncapture patch-v2 {\n', 'probe c\n', '}'], ['DMAR x\ncapture patch-v2 {\n', 'x\n', '}'],
    ['', '{'], ['', '['], ['{', '"a":1,'], ['{"a":[', '1,'], ['{"a":', '9'], ['{"a":"', '\\n'],
    ['{"a":"', '\\u0000', '"}'], ['{"a":"', 'a'], ['{', ' '], ['{"a":', '-'], ['{"a":[', '{},', '1]}'],
    ['{"claims":[', '{},', '1]}'], ['{"devices":[', '{"name":"a"},', '1]}'], ['{"about":"', ' ', '"}'],
    ['{"about":"', '\\n', '"}'], ['{"schedule":"', '0/', '0"}'],
  ];

  test('each is read in less than a second', () => {
    for (const [before, piece, after] of shapes) {
      const count = Math.floor((bytes - before.length - (after?.length ?? 0))
        / Buffer.byteLength(piece));
      const source = `${before}${piece.repeat(count)}${after ?? ''}`;
      const start = process.hrtime.bigint();
      assert.equal(examine(source), false);
      const milliseconds = Number((process.hrtime.bigint() - start) / 1_000_000n);
      assert.ok(milliseconds < 1000, `${before}${piece}: ${milliseconds} ms`);
    }
  });
});
