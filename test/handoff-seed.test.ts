// Protects the purpose of the program: the seed's log comes out of the model byte for byte, and the
// patch cures it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dmarsim, linesOf } from './support/dmarsim.ts';

const file = 'scenarios/hpsa-p420i.dmar';

/** Retyped from the mail of 18 November 2016. */
const seedLog = [
  'HP HPSA Driver (v 3.4.16-0)',
  'hpsa 0000:02:00.0: using doorbell to reset controller',
  'hpsa 0000:02:00.0: board ready after hard reset.',
  'hpsa 0000:02:00.0: Waiting for controller to respond to no-op',
  'DMAR: Setting identity map for device 0000:02:00.0 [0xe8000 - 0xe8fff]',
  'DMAR: Setting identity map for device 0000:02:00.0 [0xf4000 - 0xf4fff]',
  'DMAR: Setting identity map for device 0000:02:00.0 [0xbdf6e000 - 0xbdf6efff]',
  'DMAR: Setting identity map for device 0000:02:00.0 [0xbdf6f000 - 0xbdf7efff]',
  'DMAR: Setting identity map for device 0000:02:00.0 [0xbdf7f000 - 0xbdf82fff]',
  'DMAR: Setting identity map for device 0000:02:00.0 [0xbdf83000 - 0xbdf84fff]',
  'DMAR: DRHD: handling fault status reg 2',
  'DMAR: [DMA Read] Request device [02:00.0] fault addr fffff000 [fault reason 06] PTE Read access is not set',
  'hpsa 0000:02:00.0: controller message 03:00 timed out',
  'hpsa 0000:02:00.0: no-op failed; re-trying',
];

function dmesg(release: string): { readonly code: number | null; readonly out: string } {
  const { code, out, talk } = dmarsim(['run', file, '--capture', release, '--format', 'dmesg']);
  assert.equal(talk, '');
  return { code, out };
}

test('linux-4.9-rc5 prints the fourteen lines of the seed, byte for byte and nothing between them', () => {
  const { code, out } = dmesg('linux-4.9-rc5');
  assert.equal(seedLog.length, 14);
  assert.equal(out.split(`${seedLog.join('\n')}\n`).length, 2, 'once, as one block');
  assert.equal(code, 1);
});

test('linux-4.9-rc5 tries twelve addresses downwards; the status names the next of eight records', () => {
  const lines = linesOf(dmesg('linux-4.9-rc5').out);
  const retries = lines.slice(lines.indexOf('hpsa 0000:02:00.0: no-op failed; re-trying') + 1);
  const expected = [
    ['102', 'ffffe000'], ['202', 'ffffd000'], ['302', 'ffffc000'], ['402', 'ffffb000'], ['502', 'ffffa000'],
    ['602', 'ffff9000'], ['702', 'ffff8000'], ['2', 'ffff7000'], ['102', 'ffff6000'], ['202', 'ffff5000'],
    ['302', 'ffff4000'],
  ].flatMap(([status, address], index) => [
    `DMAR: DRHD: handling fault status reg ${status}`,
    `DMAR: [DMA Read] Request device [02:00.0] fault addr ${address} [fault reason 06] `
      + 'PTE Read access is not set',
    'hpsa 0000:02:00.0: controller message 03:00 timed out',
    `hpsa 0000:02:00.0: no-op failed${index === 10 ? '' : '; re-trying'}`,
  ]);
  assert.deepEqual(retries, expected);
});

test('patch-v2 prints no fault, the no-op is answered and the probe goes on', () => {
  const { code, out } = dmesg('patch-v2');
  const lines = linesOf(out);
  assert.equal(code, 0);
  assert.deepEqual(lines.filter((line) => /fault|timed out|failed/.test(line)), []);
  const begin = lines.indexOf('HP HPSA Driver (v 3.4.16-0)');
  assert.deepEqual(lines.slice(begin), [
    ...seedLog.slice(0, 10),
    'hpsa 0000:02:00.0: controller message 03:00 succeeded',
    'scsi host0: hpsa',
  ]);
});

