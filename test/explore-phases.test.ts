// Claims about what happens before or after a phase, wherever the window begins: in the phase's past, where
// the flag is set on the way there, or before it, where it is set on some of the ways.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explore, type ClaimOutcome } from '../src/analysis/explore/explore.ts';
import { defaultOptions } from '../src/analysis/explore/options.ts';
import { handoffText, scenarioOf } from './support/handoff.ts';

/** The device writes until its reset; then the capture kernel's driver uses it. */
const claims: readonly (readonly [string, ClaimOutcome])[] = [
  ['sometimes dma on hpsa of capture after crash', 'holds'],
  ['never dma on hpsa of capture after crash', 'violated'],
  ['never dma on hpsa of capture before crash', 'vacuous'],
  ['sometimes dma on hpsa of capture after capture-start', 'holds'],
  ['never dma on hpsa of capture after capture-start', 'violated'],
  ['never dma on hpsa of capture before capture-start', 'vacuous'],
  ['never dma on hpsa before capture-start', 'violated'],
  ['sometimes dma on hpsa of capture after root-switch', 'holds'],
  ['never dma on hpsa of capture after root-switch', 'violated'],
  ['never dma on hpsa of crashed after root-switch', 'violated'],
  ['never dma on hpsa of capture before root-switch', 'vacuous'],
  ['sometimes dma on hpsa of capture after reset', 'holds'],
  ['never dma on hpsa of crashed after reset', 'vacuous'],
  ['never dma on hpsa of capture before reset', 'vacuous'],
  ['never dma of crashed after reset', 'vacuous'],
  ['sometimes dma on hpsa of capture after handoff', 'holds'],
  ['never dma on hpsa of crashed after handoff', 'vacuous'],
  ['never dma on hpsa of capture before handoff', 'vacuous'],
  ['never dma of capture before handoff', 'vacuous'],
  ['sometimes log "DMAR" after root-switch', 'holds'],
];

const scenario = scenarioOf(handoffText({ release: 'patch-v2', claims: claims.map(([claim]) => claim).join('\n') }));

for (const window of [null, 'crash', 'capture-start', 'root-switch', 'reset', 'handoff']) {
  test(`claims by phases with the window ${window ?? 'behind the root switch'}`, () => {
    const found = explore(scenario, { ...defaultOptions, window, shortest: false });
    assert.equal(found.end.kind, 'exhausted');
    const outcomes = found.claims.map(({ outcome }, at) => [claims[at]?.[0] ?? '', outcome]);
    assert.deepEqual(outcomes, claims);
  });
}
