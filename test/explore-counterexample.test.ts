// A counterexample is a scenario: written, read and run, it is the same events to the byte, and they violate
// the claim. The seed's four verdicts, and that two explorations agree.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { judge } from '../src/analysis/claims.ts';
import { explore, type Exploration } from '../src/analysis/explore/explore.ts';
import { defaultOptions } from '../src/analysis/explore/options.ts';
import { run, traced } from '../src/analysis/run.ts';
import type { Happening } from '../src/base/event.ts';
import { printJson } from '../src/scenario/json/print-json.ts';
import { printText } from '../src/scenario/text/print-text.ts';
import type { Scenario } from '../src/scenario/scenario.ts';
import { eventJson } from '../src/ui/run/event-json.ts';
import { handoffText, scenarioOf } from './support/handoff.ts';
import { projectRoot } from './support/source-text.ts';

function scenario(name: string, release: string): Scenario {
  const path = join(projectRoot(import.meta.dirname), 'scenarios', name);
  const { capture, ...rest } = scenarioOf(readFileSync(path, 'utf8'));
  return { ...rest, capture: { ...capture, release } };
}

function outcomes(found: Exploration): readonly string[] {
  return found.claims.map(({ outcome }) => outcome);
}

/** What the README's table says of the seed's machine: the verdict of `never fault` and the states. */
function inReadme(file: string, release: string): { readonly verdict: string; readonly states: number } {
  const text = readFileSync(join(projectRoot(import.meta.dirname), 'README.md'), 'utf8');
  const row = text.split('\n').find((line) => line.startsWith(`| \`${file}\`, \`${release}\` |`)) ?? assert.fail(`no row for ${file}`);
  const [, , , verdict = '', states = ''] = row.split('|').map((cell) => cell.trim());
  return { verdict, states: Number(states.replaceAll(',', '')) };
}

function bytesOf(subject: Scenario): string {
  return run(subject, traced).events.map((event) => JSON.stringify(eventJson(event))).join('\n');
}

test('the seed with two requests in flight: without the flush violated, with the patch it holds', () => {
  const options = { ...defaultOptions, inFlight: 2, shortest: false };
  const unpatched = explore(scenario('hpsa-p420i.dmar', 'linux-4.9-rc5'), options);
  assert.deepEqual(outcomes(unpatched), ['violated', 'violated', 'holds', 'violated']);
  assert.equal(unpatched.states, inReadme('hpsa-p420i.dmar', 'linux-4.9-rc5').states);
  const patched = explore(scenario('hpsa-p420i.dmar', 'patch-v2'), options);
  assert.deepEqual(outcomes(patched), ['holds', 'holds', 'holds', 'holds']);
  assert.equal(patched.end.kind, 'exhausted');
  assert.deepEqual(inReadme('hpsa-p420i.dmar', 'patch-v2'), { verdict: 'holds', states: patched.states });
});

test('one request behind the reset: the patch loses to the refill between flush and store, the order of 6.5.3.3 does not', () => {
  const found = explore(scenario('hpsa-one-in-flight.dmar', 'patch-v2'), defaultOptions);
  assert.deepEqual(outcomes(found), ['violated', 'violated', 'violated']);
  const first = found.claims[0]?.counterexample;
  assert.ok(first?.isShortest);
  assert.deepEqual(inReadme('hpsa-one-in-flight.dmar', 'patch-v2'),
    { verdict: `violated after ${first.moves} steps`, states: found.states });
  const { events, end } = run(first.scenario, traced);
  assert.equal(end.kind, 'cut');
  const last = (kind: Happening['kind']): number => events.findLast(({ what }) => what.kind === kind)?.number ?? -1;
  const flush = events.findLast(({ what }) => what.kind === 'invalidate' && what.cache === 'context')?.number ?? -1;
  const fill = last('context-fill');
  const store = events.find(({ number, what }) => number > fill && what.kind === 'store')?.number ?? -1;
  const hit = last('context-hit');
  const blocked = last('dma-blocked');
  assert.ok(flush >= 0 && flush < fill && fill < store && store < hit && hit < blocked,
    `${flush} < ${fill} < ${store} < ${hit} < ${blocked}`);
  const reference = explore(scenario('hpsa-one-in-flight.dmar', 'spec-6.5.3.3'), { ...defaultOptions, shortest: false });
  assert.deepEqual(outcomes(reference), ['holds', 'holds', 'holds']);
  assert.deepEqual(inReadme('hpsa-one-in-flight.dmar', 'spec-6.5.3.3'), { verdict: 'holds', states: reference.states });
});

const small = scenarioOf(handoffText({
  device: 'reset leaves-one', claims: 'never fault on hpsa of capture\nnever stale on hpsa\nnever log "no-op failed"',
  release: 'patch-v2',
}));

test('each counterexample, written as text or as JSON and read again, gives the same events to the byte', () => {
  const found = explore(small, defaultOptions);
  assert.ok(outcomes(found).includes('violated'));
  for (const [number, { counterexample }] of found.claims.entries()) {
    if (counterexample === null) continue;
    const bytes = bytesOf(counterexample.scenario);
    assert.equal(bytesOf(scenarioOf(printText(counterexample.scenario))), bytes);
    assert.equal(bytesOf(scenarioOf(printJson(counterexample.scenario))), bytes);
    const verdict = judge(counterexample.scenario, run(counterexample.scenario, traced).events)[number];
    assert.equal(verdict?.holds, false, `claim ${number}`);
  }
});

test('an exploration made again is the same: verdicts, states, transitions, counterexamples', () => {
  const shown = (found: Exploration): string => JSON.stringify(found);
  assert.equal(shown(explore(small, defaultOptions)), shown(explore(small, defaultOptions)));
});

test('a claim about what never happens says nothing, and a limit decides nothing', () => {
  const silent = scenarioOf(handoffText({ claims: 'never fault on hpsa of capture before crash' }));
  assert.deepEqual(outcomes(explore(silent, defaultOptions)), ['vacuous']);
  const cut = explore(small, { ...defaultOptions, maxStates: 20 });
  assert.deepEqual(outcomes(cut), ['undecided', 'undecided', 'undecided']);
  assert.equal(cut.end.kind, 'limit');
});

test('an order that the machine does not offer is refused, with what it offers', () => {
  const { end } = run({ ...small, schedule: Array.from({ length: 900 }, () => 0), order: [{ actor: 'dma31', way: 0 }] }, traced);
  assert.ok(end.kind === 'order' && end.step === 0 && end.offered.includes('cpu'));
});
