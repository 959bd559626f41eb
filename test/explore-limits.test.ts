// Ways without an end: a list that its device walks again and again leads from a state back to itself, and puts off
// nobody else. Jobs that a dead kernel left count as requests in flight, so that a search ends.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { explore } from '../src/analysis/explore/explore.ts';
import { defaultOptions } from '../src/analysis/explore/options.ts';
import { scenarioOf } from './support/handoff.ts';
import { projectRoot } from './support/source-text.ts';

function found(file: string, inFlight: number, maxStates: number, reduce = true) {
  const scenario = scenarioOf(readFileSync(join(projectRoot(import.meta.dirname), 'scenarios', file), 'utf8'));
  return explore(scenario, { ...defaultOptions, inFlight, maxStates, shortest: false, reduce });
}

test('a list that its device walks again and again: the same verdicts as of every order, in far fewer states', () => {
  const [reduced, all] = [true, false].map((reduce) => found('usb-not-halted.dmar', 1, 100_000, reduce));
  assert.deepEqual([reduced?.end.kind, all?.end.kind], ['exhausted', 'exhausted']);
  const outcomes = all?.claims.map(({ outcome }) => outcome);
  assert.deepEqual(outcomes, ['violated', 'violated', 'holds', 'violated']);
  assert.deepEqual(reduced?.claims.map(({ outcome }) => outcome), outcomes);
  assert.ok((reduced?.states ?? 0) < (all?.states ?? 0) / 10, `${reduced?.states} of ${all?.states} states`);
});

test('jobs that the dead kernel left count as in flight: with none, the search ends', () => {
  const { end, states } = found('ahci-in-flight.dmar', 0, 20_000);
  assert.equal(end.kind, 'exhausted');
  assert.ok(states < 5_000, `${states} states`);
});
