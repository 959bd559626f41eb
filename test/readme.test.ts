/** What the README shows is what the program does: every session in it is run again. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { timingDefaultsNs } from '../src/machine/timing.ts';
import { hardwareChoices } from '../src/vtd/choices.ts';
import { explainedDifferences, matchingRules } from '../src/analysis/compare/explained.ts';
import { vocabulary } from '../src/analysis/vocabulary.ts';

const readme = readFileSync('README.md', 'utf8');
const command = 'dist/dmarsim.cjs';

/** The fenced blocks of a language: console sessions, or (without a language) plain ones. */
function blocks(language: string): readonly string[] {
  const fence = '`'.repeat(3);
  return [...readme.matchAll(new RegExp(`^${fence}(\\w*)\\n([\\s\\S]*?)^${fence}$`, 'gm'))]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? '');
}

/** Splits at spaces, but not within single quotes, as a shell does. */
function words(line: string): readonly string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
}

/** Whether `shown`, in which a line `...` stands for any number of lines, is what was printed. */
function matches(shown: readonly string[], printed: readonly string[]): boolean {
  const pattern = shown.map((line) => line === '...' ? '(?:[^\\n]*\\n)*?'
    : `${line.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')}\\n`).join('');
  return new RegExp(`^${pattern}$`).test(`${printed.join('\n')}\n`);
}

const sessions = blocks('console').flatMap((block) => block.split(/^\$ /m).slice(1))
  .map((session) => session.trimEnd().split('\n'));

test('there is a run of both releases, a check and a step session', () => {
  const commands = sessions.map(([first = '']) => first);
  for (const wanted of [/run .*--capture linux-4\.9-rc5$/m, /run .*--capture patch-v2/, /check scenarios/,
    /step .*domain_context_mapping_one.*fault.*reverse-continue/]) {
    assert.ok(commands.some((line) => wanted.test(line)), String(wanted));
  }
});

for (const [first = '', ...shown] of sessions) {
  test(`the README shows what this prints: ${first}`, () => {
    const [npx, name, ...rest] = words(first);
    assert.deepEqual([npx, name], ['npx', 'dmarsim']);
    const done = spawnSync(process.execPath, [command, ...rest], { encoding: 'utf8' });
    const printed = done.stdout.trimEnd().split('\n');
    if (!matches(shown, printed)) assert.deepEqual(printed, shown);
  });
}

test('a line that was not printed is noticed, and ... stands for lines only', () => {
  assert.ok(matches(['a', '...', 'd'], ['a', 'b', 'c', 'd']));
  assert.ok(matches(['a', '...', 'd'], ['a', 'd']));
  assert.ok(!matches(['a', '...', 'd'], ['a', 'b', 'c', 'e']));
  assert.ok(!matches(['a', 'd'], ['a', 'b', 'd']));
});

test('the scenario in the README is the seed\'s, without its comments', () => {
  const file = readFileSync('scenarios/hpsa-p420i.dmar', 'utf8');
  const bare = (text: string): readonly string[] => text
    .replace(/\(\*[\s\S]*?\*\)/g, '').replace(/\/\/.*/g, '').split('\n')
    .map((line) => line.trim()).filter((line) => line !== '');
  const shown = blocks('').find((block) => block.startsWith('DMAR hpsa-p420i'));
  assert.deepEqual(bare(shown ?? ''), bare(file));
});

test('every rule by which a capture may differ is in the README with its reason', () => {
  for (const [name, reason] of Object.entries({ ...matchingRules, ...explainedDifferences })) {
    assert.ok(readme.includes(`| \`${name}\` | ${reason} |`), name);
  }
});

test('every choice, timing, profile and release is in the README with its values', () => {
  for (const [name, values] of Object.entries(hardwareChoices)) {
    const row = `| \`${name}\` | ${values.map((value) => `\`${value}\``).join(', ')} |`;
    assert.ok(readme.includes(row), row);
  }
  const folded = readme.replace(/\s+/g, ' ');
  for (const [name, value] of Object.entries(timingDefaultsNs)) {
    assert.ok(folded.includes(`\`${name}\` ${value}`), name);
  }
  for (const name of [...vocabulary.profiles, ...vocabulary.releases]) {
    assert.ok(readme.includes(`\`${name}\``), name);
  }
});
