// Protects what other programs read: the JSON documents, the line of an event, the scenario as JSON,
// `check` for CI, and that nothing from outside reaches a terminal raw.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dmarsim, linesOf, withFiles } from './support/dmarsim.ts';
import { handoffText } from './support/handoff.ts';

const seed = 'scenarios/hpsa-p420i.dmar';

function fieldsOf(text: string): ReadonlyMap<string, unknown> {
  const value: unknown = JSON.parse(text);
  assert.ok(typeof value === 'object' && value !== null);
  return new Map(Object.entries(value));
}

test('--json is one document: who ran, what came of it, each claim with its witnesses', () => {
  const { code, out, talk } = dmarsim(['run', seed, '--capture', 'linux-4.9-rc5', '--json']);
  assert.equal(code, 1);
  assert.equal(talk, '');
  const document = fieldsOf(out);
  assert.deepEqual([...document.keys()], ['version', 'file', 'scenario', 'crashed', 'capture', 'end', 'events',
    'simulatedNs', 'dma', 'claims', 'holds']);
  assert.deepEqual(['version', 'file', 'scenario', 'crashed', 'capture', 'end', 'holds'].map((key) => document.get(key)),
    [1, seed, 'hpsa-p420i', 'linux-4.9-rc5', 'linux-4.9-rc5', 'ended', false]);
  const [claim] = document.get('claims') as readonly Record<string, unknown>[];
  assert.deepEqual(Object.keys(claim ?? {}), ['claim', 'holds', 'vacuous', 'considered', 'witnesses']);
  assert.equal(claim?.['claim'], 'never fault on hpsa');
  const counts = new Map(Object.entries(document.get('dma') as object));
  assert.deepEqual([...counts.keys()], ['translated', 'faulted', 'stale', 'foreign']);
  assert.equal(counts.get('faulted'), 12);
  const good = fieldsOf(dmarsim(['run', seed, '--json']).out);
  assert.equal(good.get('holds'), true);
});

test('--format jsonl: each line is one event with number, time, actor, kind and cause first', () => {
  const lines = linesOf(dmarsim(['run', seed, '--format', 'jsonl']).out);
  for (const [number, line] of lines.entries()) {
    const event = fieldsOf(line);
    assert.deepEqual([...event.keys()].slice(0, 5), ['event', 'timeNs', 'actor', 'kind', 'cause']);
    assert.equal(event.get('event'), number);
    assert.ok(Number.isInteger(event.get('timeNs')));
    const cause = event.get('cause');
    assert.ok(cause === null || (typeof cause === 'number' && cause < number), line);
  }
  assert.equal(fieldsOf(lines.at(-1) ?? '').get('kind'), 'kernel-end');
});

test('--print-json is the scenario, runs nothing, and reads back as the same run', () => {
  const printed = dmarsim(['run', seed, '--capture', 'linux-4.9-rc5', '--print-json']);
  assert.equal(printed.code, 0);
  withFiles({ 'seed.json': printed.out }, (folder) => {
    const words = ['--format', 'jsonl'];
    const again = dmarsim(['run', `${folder}/seed.json`, ...words]);
    assert.equal(again.code, 1);
    assert.equal(again.out, dmarsim(['run', seed, '--capture', 'linux-4.9-rc5', ...words]).out);
    assert.equal(dmarsim(['run', `${folder}/seed.json`, '--print-json']).out, printed.out);
  });
});

test('a wrong scenario: code, file, line, column, the line with a caret, and what would be right', () => {
  withFiles({ 'wrong.dmar': handoffText({ profile: 'sandy-bridge-eq' }) }, (folder) => {
    const { code, out, talk } = dmarsim(['run', `${folder}/wrong.dmar`]);
    assert.equal(code, 129);
    assert.equal(out, '');
    const line = linesOf(talk).findIndex((text) => text.includes('profile sandy-bridge-eq'));
    assert.match(talk, /S050/);
    assert.match(talk, /wrong\.dmar:\d+:11/);
    assert.match(linesOf(talk)[line + 1] ?? '', /\^/);
    assert.match(talk, /sandy-bridge-ep\b/);
  });
});

test('a file of 2 MiB, an empty one and one of zeros are refused with a diagnostic', () => {
  withFiles({
    'large.dmar': `DMAR large\n${'// filler\n'.repeat(210_000)}`, 'empty.dmar': '', 'zeros.dmar': new Uint8Array(64),
  }, (folder) => {
    for (const name of ['large', 'empty', 'zeros']) {
      const { code, out, talk } = dmarsim(['run', `${folder}/${name}.dmar`]);
      assert.equal(code, 129, name);
      assert.equal(out, '');
      assert.match(talk, /S0\d\d/, name);
      assert.ok(talk.length < 20_000, name);
    }
  });
});

