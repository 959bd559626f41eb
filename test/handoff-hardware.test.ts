// Protects what the hardware is free to do: each choice, and each profile, changes the outcome of a
// handoff where it should and nowhere else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handoffText, play, playText, seedWork, type Played } from './support/handoff.ts';

const fault = 'read 0xfffff000: fault 6 stale';
const right = 'read 0xfffff000: to capture';

function first(played: Played): string | undefined {
  return played.of('capture', 'hpsa')[0];
}

test('the patch asks for source and domain of the old entry: every reading of the command removes it', () => {
  for (const [value, did] of [
    ['by-source-and-domain', 'device'], ['by-domain', 'domain'], ['by-source', 'device'],
  ] as const) {
    const played = play({ release: 'patch-v2', unit: `choice device-selective-context ${value}` });
    assert.equal(first(played), right, value);
    const flush = played.happenings('invalidate').find(({ asked }) => asked.startsWith('device'));
    assert.equal(flush?.asked, 'device 02:00.0 domain 1');
    assert.equal(flush.did, did, value);
    assert.equal(flush.removed.length, 1, value);
  }
});

test('SRTP that keeps the caches: it is the kernel\'s own global flush that empties them', () => {
  const removals = (unit: string): readonly number[] => play({ unit }).happenings('invalidate')
    .filter(({ asked }) => asked === 'global').map(({ removed }) => removed.length);
  // Context cache and IOTLB, by SRTP and by the queue, in the crashed and in the capture kernel.
  assert.deepEqual(removals('choice set-root-pointer empties-caches'), [0, 0, 0, 0, 1, 1, 0, 0]);
  assert.deepEqual(removals('choice set-root-pointer keeps-caches'), [0, 0, 1, 1]);
  assert.equal(first(play({ unit: 'choice set-root-pointer keeps-caches' })), fault);
});

test('switching translation on may empty the caches too', () => {
  const flushes = (value: string): number =>
    play({ unit: `choice translation-enable ${value}` }).happenings('invalidate').length;
  // Only the crashed kernel switches it on; the capture kernel finds it on.
  assert.equal(flushes('empties-caches') - flushes('keeps-caches'), 2);
});

/**
 * Controllers that are noisy and never probed: their entries fill the caches. After the root switch at
 * 0.95 s the controller's own entry comes first, at 1.0 s, and theirs follow at 1.04 s.
 */
function noise(count: number): { readonly devices: string; readonly crashed: string } {
  const numbers = Array.from({ length: count }, (_, index) => index);
  return {
    devices: numbers.map((index) => `device noise${index} 03:${index.toString(16).padStart(2, '0')}.0 {
      model hpsa
    }`).join('\n'),
    crashed: `map events 4K from-device on hpsa
      dma write events every 100ms until panic + 1s
      ${numbers.map((index) => `map noise${index} 4K from-device on noise${index}
      dma write noise${index} every 130ms until panic + 20s`).join('\n')}
      wait 350ms
      panic`,
  };
}

test('an evicted context entry cannot be stale: sixteen busy neighbours hide the bug', () => {
  const capture = 'wait 1500ms\nprobe hpsa dma-mask 31';
  const other = 'read 0x7ffff000: ';
  assert.equal(first(play({ ...noise(16), capture })), `${other}fault 6 stale`);
  const small = play({ ...noise(16), capture, unit: 'choice context-cache-entries 16' });
  assert.equal(first(small), `${other}to capture`);
  // Fifteen neighbours and the controller fit.
  const enough = play({ ...noise(15), capture, unit: 'choice context-cache-entries 16' });
  assert.equal(first(enough), `${other}fault 6 stale`);
});

/** What answered the first DMA of the capture kernel: the kind of the event behind the fault. */
function answeredBy(played: Played): string | undefined {
  const dma = played.dmas.find(({ kernel }) => kernel === 'capture');
  for (let at = dma?.answer ?? -1; at >= 0; at = played.events[at]?.cause ?? -1) {
    const kind = played.events[at]?.what.kind;
    if (kind === 'iotlb-hit' || kind === 'context-hit') return kind;
  }
  return undefined;
}

test('an IOTLB of 32 entries drops the page, and the context entry alone misleads the walk', () => {
  assert.equal(answeredBy(play(noise(31))), 'iotlb-hit');
  const small = play({ ...noise(32), unit: 'choice iotlb-entries 32' });
  assert.equal(answeredBy(small), 'context-hit');
  assert.equal(first(small), fault);
  const full = play({ ...noise(32), unit: 'choice iotlb-entries 32\nchoice when-full all' });
  assert.ok(full.happenings('evict').length >= 32);
});

test('a cached denial that makes the unit walk again: the stale context entry denies a second time', () => {
  assert.equal(answeredBy(play({ unit: 'choice cached-denial faults' })), 'iotlb-hit');
  const again = play({ unit: 'choice cached-denial walks-again' });
  assert.equal(answeredBy(again), 'context-hit');
  assert.equal(first(again), fault);
  // With the context entry evicted nothing is left that denies.
  const evicted = play({
    ...noise(16), unit: 'choice cached-denial walks-again\nchoice context-cache-entries 16',
  });
  assert.equal(first(evicted), right);
});

