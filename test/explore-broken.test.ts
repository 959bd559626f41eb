// Whoever breaks the checker is told: the table of states, the undo and the independence of moves, each
// broken (or what is remembered of moves) at one place in a copy of the compiled program, make a small check fail that passes on the copy.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const compiled = join(import.meta.dirname, '..');
const copy = mkdtempSync(join(tmpdir(), 'broken-checker-'));
for (const part of ['src', 'test/support']) cpSync(join(compiled, part), join(copy, part), { recursive: true });
writeFileSync(join(copy, 'package.json'), '{"type":"module"}\n');
after(() => rmSync(copy, { recursive: true }));

function check(): { readonly passed: boolean; readonly talk: string } {
  const { status, stderr } = spawnSync(process.execPath, [join(copy, 'test/support/checker-check.js')],
    { encoding: 'utf8', timeout: 60_000 });
  return { passed: status === 0, talk: stderr };
}

test('the copy as it is passes', () => {
  assert.deepEqual(check(), { passed: true, talk: '' });
});

interface Break {
  readonly what: string;
  readonly file: string;
  readonly original: string;
  readonly broken: string;
  readonly noticed: RegExp;
}

const breaks: readonly Break[] = [
  {
    what: 'the table of states says "seen" of every fourth state', file: 'src/analysis/explore/visited.js',
    original: 'if (left === first && right === second)\n                return false;',
    broken: 'if ((left === first && right === second) || first % 4 === 0)\n                return false;', noticed: /random system/,
  },
  {
    what: 'the undo of a cache entry does nothing', file: 'src/base/grid.js',
    original: 'return this.#put(Math.floor(cell / columnLimit), cell % columnLimit, value);',
    broken: 'return value;', noticed: /AssertionFailure: an undo did not put back [^\n]*(?:context|iotlb)/i,
  },
  {
    what: 'what a move looked at is forgotten', file: 'src/base/stores.js',
    original: 'dependsOn(cell) {\n        return [cell];', broken: 'dependsOn(cell) {\n        return [];',
    noticed: /AssertionFailure: (?:the machine (?:offers|says)|a move of|progress)[^\n]*remembered/,
  },
  {
    what: 'a tree takes one value of a place for another', file: 'src/analysis/explore/compiled/decision-trees.js',
    original: 'node = value === this.#firstValues[node] ?', broken: 'node = value - this.#firstValues[node] < 2 ?',
    noticed: /AssertionFailure/,
  },
  {
    what: 'nobody is taken to go round', file: 'src/analysis/explore/plan.js',
    original: 'if (row?.goesRound === true)', broken: 'if (row === null)', noticed: /random system/,
  },
  {
    what: 'conflicts are denied', file: 'src/analysis/explore/bits.js',
    original: 'return true;\n        }\n        return false;', broken: 'return false;\n        }\n        return false;',
    noticed: /random system/,
  },
];

for (const { what, file, original, broken, noticed } of breaks) {
  test(`noticed: ${what}`, () => {
    const path = join(copy, file);
    const text = readFileSync(path, 'utf8');
    assert.equal(text.split(original).length, 2, 'the place to break is there once');
    writeFileSync(path, text.replace(original, broken));
    try {
      const { passed, talk } = check();
      assert.ok(!passed);
      assert.match(talk, noticed);
    } finally {
      writeFileSync(path, text);
    }
  });
}
