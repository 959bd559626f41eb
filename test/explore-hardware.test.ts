// Open hardware: which combinations are tried, that one which is not tried is the same as one that was, what is said of
// the values with which a claim is violated, and that the counterexample is replayed with the hardware it needs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exploration, explore, type Exploration } from '../src/analysis/explore/explore.ts';
import { defaultOptions } from '../src/analysis/explore/options.ts';
import { exploreSpace, type Space } from '../src/analysis/explore/space.ts';
import { standsFor, variations, withSettings, type VariedSpace } from '../src/analysis/explore/spaces.ts';
import { Random } from '../src/base/hash.ts';
import { hardwareChoices, isChoiceName } from '../src/vtd/choices.ts';
import { dmarsim, root, withFiles } from './support/dmarsim.ts';
import { scenarioOf } from './support/handoff.ts';

const crossed = join(root, 'scenarios', 'grid', 'perfect-crossed-two-nopsc.dmar');
const alone = join(root, 'scenarios', 'grid', 'perfect-different-one-nopsc.dmar');
const withoutEvictions = { choices: 'all', evictions: false } as const;

test('which values violate is told, the counterexample names them, and run replays it to the byte', () => {
  withFiles({}, (folder) => {
    const saved = join(folder, 'saved.dmar');
    const found = dmarsim(['explore', crossed, '--open', 'set-root-pointer,paging-structure-cache', '--save', saved]);
    assert.equal(found.code, 1);
    const folded = found.out.replace(/\n {2,}/g, ' ');
    assert.match(folded, /hardware: every value of set-root-pointer, paging-structure-cache, the same in all units: 4 combinations/);
    assert.match(folded, /"never stale on other" is violated in 2 of 4 combinations, in all with paging-structure-cache kept, in none with paging-structure-cache none/);
    assert.match(found.out, /^The shortest way against .*\n {2}on units with paging-structure-cache kept$/m);
    assert.match(readFileSync(saved, 'utf8'), /choice paging-structure-cache kept/);
    assert.doesNotMatch(readFileSync(saved, 'utf8'), /choice set-root-pointer/, 'what need not be changed is not');
    const [first, second] = [0, 1].map(() => dmarsim(['run', saved, '--format', 'jsonl']));
    assert.equal(first?.code, 1);
    assert.equal(first?.out, second?.out);
    // Each event that the story tells is one of the run, under its number.
    const events = (first?.out ?? '').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as { event: number; actor: string });
    const told = [...found.out.matchAll(/^ {2}#(\d+) +(\S+) /gm)];
    assert.ok(told.length > 5);
    for (const [, number = '', actor] of told) assert.equal(events[Number(number)]?.actor, actor);
    assert.match(found.out, /^ {2}answered by the paging-structure-cache entry 0x[0-9a-f]+, level 2: table 0x[0-9a-f]+, domain 1$/m);
    assert.match(found.out, /^ {2}filled at .* for the crashed kernel's write of 0x[0-9a-f]+ by other \(#\d+\)$/m);
    assert.match(found.out, /^ {2}missing {5}an invalidation of: IOTLB, domain 1$/m);
  });
});

for (const release of ['linux-4.9-rc5', 'patch-v2']) {
  test(`a combination that is not explored is the same as the one that stands for it: ${release} from its start on`, () => {
    const text = scenarioOf(readFileSync(alone, 'utf8'));
    const scenario = { ...text, capture: { ...text.capture, release } };
    const options = { ...defaultOptions, open: withoutEvictions, shortest: false, window: 'capture-start' };
    const found: VariedSpace[] = [];
    const work = exploration(scenario, options);
    for (let step = work.next(); step.done !== true;) {
      const { scenario: varied, before } = step.value;
      const space = exploreSpace(varied, options, before);
      found.push({ space, variation: (varied.units[0]?.choices ?? []).flatMap(({ name, value }) =>
        isChoiceName(name) && value !== keeps(name) ? [{ name, value }] : []) });
      step = work.next(space);
    }
    const seed = 20261126;
    const random = new Random(seed);
    for (let sample = 0; sample < 5; sample += 1) {
      const settings = Object.entries(hardwareChoices).flatMap(([name, values]) => isChoiceName(name)
        && !name.endsWith('entries') && name !== 'when-full' ? [{ name, value: values[random.below(values.length)] ?? '' }] : []);
      const words = `seed ${seed}, sample ${sample}: ${settings.map(({ value }) => value).join(' ')}`;
      const variation = settings.filter(({ name, value }) => value !== keeps(name));
      const known = found.find((other) => standsFor(other.variation, other.space.asked, variation));
      assert.ok(known !== undefined, words);
      assert.deepEqual(essence(exploreSpace(withSettings(scenario, settings), options, 0)), essence(known.space), words);
    }
  });
}

/** What `specification-keeps-most` chooses. */
function keeps(name: string): string {
  return name === 'partial-superpage-invalidation' ? 'keeps' : Object.entries(hardwareChoices).find(([known]) => known === name)?.[1][0] ?? '';
}

function essence({ result, counterexamples, considered }: Space): unknown {
  return [result.states, result.transitions, result.depth, result.beyond, [...counterexamples.keys()].sort(), considered];
}

test('variations come with the fewest changes first, each once, and all of them', () => {
  const open = (['set-root-pointer', 'device-selective-context', 'cached-denial'] as const).map((name) =>
    ({ name, own: hardwareChoices[name][0], others: hardwareChoices[name].slice(1) }));
  const all = [...variations(open)].map((settings) => settings.map(({ value }) => value).join(' '));
  assert.equal(all.length, 2 * 3 * 2);
  assert.equal(new Set(all).size, all.length);
  assert.deepEqual(all.slice(0, 6), ['', 'empties-caches', 'by-domain', 'by-source', 'walks-again', 'empties-caches by-domain']);
  // Twelve choices with three values each: the first thousand are found without making half a million.
  const many = Array.from({ length: 12 }, () => ({ name: 'when-full' as const, own: 'a', others: ['b', 'c'] }));
  const some = variations(many);
  for (let number = 0; number < 1000; number += 1) assert.ok((some.next().value?.length ?? 9) <= 3);
});

function cut(maxStates: number, maxCombinations: number): Exploration {
  return explore(scenarioOf(readFileSync(alone, 'utf8')), { ...defaultOptions, open: withoutEvictions, maxStates, maxCombinations, shortest: false });
}

test('limits are of all combinations together, and what ended it is said', () => {
  const whole = cut(1_000_000, 1000);
  assert.deepEqual([whole.end.kind, whole.claims[0]?.outcome], ['exhausted', 'holds']);
  assert.deepEqual([whole.hardware.choices, whole.hardware.combinations, whole.hardware.spaces],
    [['set-root-pointer', 'paging-structure-cache', 'speculative-fill'], 8, 8]);
  const few = cut(1_000_000, 3);
  assert.deepEqual([few.end, few.hardware.spaces, few.claims[0]?.outcome], [{ kind: 'limit', limit: 'combinations' }, 3, 'undecided']);
  const states = cut(whole.states - 1, 1000);
  assert.deepEqual([states.end, states.claims[0]?.outcome], [{ kind: 'limit', limit: 'states' }, 'undecided']);
  assert.ok(states.hardware.spaces > 1);
  const { code, out } = dmarsim(['explore', alone, '--open', 'hardware', '--max-combinations', '3']);
  assert.equal(code, 125);
  assert.match(out, /not all that there are: ended by --max-combinations 3$/m);
  assert.match(out, /^to see more: --max-combinations 30, /m);
  assert.match(out.replace(/\n {2,}/g, ' '), /: 3 of 8 combinations/);
});