test('faults of one source collapse into the record that is pending, where the unit does so', () => {
  const burst = 'map events 4K from-device on hpsa\nunmap events\n';
  const crashed = burst.replace('unmap events\n', 'dma write events every 400ns times 30\nunmap events\n')
    + 'wait 1ms\npanic';
  const records = (value: string): number => play({
    crashed, crashedOptions: 'intel_iommu=on,strict', unit: `choice same-source-faults ${value}`,
    platform: 'timing command 1us',
  }).happenings('fault-record').length;
  assert.ok(records('recorded') > records('collapsed'), `${records('recorded')} ${records('collapsed')}`);
  assert.ok(records('collapsed') > 0);
});

for (const [profile, status] of [
  ['ivy-bridge-ep', '102'], ['skylake-sp', '102'], ['skylake-client', '2'],
] as const) {
  test(`${profile}: the bug and the patch as on the seed's machine`, () => {
    const played = play({ profile });
    assert.equal(first(played), fault);
    // One fault record or eight: the index of the next one shows it.
    assert.equal(played.driverLog.filter((line) => line.includes('status reg'))[1],
      `DMAR: DRHD: handling fault status reg ${status}`);
    assert.equal(first(play({ profile, release: 'patch-v2' })), right);
  });
}

test('skylake-sp snoops: neither kernel writes a table back', () => {
  assert.equal(play({ profile: 'skylake-sp' }).happenings('write-back').length, 0);
  assert.notEqual(play({ profile: 'ivy-bridge-ep' }).happenings('write-back').length, 0);
});

test('qemu-39: without zero-length reads the old page is readable, and the bug is silent', () => {
  const played = play({ profile: 'qemu-39' });
  assert.equal(first(played), 'read 0xfffff000: to crashed stale');
  assert.equal(first(play({ profile: 'qemu-39', release: 'patch-v2' })), right);
  // 39 bits: three levels of tables.
  const levels = new Set(played.happenings('walk-read').map(({ structure }) => structure));
  assert.deepEqual([...levels].sort(), ['context', 'level 1', 'level 2', 'level 3', 'root']);
});

test('two controllers: each faults under its own name, and the patch cures both', () => {
  const second = 'device other 02:00.1 {\n model hpsa\n bar 0xf7e00000-0xf7e00fff\n}';
  const crashed = 'map a 4K from-device on hpsa\nmap b 4K from-device on other\n'
    + 'dma write a every 100ms until reset\ndma write b every 100ms until reset\nwait 350ms\npanic';
  const capture = 'wait 1500ms\nprobe hpsa\nprobe other';
  const played = play({ devices: second, crashed, capture });
  assert.equal(played.of('capture', 'hpsa')[0], fault);
  assert.equal(played.of('capture', 'other')[0], fault);
  assert.ok(played.log.includes('DMAR: [DMA Read] Request device [02:00.1] fault addr fffff000 '
    + '[fault reason 06] PTE Read access is not set'));
  const patched = play({ devices: second, crashed, capture, release: 'patch-v2' });
  assert.deepEqual(patched.faultLines, []);
  // The flush for the first leaves the second's entries alone.
  const flushes = patched.happenings('invalidate').filter(({ asked }) => asked.startsWith('device'));
  assert.deepEqual(flushes.map(({ asked, removed }) => [asked, removed.length]),
    [['device 02:00.0 domain 1', 1], ['device 02:00.1 domain 2', 1]]);
});

test('forcedac in the crashed kernel: its addresses are far up, and the context entry does the harm', () => {
  const played = play({ crashedOptions: 'intel_iommu=on,forcedac' });
  const [page] = played.happenings('iotlb-fill');
  assert.equal(Number(page?.frame), 0xf_ffff_ffff);
  assert.equal(answeredBy(played), 'context-hit');
  assert.equal(first(played), fault);
});

test('forcedac in the capture kernel: the mask of the controller is 32 bits all the same', () => {
  const played = play({ captureOptions: 'intel_iommu=on,forcedac reset_devices' });
  assert.equal(first(played), fault);
  assert.throws(() => play({ capture: 'wait 1s\nprobe hpsa dma-mask 64' }), /S035/);
});

test('the crashed kernel\'s other memory, above the reserved range, is not the capture kernel\'s', () => {
  const played = playText(handoffText({ crashed: seedWork }).replace('0xb3000000-0xbcffffff', '0x2000000-0x5ffffff'));
  assert.equal(first(played), fault);
  assert.equal(played.of('crashed')[0], 'write 0xfffff000: to crashed');
});

test('a full bus delays DMAs and loses none', () => {
  const names = Array.from({ length: 14 }, (_, index) => `b${index}`);
  const devices = ['hpsa', 'second', 'third'];
  const work = devices.flatMap((device) => names.map((name) =>
    `map ${device}-${name} 4K from-device on ${device}\ndma write ${device}-${name} every 1us times 1`));
  const played = play({
    platform: 'timing dma 400ms', capture: '', claims: 'never fault',
    devices: 'device second 02:00.1 { model hpsa; bar 0xf7e00000-0xf7efffff; reset stops }\n'
      + 'device third 02:00.2 { model hpsa; bar 0xf7d00000-0xf7dfffff; reset stops }',
    crashed: `${work.join('\n')}\nwait 3s\npanic`,
  });
  for (const device of devices) assert.equal(played.of('crashed', device).length, 14, device);
  assert.deepEqual(played.holds, [true]);
});
