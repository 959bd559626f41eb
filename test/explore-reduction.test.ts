// What the reduction leaves out changes nothing: verdicts and reachable outcomes are those of trying every
// order, on every scenario and on small random systems; and a system knows what it is asked to take back.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { explore } from '../src/analysis/explore/explore.ts';
import { Knowledge } from '../src/analysis/explore/knowledge.ts';
import { defaultOptions } from '../src/analysis/explore/options.ts';
import { Plan } from '../src/analysis/explore/plan.ts';
import { search, type Reduction } from '../src/analysis/explore/search.ts';
import { ShortestWay } from '../src/analysis/explore/shortest.ts';
import { VisitedStates } from '../src/analysis/explore/visited.ts';
import { Random } from '../src/base/hash.ts';
import { scenarioOf } from './support/handoff.ts';
import { RandomSystem } from './support/random-system.ts';
import { projectRoot } from './support/source-text.ts';

const folder = join(projectRoot(import.meta.dirname), 'scenarios');
const boundless = { states: Infinity, stop: () => false };

for (const file of readdirSync(folder).filter((name) => name.startsWith('hpsa-')).sort()) {
  const scenario = scenarioOf(readFileSync(join(folder, file), 'utf8'));
  for (const release of ['linux-4.9-rc5', 'patch-v2']) {
    test(`${file} with ${release}: the same verdicts with and without reduction`, () => {
      const subject = { ...scenario, capture: { ...scenario.capture, release } };
      const [all, reduced] = [false, true].map((reduce) =>
        explore(subject, { ...defaultOptions, reduce, shortest: false }));
      assert.equal(all?.end.kind, 'exhausted');
      assert.deepEqual(reduced?.claims.map(({ outcome }) => outcome), all?.claims.map(({ outcome }) => outcome));
      assert.ok((reduced?.states ?? 0) <= (all?.states ?? 0));
    });
  }
}

/** Explores again and again until nothing new is learned. */
function reducedOf(system: RandomSystem): { readonly reduction: Reduction; readonly found: ReturnType<typeof search> } {
  const knowledge = new Knowledge();
  for (;;) {
    const news = knowledge.news;
    const reduction = { plan: new Plan(knowledge), knowledge };
    system.reset();
    const found = search(system, new VisitedStates(), boundless, reduction);
    if (knowledge.news === news) return { reduction, found };
  }
}

test('random systems: the same violations and final states, and the shortest way as all ways show it', () => {
  const seed = 20261126;
  console.log(`# seed ${seed}`);
  const random = new Random(seed);
  let left = 0;
  let states = 0;
  for (let turn = 0; turn < 400; turn += 1) {
    const system = new RandomSystem(random);
    const all = search(system, new VisitedStates(), boundless, null);
    const finals = system.takeFinals();
    const { reduction, found } = reducedOf(system);
    const context = `seed ${seed}, system ${turn}: ${system.describe()}`;
    assert.deepEqual([...found.violated.keys()].sort(), [...all.violated.keys()].sort(), context);
    // Without optional moves the ends are the same too.
    if (!system.hasOptional) assert.deepEqual(system.takeFinals(), finals, context);
    left += all.states - found.states;
    states += all.states;
    for (const [claim, way] of found.violated) {
      system.reset();
      const shortest = new ShortestWay(system, reduction.plan, claim, () => false).find(way);
      const expected = system.leastWay(claim);
      assert.deepEqual(shortest.moves, expected, `${context}, claim ${claim}`);
    }
  }
  assert.ok(left > states / 10, `the reduction left out ${left} of ${states}`);
});

test('random systems that go round: the same violations, and the shortest way as all ways show it', () => {
  const seed = 20261127;
  console.log(`# seed ${seed}`);
  const random = new Random(seed);
  for (let turn = 0; turn < 400; turn += 1) {
    const system = new RandomSystem(random, true);
    const all = search(system, new VisitedStates(), boundless, null);
    const { reduction, found } = reducedOf(system);
    const context = `seed ${seed}, system ${turn}: ${system.describe()}`;
    assert.deepEqual([found.beyond, [...found.violated.keys()].sort()], [null, [...all.violated.keys()].sort()], context);
    for (const [claim, way] of found.violated) {
      system.reset();
      assert.deepEqual(new ShortestWay(system, reduction.plan, claim, () => false).find(way).moves, system.leastWay(claim), context);
    }
  }
});
