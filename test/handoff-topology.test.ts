// Protects PCI topology: whose source-id a request carries, which context entries a kernel makes for it,
// in what order, and which unit serves whom.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bdf } from '../src/base/word.ts';
import { playText, type Played } from './support/handoff.ts';

function play(blocks: string, crashed: string, capture: string, release = 'patch-v2'): Played {
  return playText(`DMAR topology
platform {
  host-address-width 39
  memory 0x1000-0x9bfff
  memory 0x100000-0xbfffffff
  crash-kernel 0x20000000-0x2fffffff
}
${blocks}
crashed linux-4.9-rc5 {
  command-line "intel_iommu=on"
  ${crashed}
  panic
}
capture ${release} {
  command-line "intel_iommu=on reset_devices"
  ${capture}
}
never fault
`);
}

const unit = 'unit dmar0 { profile haswell-client; base 0xfed91000 }';

/** The source-ids under which a kernel made context entries, in order. */
function mapped(played: Played): readonly string[] {
  return played.happenings('routine-enter').filter(({ routine }) => routine === 'domain_context_mapping_one')
    .map(({ detail }) => detail);
}

function requesters(played: Played): ReadonlySet<string> {
  return new Set(played.happenings('dma-request').map(({ source, access }) => `${access} ${bdf(source)}`));
}

const busy = 'map b 4K bidirectional on d\ndma read b every 10ms times 3\ndma write b every 10ms times 3\nwait 100ms';

test('behind a conventional bridge requests carry its id, behind a PCIe-to-PCI bridge the first function of its bus', () => {
  const device = 'device d 05:02.0 { model hpsa }';
  const seen = (bridges: string): readonly string[] =>
    [...requesters(play(`${unit}\n${bridges}\n${device}`, busy, 'wait 1s'))];
  assert.deepEqual(seen('bridge p 00:1c.0 { kind pcie; buses 0x5-0x5 }'), ['read 05:02.0', 'write 05:02.0']);
  assert.deepEqual(seen('bridge p 00:1e.0 { kind pci; buses 0x5-0x5 }'), ['read 00:1e.0', 'write 00:1e.0']);
  assert.deepEqual(seen('bridge p 00:1c.0 { kind pcie; buses 0x4-0x5 }\nbridge q 04:00.0 { kind pcie-to-pci; buses 0x5-0x5 }'),
    ['read 05:00.0', 'write 05:00.0']);
  // The topmost one has the last word.
  assert.deepEqual(seen('bridge q 03:00.0 { kind pcie-to-pci; buses 0x4-0x5 }\nbridge r 04:01.0 { kind pci; buses 0x5-0x5 }'),
    ['read 04:00.0', 'write 04:00.0']);
});

test('the kernel makes an entry for each alias, the device first and then upwards, and nothing faults', () => {
  const played = play(`${unit}
bridge q 03:00.0 { kind pcie-to-pci; buses 0x4-0x5 }
bridge r 04:01.0 { kind pci; buses 0x5-0x5 }
device d 05:02.0 { model hpsa }`, busy, 'wait 1s');
  assert.deepEqual(mapped(played), ['05:02.0', '04:01.0', '04:00.0']);
  assert.equal(played.happenings('fault').length, 0);
});

test('devices behind one conventional bridge share a domain: neither overwrites the other\'s entry', () => {
  const played = play(`${unit}
bridge p 00:1e.0 { kind pci; buses 0x5-0x5 }
device d 05:02.0 { model hpsa }
device e 05:03.0 { model hpsa }`,
  `${busy}\nmap c 4K bidirectional on e\ndma write c every 10ms times 3\nwait 100ms`, 'wait 1s');
  assert.deepEqual(mapped(played), ['05:02.0', '00:1e.0', '05:03.0', '00:1e.0']);
  const domains = new Set(played.happenings('context-fill').map(({ domain }) => domain));
  assert.equal(domains.size, 1);
  assert.deepEqual(played.dmas.map(({ text }) => text).filter((text) => !text.endsWith(': to crashed')), []);
});

test('a device with an alias writes under it; both entries are replaced one after the other at the handoff', () => {
  const played = play(`${unit}\ndevice d 05:00.0 { model nvme; alias 05:00.1 }`, 'probe d', 'wait 1s\nprobe d');
  assert.deepEqual([...requesters(played)], ['read 05:00.0', 'write 05:00.1']);
  assert.deepEqual(mapped(played), ['05:00.0', '05:00.1', '05:00.0', '05:00.1']);
  assert.equal(played.happenings('fault').length, 0);
});

test('a unit serves the devices that it names, and its line in the log says so', () => {
  const played = play(`unit gfx { profile haswell-client-graphics; base 0xfed90000; endpoint 00:02.0 }
${unit}
device g 00:02.0 { model graphics; pace 10ms }
device d 00:1f.2 { model hpsa }`, `probe g\n${busy}`, 'wait 1s');
  const fills = played.events.filter(({ what }) => what.kind === 'context-fill')
    .map(({ actor, what }) => (what.kind === 'context-fill' ? `${actor} ${bdf(what.source)}` : ''));
  assert.deepEqual([...new Set(fills)].sort(), ['dmar0 00:1f.2', 'gfx 00:02.0']);
  assert.deepEqual(played.log.filter((line) => line.includes('DRHD base')).slice(0, 2),
    ['DMAR: DRHD base: 0x000000fed90000 flags: 0x0', 'DMAR: DRHD base: 0x000000fed91000 flags: 0x1']);
});

test('an RMRR of several devices is one line of the firmware\'s table, and each maps it at its handoff', () => {
  const played = play(`${unit}
device d 05:00.0 { model hpsa; rmrr 0xf4000-0xf4fff }
device e 06:00.0 { model hpsa; rmrr 0xf4000-0xf4fff }`, 'wait 1ms', 'probe d\nprobe e');
  assert.equal(played.log.filter((line) => line.includes('RMRR base')).length, 2, 'one in each kernel');
  const own = played.log.filter((line) => line.includes('Setting identity map'));
  assert.deepEqual(own.map((line) => /device 0000:(\S+)/.exec(line)?.[1]), ['05:00.0', '06:00.0', '05:00.0', '06:00.0']);
});
