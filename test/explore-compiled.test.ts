// What an exploration remembers is what the machine does: on every kind of device and unit, along random
// ways with random returns, where a move leads, what it violates and who may move is what the machine says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { handoffSystem } from '../src/analysis/explore/checked.ts';
import { DecisionTrees } from '../src/analysis/explore/compiled/decision-trees.ts';
import { defaultOptions } from '../src/analysis/explore/options.ts';
import { findWindow } from '../src/analysis/explore/window.ts';
import { Random } from '../src/base/hash.ts';
import type { Scenario } from '../src/scenario/scenario.ts';
import { handoffText, scenarioOf } from './support/handoff.ts';
import { projectRoot } from './support/source-text.ts';

const seed = 20261127;
const folder = join(projectRoot(import.meta.dirname), 'scenarios');
const file = (name: string): Scenario => scenarioOf(readFileSync(join(folder, name), 'utf8'));

/** Walks of this many moves, each from a random place of the last one. */
const walks = 12;
const movesOfWalk = 60;

function wander(scenario: Scenario, evictions: boolean): number {
  const random = new Random(seed);
  const options = { ...defaultOptions, inFlight: 2, checkFingerprints: true, open: { choices: [], evictions } };
  const system = handoffSystem(scenario, findWindow(scenario, null), options, () => undefined);
  const marks = [{ mark: system.mark(), low: system.low, high: system.high }];
  const offered: number[] = [];
  for (let walk = 0; walk < walks; walk += 1) {
    const from = random.below(marks.length);
    const { mark, low, high } = marks[from] ?? assert.fail('a place of the last walk');
    marks.length = from + 1;
    system.undo(mark, low, high);
    for (let move = 0; move < movesOfWalk; move += 1) {
      const count = system.offers(offered);
      system.isComplete();
      system.unmet();
      for (const actor of system.active) {
        system.progressOf(actor);
        system.waitsForPrompt(actor);
      }
      if (count === 0) break;
      system.take(offered[random.below(count)] ?? 0);
      marks.push({ mark: system.mark(), low: system.low, high: system.high });
    }
  }
  return system.comparisons;
}

/** RWBF, and walks that do not snoop. */
const writeBuffered = scenarioOf(handoffText({
  unit: `capability 0xd2078c106f0476
  extended-capability 0xf020de`, release: 'linux-4.9-rc5',
}));
const subjects: readonly (readonly [string, Scenario, boolean])[] = [
  ['the seed\'s machine', file('hpsa-p420i.dmar'), false],
  ['a device that keeps one request, entries gone at any time', file('hpsa-one-in-flight.dmar'), true],
  ['two devices, paging-structure caches', file('grid/imperfect-same-two-psc.dmar'), true],
  ['two units and bridges', file('dl388p.dmar'), false],
  ['NVMe with interrupt remapping', file('nvme-in-flight-flush.dmar'), true],
  ['AHCI', file('ahci-in-flight.dmar'), false],
  ['e1000e', file('e1000e-receiving.dmar'), false],
  ['USB', file('usb-not-halted.dmar'), false],
  ['graphics', file('graphics-without-driver.dmar'), false],
  ['iLO', file('ilo-reads-forever.dmar'), false],
  ['unmaps of a lazy kernel', file('lazy-unmap-residue.dmar'), true],
  ['a walk that does not snoop', file('races/r1-not-written-back.dmar'), true],
  ['a write buffer', writeBuffered, true],
];

for (const [what, scenario, evictions] of subjects) {
  test(`${what}: what is remembered is what the machine does`, () => {
    console.log(`# seed ${seed}`);
    assert.ok(wander(scenario, evictions) > walks, 'states were compared');
  });
}

test('a decision tree gives what it was told wherever the places that mattered are the same', () => {
  console.log(`# seed ${seed}`);
  const random = new Random(seed);
  const places = 12;
  const trees = new DecisionTrees();
  const leaves = new Map<string, number>();
  const values = new Int32Array(places);
  let found = 0;
  for (let turn = 0; turn < 4000; turn += 1) {
    for (let place = 0; place < places; place += 1) values[place] = random.below(3);
    const question = random.below(3);
    // Looks at places from `question` on, and jumps by what it finds there.
    const looked: number[] = [];
    for (let at = question; at < places; at += 1 + (values[at] ?? 0)) looked.push(at);
    const key = `${question} ${looked.map((place) => `${place}=${values[place]}`).join(' ')}`;
    const leaf = trees.find(question, values);
    assert.equal(leaf, leaves.get(key) ?? -1, key);
    if (leaf >= 0) found += 1;
    else {
      leaves.set(key, leaves.size);
      trees.add(question, looked, values, leaves.size - 1);
    }
  }
  assert.ok(found > 500, `${found} were known`);
});
