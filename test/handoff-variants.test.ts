// Protects the claim that nothing is scripted: change what the crashed kernel left behind, or when it
// stopped, and the outcome changes as the hardware's would.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dmarsim, withFiles } from './support/dmarsim.ts';
import { handoffText, play, type Played } from './support/handoff.ts';

const noReadLine = 'DMAR: [DMA Read] Request device [02:00.0] fault addr';

function crashed(direction: string, rest: string): string {
  return `map events 4K ${direction} on hpsa\n${rest}\npanic`;
}

const readable = crashed('bidirectional', 'dma write events every 100ms until reset\nwait 350ms');

test('a readable old page: no fault, but the command is read from the crashed kernel\'s memory', () => {
  const { driverLog, happenings, ...played } = pick(play({ crashed: readable }));
  assert.equal(played.capture[0], 'read 0xfffff000: to crashed stale');
  assert.deepEqual(driverLog.slice(4, 6), [
    'hpsa 0000:02:00.0: controller message 03:00 timed out', 'hpsa 0000:02:00.0: no-op failed; re-trying',
  ]);
  assert.match(happenings, /what was read is no command list/);
  // Only the retries meet pages that the old table does not map.
  assert.equal(played.capture[1], 'read 0xffffe000: fault 6 stale');
});

function pick(played: ReturnType<typeof play>) {
  return {
    driverLog: played.driverLog, capture: played.of('capture'), crashed: played.of('crashed'),
    happenings: played.happenings('device-command').map(({ text }) => text).join('\n'),
  };
}

