// What the reduction is not made for decides nothing, and says why: a list that its device walks again and again
// leads from a state back to itself. Jobs that a dead kernel left count as requests in flight, so that a search ends.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { explore } from '../src/analysis/explore/explore.ts';
import { defaultOptions } from '../src/analysis/explore/options.ts';
import { scenarioOf } from './support/handoff.ts';
import { projectRoot } from './support/source-text.ts';

function found(file: string, inFlight: number, maxStates: number) {
  const scenario = scenarioOf(readFileSync(join(projectRoot(import.meta.dirname), 'scenarios', file), 'utf8'));
  return explore(scenario, { ...defaultOptions, inFlight, maxStates, shortest: false });
}

test('a way that leads back to where it was: nothing holds, and the reason is told', () => {
  const { end, claims } = found('usb-not-halted.dmar', 1, 20_000);
  assert.match(end.kind === 'beyond' ? end.what : end.kind, /leads back to where it was/);
  assert.ok(claims.every(({ outcome }) => outcome !== 'holds' && outcome !== 'vacuous'));
});

test('jobs that the dead kernel left count as in flight: with none, the search ends', () => {
  const { end, states } = found('ahci-in-flight.dmar', 0, 20_000);
  assert.equal(end.kind, 'exhausted');
  assert.ok(states < 5_000, `${states} states`);
});
