// Protects what the words of a command line do, release by release: pass-through and its exceptions, the unit
// left alone, options of other eras passed over.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandLine } from '../src/linux/core/command-line.ts';
import { iommuOptions, unmodelledOption } from '../src/linux/iommu/options.ts';
import { releaseNamed } from '../src/linux/releases/releases.ts';
import { play, seedWork } from './support/handoff.ts';

function options(release: string, line: string): ReturnType<typeof iommuOptions> {
  const known = releaseNamed(release);
  assert.ok(known !== undefined);
  return iommuOptions(new CommandLine(line), known);
}

test('on and off: the last one counts, and iommu=off is the same', () => {
  assert.equal(options('linux-4.9-rc5', 'intel_iommu=on').off, false);
  assert.equal(options('linux-4.9-rc5', '').off, false);
  assert.equal(options('linux-4.9-rc5', 'intel_iommu=on,off').off, true);
  assert.equal(options('linux-4.9-rc5', 'intel_iommu=off intel_iommu=on').off, false);
  assert.equal(options('linux-4.9-rc5', 'intel_iommu=on iommu=off').off, true);
});

test('options of the core are passed over by releases that do not heed them', () => {
  for (const release of ['linux-3.9', 'linux-4.9-rc5', 'linux-4.12']) {
    const asked = options(release, 'iommu.passthrough=1 iommu.strict=1 iommu.forcedac=1');
    assert.deepEqual([asked.passThrough, asked.strict, asked.forceDac], [false, false, false], release);
  }
  assert.equal(options('linux-5.3', 'iommu.passthrough=1').passThrough, true);
  assert.equal(options('linux-5.11', 'iommu.strict=1').strict, false);
  assert.equal(options('linux-6.1', 'iommu.strict=1').strict, true);
  assert.equal(options('linux-6.1', 'iommu.strict=0').strict, false);
  assert.equal(options('linux-6.1', 'iommu.forcedac=1').forceDac, true);
});

test('iommu=nopt takes iommu=pt back from 5.3 on, and is not known before', () => {
  assert.equal(options('linux-4.12', 'iommu=pt iommu=nopt').passThrough, true);
  assert.equal(options('linux-5.3', 'iommu=pt iommu=nopt').passThrough, false);
  assert.equal(options('linux-5.3', 'iommu=nopt,pt').passThrough, true);
});

test('what changes the unit\'s use and is not modelled is found, among others too', () => {
  for (const word of ['iommu=soft', 'iommu=pt,force', 'intel_iommu=on,sp_off', 'intel_iommu=sm_on', 'intel_iommu=igfx_off']) {
    assert.equal(unmodelledOption(`quiet ${word} x=1`), word);
  }
  assert.equal(unmodelledOption('intel_iommu=on,strict iommu=pt iommu=nopt intel_iommu=off iommu.strict=1'), undefined);
});

const passThrough = { profile: 'skylake-sp', captureOptions: 'intel_iommu=on iommu=pt reset_devices' };

/** The last stores to the context entry: type and P in the low half, id and width in the high one. */
function lastEntry(played: ReturnType<typeof play>): { readonly low: number; readonly high: number } {
  const stores = played.events.slice(played.events.findIndex(({ actor, what }) => actor === 'capture'
    && what.kind === 'routine-enter' && what.routine === 'domain_context_mapping_one'))
    .flatMap(({ what }) => (what.kind === 'store' && what.bytes === 8 ? [what.value] : []));
  const low = stores.find(({ low: half }) => half % 2 === 1)?.low ?? 0;
  const high = stores.filter(({ low: half }) => half % 2 === 0 && half % 8 !== 0).at(0)?.low ?? 0;
  return { low, high };
}

