/** A small fixed check of the checker, for running against a broken copy: names what is wrong, exit code 1. */
import assert from 'node:assert/strict';
import { explore } from '../../src/analysis/explore/explore.ts';
import { Knowledge } from '../../src/analysis/explore/knowledge.ts';
import { defaultOptions } from '../../src/analysis/explore/options.ts';
import { Plan } from '../../src/analysis/explore/plan.ts';
import { search } from '../../src/analysis/explore/search.ts';
import { ShortestWay } from '../../src/analysis/explore/shortest.ts';
import { VisitedStates } from '../../src/analysis/explore/visited.ts';
import { Random } from '../../src/base/hash.ts';
import { handoffText, scenarioOf } from './handoff.ts';
import { RandomSystem } from './random-system.ts';

const seed = 20261126;
const systems = 120;
const boundless = { states: 100_000, stop: () => false };

/** With and without reduction: the same violations; and the shortest way is the one of brute force. */
function checkRandomSystems(): void {
  const random = new Random(seed);
  for (let turn = 0; turn < systems; turn += 1) {
    const goesRound = turn % 2 === 1;
    const system = new RandomSystem(random, goesRound);
    const all = search(system, new VisitedStates(), boundless, null);
    const knowledge = new Knowledge();
    let news: number;
    let plan: Plan;
    let found: ReturnType<typeof search>;
    do {
      news = knowledge.news;
      plan = new Plan(knowledge);
      system.reset();
      found = search(system, new VisitedStates(), boundless, { plan, knowledge });
    } while (knowledge.news !== news);
    const context = `random system ${turn} of seed ${seed}`;
    assert.deepEqual([found.beyond, [...found.violated.keys()].sort()], [null, [...all.violated.keys()].sort()], context);
    for (const claim of [0, 1]) {
      // What is not violated and goes round has no last way to be looked at.
      if (goesRound && !all.violated.has(claim)) continue;
      system.reset();
      const least = system.leastWay(claim);
      system.reset();
      const way = found.violated.get(claim);
      assert.ok(way !== undefined || least.length === 0, `${context}, claim ${claim} is violated`);
      if (way === undefined) continue;
      assert.deepEqual(new ShortestWay(system, plan, claim, () => false).find(way).moves, least, context);
    }
  }
}

function checkFingerprints(): void {
  const scenario = scenarioOf(handoffText({ device: 'reset leaves-one', release: 'patch-v2' }));
  const found = explore(scenario, { ...defaultOptions, checkFingerprints: true, maxStates: 150, shortest: false });
  assert.ok((found.comparisons ?? 0) > 300, 'fingerprints are compared');
}

checkRandomSystems();
checkFingerprints();
