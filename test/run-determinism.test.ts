// Protects that one scenario is one run: the same bytes always, ordered in time, every event with its
// cause, and another order only by another schedule.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run, steppable, traced } from '../src/analysis/run.ts';
import type { Event } from '../src/base/event.ts';
import { eventJson } from '../src/ui/run/event-json.ts';
import { handoffText, play, playText, scenarioOf, type Played } from './support/handoff.ts';
import { filesBelow, projectRoot } from './support/source-text.ts';

const root = projectRoot(import.meta.dirname);
const files = filesBelow(root, 'scenarios', '.dmar');

function jsonl(events: readonly Event[]): string {
  return events.map((event) => `${JSON.stringify(eventJson(event))}\n`).join('');
}

for (const file of files) {
  const text = readFileSync(join(root, file), 'utf8');

  test(`${file}: twice the same bytes, with and without a journal`, () => {
    const first = jsonl(run(scenarioOf(text), traced).events);
    assert.ok(first.length > 1000);
    assert.equal(jsonl(run(scenarioOf(text), traced).events), first);
    assert.equal(jsonl(run(scenarioOf(text), steppable).events), first);
  });

  test(`${file}: numbers count up, times are whole and never decrease, causes come before`, () => {
    let last = 0;
    for (const [index, { number, timeNs, cause, actor }] of playText(text).events.entries()) {
      assert.equal(number, index);
      assert.ok(Number.isSafeInteger(timeNs) && timeNs >= last, `#${number} at ${timeNs} after ${last}`);
      assert.ok(Number.isInteger(cause) && cause >= -1 && cause < number, `#${number} caused by #${cause}`);
      assert.notEqual(actor, '');
      last = timeNs;
    }
  });

  test(`${file}: what is caused by a DMA, a fill or an interrupt says by which`, () => {
    const { events } = playText(text);
    for (const { number, cause, what } of events) {
      if (['dma-translated', 'dma-blocked', 'dma-data', 'fault', 'walk-read', 'iotlb-fill', 'iotlb-hit',
        'fault-record'].includes(what.kind)) assert.notEqual(cause, -1, `#${number} ${what.kind}`);
      const filledBy = what.kind === 'iotlb-hit' || what.kind === 'context-hit' ? what.filledBy : null;
      if (filledBy === null) continue;
      assert.equal(events[filledBy]?.what.kind, what.kind === 'iotlb-hit' ? 'iotlb-fill' : 'context-fill');
    }
  });
}

const claims = 'never fault';

function scheduled(schedule: string): Played {
  return playText(handoffText({ claims: `${claims}\nschedule ${schedule}` }));
}

test('a schedule of zeros is no schedule', () => {
  const plain = jsonl(play({ claims }).events);
  assert.equal(jsonl(scheduled('0*500').events), plain);
  assert.equal(jsonl(scheduled('0').events), plain);
});

test('another choice is another order, and the same again each time', () => {
  const plain = play({ claims });
  // The first step at which anybody else could act.
  let other: Played | undefined;
  for (let step = 100; other === undefined && step < 800; step += 1) {
    const played = scheduled(`0*${step}/1`);
    if (played.end.kind === 'ended') other = played;
  }
  assert.ok(other !== undefined);
  assert.notEqual(jsonl(other.events), jsonl(plain.events));
  const { schedule } = other.scenario;
  const again = run({ ...plain.scenario, schedule }, traced);
  assert.equal(jsonl(again.events), jsonl(other.events));
});

test('a choice that the machine does not offer ends the run and is reported', () => {
  const played = scheduled('0*3/7');
  assert.equal(played.end.kind, 'schedule');
  assert.ok(played.end.kind === 'schedule' && played.end.step === 3 && played.end.choice === 7
    && played.end.offered >= 1 && played.end.offered <= 7);
});

test('actors whose time is the same act in the order in which they asked', () => {
  const twins = 'device left 04:00.0 {\n model hpsa\n}\ndevice right 04:01.0 {\n model hpsa\n}';
  const played = play({
    devices: twins, capture: '', platform: 'timing register-write 0ns\ntiming store 0ns',
    crashed: `map a 4K from-device on left
      map b 4K from-device on right
      dma write b every 1ms until panic
      dma write a every 1ms until panic
      wait 5ms
      panic`,
  });
  const requests = played.events.filter(({ what }) => what.kind === 'dma-request');
  assert.ok(requests.length >= 8);
  for (let index = 0; index + 1 < requests.length; index += 2) {
    const [first, second] = [requests[index], requests[index + 1]];
    assert.equal(first?.timeNs, second?.timeNs);
    assert.deepEqual([first?.actor, second?.actor], ['right', 'left']);
  }
});
