// Protects the grid of handoffs: that scenarios/grid is what the template writes, that the ids in it are what
// each file's name says, and that the explorer comes to what was worked out by hand, cell by cell.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { explore } from '../src/analysis/explore/explore.ts';
import { defaultOptions } from '../src/analysis/explore/options.ts';
import { run, traced } from '../src/analysis/run.ts';
import { vocabulary } from '../src/analysis/vocabulary.ts';
import { domainIdNumber, sourceIdNumber } from '../src/base/word.ts';
import { releases } from '../src/linux/releases/releases.ts';
import { readScenario } from '../src/scenario/read.ts';
import type { Scenario } from '../src/scenario/scenario.ts';
import { root } from './support/dmarsim.ts';
import { expectedOf, gridCells, gridReleases, gridText, nameOf, orders, type GridCell } from './support/grid.ts';

const folder = join(root, 'scenarios', 'grid');

function scenarioOf(cell: GridCell, release: string): Scenario {
  const reading = readScenario(nameOf(cell), new TextEncoder().encode(gridText(cell)), vocabulary);
  if (!reading.ok) return assert.fail(reading.diagnostics[0]?.message ?? '');
  const { scenario } = reading;
  return { ...scenario, capture: { ...scenario.capture, release } };
}

test('scenarios/grid holds what the template writes: node dist/test/write-grid.js', () => {
  assert.deepEqual(readdirSync(folder).sort(), gridCells.map((cell) => `${nameOf(cell)}.dmar`).sort());
  for (const cell of gridCells) {
    assert.equal(readFileSync(join(folder, `${nameOf(cell)}.dmar`), 'utf8'), gridText(cell), nameOf(cell));
  }
});

test('every release that can run is in the grid, but for those of which it could say nothing', () => {
  const left = releases.filter(({ name, notModelled }) => notModelled === null && !orders.has(name)).map(({ name }) => name);
  assert.deepEqual(left.sort(), [
    'capture-off-4.1', 'capture-off-4.12', 'capture-off-4.9', 'capture-pt', 'orderly-kexec', 'xen-crash-disable',
  ]);
});

/** The ids with which each device's context entry came into the cache, the old one first. */
function idsOf(scenario: Scenario): ReadonlyMap<string, readonly number[]> {
  const ids = new Map<string, number[]>();
  for (const { what } of run(scenario, traced).events) {
    if (what.kind !== 'context-fill') continue;
    const device = scenario.devices.find(({ sourceId }) => sourceId === sourceIdNumber(what.source))?.name ?? '';
    ids.set(device, [...ids.get(device) ?? [], domainIdNumber(what.domain)]);
  }
  return ids;
}

test('old and new id are the same, different, or the neighbour\'s, with every release that flushes the old entry', () => {
  for (const release of ['linux-4.12', 'linux-5.3', 'linux-6.1', 'linux-6.12', 'patch-v2', 'spec-6.5.3.3', 'no-did-reserve']) {
    for (const cell of gridCells.filter(({ reset, structures }) => reset === 'perfect' && structures === 'nopsc')) {
      const ids = idsOf(scenarioOf(cell, release));
      const [old, fresh] = [ids.get('hba')?.[0], ids.get('hba')?.at(-1)];
      const neighbour = ids.get('other')?.[0];
      assert.ok(old !== undefined && fresh !== undefined, nameOf(cell));
      const kind = fresh === old ? 'same' : fresh === neighbour ? 'crossed' : 'different';
      assert.equal(kind, cell.ids, `${nameOf(cell)} with ${release}: ${old}, ${fresh}, ${neighbour ?? 'no other'}`);
    }
  }
});

function isViolated(cell: GridCell, release: string): boolean {
  const { claims, end } = explore(scenarioOf(cell, release), { ...defaultOptions, shortest: false });
  assert.equal(end.kind, 'exhausted', `${nameOf(cell)} with ${release}`);
  const outcomes = claims.map(({ outcome }) => outcome);
  assert.ok(!outcomes.includes('vacuous'), `${nameOf(cell)} with ${release} says something`);
  return outcomes.includes('violated');
}

function holdsByHand(cell: GridCell, release: string): boolean {
  const order = orders.get(release);
  assert.ok(order !== undefined, release);
  return expectedOf(order, cell) === null;
}

const oneDevice = gridCells.filter(({ devices }) => devices === 'one');
const crossed = gridCells.filter(({ ids, reset }) => ids === 'crossed' && reset !== 'imperfect');

for (const [what, cells, names] of [
  ['one device', oneDevice, ['linux-4.10', 'patch-v2', 'linux-6.12', 'write-then-flush']],
  ['an id in use twice', crossed, ['linux-4.12', 'linux-6.12']],
] as const) {
  for (const release of names) {
    test(`${what}, ${release}: every interleaving comes to what was worked out by hand`, () => {
      const wrong = cells.filter((cell) => isViolated(cell, release) === holdsByHand(cell, release)).map(nameOf);
      assert.deepEqual(wrong, []);
    });
  }
}

test('the hand\'s table tells releases, resets, ids and caches apart', () => {
  const signature = (release: string): string => gridCells.map((cell) => holdsByHand(cell, release) ? '.' : 'x').join('');
  const kinds = new Set(gridReleases().map(signature));
  assert.equal(kinds.size, 6);
  for (const axis of ['reset', 'ids', 'structures'] as const) {
    assert.ok(gridReleases().some((release) => gridCells.some((cell) => gridCells.some((other) =>
      cell[axis] !== other[axis] && holdsByHand(cell, release) !== holdsByHand(other, release)
      && (['reset', 'ids', 'devices', 'structures'] as const).every((name) => name === axis || cell[name] === other[name])))),
    axis);
  }
});
