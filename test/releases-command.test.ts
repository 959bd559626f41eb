/** `dmarsim releases`: the list, one release, the difference of two as operations, and what is wrong to ask. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { releases } from '../src/linux/releases/releases.ts';
import { difference } from '../src/analysis/releases/release-difference.ts';
import { dmarsim, linesOf } from './support/dmarsim.ts';

function printed(...words: readonly string[]): readonly string[] {
  const { code, out, talk } = dmarsim(['releases', ...words]);
  assert.deepEqual([code, talk], [0, '']);
  return linesOf(out);
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  assert.ok(typeof value === 'object' && value !== null);
  return new Map(Object.entries(value));
}

test('the list names every release with its commit and date, and no line is wider than 100', () => {
  const lines = printed();
  const heads = lines.filter((line) => !line.startsWith(' '));
  assert.deepEqual(heads.map((line) => line.split(/ {2,}/).slice(0, 2)),
    releases.map(({ name, date }) => [name, date]));
  assert.ok(heads.every((line) => line.split(/ {2,}/)[2] !== undefined));
  assert.deepEqual(lines.filter((line) => line.length > 100), []);
});

test('the list marks what is unconfirmed and what is not modelled, and tells of what it is a difference', () => {
  const text = printed().join(' ').replace(/\s+/g, ' ');
  assert.match(text, /linux-4\.12 2017-05-05 f73a7eee900e as linux-4\.10, but [^[]*\[in part unconfirmed\]/);
  assert.match(text, /linux-6\.9-sm .*\[not modelled yet: /);
  assert.match(text, /patch-v2 2016-11-18 .* as linux-4\.9-rc5, but [^[]* linux-/);
});

test('one release shows its unconfirmed points and its operations at the start and at the handoff', () => {
  const lines = printed('linux-4.10');
  assert.ok(lines.some((line) => line.startsWith('unconfirmed   ')));
  const start = lines.indexOf('at the start, as the capture kernel:');
  const handoff = lines.indexOf('at the handoff of a device:');
  assert.ok(start > 0 && handoff > start);
  assert.ok(lines.slice(start, handoff).includes('  GCMD = TE SRTP QIE'));
  assert.deepEqual(lines.slice(handoff + 1, handoff + 4), ['  flush context-cache device 02:01.0 domain 1',
    '  store low half: 0', '  store high half: 0']);
});

test('the difference of two is taken from what they do: one flush between 4.10 and 4.12', () => {
  const lines = printed('linux-4.10', 'linux-4.12');
  assert.deepEqual(lines.filter((line) => /^[-+]/.test(line)),
    ['- linux-4.10', '+ linux-4.12', '+ flush IOTLB domain 1, draining reads and writes']);
  const back = printed('linux-4.12', 'linux-4.10');
  assert.ok(back.includes('- flush IOTLB domain 1, draining reads and writes'));
});

test('on a unit in caching mode the flushes behind the write are there in both', () => {
  const lines = printed('linux-4.9-rc5', 'patch-v1-cmblock', '--unit', 'caching mode');
  assert.ok(lines.includes('  the same, 9 operations') || lines.some((line) => line.startsWith('  the same')));
  assert.ok(printed('linux-4.9-rc5', '--unit', 'caching mode')
    .includes('  flush context-cache device 02:01.0 domain 0'));
});

test('the documents have a version: the list, one release, and two', () => {
  const list = fieldsOf(JSON.parse(printed('--json').join('\n')));
  assert.equal(list.get('version'), 1);
  assert.ok(Array.isArray(list.get('releases')));
  const one = fieldsOf(JSON.parse(printed('linux-4.12', '--json').join('\n')));
  assert.deepEqual([one.get('version'), one.get('name'), one.get('basis')], [1, 'linux-4.12', 'linux-4.10']);
  const two = fieldsOf(JSON.parse(printed('linux-4.10', 'linux-4.12', '--json').join('\n')));
  assert.deepEqual([two.get('version'), two.get('first'), two.get('second')], [1, 'linux-4.10', 'linux-4.12']);
  const phases = two.get('phases');
  assert.ok(Array.isArray(phases));
  assert.deepEqual(phases.map((phase) => fieldsOf(phase).get('phase')), ['crash', 'start', 'handoff']);
});

test('a name that is wrong, one too many, a unit that is none, and a release that is not modelled', () => {
  const talk = (...words: readonly string[]): readonly [number | null, string] => {
    const done = dmarsim(['releases', ...words]);
    assert.equal(done.out, '');
    return [done.code, done.talk];
  };
  assert.deepEqual(talk('linux-4.13'), [129, "error: there is no release 'linux-4.13'; did you mean linux-4.1?\n"]);
  assert.deepEqual(talk('a', 'b', 'c'), [129, 'error: releases takes one name or two, not 3\n']);
  assert.match(talk('linux-4.12', '--unit', 'odd')[1], /--unit is 'not coherent', 'coherent', 'caching mode', not 'odd'/);
  const [code, text] = talk('linux-4.12', 'linux-6.9-sm');
  assert.equal(code, 125);
  assert.match(text, /^error: linux-6\.9-sm is not modelled yet: scalable mode is missing\n$/);
});

test('a difference keeps the order of both and the longest common part', () => {
  const marks = { both: ' ', first: '-', second: '+' } as const;
  const of = (first: string, second: string): string =>
    difference([...first], [...second]).map((line) => `${marks[line.in]}${line.text}`).join('');
  assert.equal(of('abc', 'abc'), ' a b c');
  assert.equal(of('abc', 'ac'), ' a-b c');
  assert.equal(of('ac', 'abc'), ' a+b c');
  assert.equal(of('', 'ab'), '+a+b');
  assert.equal(of('xabcy', 'abzc'), '-x a b+z c-y');
});
