// Protects the NVMe disk: its driver maps what a recorded kernel mapped, in order and size; what is in
// flight at the crash goes on; and without the flush its handoff fails as the recorded one did.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playText, type Played } from './support/handoff.ts';

interface Pieces {
  readonly profile?: string;
  readonly platform?: string;
  readonly device?: string;
  readonly crashedOptions?: string;
  readonly crashed?: string;
  readonly release?: string;
  readonly options?: string;
  readonly capture?: string;
}

const slowReads = 'probe nvme\nsubmit read 8K on nvme times 32\nwait 100ms';

function play(pieces: Pieces = {}): Played {
  return playText(`DMAR nvme
platform {
  host-address-width 39
  memory 0x100000-0x3ffdffff
  crash-kernel 0x2f000000-0x3effffff
  ${pieces.platform ?? ''}
}
unit dmar0 {
  profile ${pieces.profile ?? 'qemu-39'}
  base 0xfed90000
}
device nvme 00:03.0 {
  model nvme
  ${pieces.device ?? 'pace 50ms'}
}
crashed linux-4.9-rc5 {
  command-line "${pieces.crashedOptions ?? 'intel_iommu=on'}"
  ${pieces.crashed ?? slowReads}
  panic
}
capture ${pieces.release ?? 'patch-v2'} {
  command-line "${pieces.options ?? 'intel_iommu=on'} nvme_core.admin_timeout=5"
  ${pieces.capture ?? 'wait 100ms\nprobe nvme'}
}
never fault
`);
}

/** What the capture kernel printed behind the unit's own lines. */
function driverLog(played: Played): readonly string[] {
  const { log } = played;
  return log.slice(log.lastIndexOf('nvme nvme0: pci function 0000:00:03.0') + 1);
}

const brought = ['nvme nvme0: 1/0/0 default/read/poll queues', 'nvme nvme0: Ignoring bogus Namespace Identifiers'];

test('without the flush the disk is given up, with the lines of the recorded handoff', () => {
  const played = play({ release: 'linux-4.9-rc5' });
  // Linux 6.1.192 with the flush taken out printed these, the fault in the words of its era.
  assert.deepEqual(driverLog(played), [
    'DMAR: DRHD: handling fault status reg 2',
    'DMAR: [DMA Write] Request device [00:03.0] fault addr ffffd000 [fault reason 05] PTE Write access is not set',
    'nvme nvme0: I/O 0 QID 0 timeout, disable controller',
    'nvme nvme0: Identify Controller failed (-4)',
    'nvme nvme0: Removing after probe failure status: -5',
  ]);
  assert.deepEqual(played.of('capture'), [
    'read 0xffffe000: to crashed stale', 'write 0xffffd000: fault 5 stale', 'write 0xfffff000: to crashed stale',
  ]);
});

test('with old addresses above 4 GiB it is the first read that faults, reason 06 as in the seed', () => {
  const played = play({ release: 'linux-4.9-rc5', crashedOptions: 'intel_iommu=on,forcedac' });
  assert.equal(driverLog(played)[1],
    'DMAR: [DMA Read] Request device [00:03.0] fault addr ffffe000 [fault reason 06] PTE Read access is not set');
  assert.deepEqual(played.of('capture'), ['read 0xffffe000: fault 6 stale']);
});

test('with the flush the disk is read', () => {
  const played = play();
  assert.deepEqual(driverLog(played), brought);
  const own = played.of('capture');
  assert.ok(own.length > 60);
  assert.deepEqual(own.filter((text) => !text.endsWith(': to capture')), []);
  const commands = played.happenings('device-command').map(({ text }) => text);
  assert.equal(commands.filter((text) => text.startsWith('read ')).length > 3, true);
});

test('with nothing in flight after the root switch nothing is cached, and no flush is missed', () => {
  const played = play({ release: 'linux-4.9-rc5', device: 'pace 1ms' });
  assert.deepEqual(driverLog(played), brought);
  assert.equal(played.happenings('fault').length, 0);
});

