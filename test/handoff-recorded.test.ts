/**
 * The recorded handoffs with reads in flight, as scenarios: Linux 6.1 on QEMU's q35, with the flush of the copied
 * context entry and built without it. What the capture kernel writes to the unit, in order, and what comes of it.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { vocabulary } from '../src/analysis/vocabulary.ts';
import type { Happening } from '../src/base/event.ts';
import { hex } from '../src/base/word.ts';
import { readScenario } from '../src/scenario/read.ts';
import { Played } from './support/handoff.ts';

function played(name: string, edit: (text: string) => string = (text) => text): Played {
  const reading = readScenario(name, edit(readFileSync(`scenarios/${name}.dmar`, 'utf8')), vocabulary);
  assert.ok(reading.ok, JSON.stringify(reading));
  return new Played(reading.scenario);
}

/** A register write or a descriptor; addresses that an allocator chose are left out, and runs of one index are one. */
function lineOf(what: Happening): string {
  if (what.kind === 'descriptor') return what.text.startsWith('wait') ? '' : what.text.replace(/ index \d+$/, ' by index');
  if (what.kind !== 'register-write' || what.target !== 'dmar0' || what.register === 'IQT') return '';
  return ['IQA', 'IRTA', 'RTADDR'].includes(what.register) ? what.register : `${what.register} ${hex(what.value)}`;
}

function captureKernel(run: Played): readonly string[] {
  const start = run.events.findLastIndex(({ what }) => what.kind === 'kernel-start');
  const lines = run.events.slice(start).map(({ what }) => lineOf(what)).filter((line) => line !== '');
  return lines.filter((line, index) => line !== lines[index - 1]);
}

const untilTheProbe = [
  'GCMD 0x82000000', 'IQA', 'GCMD 0x86000000',
  'IRTA', 'GCMD 0x87000000', 'interrupt-entry-cache invalidation global',
  'FEDATA 0x21', 'FEADDR 0xfee01004', 'FEUADDR 0x0', 'FEDATA 0x21', 'FEADDR 0xfee01004', 'FEUADDR 0x0', 'FECTL 0x0',
  'FSTS 0x0',
  'interrupt-entry-cache invalidation by index',
  'RTADDR', 'GCMD 0xc6000000', 'context-cache invalidation global', 'IOTLB invalidation global',
  'interrupt-entry-cache invalidation by index',
];

test('with the flush: the recorded order, and the disk is read', () => {
  const run = played('nvme-in-flight-flush');
  const lines = captureKernel(run);
  const between = 'interrupt-entry-cache invalidation by index';
  assert.deepEqual(lines.slice(0, untilTheProbe.length + 2), [
    ...untilTheProbe, 'context-cache invalidation device 00:03.0 domain 3', 'IOTLB invalidation domain 3',
  ]);
  const rest = new Set(lines.slice(untilTheProbe.length + 2));
  assert.deepEqual([...rest], [between, 'IOTLB invalidation domain 5']);
  assert.ok(run.log.includes('nvme nvme0: 1/0/0 default/read/poll queues'));
  assert.deepEqual(run.happenings('fault'), []);
});

test('in between, reads in flight fill the caches again from the copied entry, with its old domain', () => {
  const run = played('nvme-in-flight-flush');
  const flushed = run.events.findLastIndex(({ what }) => what.kind === 'command' && what.command.startsWith('SRTP'));
  const fills = run.events.slice(flushed).flatMap(({ what }) => (what.kind === 'context-fill' ? [Number(what.domain)] : []));
  assert.deepEqual(fills, [3, 5]);
});

test('without it: refused at 0xffffd000 through the old domain, while memory maps the page, and given up', () => {
  const run = played('nvme-in-flight-noflush');
  const lines = captureKernel(run);
  assert.deepEqual(lines.slice(0, untilTheProbe.length + 2), [...untilTheProbe, 'FRCD0_HIGH 0x80000000', 'FSTS 0x83']);
  const log = run.log.slice(run.log.indexOf('DMAR: DRHD: handling fault status reg 2'));
  assert.deepEqual(log.filter((line) => !/entry: | 0x0000000030/.test(line)), [
    'DMAR: DRHD: handling fault status reg 2',
    'DMAR: [DMA Write NO_PASID] Request device [00:03.0] fault addr 0xffffd000 [fault reason 0x05] '
      + 'PTE Write access is not set',
    'DMAR: Dump dmar0 table entries for IOVA 0xffffd000',
    'nvme nvme0: I/O 0 QID 0 timeout, disable controller',
    'nvme nvme0: Identify Controller failed (-4)',
    'nvme nvme0: Removing after probe failure status: -5',
  ]);
  assert.match(log[4] ?? '', /^DMAR: context entry: hi 0x0000000000000501, low /);
  assert.match(log[7] ?? '', /^DMAR: pte level: 1, pte value: 0x0000000030[0-9a-f]{3}003$|^DMAR: pte level: 1, .*003$/);
  const fault = run.happenings('fault')[0];
  assert.equal(fault?.freshness.kind, 'stale');
});

test('interrupts of the old kernel arrive through the copied table; without a copy the unit refuses them', () => {
  const run = played('nvme-in-flight-flush');
  const start = run.events.findLastIndex(({ what }) => what.kind === 'command' && what.command.startsWith('SIRTP'));
  const messages = run.events.slice(start).filter(({ what }) => what.kind === 'message' && what.purpose === 'interrupt');
  assert.ok(messages.length > 0, 'the disk goes on sending interrupts');
  assert.deepEqual(run.happenings('fault').filter(({ reason }) => reason >= 0x20), []);
  const without = played('nvme-in-flight-flush', (text) => text.replace('capture linux-6.1', 'capture linux-4.1'));
  assert.ok(without.happenings('fault').some(({ reason }) => reason >= 0x20), 'linux-4.1 starts with an empty table');
});
