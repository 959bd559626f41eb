// The command `explore`: its exit codes, that threads change nothing, that what it saves is replayed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dmarsim } from './support/dmarsim.ts';
import { handoffText } from './support/handoff.ts';
import { withFiles } from './support/dmarsim.ts';

const small = handoffText({
  device: 'reset leaves-one', release: 'patch-v2', claims: 'never fault on hpsa of capture\nnever stale on hpsa of capture',
});

test('one thread and two print the same to the byte: verdicts, states, counterexample', () => {
  withFiles({ 'small.dmar': small }, (folder) => {
    const [one, two] = ['1', '2'].map((workers) => dmarsim(['explore', join(folder, 'small.dmar'), '--workers', workers]));
    assert.equal(one?.code, 1);
    assert.match(one?.out ?? '', /No {2}never stale on hpsa of capture +violated, at the soonest after \d+ steps/);
    assert.match(one?.out ?? '', /Why #\d+:\n.*\n.*reason 06/);
    assert.equal(two?.out, one?.out);
  });
});

test('what is saved is a scenario that run replays, with the same violation', () => {
  withFiles({ 'small.dmar': small }, (folder) => {
    const saved = join(folder, 'saved.dmar');
    const found = dmarsim(['explore', join(folder, 'small.dmar'), '--save', saved]);
    assert.match(found.out, /^replay: dmarsim run /m);
    assert.match(readFileSync(saved, 'utf8'), /\norder (?:[a-z0-9.]+(?::\d+)?(?:\*\d+)?\/?)+\n/);
    const replayed = dmarsim(['run', saved]);
    assert.equal(replayed.code, 1);
    const number = /^Why #(\d+):/m.exec(found.out)?.[1];
    assert.ok(replayed.out.includes(`Why #${number}:`), 'the same event');
  });
});

test('exit codes: holds 0, a limit 125, a wrong option 129', () => {
  withFiles({ 'small.dmar': small }, (folder) => {
    const path = join(folder, 'small.dmar');
    assert.equal(dmarsim(['explore', path, '--capture', 'spec-6.5.3.3']).code, 0);
    assert.equal(dmarsim(['explore', path, '--capture', 'spec-6.5.3.3', '--max-states', '9']).code, 125);
    const wrong = dmarsim(['explore', path, '--open', 'evictoin']);
    assert.equal(wrong.code, 129);
    assert.match(wrong.talk, /did you mean eviction\?/);
    assert.equal(dmarsim(['explore', path, '--in-flight', '99']).code, 129);
  });
});

test('--check-fingerprints compares behind every move and undo, says how often, and changes no verdict', () => {
  withFiles({ 'small.dmar': small }, (folder) => {
    const path = join(folder, 'small.dmar');
    const [plain, checked] = [[], ['--check-fingerprints']].map((more) => dmarsim(['explore', path, '--max-states', '60', ...more]));
    const line = /^fingerprints: worked out anew behind ([0-9,]+) moves and undos, always the same\n/m;
    const found = line.exec(checked?.out ?? '');
    const transitions = /([0-9,]+) transitions/.exec(plain?.out ?? '')?.[1] ?? '';
    const number = (text = ''): number => Number(text.replaceAll(',', ''));
    assert.ok(number(found?.[1]) > number(transitions), 'more than the moves');
    assert.deepEqual([checked?.code, checked?.out.replace(line, '')], [plain?.code, plain?.out]);
  });
});

test('--json is one document with a version', () => {
  withFiles({ 'small.dmar': small }, (folder) => {
    const { code, out } = dmarsim(['explore', join(folder, 'small.dmar'), '--json', '--open', 'eviction']);
    const document = JSON.parse(out) as { version: number; holds: boolean; hardware: { evictions: boolean } };
    assert.deepEqual([code, document.version, document.holds, document.hardware.evictions], [1, 1, false, true]);
  });
});
