// Protects scenarios/races: each race is there under the releases that have it, in some interleaving, and
// in none under those that have not, as the head comment of its file says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { explore } from '../src/analysis/explore/explore.ts';
import { defaultOptions } from '../src/analysis/explore/options.ts';
import { vocabulary } from '../src/analysis/vocabulary.ts';
import { readScenario } from '../src/scenario/read.ts';
import { root } from './support/dmarsim.ts';
import { filesBelow } from './support/source-text.ts';

const files = filesBelow(root, 'scenarios/races', '.dmar');

test('every race with an order in it has a release that has it and one that has not', () => {
  const both = files.filter((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return /^ \* Explored.*: Violated$/m.test(text) && /^ \* Explored.*: Holds$/m.test(text);
  });
  assert.deepEqual(both.map((file) => /r\d+[a-z-]*/.exec(file)?.[0]),
    ['r0-stale-entry', 'r1-not-written-back', 'r1-refill', 'r2-half-new-entry', 'r3-blackout', 'r4-same-address']);
});

for (const file of files) {
  const reading = readScenario(file, readFileSync(join(root, file)), vocabulary);
  const explorations = reading.ok ? reading.scenario.explorations : [];
  test(`${file}: ${explorations.length} releases in every interleaving`, () => {
    assert.ok(reading.ok, file);
    const { scenario } = reading;
    for (const { release, result } of explorations) {
      const capture = { ...scenario.capture, release: release ?? scenario.capture.release };
      const { claims, end } = explore({ ...scenario, capture }, { ...defaultOptions, shortest: false });
      assert.equal(end.kind, 'exhausted', capture.release);
      const holds = claims.every(({ outcome }) => outcome === 'holds');
      assert.equal(holds ? 'Holds' : 'Violated', result, capture.release);
    }
  });
}
