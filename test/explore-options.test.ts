// What is wrong with a command line of `explore` or `matrix` is said before a long search, in one line, with what would
// be right, and with nothing on standard output.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Random } from '../src/base/hash.ts';
import { dmarsim, linesOf, withFiles } from './support/dmarsim.ts';

const cell = 'scenarios/grid/perfect-different-one-nopsc.dmar';

const wrong: readonly (readonly [readonly string[], RegExp, number?])[] = [
  [['--workers', '0'], /--workers is a whole number from 1 to 64, not '0'/],
  [['--workers', '65'], /from 1 to 64/],
  [['--in-flight', '-1'], /--in-flight is a whole number from 0 to 8, not '-1'/],
  [['--in-flight=1e3'], /from 0 to 8, not '1e3'/],
  [['--in-flight='], /from 0 to 8, not ''/],
  [['--max-states', '0'], /--max-states is a whole number from 1 to 1000000000, not '0'/],
  [['--max-states', '99999999999999999999'], /--max-states/],
  [['--max-states', '10', '--max-states', '10'], /--max-states is given twice/],
  [['--max-seconds', '0'], /--max-seconds is a whole number from 1/],
  [['--max-seconds', 'Infinity'], /--max-seconds/],
  [['--max-memory', '1'], /--max-memory is a whole number from 128 to/],
  [['--max-memory', '128', '--workers', '4'], /--max-memory is a whole number from 320 to/],
  [['--max-combinations', '0'], /--max-combinations is a whole number from 1/],
  [['--open', ''], /--open has no ''; there are device-selective-context, /],
  [['--open', 'eviction,'], /--open has no ''/],
  [['--open', 'paging-structure-cash'], /did you mean paging-structure-cache\?/],
  [['--open', '__proto__'], /--open has no '__proto__'/],
  [['--window', ''], /--window needs the name of a phase or of a routine/],
  [['--window', 'handof'], /never comes to --window handof; did you mean handoff\?/],
  [['--window', 'qqqqqqqq'], /never comes to --window qqqqqqqq; it comes to crash, capture-start, root-switch, reset, handoff, /],
  [['--window', 'a\u001b[2Jb'], /--window a\\u\{1b\}\[2Jb/],
  [['--capture', 'linux-4.9-rc4'], /did you mean linux-4\.9-rc5\?/],
  [['--save', cell], /is the scenario itself; name another file/],
  [['--save', join('scenarios', '..', cell)], /is the scenario itself/],
  [['--save', join('no', 'such', 'folder', 'x.dmar')], /there is no such folder/, 74],
  [['--save', 'scenarios'], /is a folder/, 74],
  [['--save', join(cell, 'x.dmar')], /there is no such folder/, 74],
  [[cell, '--save', 'x.dmar'], /one document of one file/],
  [[cell, '--json'], /one document of one file/],
  [['--seed', '4294967296'], /--seed is a whole number from 0 to 4294967295/],
  [['--quick'], /explore has no option --quick/],
];

for (const [words, message, code = 129] of wrong) {
  test(`explore ${words.map((word) => JSON.stringify(word)).join(' ')}`, () => {
    const before = readFileSync(cell, 'utf8');
    const done = dmarsim(['explore', cell, ...words]);
    assert.deepEqual([done.code, done.out], [code, ''], done.talk);
    assert.equal(linesOf(done.talk).length, 1, done.talk);
    assert.match(done.talk, /^error: /);
    assert.match(done.talk, message);
    assert.equal(readFileSync(cell, 'utf8'), before);
    assert.ok(!existsSync('x.dmar'));
  });
}

test('numbers of all kinds for all options end in an answer or in one line of what is right', () => {
  const seed = 20261126;
  const random = new Random(seed);
  const options = ['--in-flight', '--max-states', '--max-seconds', '--max-memory', '--max-combinations', '--workers'];
  const values = ['0', '1', '2', '-0', '007', '1.5', ' 1', '0x10', '9007199254740993', 'NaN', '', '\u0661', 'one', '1_0', '+1'];
  const one = <Value>(all: readonly Value[]): Value | undefined => all[random.below(all.length)];
  for (let round = 0; round < 25; round += 1) {
    const words = [one(options) ?? '', one(values) ?? '', ...(random.below(2) === 0 ? [] : ['--json'])];
    // A thread takes its time to begin: whatever is right stays small.
    const { code, out, talk } = dmarsim(['explore', cell, ...words]);
    const shown = `seed ${seed}, round ${round}: ${JSON.stringify(words)} ${code} ${talk}`;
    assert.ok([0, 1, 125, 129].includes(code ?? -1), shown);
    assert.equal(out === '', code === 129, shown);
    if (code === 129) assert.equal(linesOf(talk).length, 1, shown);
    else if (words.includes('--json')) assert.equal((JSON.parse(out) as { version: number }).version, 1, shown);
  }
});

test('--save with nothing to keep writes nothing and says so', () => {
  withFiles({}, (folder) => {
    const file = join(folder, 'kept.dmar');
    const { code, out } = dmarsim(['explore', cell, '--capture', 'spec-6.5.3.3', '--save', file]);
    assert.equal(code, 0);
    assert.match(out, /^nothing to keep in .*kept\.dmar: it was not written$/m);
    assert.ok(!existsSync(file));
  });
});

test('--json is one document for every kind of end', () => {
  const ends = [
    [[], 'exhausted', null], [['--max-states', '5'], 'limit', 'states'],
    [['--open', 'hardware', '--max-combinations', '1'], 'limit', 'combinations'],
  ] as const;
  for (const [words, end, limit] of ends) {
    const document = JSON.parse(dmarsim(['explore', cell, '--json', ...words]).out) as { readonly end: string; readonly limit: string | null };
    assert.deepEqual([document.end, document.limit], [end, limit], words.join(' '));
  }
});

test('matrix: a window that no cell comes to is a wrong command line', () => {
  const { code, out, talk } = dmarsim(['matrix', cell, '--explore', '--window', 'handof', '--capture', 'patch-v2']);
  assert.deepEqual([code, out], [129, '']);
  assert.match(talk, /^error: the run never comes to --window handof; did you mean handoff\?\n$/);
});
