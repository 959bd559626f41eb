// Protects the models of devices and their drivers: what each has under way at the crash, what it does
// when nobody stops it, and what the driver of the capture kernel sees, with the flush and without.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playText, type Played } from './support/handoff.ts';

interface Pieces {
  readonly device: string;
  /** The crashed kernel's release. */
  readonly first?: string;
  readonly crashed?: string;
  readonly release?: string;
  readonly capture?: string;
}

function play({ device, first, crashed, release, capture }: Pieces): Played {
  return playText(`DMAR devices
platform {
  host-address-width 39
  memory 0x1000-0x9bfff
  memory 0x100000-0xbfffffff
  crash-kernel 0x20000000-0x2fffffff
}
unit dmar0 {
  profile haswell-client
  base 0xfed91000
}
device d 00:1d.0 { ${device} }
crashed ${first ?? 'linux-4.9-rc5'} {
  command-line "intel_iommu=on"
  ${crashed ?? 'probe d\nwait 400ms'}
  panic
}
capture ${release ?? 'patch-v2'} {
  command-line "intel_iommu=on reset_devices"
  ${capture ?? 'wait 200ms\nprobe d\nwait 200ms'}
}
never fault
`);
}

/** The messages of the capture kernel's driver. */
function driverLog(played: Played, first: RegExp): readonly string[] {
  const lines = played.log;
  const start = lines.findLastIndex((line) => first.test(line));
  return start < 0 ? [] : lines.slice(start);
}

/** What the device did for a kernel after the capture kernel had its own root table, by purpose and outcome. */
function purposes(played: Played, kernel: 'crashed' | 'capture'): ReadonlySet<string> {
  const requests = new Map(played.events.map(({ number, what }) => [number, what]));
  const rootSwitch = played.events.findLast(({ what }) => what.kind === 'command' && what.command.startsWith('SRTP'));
  return new Set(played.dmas.filter((dma) => dma.kernel === kernel && dma.timeNs > (rootSwitch?.timeNs ?? 0))
    .map((dma) => {
      let at = dma.answer;
      for (let what = requests.get(at); what?.kind !== 'dma-request'; what = requests.get(at)) {
        at = played.events[at]?.cause ?? -1;
      }
      const what = requests.get(at);
      return `${what?.kind === 'dma-request' ? what.purpose : ''}${dma.text.slice(dma.text.indexOf(':'))}`;
    }));
}

// --- a network card -----------------------------------------------------------------------------

const card = { device: 'model e1000e\npace 30ms' };

test('a network card goes on receiving into the crashed kernel\'s buffers until its driver resets it', () => {
  const played = play(card);
  assert.deepEqual([...purposes(played, 'crashed')],
    ['receive descriptor: to crashed', 'frame: to crashed', 'descriptor: to crashed']);
  assert.deepEqual([...purposes(played, 'capture')],
    ['receive descriptor: to capture', 'frame: to capture', 'descriptor: to capture']);
  // The driver takes each frame and gives its descriptor a new buffer.
  const polls = played.happenings('routine-enter').filter(({ routine }) => routine === 'e1000e_poll').length;
  assert.ok(polls > 10, String(polls));
});

test('without the flush the card looks healthy and is not: frames reach the crashed kernel, none the driver', () => {
  const played = play({ ...card, release: 'linux-4.9-rc5' });
  assert.equal(played.happenings('fault').length, 0);
  assert.deepEqual(driverLog(played, /PRO\/1000 Network Connection/), [
    'e1000e 0000:00:1d.0 eth0: Intel(R) PRO/1000 Network Connection',
    'e1000e 0000:00:1d.0 eth0: NIC Link is Up 1000 Mbps Full Duplex, Flow Control: Rx/Tx',
  ]);
  assert.ok(purposes(played, 'capture').has('receive descriptor: to crashed stale'));
  assert.ok(purposes(played, 'capture').has('frame: to crashed stale'));
});

test('a full receive ring ends the traffic: 255 descriptors, and nobody gives them back', () => {
  const played = play({ device: 'model e1000e\npace 1ms', capture: 'wait 10ms' });
  const panicNs = played.events.find(({ what }) => what.kind === 'panic')?.timeNs ?? 0;
  const frames = played.dmas.filter(({ kernel, timeNs }) => kernel === 'crashed' && timeNs > panicNs);
  assert.equal(frames.length, 3 * 255);
});

test('Bus Master off and a hot reset end what a device does by itself, not only what a workload gave it', () => {
  const whyStopped = (pieces: Partial<Pieces>): readonly string[] =>
    play({ ...card, capture: 'wait 100ms', ...pieces }).happenings('device-stop').map(({ why }) => why);
  assert.deepEqual(whyStopped({ first: 'orderly-kexec' }), ['Bus Master off']);
  assert.deepEqual(whyStopped({ release: 'indoh-2012' }), ['a hot reset of its bus']);
  assert.deepEqual(whyStopped({}), []);
});