test('check: a line for each expectation, a summary, and the command that replays the first failure', () => {
  const good = `${handoffText({ release: 'patch-v2' })}`.replace('DMAR handoff',
    'DMAR handoff\n(* Result with linux-4.9-rc5: Violated\n * Result: Holds *)');
  const bad = good.replace('Result: Holds', 'Result: Violated');
  withFiles({ 'a.dmar': good, 'b.dmar': bad, 'c.txt': 'not a scenario' }, (folder) => {
    const { code, out, talk } = dmarsim(['check', folder]);
    assert.equal(code, 1);
    const lines = linesOf(out);
    assert.equal(lines.length, 5);
    assert.match(lines[0] ?? '', /^ok +.*a\.dmar \(linux-4\.9-rc5\): 0 of 1 claims hold/);
    assert.match(lines[1] ?? '', /^ok +.*a\.dmar \(patch-v2\): 1 of 1 claims hold/);
    assert.match(lines[2] ?? '', /^ok +.*b\.dmar \(linux-4\.9-rc5\)/);
    assert.match(lines[3] ?? '', /^FAIL .*b\.dmar \(patch-v2\): 1 of 1 claims hold, a violation is expected/);
    assert.match(lines[4] ?? '', /^3 passed, 1 failed/);
    assert.match(talk, /^replay: dmarsim step .*b\.dmar.* -x 'run \d+; why'\n$/);
    assert.equal(dmarsim(['check', `${folder}/a.dmar`]).code, 0);
  });
});

test('check: an unreadable scenario is counted and weighs more than a violated one', () => {
  withFiles({ 'a.dmar': 'DMAR nothing\n', 'b.dmar': handoffText({}) }, (folder) => {
    const { code, out } = dmarsim(['check', folder]);
    assert.equal(code, 129);
    assert.match(out, /0 passed, 2 failed/);
  });
});

test('check over the project\'s scenarios passes', () => {
  const { code, out } = dmarsim(['check', 'scenarios']);
  assert.match(out, /\d+ passed, 0 failed/);
  assert.equal(code, 0);
});

/** ESC, as it begins every colour. */
const escape = String.fromCharCode(27);

test('colours: none in a pipe, some when asked, never with NO_COLOR, --color above both', () => {
  const coloured = (words: readonly string[], environment: Readonly<Record<string, string>> = {}): boolean =>
    dmarsim(['run', seed, ...words], environment).out.includes(`${escape}[`);
  assert.equal(coloured([]), false);
  assert.equal(coloured(['--color', 'always']), true);
  assert.equal(coloured([], { FORCE_COLOR: '1' }), true);
  assert.equal(coloured([], { NO_COLOR: '1', FORCE_COLOR: '1' }), false);
  assert.equal(coloured([], { FORCE_COLOR: '0' }), false);
  assert.equal(coloured(['--color', 'always'], { NO_COLOR: '1' }), true);
  assert.equal(coloured(['--color', 'never'], { FORCE_COLOR: '1' }), false);
});

test('control characters of a command line or a scenario never reach the terminal raw', () => {
  const evil = `${escape}[31mred${String.fromCharCode(7, 0x9b, 0x202e)}`;
  const raw = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;
  const check = (words: readonly string[]): void => {
    const { code, out, talk } = dmarsim(words);
    assert.notEqual(code, 134, talk);
    assert.doesNotMatch(out + talk, raw, JSON.stringify(words));
  };
  for (const words of [[evil], ['run', evil], ['run', seed, `--${evil}`], ['run', seed, '--capture', evil],
    ['run', seed, '--format', evil], ['run', seed, '--color', evil], ['check', evil], ['explain', evil],
    ['step', seed, '-x', `break ${evil}`], ['step', seed, '-x', evil], ['step', seed, '-x', `print ${evil}`],
    ['step', seed, '-x', `info ${evil}`], ['step', seed, '-x', `delete ${evil}`]]) check(words);
  withFiles({
    'name.dmar': handoffText({ profile: evil }), 'line.dmar': handoffText({ captureOptions: evil }),
    'claim.dmar': handoffText({ claims: `never log "${evil}"` }), 'first.dmar': evil,
    'json.dmar': `{ "format": ${JSON.stringify(evil)} }`,
    'folder.dmar': handoffText({ claims: 'never log "\u202edesrever"' }),
  }, (folder) => {
    for (const name of ['name', 'line', 'claim', 'first', 'json', 'folder']) {
      check(['run', `${folder}/${name}.dmar`]);
      check(['check', `${folder}/${name}.dmar`]);
    }
  });
});