test('the capture kernel says that it copied the tables, the crashed one sets up the regions at boot', () => {
  const lines = linesOf(dmesg('patch-v2').out);
  const starts = lines.flatMap((line, index) => (line === 'DMAR: Host address width 46' ? [index] : []));
  assert.equal(starts.length, 2);
  const second = starts[1] ?? 0;
  assert.ok(lines.indexOf('DMAR: Setting RMRR:') < second);
  assert.deepEqual(lines.slice(second, second + 19), [
    'DMAR: Host address width 46',
    'DMAR: DRHD base: 0x000000fbafe000 flags: 0x0',
    'DMAR: dmar0: reg_base_addr fbafe000 ver 1:0 cap d2078c106f0462 ecap f020fe',
    'DMAR: DRHD base: 0x000000f4ffe000 flags: 0x1',
    'DMAR: dmar1: reg_base_addr f4ffe000 ver 1:0 cap d2078c106f0462 ecap f020fe',
    'DMAR: RMRR base: 0x000000bdf83000 end: 0x000000bdf84fff',
    'DMAR: RMRR base: 0x000000bdf7f000 end: 0x000000bdf82fff',
    'DMAR: RMRR base: 0x000000bdf6f000 end: 0x000000bdf7efff',
    'DMAR: RMRR base: 0x000000bdf6e000 end: 0x000000bdf6efff',
    'DMAR: RMRR base: 0x000000000f4000 end: 0x000000000f4fff',
    'DMAR: RMRR base: 0x000000000e8000 end: 0x000000000e8fff',
    'DMAR: No ATSR found',
    'DMAR: dmar0: Using Queued invalidation',
    'DMAR: Translation already enabled - trying to copy translation structures',
    'DMAR: Copied translation tables from previous kernel for dmar0',
    'DMAR: dmar1: Using Queued invalidation',
    'DMAR: Translation already enabled - trying to copy translation structures',
    'DMAR: Copied translation tables from previous kernel for dmar1',
    'DMAR: Intel(R) Virtualization Technology for Directed I/O',
  ]);
  assert.equal(lines[second + 19], 'HP HPSA Driver (v 3.4.16-0)');
});

test('the story names the DMA, the entry that answered, its fill, the memory and the missing flush', () => {
  const { code, out } = dmarsim(['run', file, '--capture', 'linux-4.9-rc5']);
  assert.equal(code, 1);
  const why = out.slice(out.indexOf('\nWhy #'));
  assert.match(why, /the DMA +#\d+ read of 0xfffff000 by hpsa 02:00\.0, for the capture kernel \(command list\)/);
  assert.match(why, /was blocked, reason 06/);
  assert.match(why, /answered by the IOTLB entry of 02:00\.0 0xfffff000 -> 0x[0-9a-f]+ -w, domain 1/);
  assert.match(why, /filled at +2\.\d+ \(#\d+\) for the crashed kernel's write of 0xffff0000/);
  assert.match(why, /but +memory maps it to 0xb[0-9a-f]+ rw in domain 2/);
  assert.match(why, /since +#\d+ 16\.\d+ context entry at 0x[0-9a-f]+ rewritten\s+by .* in domain_context_mapping_one/);
  assert.match(why, /missing +an invalidation of: context cache, device 02:00\.0 domain 1; then IOTLB, domain 1/);
  assert.match(why, /last flush +#\d+ 1\.80\d+ IOTLB global: too early/);
  assert.match(out, /Observation hpsa-p420i linux-4\.9-rc5 Violated, as the file expects/);
});

test('every number that the reason names is the event that it says', () => {
  const { out } = dmarsim(['run', file, '--capture', 'linux-4.9-rc5']);
  const events = linesOf(dmarsim(['run', file, '--capture', 'linux-4.9-rc5', '--format', 'jsonl']).out);
  const kindOf = (pattern: RegExp): string => {
    const number = Number(pattern.exec(out)?.[1]);
    return /"kind":"([^"]*)"/.exec(events[number] ?? '')?.[1] ?? '';
  };
  assert.equal(kindOf(/Why #(\d+):/), 'dma-blocked');
  assert.equal(kindOf(/the DMA +#(\d+)/), 'dma-request');
  assert.equal(kindOf(/filled at .*?\(#(\d+)\)/), 'iotlb-fill');
  assert.equal(kindOf(/write of 0xffff0000 \(#(\d+)\)/), 'dma-request');
  assert.equal(kindOf(/since +#(\d+)/), 'store');
  assert.equal(kindOf(/last flush +#(\d+)/), 'invalidate');
});
