/**
 * The unit against a referee that nobody here wrote: programs recorded from an emulated unit, replayed to
 * their last step under its profile, and up to its first choice of its own under the specification's.
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { conformCase, type CaseResult } from '../src/analysis/conform.ts';
import { readVectors, type VectorFile } from '../src/analysis/vectors.ts';
import { departures } from '../src/vtd/departures.ts';
import { profileNamed } from '../src/vtd/profiles/profiles.ts';
import { fileWith, only } from './support/vector-file.ts';

const folder = 'test/vectors/qemu';
const names = readdirSync(folder).sort();

function load(name: string): VectorFile {
  const file = readVectors(gunzipSync(readFileSync(`${folder}/${name}`)).toString());
  if (typeof file === 'string') assert.fail(`${name}: ${file}`);
  return file;
}

const files = new Map(names.map((name) => [name, load(name)]));

function play(name: string, profile: 'qemu' | 'specification'): readonly CaseResult[] {
  const file = files.get(name);
  return file === undefined ? [] : file.cases.map((vector) => conformCase(file, vector, profile));
}

function failures(results: readonly CaseResult[]): readonly string[] {
  return results.flatMap((result) => result.kind === 'failed' ? [`${result.id} at step ${result.step}`] : []);
}

test('all 1,489 recorded cases are here', () => {
  assert.equal([...files.values()].reduce((sum, { cases }) => sum + cases.length, 0), 1489);
});

for (const name of names) {
  test(`${name}: every case to its last step as the recorded unit`, () => {
    const results = play(name, 'qemu');
    assert.deepEqual(failures(results), []);
    assert.ok(results.every(({ kind }) => kind === 'passed'));
  });

  test(`${name}: every case up to the recorded unit's own choices as the specification`, () => {
    assert.deepEqual(failures(play(name, 'specification')), []);
  });
}

test('a register that differs is shown field by field, under the mask of the record', () => {
  const wrong = { op: 'reg.read', offset: '0x38', width: 32, value: '0x40000000' };
  const result = only(fileWith([wrong]));
  assert.ok(result.kind === 'failed' && result.difference.kind === 'register');
  assert.equal(result.difference.register, 'FECTL');
  assert.deepEqual(result.difference.fields.map(({ name }) => name), ['IM', 'IP']);
  assert.equal(only(fileWith([{ ...wrong, compareMask: '0xffff' }])).kind, 'passed');
});

test('memory, outcomes, pieces and data that differ are failures', () => {
  const write = { op: 'mem.write', address: '0x50000', hex: '0102' };
  const dma = { op: 'dma', source: '00:04.0', address: '0x50000', length: 2, compareData: true };
  const cases: readonly (readonly [object, string])[] = [
    [{ op: 'mem.read', address: '0x50000', length: 2, hex: '0103' }, 'memory'],
    [{ ...dma, access: 'read', hex: '0102', outcome: 'blocked' }, 'outcome'],
    [{ ...dma, access: 'read', hex: '0103', outcome: 'ok' }, 'data'],
    [{ ...dma, access: 'read', address: '0xa0000000', hex: '', outcome: 'ok' }, 'outcome'],
    [{ ...dma, access: 'read', hex: '0102', outcome: 'ok', pieces: [{ outcome: 'blocked' }] }, 'outcome'],
  ];
  for (const [step, kind] of cases) {
    const result = only(fileWith([write, step]));
    assert.equal(result.kind === 'failed' ? result.difference.kind : result.kind, kind, JSON.stringify(step));
  }
  assert.equal(only(fileWith([write, { ...dma, access: 'read', hex: '0102', outcome: 'ok' }])).kind, 'passed');
  assert.equal(only(fileWith([{ ...dma, access: 'write', address: '0xfee00000', hex: '0102',
    outcome: 'interrupt' }])).kind, 'passed');
});

test('the specification is compared up to the first quirk, and skipped where that is the start', () => {
  const right = { op: 'reg.read', offset: '0x0', width: 32, value: '0x10' };
  const wrong = { op: 'reg.read', offset: '0x0', width: 32, value: '0x11' };
  const quirk = (firstStep: number): object => ({ name: 'a-quirk', firstStep });
  assert.equal(only(fileWith([right, wrong], [quirk(1)]), 'specification').kind, 'passed');
  assert.equal(only(fileWith([right, wrong], [quirk(1)]), 'qemu').kind, 'failed');
  assert.equal(only(fileWith([wrong], [quirk(0)]), 'specification').kind, 'skipped');
});

test('a malformed file is told where, and nothing is thrown', () => {
  const reading = (step: object): string => {
    const file = fileWith([step]);
    return typeof file === 'string' ? file : 'read';
  };
  assert.match(reading({ op: 'nop' }), /cases\[0\]\.steps\[0\]\.op 'nop' is unknown/);
  assert.match(reading({ op: 'reg.read', offset: '0x1', width: 32, value: '0x0' }), /offset is not aligned/);
  assert.match(reading({ op: 'reg.read', offset: '0x1000', width: 32, value: '0x0' }), /too large/);
  assert.match(reading({ op: 'mem.write', address: '0x0', hex: '0' }), /not bytes/);
  assert.match(reading({ op: 'mem.write', address: 'ten', hex: '00' }), /not a word/);
  assert.match(reading({ op: 'dma', source: '0:4', access: 'read', address: '0x0' }), /outcome is unknown|bus/);
  assert.match(String(readVectors('{')), /not JSON/);
  assert.match(String(readVectors('[]')), /not an object/);
  assert.match(String(readVectors('{"format":"dmar-vectors/2"}')), /format/);
  assert.match(String(readVectors('{"__proto__":{"format":"dmar-vectors/1"}}')), /format/);
});

test('every departure is taken by the recorded unit\'s profile and by no other', () => {
  assert.deepEqual([...(profileNamed('qemu-39')?.departures ?? [])].sort(), Object.keys(departures).sort());
  assert.deepEqual(profileNamed('sandy-bridge-ep')?.departures, []);
});