/** Retyped from a recorded handoff of Linux 6.1 on a unit in caching mode: address and order of each flush. */
const recorded: readonly (readonly [address: string, order: number, times: number])[] = [
  ['fffff000', 0, 1], ['ffffe000', 0, 1],
  // Identify, effects log, timestamp, host behaviour, SMART log; then the shadow doorbells.
  ['ffffd000', 0, 11], ['ffffc000', 0, 1],
  // The I/O queues.
  ['ffff8000', 2, 1], ['fffe0000', 4, 1],
  // Six identifies, three reads for partitions, one of 4 KiB; then one of 64 KiB with its PRP list.
  ['fffdf000', 0, 20], ['fffc0000', 4, 1], ['fffdf000', 0, 1], ['fffc0000', 4, 1],
];

test('every map and unmap of the probe comes in the order and size that a real kernel showed', () => {
  const played = play({
    profile: 'qemu-39-caching-mode', options: 'intel_iommu=on,strict',
    capture: 'wait 100ms\nprobe nvme\nsubmit read 4K on nvme\nwait 200ms\nsubmit read 64K on nvme\nwait 200ms',
  });
  const texts = played.happenings('descriptor').map(({ text }) => text).filter((text) => !text.includes('wait'));
  const context = texts.indexOf('context-cache invalidation device 00:03.0 domain 1');
  assert.deepEqual(texts.slice(context, context + 4), [
    'context-cache invalidation device 00:03.0 domain 1', 'IOTLB invalidation domain 1',
    'context-cache invalidation device 00:03.0 domain 0', 'IOTLB invalidation domain 2',
  ]);
  assert.deepEqual(texts.slice(context + 4), recorded.flatMap(([address, order, times]) =>
    Array.from({ length: times }, () => `IOTLB invalidation domain 2 page 0x${address} mask ${order}`)));
});

test('reads under way at the crash complete while the capture kernel starts, from its copied entry', () => {
  const played = play();
  const after = played.dmas.filter(({ kernel, timeNs }) =>
    kernel === 'crashed' && timeNs > (played.events.find(({ what }) => what.kind === 'panic')?.timeNs ?? 0));
  // A read of two pages, then event index, shadow doorbell and completion.
  assert.deepEqual(after.slice(0, 5).map(({ text }) => text), [
    'write 0xfffd4000: to crashed', 'write 0xfffd5000: to crashed', 'write 0xffff700c: to crashed',
    'read 0xffff800c: to crashed', 'write 0xffff0040: to crashed',
  ]);
  assert.equal(after.length % 5, 0, 'whole reads: the reset falls between two of them');
  assert.ok(after.length >= 60);
});

test('a reset that leaves one request, comes late or is ignored lets old reads into the new tables', () => {
  const crashedAfterReset = (reset: string): readonly string[] => {
    const played = play({ device: `pace 50ms\nreset ${reset}`, capture: 'wait 100ms\nprobe nvme\nwait 1s' });
    const reset0 = played.events.filter(({ what }) => what.kind === 'device-reset').at(-1)?.timeNs ?? 0;
    return played.dmas.filter(({ kernel, timeNs }) => kernel === 'crashed' && timeNs > reset0).map(({ text }) => text);
  };
  assert.deepEqual(crashedAfterReset('stops'), []);
  assert.equal(crashedAfterReset('leaves-one').length, 1);
  const ignored = crashedAfterReset('ignored');
  assert.ok(ignored.length > 20, String(ignored.length));
  // The new domain has other pages at some of these addresses, and none at the others.
  assert.ok(ignored.some((text) => text.endsWith('to capture')), ignored.join('\n'));
  assert.ok(ignored.some((text) => text.includes('fault 5')), ignored.join('\n'));
  const late = crashedAfterReset('late 300ms');
  assert.ok(late.length > 0 && late.length < ignored.length);
});

test('mapping before the reset makes the handoff with reads in flight, which then meet the new tables', () => {
  // Zeroing a page takes long, and one is zeroed between the first mapping and the second.
  const strange = (order: string): readonly string[] => play({
    platform: 'timing clear 6ms\ntiming kexec 10ms', device: 'pace 12ms',
    crashed: 'probe nvme\nsubmit read 8K on nvme times 32\nwait 1ms', capture: `probe nvme order ${order}`,
  }).dmas.filter(({ kernel, text }) => kernel === 'crashed' && !text.endsWith('to crashed')).map(({ text }) => text);
  const [first] = strange('map-then-reset');
  assert.match(first ?? '', /^write 0xfff[0-9a-f]+: fault 5$/);
  assert.deepEqual(strange('reset-then-map'), []);
  assert.deepEqual(strange('as-written'), []);
});
