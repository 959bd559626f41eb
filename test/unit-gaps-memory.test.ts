/** Tables and queues that go on in another page, and addresses at the end of what a field holds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceIdOf } from '../src/base/word.ts';
import { keepsTheMost } from '../src/vtd/choices.ts';
import type { DepartureName } from '../src/vtd/departures.ts';
import { profileNamed } from '../src/vtd/profiles/profiles.ts';
import { invalidateContext, waitDescriptor } from './support/commands.ts';
import { bothWidths } from './support/custom-profiles.ts';
import { UnitDriver } from './support/unit-driver.ts';
import { device, expectFault, prepared } from './support/walk-cases.ts';

const interruptTable = 0x40_0000;

/** Interrupt remapping on, with the largest table: 65,536 entries (S = 15). */
function remapping(extended = false, departures: readonly DepartureName[] = []): UnitDriver {
  const usual = profileNamed('ivy-bridge-ep');
  assert.ok(usual !== undefined);
  const driver = new UnitDriver({ profile: { ...usual, departures } });
  driver.start();
  driver.startQueue();
  driver.write64(0xb8, BigInt(interruptTable) + 15n + (extended ? 0x800n : 0n));
  driver.command(0x0100_0000);
  driver.levels(0x8600_0000);
  return driver;
}

/** A remappable request: FEE, handle[14:0] 19:5, format 4, SHV 3, handle[15] 2. */
function interrupt(driver: UnitDriver, handle: number, subhandle?: number, source = device): string {
  const answer = driver.unit.interrupt({
    source: sourceIdOf(source), data: subhandle ?? 0, cause: -1,
    address: 0xfee0_0010 + (handle % 0x8000) * 32 + (handle >= 0x8000 ? 4 : 0) + (subhandle === undefined ? 0 : 8),
  });
  return answer.kind === 'delivered' ? `${answer.address.toString(16)} ${answer.data.toString(16)}`
    : `reason ${answer.reason.code.toString(16)}`;
}

test('interrupt-remapping entries lie 16 bytes apart over all pages of the table', () => {
  for (const index of [0, 1, 255, 256, 4095, 4096, 0x7fff, 0x8000, 0xfffe, 0xffff]) {
    const driver = remapping();
    driver.poke(interruptTable + 16 * index, 0x0000_0100_0077_0001n);
    assert.equal(interrupt(driver, index), 'fee01000 77', `${index}`);
    assert.equal(interrupt(driver, Math.floor(index / 2), index - Math.floor(index / 2)), 'fee01000 77', `${index}`);
    assert.equal(interrupt(driver, index === 0 ? 5 : index - 1), 'reason 22', `beside ${index}`);
  }
});

test('a fault record has sixteen bits of index', () => {
  const driver = remapping();
  assert.equal(interrupt(driver, 0xffff), 'reason 22');
  assert.equal(driver.record(), '0x8000002200000020 0xffff000000000000');
});

test('fields of an interrupt-remapping entry, one at a time', () => {
  const cases: readonly (readonly [string, bigint, string])[] = [
    ['RH', 0x8n, 'fee01008 77'], ['DM', 0x4n, 'fee01004 77'], ['TM', 0x10n, 'fee01000 c077'],
    ['DLM 1', 0x20n, 'fee01000 177'], ['DLM 7', 0xe0n, 'fee01000 777'],
    ['destination 0x81', 0x8000_0000_0000n, 'fee81000 77'], ['vector 0xff', 0x88_0000n, 'fee01000 ff'],
    ['AVAIL', 0xf00n, 'fee01000 77'],
    ...[12n, 13n, 14n, 24n, 31n, 32n, 39n, 48n, 63n].map((bit) => [`bit ${bit}`, 2n ** bit, 'reason 24'] as const),
  ];
  for (const [name, more, answer] of cases) {
    const driver = remapping();
    driver.poke(interruptTable + 16 * 3, 0x0000_0100_0077_0001n + more);
    assert.equal(interrupt(driver, 3), answer, name);
  }
  // Bits 127:84 are reserved, 83:82 = 3 too; 79:64 count only where SVT asks for them.
  for (const [high, answer] of [[2n ** 20n, 'reason 24'], [2n ** 63n, 'reason 24'], [0xc_0000n, 'reason 24'],
    [0x3_ffffn, 'fee01000 77']] as const) {
    const driver = remapping();
    driver.poke(interruptTable + 16 * 3, 0x0000_0100_0077_0001n);
    driver.poke(interruptTable + 16 * 3 + 8, high);
    assert.equal(interrupt(driver, 3), answer, high.toString(16));
  }
});

test('a range of buses has its ends, and has them the other way round in a unit that departs', () => {
  for (const [swapped, expected, buses] of [
    [false, 0x0204n, [2, 3, 4]], [false, 0x0402n, []], [true, 0x0402n, [2, 3, 4]], [true, 0x0204n, []],
  ] as const) {
    const departures = swapped ? ['interrupt-bus-range-swapped' as const] : [];
    const driver = remapping(false, departures);
    driver.poke(interruptTable + 16 * 3, 0x0000_0100_0077_0001n);
    // SVT 10.
    driver.poke(interruptTable + 16 * 3 + 8, 0x8_0000n + expected);
    const passing = [1, 2, 3, 4, 5].filter((bus) => interrupt(driver, 3, undefined, 256 * bus) === 'fee01000 77');
    assert.deepEqual(passing, buses);
  }
  // SQ belongs to SVT 01: a range of buses has no use for it.
  for (const qualifier of [1n, 2n, 3n]) {
    const driver = remapping();
    driver.poke(interruptTable + 16 * 3, 0x0000_0100_0077_0001n);
    driver.poke(interruptTable + 16 * 3 + 8, 0x8_0204n + qualifier * 0x1_0000n);
    assert.equal(interrupt(driver, 3, undefined, 0x300), 'fee01000 77', `SQ ${qualifier}`);
  }
});

