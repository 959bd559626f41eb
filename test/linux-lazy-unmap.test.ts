// Protects when an unmapped page is really closed: at once (strict), after 10 ms, or before the 251st.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { play, type Played } from './support/handoff.ts';

/** A crashed kernel that maps some buffers, unmaps them all and waits. */
function unmapping(count: number, wait: string, options = 'intel_iommu=on'): Played {
  const names = Array.from({ length: count }, (_, index) => `b${index}`);
  return play({
    profile: 'ivy-bridge-ep', crashedOptions: options, capture: '',
    crashed: [...names.map((name) => `map ${name} 4K bidirectional on hpsa`),
      ...names.map((name) => `unmap ${name}`), wait, 'panic'].filter((line) => line !== '').join('\n'),
  });
}

/** The flushes of the IOTLB that are not of the start of either kernel. */
function flushes(played: Played): readonly string[] {
  const started = played.events.findIndex(({ what }) => what.kind === 'routine-leave' && what.routine === 'init_dmars');
  const panic = played.events.findIndex(({ what }) => what.kind === 'panic');
  return played.events.slice(started, panic).flatMap(({ what }) =>
    (what.kind === 'invalidate' && what.cache === 'iotlb' ? [what.asked] : []));
}

function routineTimes(played: Played, name: string): readonly number[] {
  return played.events.filter(({ what }) => what.kind === 'routine-enter' && what.routine === name)
    .map(({ timeNs }) => timeNs);
}

test('lazy: one global flush for all, 10 ms after the first unmap', () => {
  const played = unmapping(40, 'wait 50ms');
  assert.deepEqual(flushes(played), ['global']);
  const [unmap = 0] = routineTimes(played, 'intel_unmap');
  const [flush = 0] = routineTimes(played, 'flush_unmaps');
  // The timer is armed when the first entry is queued; then comes the interrupt.
  assert.ok(flush - unmap >= 10_000_000 && flush - unmap < 10_010_000, `${flush - unmap} ns`);
});

test('250 entries wait; the 251st unmap flushes them before it is queued', () => {
  assert.deepEqual(flushes(unmapping(250, '')), []);
  const played = unmapping(251, '');
  assert.deepEqual(flushes(played), ['global']);
  assert.equal(routineTimes(played, 'flush_unmaps').length, 1);
  assert.equal(played.happenings('routine-enter').find(({ routine }) => routine === 'flush_unmaps')?.detail,
    '250 entries');
});

test('the timer that was armed for flushed entries still comes, for what was queued since', () => {
  const played = unmapping(251, 'wait 50ms');
  assert.deepEqual(flushes(played), ['global', 'global']);
  assert.deepEqual(played.happenings('routine-enter').filter(({ routine }) => routine === 'flush_unmaps')
    .map(({ detail }) => detail), ['250 entries', '1 entries']);
});

test('strict: a page-selective flush for each unmap, at once', () => {
  const played = unmapping(3, 'wait 50ms', 'intel_iommu=on,strict');
  assert.deepEqual(flushes(played), [
    'domain 1 page 0xfffff000 mask 0', 'domain 1 page 0xffffe000 mask 0', 'domain 1 page 0xffffd000 mask 0',
  ]);
  assert.equal(routineTimes(played, 'flush_unmaps').length, 0);
});

test('strict: a buffer of several pages is flushed as the power of two that covers it', () => {
  const played = play({
    profile: 'ivy-bridge-ep', crashedOptions: 'intel_iommu=on,strict', capture: '',
    crashed: 'map a 20K bidirectional on hpsa\nunmap a\npanic',
  });
  assert.deepEqual(flushes(played), ['domain 1 page 0xffff8000 mask 3']);
});

test('an address is not given out again before its flush', () => {
  const pages = (wait: string): readonly number[] => play({
    profile: 'ivy-bridge-ep', capture: '',
    crashed: `map top 4K bidirectional on hpsa
      map a 4K bidirectional on hpsa
      unmap a
      ${wait}
      map b 4K bidirectional on hpsa
      dma write b every 1ms times 1
      wait 5ms
      panic`,
  }).happenings('iotlb-fill').map(({ frame }) => Number(frame));
  assert.deepEqual(pages('wait 5ms'), [0xffffd]);
  assert.deepEqual(pages('wait 20ms'), [0xffffe]);
});

test('the panic leaves the queue as it is: no flush comes from a dead kernel\'s timer', () => {
  const played = play({
    profile: 'ivy-bridge-ep', capture: 'wait 1s',
    crashed: 'map a 4K bidirectional on hpsa\nunmap a\nwait 9ms\npanic',
  });
  assert.deepEqual(flushes(played), []);
  assert.equal(routineTimes(played, 'flush_unmaps').length, 0);
  assert.equal(played.happenings('interrupt').length, 0);
});

test('entries are cleared and written back before anything is flushed', () => {
  const played = unmapping(1, 'wait 20ms');
  const start = played.events.findIndex(({ what }) => what.kind === 'routine-enter' && what.routine === 'intel_unmap');
  const kinds = played.events.slice(start).map(({ what }) => what.kind);
  const cleared = kinds.indexOf('store');
  const store = played.events[start + cleared]?.what;
  assert.deepEqual(store?.kind === 'store' ? [store.value.low, store.value.high] : [], [0, 0]);
  assert.ok(kinds.indexOf('write-back') > cleared);
  assert.ok(kinds.indexOf('invalidate') > kinds.indexOf('write-back'));
});
