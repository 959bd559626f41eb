// Protects `dmarsim matrix`: that each cell is what a run or an exploration of the same scenario says, how
// cells that a file expects are told from others, the exit codes, and that the table can be read anywhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { terminalLines } from '../src/ui/matrix/matrix-text.ts';
import { releaseLabels } from '../src/ui/releases/release-labels.ts';
import { plain } from '../src/ui/terminal.ts';
import type { MatrixCell } from '../src/analysis/matrix/cell.ts';
import { dmarsim, linesOf, withFiles } from './support/dmarsim.ts';

const seed = 'scenarios/hpsa-p420i.dmar';
const readable = 'scenarios/hpsa-readable-old-page.dmar';
const late = 'scenarios/hpsa-late-reset.dmar';
const cellFile = 'scenarios/grid/imperfect-same-one-nopsc.dmar';

interface Cell {
  readonly release: string;
  readonly outcome: string;
  readonly states: number | null;
  readonly steps: number | null;
  readonly shortest: boolean | null;
  readonly event: number | null;
  readonly expected: string | null;
  readonly asExpected: boolean | null;
  readonly why: string | null;
}

interface Document {
  readonly version: number;
  readonly explored: boolean;
  readonly inFlight: number | null;
  readonly releases: readonly string[];
  readonly rows: readonly {
    readonly file: string; readonly scenario: string; readonly choice: { readonly name: string; readonly value: string } | null;
    readonly cells: readonly Cell[];
  }[];
}

function matrix(...words: readonly string[]): { readonly code: number | null; readonly document: Document } {
  const { code, out, talk } = dmarsim(['matrix', ...words, '--json']);
  // On a busy machine a line now and then says how far an exploration is.
  assert.deepEqual(linesOf(talk).filter((line) => line !== '' && !/^\d+ s: /.test(line)), []);
  return { code, document: JSON.parse(out) as Document };
}

function claimsOf(...words: readonly string[]): readonly Record<string, unknown>[] {
  const document = JSON.parse(dmarsim([...words, '--json']).out) as { readonly claims: readonly Record<string, unknown>[] };
  return document.claims;
}

test('a fault, a silent wrong access and another owner\'s buffer are told apart, with the event of each', () => {
  const { code, document } = matrix(seed, readable, late, '--capture', 'linux-4.9-rc5,patch-v2');
  assert.equal(document.version, 1);
  assert.deepEqual([document.explored, document.inFlight, document.releases], [false, null, ['linux-4.9-rc5', 'patch-v2']]);
  assert.deepEqual(document.rows.map(({ scenario, cells }) => [scenario, ...cells.map(({ outcome }) => outcome)]), [
    ['hpsa-p420i', 'fault', 'fine'], ['hpsa-readable-old-page', 'other-owners-buffer', 'fine'],
    ['hpsa-late-reset', 'stale', 'other-owners-buffer'],
  ]);
  const [fault] = claimsOf('run', seed, '--capture', 'linux-4.9-rc5');
  const foreign = claimsOf('run', readable, '--capture', 'linux-4.9-rc5')
    .find(({ claim }) => String(claim).startsWith('never foreign'));
  assert.equal(document.rows[0]?.cells[0]?.event, (fault?.['witnesses'] as readonly number[])[0]);
  assert.equal(document.rows[1]?.cells[0]?.event, (foreign?.['witnesses'] as readonly number[])[0]);
  // hpsa-late-reset expects nothing of 4.9-rc5, and a violation of its own patch-v2.
  assert.deepEqual(document.rows[2]?.cells.map(({ expected, asExpected }) => [expected, asExpected]),
    [[null, false], ['Violated', true]]);
  assert.equal(code, 1);
  assert.equal(matrix(seed, readable, '--capture', 'linux-4.9-rc5,patch-v2').code, 0);
});

test('an explored cell has the states and the shortest way that explore finds', () => {
  const { code, document } = matrix(cellFile, '--explore', '--capture', 'patch-v2,linux-6.12');
  assert.equal(code, 0);
  assert.deepEqual([document.explored, document.inFlight], [true, 1]);
  const [race, fine] = document.rows[0]?.cells ?? [];
  const explored = (release: string): Record<string, unknown> =>
    JSON.parse(dmarsim(['explore', cellFile, '--capture', release, '--json']).out) as Record<string, unknown>;
  assert.deepEqual([fine?.outcome, fine?.states, fine?.steps, fine?.expected],
    ['fine', explored('linux-6.12')['states'], null, 'Holds']);
  const ways = (explored('patch-v2')['claims'] as readonly { readonly claim: string; readonly counterexample: { readonly steps: number } | null }[])
    .flatMap(({ claim, counterexample }) => claim.startsWith('never foreign') ? [counterexample?.steps] : []);
  assert.deepEqual([race?.outcome, [race?.steps], race?.shortest, race?.expected],
    ['other-owners-buffer', ways, true, 'Violated']);
});

test('a limit that runs out is not decided, and no success', () => {
  const { code, document } = matrix(cellFile, '--explore', '--capture', 'spec-6.5.3.3', '--max-states', '100');
  assert.equal(code, 125);
  const [cell] = document.rows[0]?.cells ?? [];
  assert.deepEqual([cell?.outcome, cell?.states, cell?.asExpected, cell?.why], ['undecided', null, null, 'it needs more states than --max-states gives']);
  const missing = matrix(seed, '--capture', 'linux-7.0-sm');
  assert.equal(missing.code, 125);
  assert.match(missing.document.rows[0]?.cells[0]?.why ?? '', /not modelled/);
});

