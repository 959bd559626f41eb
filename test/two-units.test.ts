// Protects machines of several units: a request goes to the unit that has its bus, each unit has its own
// caches and registers, and whoever looks says which one is meant.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dmarsim, linesOf, withFiles } from './support/dmarsim.ts';

const text = `DMAR two

platform {
  host-address-width 46
  memory 0x100000-0xbfffffff
  crash-kernel 0xb3000000-0xbcffffff
}

unit second-socket {
  profile sandy-bridge-ep
  base 0xfbafe000
  buses 0x20-0x3f
}

unit first-socket {
  profile sandy-bridge-ep
  base 0xf4ffe000
}

device near 02:00.0 { model hpsa; bar 0xf7f00000-0xf7ffffff; reset stops }
device last 3f:1f.7 { model hpsa; bar 0xf7d00000-0xf7dfffff; reset stops }
device beyond 40:00.0 { model hpsa; bar 0xf7c00000-0xf7cfffff; reset stops }

crashed linux-4.9-rc5 {
  command-line "intel_iommu=on"
  map near-events 4K from-device on near
  dma write near-events every 1s until reset
  map last-events 4K from-device on last
  dma write last-events every 1s until reset
  map beyond-events 4K from-device on beyond
  dma write beyond-events every 1s until reset
  wait 100ms
  panic
}

capture patch-v2 {
  command-line "intel_iommu=on irqpoll nr_cpus=1 reset_devices"
  probe near
}

never fault
`;

function session(commands: string): readonly string[] {
  return withFiles({ 'two.dmar': text }, (folder) => {
    const { out, talk } = dmarsim(['step', `${folder}/two.dmar`, '-x', commands]);
    assert.equal(talk, '');
    return linesOf(out);
  });
}

test('a request goes to the unit of its bus, the first and the last bus of the range with it', () => {
  withFiles({ 'two.dmar': text }, (folder) => {
    const { out } = dmarsim(['run', `${folder}/two.dmar`]);
    const fills = linesOf(out).filter((line) => line.includes('context cache takes'));
    assert.deepEqual(fills.slice(0, 3).map((line) => line.slice(15).replace(/: .*/, '').replace(/ +/g, ' ')), [
      'first-socket context cache takes 02:00.0',
      'second-socket context cache takes 3f:1f.7',
      'first-socket context cache takes 40:00.0',
    ]);
  });
});

test('the capture kernel copies the tables of each unit', () => {
  withFiles({ 'two.dmar': text }, (folder) => {
    const lines = linesOf(dmarsim(['run', `${folder}/two.dmar`, '--format', 'dmesg']).out);
    assert.deepEqual(lines.filter((line) => line.includes('Copied') || line.includes('DRHD base')), [
      'DMAR: DRHD base: 0x000000fbafe000 flags: 0x0', 'DMAR: DRHD base: 0x000000f4ffe000 flags: 0x1',
      'DMAR: DRHD base: 0x000000fbafe000 flags: 0x0', 'DMAR: DRHD base: 0x000000f4ffe000 flags: 0x1',
      'DMAR: Copied translation tables from previous kernel for dmar0',
      'DMAR: Copied translation tables from previous kernel for dmar1',
    ]);
  });
});

test('info shows every unit, or the one that is named', () => {
  const lines = session('run 999; info context; info context first-socket; info context third');
  const both = lines.slice(lines.indexOf('(dmarsim) info context') + 1,
    lines.indexOf('(dmarsim) info context first-socket'));
  assert.deepEqual(both.filter((line) => line.endsWith(':')), ['second-socket:', 'first-socket:']);
  const one = lines.slice(lines.indexOf('(dmarsim) info context first-socket') + 1);
  assert.ok(!one.some((line) => line.endsWith('second-socket:')), one.join('\n'));
});

test('print takes the unit before the register', () => {
  const lines = session('break *SRTP: root table latched*; continue; print second-socket:RTADDR; '
    + 'print first-socket:RTADDR');
  const value = (name: string): string => lines[lines.indexOf(`(dmarsim) print ${name}:RTADDR`) + 1] ?? '';
  assert.match(value('second-socket'), /0x[0-9a-f]*[1-9a-f]/);
  assert.notEqual(value('first-socket'), value('second-socket'));
});

test('the text and the JSON say the buses, and say them again', () => {
  withFiles({ 'two.dmar': text }, (folder) => {
    const first = dmarsim(['run', `${folder}/two.dmar`, '--print-json']).out;
    const { units } = JSON.parse(first) as { readonly units: readonly { readonly buses: unknown }[] };
    assert.deepEqual(units.map(({ buses }) => buses), [{ first: '0x20', last: '0x3f' }, null]);
    withFiles({ 'two.json': first }, (other) => {
      assert.equal(dmarsim(['run', `${other}/two.json`, '--print-json']).out, first);
    });
  });
});
