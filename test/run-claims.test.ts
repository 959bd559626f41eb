// Protects the verdicts: every quantifier, outcome and scope, and that a claim about nothing fails.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from '../src/analysis/claims.ts';
import { handoffText, play, scenarioOf, type Played } from './support/handoff.ts';

const violated = play();
const cured = play({ release: 'patch-v2' });

/** `holds`, `fails` or `vacuous`, and how many DMAs or lines were looked at. */
function verdict(played: Played, claim: string): string {
  const { claims } = scenarioOf(handoffText({ claims: claim }));
  const [found] = judge({ ...played.scenario, claims }, played.events);
  assert.ok(found !== undefined);
  assert.ok(!found.vacuous || !found.holds, 'what is empty does not hold');
  return `${found.vacuous ? 'vacuous' : found.holds ? 'holds' : 'fails'} ${found.considered}`;
}

// 25 writes of the crashed kernel (4 before the panic), 12 tries or 3 right DMAs of the capture kernel.
const table: readonly (readonly [string, string, string])[] = [
  ['never fault', 'fails 37', 'holds 28'],
  ['never stale', 'fails 37', 'holds 28'],
  ['never foreign', 'holds 37', 'holds 28'],
  ['never translated', 'fails 37', 'fails 28'],
  ['never fresh', 'fails 37', 'fails 28'],
  ['never dma', 'fails 37', 'fails 28'],
  ['sometimes fault', 'holds 37', 'fails 28'],
  ['sometimes stale', 'holds 37', 'fails 28'],
  ['sometimes foreign', 'fails 37', 'fails 28'],
  ['sometimes translated', 'holds 37', 'holds 28'],
  ['sometimes dma', 'holds 37', 'holds 28'],
  ['always fresh', 'fails 37', 'holds 28'],
  ['always translated', 'fails 37', 'holds 28'],
  ['always dma', 'holds 37', 'holds 28'],
  ['always fault of capture', 'holds 12', 'fails 3'],
  ['never fault of crashed', 'holds 25', 'holds 25'],
  ['never fault on hpsa of capture after handoff', 'fails 12', 'holds 3'],
  ['sometimes fresh on hpsa before crash', 'holds 4', 'holds 4'],
  ['sometimes fresh after crash before capture-start', 'holds 6', 'holds 6'],
  ['always fresh after capture-start before root-switch', 'vacuous 0', 'vacuous 0'],
  ['always fresh after root-switch before reset', 'holds 15', 'holds 15'],
  ['never dma after reset before handoff', 'vacuous 0', 'vacuous 0'],
  ['sometimes dma after reset before handoff', 'vacuous 0', 'vacuous 0'],
  ['never fault reason 6', 'fails 37', 'holds 28'],
  ['never fault reason 5', 'holds 37', 'holds 28'],
  ['always fault of capture at 0xfffff000', 'holds 1', 'fails 1'],
  ['never fault at 0x1000', 'vacuous 0', 'vacuous 0'],
];

for (const [claim, before, after] of table) {
  test(`${claim}: ${before} without the patch, ${after} with it`, () => {
    assert.equal(verdict(violated, claim), before);
    assert.equal(verdict(cured, claim), after);
  });
}

test('log claims look for a text in what both kernels print, in their time', () => {
  assert.match(verdict(violated, 'never log "timed out"'), /^fails/);
  assert.match(verdict(cured, 'never log "timed out"'), /^holds/);
  assert.match(verdict(cured, 'sometimes log "scsi host0: hpsa" after handoff'), /^holds/);
  assert.match(verdict(cured, 'sometimes log "scsi host0: hpsa" before handoff'), /^fails/);
  assert.equal(verdict(cured, 'sometimes log "Host address width" before crash'), 'holds 9');
  assert.match(verdict(cured, 'always log "DMAR: "'), /^fails/);
  assert.equal(verdict(cured, 'never log "fault" after crash before capture-start'), 'vacuous 0');
});

test('witnesses are the DMAs that decide: violations, or examples', () => {
  const { claims } = scenarioOf(handoffText({ claims: 'never fault\nsometimes fault\nalways fresh' }));
  const verdicts = judge({ ...violated.scenario, claims }, violated.events);
  for (const { witnesses } of verdicts) {
    assert.equal(witnesses.length, 12);
    for (const witness of witnesses) assert.equal(violated.events[witness]?.what.kind, 'dma-blocked');
  }
});

test('a phase that is never reached: nothing comes after it, and everything before', () => {
  const played = play({ capture: 'wait 1s', captureOptions: '' });
  assert.equal(verdict(played, 'never fault after handoff'), 'vacuous 0');
  assert.match(verdict(played, 'never fault before handoff'), /^holds/);
  assert.match(verdict(played, 'sometimes dma before reset'), /^holds/);
});

test('a claim on one device does not see another\'s DMAs, nor its handoff', () => {
  const played = play({
    devices: 'device other 02:00.1 {\n model hpsa\n}',
    crashed: 'map a 4K from-device on other\ndma write a every 100ms until reset\nwait 350ms\npanic',
    capture: 'wait 1500ms\nprobe hpsa\nprobe other',
    claims: 'never fault on hpsa\nnever fault on other\nsometimes fresh on other after handoff\n'
      + 'sometimes fresh on hpsa after handoff',
  });
  assert.deepEqual(played.holds, [true, false, false, true]);
});
