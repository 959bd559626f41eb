// Protects travel in time: n events forward and n back is the start, and forward again the same events
// and states; the running fingerprint is that of the state.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run, steppable } from '../src/analysis/run.ts';
import { formatFingerprint, Random } from '../src/base/hash.ts';
import { Stepper } from '../src/ui/step/stepper.ts';
import { plain } from '../src/ui/terminal.ts';
import { handoffText, scenarioOf } from './support/handoff.ts';
import { filesBelow, projectRoot } from './support/source-text.ts';

const root = projectRoot(import.meta.dirname);
const scenarios: readonly (readonly [string, string])[] = [
  ...filesBelow(root, 'scenarios', '.dmar').map((file) => [file, readFileSync(join(root, file), 'utf8')] as const),
  ['a fault storm', handoffText({
    profile: 'qemu-39', unit: 'choice iotlb-entries 32',
    crashed: 'map a 4K from-device on hpsa\ndma write a every 20us until panic + 1us\nwait 1ms\nunmap a\nwait 3ms\npanic',
  })],
];

/** Each journey there and back costs its length, so that long runs are left at fewer places. */
const eventsTravelled = 120_000;

/** All places of a short run; of a long one the first, the last and as many between as the budget allows. */
function places(count: number): readonly number[] {
  const stride = Math.max(1, Math.ceil(count * count / (2 * eventsTravelled)));
  return Array.from({ length: count + 1 }, (_, place) => place)
    .filter((place) => place < 40 || place % stride === 0 || place === count);
}

for (const [name, text] of scenarios) {
  test(`${name}: n events forward and n back is the start, for many n`, () => {
    const done = run(scenarioOf(text), steppable);
    const stepper = new Stepper(done, plain);
    const start = stepper.fingerprint();
    const seen = new Map<number, string>();
    for (const place of places(done.events.length)) {
      stepper.goTo(place);
      seen.set(place, stepper.fingerprint());
      stepper.goTo(0);
      assert.equal(stepper.fingerprint(), start, `${place} forward and back`);
    }
    // Forward again, without going back in between.
    for (const [place, fingerprint] of seen) {
      stepper.goTo(place);
      assert.equal(stepper.fingerprint(), fingerprint, `again at ${place}`);
    }
    assert.ok(new Set(seen.values()).size > seen.size / 4, 'the state changes along the way');
  });

  test(`${name}: a run from the start gives the events and the last state again`, () => {
    const first = run(scenarioOf(text), steppable);
    const second = run(scenarioOf(text), steppable);
    assert.deepEqual(second.events, first.events);
    assert.deepEqual(second.machine.journal.fingerprint(), first.machine.journal.fingerprint());
  });

  test(`${name}: the running fingerprint is the one computed from the state alone`, () => {
    const done = run(scenarioOf(text), steppable);
    const { journal } = done.machine;
    const stepper = new Stepper(done, plain);
    const stride = Math.max(1, Math.floor(done.events.length / 40));
    for (let place = 0; place <= done.events.length; place += stride) {
      stepper.goTo(place);
      assert.equal(formatFingerprint(journal.rehash()), stepper.fingerprint(), `at ${place}`);
    }
  });
}

test('jumps in any order show the state of the place, whatever was seen before', () => {
  const [, text = ''] = scenarios[0] ?? [];
  const done = run(scenarioOf(text), steppable);
  const stepper = new Stepper(done, plain);
  const seed = 1118;
  const random = new Random(seed);
  const look = (): string => ['info regs', 'info iotlb', 'info context', 'info walk 02:00.0 0xfffff000', 'print time']
    .flatMap((command) => stepper.execute(command).lines).join('\n');
  const seen = new Map<number, string>();
  for (let jump = 0; jump < 300; jump += 1) {
    const place = random.below(60) * Math.floor(done.events.length / 60);
    stepper.goTo(place);
    const now = look();
    assert.equal(seen.get(place) ?? now, now, `seed ${seed}, jump ${jump} to ${place}`);
    seen.set(place, now);
  }
});

test('looking changes nothing: not the state, not the history', () => {
  const [, text = ''] = scenarios[0] ?? [];
  const done = run(scenarioOf(text), steppable);
  const stepper = new Stepper(done, plain);
  stepper.goTo(done.events.length - 100);
  const before = [stepper.fingerprint(), done.machine.journal.length, done.machine.journal.mark(), done.events.length];
  for (const command of ['info regs', 'info iotlb', 'info context', 'info faults', 'info queue', 'print GSTS', 'why',
    'info walk 02:00.0 0x12345000', 'x/8gx 0xb4003000', 'x/3wx 0xfffffffff0', 'when', 'print fingerprint', 'help',
    'step 0']) {
    assert.notEqual(stepper.execute(command).kind, 'wrong', command);
    assert.deepEqual([stepper.fingerprint(), done.machine.journal.length, done.machine.journal.mark(),
      done.events.length], before, command);
  }
});