test('iommu=pt in the capture kernel: the handoff writes a pass-through entry, stale without the flush', () => {
  const bug = play({ ...passThrough, release: 'linux-4.9-rc5' });
  assert.equal(lastEntry(bug).low, 0x9, 'TT 2, P, no table');
  assert.ok(bug.log.includes('DMAR: 64bit 0000:02:00.0 uses identity mapping'));
  assert.match(bug.of('capture')[0] ?? '', /fault 6 stale$/);
  const cured = play({ ...passThrough, release: 'linux-4.12' });
  assert.match(cured.of('capture')[0] ?? '', /^read 0xb4[0-9a-f]+: to capture$/);
  assert.deepEqual(cured.faultLines, []);
});

test('iommu=pt in both kernels: the crashed one sets devices up at boot, the capture one copies the entry', () => {
  const played = play({ ...passThrough, crashedOptions: 'intel_iommu=on iommu=pt', release: 'linux-4.12' });
  assert.ok(played.log.includes('DMAR: Hardware identity mapping for device 0000:02:00.0'));
  assert.ok(played.of('crashed').every((dma) => / to crashed$/.test(dma)), played.of('crashed')[0]);
  assert.match(played.of('capture')[0] ?? '', /to capture$/);
});

test('iommu=pt to 4.1: the entry is there before translation goes on, and IOVAs become physical addresses', () => {
  const played = play({ ...passThrough, release: 'linux-4.1' });
  assert.ok(played.log.includes('IOMMU: hardware identity mapping for device 0000:02:00.0'));
  assert.equal(played.of('crashed').at(-1), 'write 0xfffff000: to nobody');
  assert.match(played.of('capture')[0] ?? '', /to capture$/);
});

test('a unit without pass-through in hardware: a table of all memory that the capture kernel has', () => {
  const setup = { ...passThrough, profile: 'sandy-bridge-ep', unit: 'extended-capability 0xf020be', release: 'linux-4.12' };
  const played = play(setup);
  assert.deepEqual(played.faultLines, []);
  assert.match(played.of('capture')[0] ?? '', /^read 0xb4[0-9a-f]+: to capture$/);
  // 160 MiB in tables of 512 pages.
  const filled = played.happenings('fill').reduce((sum, { count }) => sum + count, 0);
  assert.equal(filled, 160 * 256);
  // Its entry has a table and the multi-level type.
  assert.equal(lastEntry(played).low % 16, 1);
});

test('a device with reserved regions keeps out of the identity domain', () => {
  const played = play({
    ...passThrough, release: 'linux-4.12', device: 'rmrr 0xe8000-0xe8fff\nreset stops',
  });
  assert.ok(!played.log.some((line) => line.includes('identity mapping')));
  assert.equal(played.of('capture')[0], 'read 0xfffff000: to capture');
});

test('a mask that does not reach all memory takes the device out again', () => {
  const crashed = seedWork;
  const played = play({
    ...passThrough, crashed, crashedOptions: 'intel_iommu=on', release: 'linux-4.12', capture: 'wait 1500ms\nprobe hpsa dma-mask 31',
  });
  // The capture kernel's memory ends above 2 GiB: never put in.
  assert.ok(!played.log.some((line) => line.includes('uses identity mapping')));
  assert.equal(played.of('capture')[0], 'read 0x7ffff000: to capture');
});

test('intel_iommu=off by era: off early, left on with the old tables, switched off again', () => {
  const off = 'intel_iommu=off reset_devices';
  const first = (release: string): readonly (string | undefined)[] => {
    const played = play({ release, captureOptions: off });
    return [played.of('crashed').at(-1), played.of('capture')[0]];
  };
  assert.deepEqual(first('linux-4.1')[0], 'write 0xfffff000: to nobody');
  assert.match(first('linux-4.1')[1] ?? '', /^read 0xb4[0-9a-f]+: to capture$/);
  assert.deepEqual(first('linux-4.9-rc5')[0], 'write 0xfffff000: to crashed');
  assert.match(first('linux-4.9-rc5')[1] ?? '', /^read 0xb4[0-9a-f]+: fault 6$/);
  assert.match(first('linux-4.12')[1] ?? '', /^read 0xb4[0-9a-f]+: to capture$/);
});