test('a queue of two pages is read over both of them, and goes round', () => {
  const driver = new UnitDriver();
  driver.start();
  const queue = 0x20_0000;
  driver.write64(0x88, 0n);
  driver.write64(0x90, BigInt(queue) + 1n);
  driver.levels(0x8400_0000);
  for (let index = 0; index < 600; index += 1) {
    const [low, high] = waitDescriptor(0x30_0000, index + 1);
    const place = queue + 16 * (index % 512);
    driver.poke(place, low);
    driver.poke(place + 8, high);
    driver.write64(0x88, BigInt(16 * ((index + 1) % 512)));
    driver.settle();
    assert.equal(driver.peek(0x30_0000), BigInt(index + 1));
    assert.equal(driver.read64(0x80), BigInt(16 * ((index + 1) % 512)));
  }
});

test('a unit that records the bits within its widest table, and no others', () => {
  const choices = { 'fault-address': 'within-address-width' } as const;
  // 48 bits: the page beyond them has its low 48 bits in the record.
  for (const [address, recorded] of [[2 ** 48 + 0x5000, '0x5000'], [2 ** 47 + 0x5000, '0x800000005000'],
    [2 ** 49 + 2 ** 47, '0x800000000000']] as const) {
    const driver = prepared(() => {}, { choices });
    driver.dma(device, address);
    assert.ok(driver.record().endsWith(` ${recorded}`), driver.record());
  }
  const profile = { ...bothWidths, capability: { high: 0x00d2_008c, low: 0x222f_0206 } };
  const narrow = prepared(() => {}, { choices, profile });
  narrow.dma(device, 2 ** 39 + 0x5000);
  assert.ok(narrow.record().endsWith(' 0x5000'), narrow.record());
});

test('only an entry of all ones is like one that cannot be read, and only for a unit that departs', () => {
  const [ones, lowOnes, highOnes] = [2n ** 64n - 1n, 2n ** 32n - 1n, 2n ** 64n - 2n ** 32n + 3n];
  for (const [entry, departs, reason] of [
    [ones, false, 'c'], [lowOnes, false, 'c'], [highOnes, false, 'c'],
    [ones, true, '7'], [lowOnes, true, 'c'], [highOnes, true, 'c'],
  ] as const) {
    const profile = {
      ...bothWidths, choices: keepsTheMost, departures: departs ? ['all-ones-entry-unreadable' as const] : [],
    };
    expectFault(`${entry.toString(16)} ${departs}`, `0xc000000${reason}00000020 0x5000`, { settings: { profile } },
      (_, tree) => tree.map(0x5000, entry));
  }
});

test('a queue of 32 pages is read in all of them', () => {
  const driver = new UnitDriver({ recording: false });
  driver.start();
  const queue = 0x20_0000;
  driver.write64(0x88, 0n);
  driver.write64(0x90, BigInt(queue) + 5n);
  driver.levels(0x8400_0000);
  const count = 8190;
  for (let index = 0; index < count; index += 1) {
    const [low, high] = waitDescriptor(0x30_0000 + 4 * (index % 2), index + 1);
    driver.poke(queue + 16 * index, low);
    driver.poke(queue + 16 * index + 8, high);
  }
  driver.write64(0x88, BigInt(16 * count));
  driver.settle();
  assert.equal(driver.peek(0x30_0000), BigInt(count) * 2n ** 32n + BigInt(count) - 1n);
  assert.equal(driver.read32(0x34), 0);
});

test('pages of every size count towards the capacity of an IOTLB', () => {
  for (const [level, size] of [[1, 0x1000], [2, 0x20_0000], [3, 0x4000_0000]] as const) {
    const driver = prepared(() => {}, { choices: { 'iotlb-entries': '32', 'when-full': 'oldest' } });
    const tree = driver.tree();
    const pages = Array.from({ length: 33 }, (_, index) => index * size);
    for (const address of pages) tree.map(address, level === 1 ? 0x20_0003n : 0x4000_0083n, level);
    driver.context(device, tree.pointer, 0x0502n);
    for (const address of pages) driver.dma(device, address);
    driver.context(device, 0n, 0n);
    invalidateContext(driver, 'registers', { granularity: 1 });
    assert.equal(driver.dma(device, 0), 'blocked 0x2', 'the oldest made room');
    assert.ok(driver.dma(device, size).startsWith('to '), 'the next one did not have to');
  }
});

test('a protected region of one mebibyte, and none where base and limit are nothing', () => {
  const driver = new UnitDriver();
  driver.write32(0x68, 0x0010_0000);
  driver.write32(0x6c, 0x0010_0000);
  driver.write32(0x64, 0x8000_0000);
  assert.deepEqual([0x0, 0xf_f000, 0x10_0000, 0x1f_f000, 0x20_0000].map((address) => driver.dma(device, address)),
    ['to 0x0', 'to 0xff000', 'blocked', 'blocked', 'to 0x200000']);
});

test('a protected region far up begins and ends where it says', () => {
  const driver = new UnitDriver();
  driver.write64(0x70, 0x200_0000_0000n);
  driver.write64(0x78, 0x200_0000_0000n);
  driver.write32(0x64, 0x8000_0000);
  assert.deepEqual([0x1ff_ffff_f000, 0x200_0000_0000, 0x200_000f_f000, 0x200_0010_0000]
    .map((address) => driver.dma(device, address)),
  ['to 0x1fffffff000', 'blocked', 'blocked', 'to 0x20000100000']);
});