test('a row for each value of a hardware choice, of which the file expects nothing', () => {
  const { code, document } = matrix('scenarios/grid/perfect-crossed-two-nopsc.dmar', '--vary', 'paging-structure-cache',
    '--capture', 'linux-4.12');
  assert.deepEqual(document.rows.map(({ choice, cells }) => [choice?.name, choice?.value, cells[0]?.outcome, cells[0]?.asExpected]), [
    ['paging-structure-cache', 'none', 'fine', true],
    ['paging-structure-cache', 'kept', 'other-owners-buffer', false],
  ]);
  assert.equal(code, 1);
});

test('Markdown is a table whose columns stand under each other', () => {
  const lines = linesOf(dmarsim(['matrix', seed, readable, '--markdown', '--capture', 'linux-4.9-rc5,patch-v1-cmblock']).out);
  const table = lines.slice(0, lines.indexOf(''));
  assert.equal(table.length, 4);
  const bars = (line: string): readonly number[] => [...line.matchAll(/\|/g)].map(({ index }) => index);
  for (const line of table) assert.deepEqual(bars(line), bars(table[0] ?? ''), line);
  assert.match(table[1] ?? '', /^\| -+ \| -+ \| -+ \|$/);
  assert.match(table[2] ?? '', /^\| hpsa-p420i +\| fault #\d+ +\| fault #\d+ ! +\|$/);
  assert.ok(!lines.includes('* fine: every claim holds'), 'no legend for what is not there');
  assert.ok(lines.some((line) => line.startsWith('* buffer #N: ')));
});

const fine: MatrixCell = {
  release: '', outcome: 'fine', states: 123456, steps: null, isShortest: false, event: null, expected: null, asExpected: true,
  why: null,
};

test('more releases than fit stand in tables below each other, none left out and none twice', () => {
  const releases = ['linux-3.9', 'linux-4.1', 'linux-4.9-rc5', 'linux-4.10', 'write-then-flush', 'spec-6.5.3.3'];
  const rows = [{ file: 'a', scenario: 'a-scenario-with-a-name', choice: null, cells: releases.map((release) => ({ ...fine, release })) }];
  for (const width of [60, 80, 200]) {
    const lines = terminalLines({ releases, rows, explored: { inFlight: 2 } }, width, plain);
    const heads = lines.filter((line) => line.startsWith('every interleaving'));
    const named = heads.flatMap((line) => line.slice(line.indexOf('flight') + 6).trim().split(/\s+/));
    assert.deepEqual(named, ['3.9', '4.1', '4.9-rc5', '4.10', 'w-t-f', 's-6.5.3.3'], String(width));
    assert.ok(lines.slice(0, lines.lastIndexOf('')).every((line) => line.length <= width), String(width));
    assert.equal(heads.length, width === 60 ? 6 : width === 80 ? 2 : 1);
  }
  assert.ok(terminalLines({ releases, rows, explored: null }, 80, plain).includes('w-t-f write-then-flush, s-6.5.3.3 spec-6.5.3.3'));
});

test('labels that would be the same are written out', () => {
  assert.deepEqual([...releaseLabels(['linux-a-b-10-cccccccc', 'patch-a-b-10-cddddddd', 'linux-4.9-rc5']).values()],
    ['linux-a-b-10-cccccccc', 'patch-a-b-10-cddddddd', '4.9-rc5']);
});

test('what is wrong with the command line is said, with what would be right', () => {
  for (const [words, message] of [
    [['--capture', 'linux-4.9-rc4'], /no release 'linux-4.9-rc4'; did you mean linux-4.9-rc5\?/],
    [['--capture', 'patch-v2,patch-v2'], /names patch-v2 twice/],
    [['--capture', ''], /no release ''/],
    [['--vary', 'paging-structure-cash'], /no hardware choice .*did you mean paging-structure-cache\?/],
    [['--in-flight', '2'], /--in-flight is about an exploration; add --explore/],
    [['--quick'], /--quick is about an exploration/],
    [['--json', '--markdown'], /leave one out/],
    [['--explore', '--in-flight', 'many'], /--in-flight is a whole number/],
  ] as const) {
    const { code, out, talk } = dmarsim(['matrix', seed, ...words]);
    assert.deepEqual([code, out], [129, ''], words.join(' '));
    assert.match(talk, message);
    assert.equal(linesOf(talk).length, 1);
  }
});

test('a file that cannot be read does not hide the others', () => {
  withFiles({ 'bad.dmar': 'DMAR bad\n' }, (bad) => {
    const { code, out, talk } = dmarsim(['matrix', `${bad}/bad.dmar`, seed, '--capture', 'patch-v2', '--json']);
    assert.equal(code, 129);
    assert.match(talk, /bad\.dmar/);
    assert.equal((JSON.parse(out) as Document).rows.length, 1);
    assert.equal(dmarsim(['matrix', `${bad}/bad.dmar`]).code, 129);
  });
});
