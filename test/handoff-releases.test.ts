// Protects what becomes of a handoff under each release: all of them come to their end on the seed's story, the
// bug is in the versions that flush nothing for a copied entry (4.2 to 4.9), and other ways through the crash do what
// they are known for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { releases } from '../src/linux/releases/releases.ts';
import { run, traced } from '../src/analysis/run.ts';
import { handoffText, play, playText, scenarioOf, seedWork, type Pieces, type Played } from './support/handoff.ts';

const modelled = releases.filter(({ notModelled }) => notModelled === null).map(({ name }) => name);
const right = 'read 0xfffff000: to capture';
const bug = 'read 0xfffff000: fault 6 stale';

function first(pieces: Pieces): string | undefined {
  return play(pieces).of('capture', 'hpsa')[0];
}

for (const name of modelled) {
  test(`${name} replays the seed's story to its end, as the capture kernel and as the crashed one`, () => {
    assert.deepEqual(play({ release: name }).end, { kind: 'ended' });
    const crashed = playText(handoffText({ release: 'linux-4.12' }).replace('crashed linux-4.9-rc5', `crashed ${name}`));
    assert.deepEqual(crashed.end, { kind: 'ended' });
  });
}

test('a release that is not modelled yet is undecided, on either side, and says what is missing', () => {
  for (const { name, notModelled } of releases.filter((release) => release.notModelled !== null)) {
    const end = run(scenarioOf(handoffText({ release: name })), traced).end;
    assert.ok(end.kind === 'limit' && end.what.includes(notModelled ?? '?'), name);
  }
});

test('R0 on the seed\'s story: stale where the old id is not flushed in both caches, right everywhere else', () => {
  const stale = modelled.filter((name) => first({ release: name })?.endsWith(' stale') === true);
  const expected = ['linux-4.9-rc5', 'linux-4.10', 'patch-v1-newdid', 'patch-v1-cmblock', 'capture-pt'];
  assert.deepEqual(stale.filter((name) => !name.startsWith('linux-6')).sort(), [...expected].sort());
});

test('4.10 flushes the context cache alone: enough where the IOTLB does not answer by itself', () => {
  assert.equal(first({ release: 'linux-4.10' }), bug);
  // A mapping below what the crashed kernel used is cached nowhere but in the context cache.
  const capture = 'wait 1500ms\nprobe hpsa dma-mask 31';
  assert.equal(first({ release: 'linux-4.9-rc5', capture }), 'read 0x7ffff000: fault 6 stale');
  assert.equal(first({ release: 'linux-4.10', capture }), 'read 0x7ffff000: to capture');
});

test('a unit that ignores the id: v1 with id 0 cures the context cache, and only that', () => {
  const unit = 'choice device-selective-context by-source';
  const capture = 'wait 1500ms\nprobe hpsa dma-mask 31';
  for (const release of ['patch-v1-newdid', 'patch-v1-cmblock']) {
    assert.equal(first({ release, capture }), 'read 0x7ffff000: fault 6 stale', release);
    assert.equal(first({ release, capture, unit }), 'read 0x7ffff000: to capture', release);
    assert.equal(first({ release, unit }), bug, release);
  }
});

test('entries that are not marked: the new entry never comes, and memory itself forbids the read', () => {
  assert.equal(first({ release: 'linux-4.2-copy-only' }), 'read 0xfffff000: fault 6');
});

/** What the leftover writes met between the start of the capture kernel and the reset. */
function leftover(played: Played): string | undefined {
  return played.of('crashed').at(-1);
}

test('without copies leftover DMA faults for want of an entry, in 3.9 and 4.1', () => {
  for (const release of ['linux-3.9', 'linux-4.1']) {
    const played = play({ release });
    assert.equal(leftover(played), 'write 0xfffff000: fault 1', release);
    assert.ok(played.log.includes('DMAR:[fault reason 01] Present bit in root entry is clear'), release);
    assert.equal(played.of('capture')[0], right, release);
  }
});

test('3.9 believes that GCMD is 0: its first command takes translation off for as long as 4.1 does on purpose', () => {
  for (const release of ['linux-3.9', 'linux-4.1']) {
    const played = play({ release, crashed: seedWork.replace('100ms', '1us').replace('350ms', '2ms'), platform: 'timing kexec 1ms',
      capture: 'wait 1ms\nprobe hpsa' });
    assert.ok(played.of('crashed').some((dma) => dma === 'write 0xfffff000: to nobody'), release);
  }
});

test('a reset of the endpoints first: no leftover DMA is left to fault', () => {
  const played = play({ release: 'indoh-2012' });
  assert.deepEqual(played.faultLines, []);
  assert.deepEqual(played.happenings('device-stop').map(({ why }) => why), ['a hot reset of its bus']);
  // It is reset_devices that asks for it.
  const unasked = play({ release: 'indoh-2012', captureOptions: 'intel_iommu=on' });
  assert.ok(unasked.of('crashed').includes('write 0xfffff000: fault 1'));
});

test('R4, aliasing: leftover DMA lands in new buffers with 4.12, and beside them where old addresses are avoided', () => {
  const late = { device: 'reset late 20s' };
  const aliased = play({ ...late, release: 'linux-4.12' });
  assert.ok(aliased.of('crashed').includes('write 0xfffff000: to capture'));
  const apart = play({ ...late, release: 'sumner-2014' });
  assert.ok(!apart.of('crashed').some((dma) => dma.endsWith('to capture')));
  assert.equal(apart.of('capture')[0], 'read 0xffffe000: to capture');
});

test('Xen\'s way out: nothing is copied, and until translation is on again IOVAs are physical addresses', () => {
  const text = handoffText({ release: 'linux-4.12' }).replace('crashed linux-4.9-rc5', 'crashed xen-crash-disable');
  const played = playText(text);
  assert.ok(!played.log.some((line) => line.includes('Copied translation tables')));
  assert.equal(played.of('capture')[0], right);
  const busy = playText(text.replace('every 100ms', 'every 10us').replace('wait 350ms', 'wait 2ms'));
  assert.ok(busy.of('crashed').includes('write 0xfffff000: to nobody'));
});

test('an orderly kexec: the device is silent before the unit goes off, and the next kernel is no capture kernel', () => {
  const played = playText(handoffText({ release: 'linux-4.12' }).replace('crashed linux-4.9-rc5', 'crashed orderly-kexec'));
  assert.deepEqual(played.happenings('panic'), [{ kind: 'panic', orderly: true }]);
  assert.deepEqual(played.faultLines, []);
  assert.ok(!played.log.some((line) => line.includes('Translation already enabled')));
  assert.deepEqual(played.happenings('device-stop').map(({ why }) => why), ['Bus Master off']);
});

test('config reuse-copied-ids: any release can give the ids of copied entries out again, and then shares one', () => {
  const ids = (release: string, setting: string): readonly number[] => play({
    release, capture: `${setting}\nwait 1500ms\nprobe hpsa`, device: 'reset late 20s',
  }).happenings('context-fill').map(({ domain }) => Number(domain));
  assert.deepEqual([...new Set(ids('linux-4.12', ''))], [1, 2]);
  assert.deepEqual([...new Set(ids('linux-4.12', 'config reuse-copied-ids'))], [1]);
  assert.deepEqual(ids('no-did-reserve', ''), ids('linux-4.12', 'config reuse-copied-ids'));
  assert.deepEqual(ids('no-did-reserve', 'config reserve-copied-ids'), ids('linux-4.12', ''));
});