// --- a SATA disk --------------------------------------------------------------------------------

const disk = { device: 'model ahci\npace 60ms', crashed: 'probe d\nsubmit read 64K on d times 30\nwait 200ms' };

test('a SATA disk goes on with what was issued, then identifies itself to the new driver', () => {
  const played = play(disk);
  assert.ok(purposes(played, 'crashed').has('disk data: to crashed'));
  assert.deepEqual(driverLog(played, /SATA mode$/), [
    'ahci 0000:00:1d.0: AHCI 0001.0300 32 slots 1 ports 6 Gbps 0x1 impl SATA mode', 'scsi host0: ahci',
    'ata1: SATA link up 6.0 Gbps (SStatus 123 SControl 300)', 'ata1.00: ATA-8, max UDMA/133',
    'ata1.00: configured for UDMA/133',
  ]);
});

test('without the flush it carries out the crashed kernel\'s old read and never identifies itself', () => {
  const played = play({ ...disk, release: 'linux-4.9-rc5', capture: 'wait 200ms\nprobe d' });
  assert.ok(purposes(played, 'capture').has('command header: to crashed stale'));
  const own = driverLog(played, /SATA mode$/);
  assert.equal(own.filter((line) => line.startsWith('ata1.00: failed to IDENTIFY')).length, 3);
  assert.ok(!own.some((line) => line.startsWith('ata1.00: configured')));
});

// --- USB ----------------------------------------------------------------------------------------

test('the firmware runs the USB controller from its reserved region until a kernel halts it', () => {
  const played = play({
    device: 'model ehci\nrmrr 0xa0000000-0xa000ffff\npace 100ns', crashed: 'wait 100ms', capture: 'wait 1s',
  });
  // Before the unit translates there is nothing to be stale, and then it is quiet.
  assert.ok(played.dmas.length > 1);
  assert.deepEqual([...new Set(played.dmas.map(({ text }) => text.slice(0, 10)))], ['read 0xa00']);
  const halted = played.happenings('device-reset').length;
  assert.equal(halted, 1);
});

test('a running USB controller is halted before the tables are copied, and its driver maps before its reset', () => {
  const played = play({ device: 'model ehci\npace 20ms', release: 'linux-4.9-rc5' });
  assert.equal(purposes(played, 'crashed').size, 0);
  assert.deepEqual([...purposes(played, 'capture')], ['frame list: to capture', 'queue head: to capture']);
  const entered = played.happenings('routine-enter').map(({ routine }) => routine);
  const probe = entered.slice(entered.lastIndexOf('ehci_pci_probe'));
  assert.ok(probe.indexOf('domain_context_mapping_one') < probe.indexOf('ehci_reset'));
  const reset = play({ device: 'model ehci\npace 20ms', capture: 'wait 200ms\nprobe d order reset-then-map' });
  const order = reset.happenings('routine-enter').map(({ routine }) => routine);
  const other = order.slice(order.lastIndexOf('ehci_pci_probe'));
  assert.ok(other.indexOf('domain_context_mapping_one') > other.indexOf('ehci_reset'));
});

test('a USB controller whose read is blocked halts with a host system error', () => {
  const played = play({ device: 'model ehci\npace 20ms\nreset ignored', release: 'linux-3.9', capture: 'wait 1s' });
  assert.equal(played.happenings('dma-blocked').length, 1);
});

// --- what nobody takes over -----------------------------------------------------------------------

test('a display without a driver reads on: faults on empty tables, nothing amiss on copied ones', () => {
  const plane = { device: 'model graphics\npace 100ms', capture: 'wait 1s' };
  assert.deepEqual([...purposes(play(plane), 'crashed')], ['framebuffer: to crashed']);
  assert.deepEqual([...purposes(play({ ...plane, release: 'linux-3.9' }), 'crashed')], ['framebuffer: fault 1']);
});

test('a display that is taken over shows the new framebuffer; its driver maps before it resets', () => {
  const played = play({ device: 'model graphics\npace 100ms' });
  assert.deepEqual([...purposes(played, 'crashed')], ['framebuffer: to crashed']);
  assert.deepEqual([...purposes(played, 'capture')], ['framebuffer: to capture']);
});

test('an iLO reads its reserved regions in turn, through both kernels', () => {
  const played = play({
    device: 'model ilo\nrmrr 0xa0000000-0xa0000fff\nrmrr 0xf4000-0xf4fff\npace 100ms', crashed: 'wait 400ms',
    capture: 'wait 400ms',
  });
  const texts = played.dmas.map(({ text }) => text.slice(0, text.indexOf(':')));
  assert.deepEqual(texts.slice(0, 4), ['read 0xa0000000', 'read 0xf4000', 'read 0xa0000000', 'read 0xf4000']);
  assert.ok(texts.length >= 12);
  assert.equal(played.happenings('fault').length, 0);
});