test('the story of a readable old page says that the device silently went to the crashed kernel\'s memory', () => {
  const text = handoffText({ crashed: readable, claims: 'never stale of capture\nnever foreign of capture' });
  withFiles({ 'readable.dmar': text }, (folder) => {
    const { code, out } = dmarsim(['run', `${folder}/readable.dmar`]);
    assert.equal(code, 1);
    assert.match(out, /silently .*0x[0-9a-f]+/);
    assert.match(out, /the crashed kernel's memory/);
    assert.match(out, /No {2}never foreign of capture/);
    assert.match(out, /No {2}never stale of capture/);
  });
});

test('with the patch a readable old page is neither read nor missed', () => {
  const played = play({ crashed: readable, release: 'patch-v2' });
  assert.deepEqual(played.of('capture'), [
    'read 0xfffff000: to capture', 'read 0xffffe000: to capture', 'write 0xffffd000: to capture',
  ]);
});

test('an old page that is unmapped: fault 6 through the stale context entry alone', () => {
  const played = play({
    crashed: 'map scratch 4K bidirectional on hpsa\nmap events 4K from-device on hpsa\nunmap scratch\n'
      + 'dma write events every 100ms until reset\nwait 350ms\npanic',
  });
  assert.equal(played.of('capture')[0], 'read 0xfffff000: fault 6 stale');
  // The crashed kernel's events went to the page below, which is the only one in the IOTLB.
  const pages = played.happenings('iotlb-fill').map(({ frame }) => Number(frame));
  assert.deepEqual([...new Set(pages)], [0xffffe]);
  assert.ok(played.faultLines.includes(`${noReadLine} fffff000 [fault reason 06] PTE Read access is not set`));
});

test('unmapped in the last 10 ms before the panic: allowed until the root switch, fault 5 after it', () => {
  const work = 'dma write events every 100ms until reset\nwait 350ms\nunmap events';
  const lingering = play({ crashed: crashed('from-device', `${work}\nwait 5ms`) }).of('crashed');
  // Nobody flushes a dead kernel's lazily unmapped pages; the capture kernel's global flush ends it.
  assert.deepEqual([...new Set(lingering)], [
    'write 0xfffff000: to crashed', 'write 0xfffff000: to crashed stale', 'write 0xfffff000: fault 5',
  ]);
  const flushed = play({ crashed: crashed('from-device', `${work}\nwait 15ms`) }).of('crashed');
  assert.deepEqual([...new Set(flushed)], ['write 0xfffff000: to crashed', 'write 0xfffff000: fault 5']);
});

test('a strict crashed kernel flushes at once: the page is closed before the panic', () => {
  const played = play({
    crashedOptions: 'intel_iommu=on,strict',
    crashed: crashed('from-device', 'dma write events every 100ms until reset\nwait 350ms\nunmap events\nwait 1ms'),
  });
  assert.deepEqual([...new Set(played.of('crashed'))], ['write 0xfffff000: to crashed', 'write 0xfffff000: fault 5']);
});

test('another address for the new buffer: fault there, since the stale context entry serves them all', () => {
  const played = play({ capture: 'wait 1500ms\nprobe hpsa dma-mask 31' });
  assert.equal(played.of('capture')[0], 'read 0x7ffff000: fault 6 stale');
  assert.ok(played.faultLines.includes(`${noReadLine} 7ffff000 [fault reason 06] PTE Read access is not set`));
});

// kexec takes 0.6 s, so the root table is switched 0.6 s after the panic.
for (const [end, faults] of [
  ['until panic', false], ['until panic + 100ms', false], ['until panic + 500ms', false], ['times 2', false],
  ['until panic + 700ms', true], ['until panic + 1s', true],
] as const) {
  test(`DMA ${end}: ${faults ? 'the caches are refilled after the global flush' : 'nothing refills the caches'}`, () => {
    const played = play({ crashed: crashed('from-device', `dma write events every 100ms ${end}\nwait 350ms`) });
    assert.equal(played.faultLines.length > 0, faults);
    assert.equal(played.of('capture')[0], `read 0xfffff000: ${faults ? 'fault 6 stale' : 'to capture'}`);
    assert.equal(played.driverLog.at(-1), faults ? 'hpsa 0000:02:00.0: no-op failed' : 'scsi host0: hpsa');
  });
}

test('a late reset that ends before the handoff changes nothing', () => {
  for (const [release, first] of [['linux-4.9-rc5', 'fault 6 stale'], ['patch-v2', 'to capture']] as const) {
    const played = play({ release, device: 'reset late 500ms' });
    assert.equal(played.of('capture')[0], `read 0xfffff000: ${first}`);
    assert.equal(played.of('crashed').at(-1), 'write 0xfffff000: to crashed');
  }
});

test('a reset that ends after the handoff: the patch lets old DMA into the new buffer', () => {
  const played = play({
    release: 'patch-v2', device: 'reset late 14s',
    claims: 'never foreign of capture\nnever foreign of crashed\nnever fault',
  });
  // Both kernels give out 0xfffff000 first: the translation is right and the damage is done all the same.
  assert.deepEqual([...new Set(played.of('crashed'))], ['write 0xfffff000: to crashed', 'write 0xfffff000: to capture']);
  assert.deepEqual(played.holds, [true, false, true]);
});

test('a reset that is ignored: old DMA faults once the new buffer is unmapped and flushed', () => {
  const played = play({ release: 'patch-v2', device: 'reset ignored' });
  assert.deepEqual([...new Set(played.of('crashed'))],
    ['write 0xfffff000: to crashed', 'write 0xfffff000: to capture', 'write 0xfffff000: fault 5']);
});

test('without reset_devices the driver neither resets nor waits, and old DMA goes on', () => {
  const played = play({ release: 'patch-v2', captureOptions: 'intel_iommu=on' });
  assert.deepEqual(played.driverLog, ['HP HPSA Driver (v 3.4.16-0)', 'scsi host0: hpsa']);
  assert.equal(played.happenings('device-reset').length, 0);
  assert.equal(played.of('crashed').at(-1), 'write 0xfffff000: to capture');
});

test('DMA in the window between the patch\'s flush and the write-back puts the old entry back', () => {
  // R1 of the handoff: a walk that fetches the context entry after the flush and before the new entry is
  // in RAM. The probe is moved by 100 ns from run to run, over the moment of a leftover write.
  const waitNs = 1_549_900_000;
  const at = (captureWaitNs: number): Played => play({
    release: 'patch-v2', device: 'reset late 14s', capture: `wait ${captureWaitNs}ns\nprobe hpsa`,
  });
  const first = at(waitNs);
  const handoffNs = first.events.find(({ actor, what }) => actor === 'capture' && what.kind === 'routine-enter'
    && what.routine === 'domain_context_mapping_one')?.timeNs ?? 0;
  const writeNs = first.dmas.find(({ kernel, timeNs }) => kernel === 'crashed' && timeNs > handoffNs)?.timeNs ?? 0;
  const outcomes = Array.from({ length: 60 }, (_, step) =>
    at(waitNs + (writeNs - handoffNs) - 5_000 + step * 100).of('capture')[0]);
  const refilled = outcomes.filter((outcome) => outcome === 'read 0xfffff000: fault 6 stale').length;
  const clean = outcomes.filter((outcome) => outcome === 'read 0xfffff000: to capture').length;
  assert.equal(refilled + clean, outcomes.length);
  assert.ok(refilled > 0 && clean > 0, `${refilled} of ${outcomes.length} were refilled`);
});

test('the driver names itself once, and counts its controllers', () => {
  const played = play({
    devices: 'device other 02:00.1 { model hpsa; bar 0xf7e00000-0xf7e00fff; reset stops }',
    capture: 'probe hpsa; probe other', release: 'patch-v2',
  });
  assert.equal(played.log.filter((line) => line.startsWith('HP HPSA Driver')).length, 1);
  assert.deepEqual(played.log.filter((line) => line.startsWith('scsi')), ['scsi host0: hpsa', 'scsi host1: hpsa']);
});

test('a board that does not come back after its reset is left alone', () => {
  const played = play({ platform: 'timing reset 200s' });
  assert.deepEqual(played.driverLog, [
    'HP HPSA Driver (v 3.4.16-0)', 'hpsa 0000:02:00.0: using doorbell to reset controller',
    'hpsa 0000:02:00.0: Failed waiting for board to become ready after hard reset',
  ]);
  assert.deepEqual(played.of('capture'), []);
});
