/**
 * Interrupt remapping (specification 5.1, 9.10, table 33): every reason and the case that just misses
 * it, FPD, source-id verification, the entry cache and its invalidation.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceIdOf } from '../src/base/word.ts';
import { UnitDriver, unbacked, type Settings } from './support/unit-driver.ts';

const table = 0x40000;
const device = 0x0208;

/** An IRTE that is present, for vector 0x55 at APIC 3, with whatever is added to either half. */
function entry(low = 0n, high = 0n): readonly [bigint, bigint] {
  return [0x0000_0300_0055_0001n + low, high];
}

/** A unit with a table of 256 entries, remapping on (IRE 25). */
function remapping(settings: Settings = {}, extended = false, address = BigInt(table)): UnitDriver {
  const driver = new UnitDriver(settings);
  driver.start();
  driver.startQueue();
  // S = 7: 256 entries; EIME is bit 11.
  driver.write64(0xb8, address + 7n + (extended ? 0x800n : 0n));
  driver.command(0x0100_0000);
  driver.levels(0x8600_0000);
  return driver;
}

function put(driver: UnitDriver, index: number, [low, high]: readonly [bigint, bigint]): void {
  driver.poke(table + 16 * index, low);
  driver.poke(table + 16 * index + 8, high);
}

/** A remappable request: FEE, handle[14:0] 19:5, format 4, SHV 3, handle[15] 2. */
function request(driver: UnitDriver, index: number, options: { shv?: boolean; data?: number; source?: number;
  address?: number } = {}): string {
  const address = options.address ?? 0xfee0_0010 + (index % 0x8000) * 32
    + (index >= 0x8000 ? 4 : 0) + (options.shv === true ? 8 : 0);
  const answer = driver.unit.interrupt({
    source: sourceIdOf(options.source ?? device), address, data: options.data ?? 0, cause: -1,
  });
  return answer.kind === 'delivered' ? `${answer.address.toString(16)} ${answer.data.toString(16)}`
    : `reason ${answer.reason.code.toString(16)}`;
}

test('with remapping off, and with it on through a present entry, a request is delivered', () => {
  const off = new UnitDriver();
  assert.equal(request(off, 5, { data: 0x41 }), 'fee000b0 41');
  const driver = remapping();
  put(driver, 5, entry());
  // Destination 3 in 19:12, vector 55, fixed, edge.
  assert.equal(request(driver, 5), 'fee03000 55');
  // RH 3, DM 2, TM 4 (level: bits 15 and 14 of the data), DLM 7:5 = 1.
  put(driver, 6, entry(0x4n + 0x8n + 0x10n + 0x20n));
  assert.equal(request(driver, 6), 'fee0300c c155');
});

test('the index is the handle, with SHV the handle plus the subhandle', () => {
  const driver = remapping();
  put(driver, 7, entry());
  assert.equal(request(driver, 3, { shv: true, data: 4 }), 'fee03000 55');
  assert.equal(request(driver, 7, { data: 4 }), 'fee03000 55');
});

test('reason 20: reserved data bits count only with SHV', () => {
  const driver = remapping();
  put(driver, 1, entry());
  assert.equal(request(driver, 1, { shv: true, data: 0x1_0000 }), 'reason 20');
  assert.equal(request(driver, 1, { data: 0x1_0000 }), 'fee03000 55');
});

test('reason 21: an index beyond the table, and not the last one of it', () => {
  const driver = remapping();
  put(driver, 255, entry());
  assert.equal(request(driver, 256), 'reason 21');
  assert.equal(request(driver, 0x8001), 'reason 21');
  assert.equal(request(driver, 255), 'fee03000 55');
});

test('reasons 22, 23, 24: not present, unreadable, reserved bits', () => {
  const driver = remapping();
  assert.equal(request(driver, 9), 'reason 22');
  assert.equal(request(remapping({}, false, unbacked), 9), 'reason 23');
  for (const [low, high] of [[0x1000n, 0n], [0x100_0000n, 0n], [0x8000n, 0n], [0x1_0000_0000_0000n, 0n],
    [0n, 0x10_0000n], [0n, 0xc_0000n]] as const) {
    put(driver, 2, entry(low, high));
    assert.equal(request(driver, 2), 'reason 24', `${low.toString(16)} ${high.toString(16)}`);
  }
  // AVAIL bits 11:8 are software's.
  put(driver, 2, entry(0xf00n));
  assert.equal(request(driver, 2), 'fee03000 55');
});

test('destinations have 32 bits with EIME, and 8 without', () => {
  const driver = remapping({}, true);
  put(driver, 2, entry(0x0000_0400_0000_0000n));
  assert.equal(request(driver, 2), 'fee00000 55');
});

test('reason 25: compatibility format passes while CFIS is set and EIME is clear', () => {
  const compatibility = { address: 0xfee0_1000, data: 0x31 };
  const driver = remapping();
  assert.equal(request(driver, 0, compatibility), 'reason 25');
  driver.levels(0x8680_0000);
  assert.equal(request(driver, 0, compatibility), 'fee01000 31');
  const extended = remapping({}, true);
  extended.levels(0x8680_0000);
  assert.equal(request(extended, 0, compatibility), 'reason 25');
});

test('reason 26: the source-id under its qualifier, or a range of buses', () => {
  const cases: readonly (readonly [bigint, number, boolean])[] = [
    [0x4_0000n + 0x0208n, 0x0208, true], [0x4_0000n + 0x0208n, 0x0209, false],
    // SQ 01 ignores function bit 2, 10 bits 2:1, 11 bits 2:0.
    [0x5_0000n + 0x0208n, 0x020c, true], [0x5_0000n + 0x0208n, 0x020a, false],
    [0x6_0000n + 0x0208n, 0x020e, true], [0x6_0000n + 0x0208n, 0x0209, false],
    [0x7_0000n + 0x0208n, 0x020f, true], [0x7_0000n + 0x0208n, 0x0210, false],
    // SVT 10: buses 2 to 4.
    [0x8_0000n + 0x0204n, 0x0200, true], [0x8_0000n + 0x0204n, 0x04ff, true],
    [0x8_0000n + 0x0204n, 0x0500, false], [0x8_0000n + 0x0204n, 0x01ff, false],
    [0n, 0xffff, true],
  ];
  for (const [high, source, matches] of cases) {
    const driver = remapping();
    put(driver, 4, entry(0n, high));
    assert.equal(request(driver, 4, { source }), matches ? 'fee03000 55' : 'reason 26',
      `${high.toString(16)} ${source.toString(16)}`);
  }
});

test('the source-id is looked at before reserved bits, except where a unit departs', () => {
  const driver = remapping();
  put(driver, 4, entry(0x1000n, 0x4_0000n + 0x0300n));
  assert.equal(request(driver, 4), 'reason 26');
});

test('the record has the index in FI 63:48, the source and the reason; FPD hides the qualified ones', () => {
  const driver = remapping();
  request(driver, 0x21);
  assert.equal(driver.record(), '0x8000002200000208 0x21000000000000');
  for (const [low, high, reason] of [[2n, 0n, '22'], [3n + 0x1000n, 0n, '24'], [3n, 0x4_0000n, '26']] as const) {
    const hidden = remapping();
    put(hidden, 3, [low, high]);
    assert.equal(request(hidden, 3), `reason ${reason}`);
    assert.equal(hidden.read32(0x34), 0, reason);
  }
});

test('a present entry is cached until an invalidation that covers its index; refusals are not', () => {
  const driver = remapping();
  put(driver, 4, entry());
  assert.equal(request(driver, 4), 'fee03000 55');
  put(driver, 4, [0n, 0n]);
  assert.equal(request(driver, 4), 'fee03000 55');
  // Type 4: G bit 4 (index), IM 31:27, IIDX 47:32. Index 8 with mask 2 covers 8 to 11.
  driver.submit([0x14n + 0x1000_0000n + 8n * 2n ** 32n, 0n]);
  assert.equal(request(driver, 4), 'fee03000 55');
  driver.submit([0x14n + 0x1000_0000n + 6n * 2n ** 32n, 0n]);
  assert.equal(request(driver, 4), 'reason 22');
  put(driver, 4, entry());
  assert.equal(request(driver, 4), 'fee03000 55');
  put(driver, 4, [0n, 0n]);
  driver.submit([0x4n, 0n]);
  assert.equal(request(driver, 4), 'reason 22');
});

test('a unit that invalidates entries globally does so for an index too', () => {
  const driver = remapping({ choices: { 'interrupt-entry-invalidation': 'global' } });
  put(driver, 4, entry());
  request(driver, 4);
  put(driver, 4, [0n, 0n]);
  driver.submit([0x14n + 200n * 2n ** 32n, 0n]);
  assert.equal(request(driver, 4), 'reason 22');
});

test('DMA to the interrupt range never reaches the tables', () => {
  const driver = new UnitDriver();
  driver.start();
  assert.equal(driver.dma(device, 0xfee0_0000, 'write'), 'interrupt');
  assert.equal(driver.dma(device, 0xfeef_f000, 'zero-length-read'), 'interrupt');
  assert.equal(driver.dma(device, 0xfee0_0000, 'read'), 'blocked');
  assert.equal(driver.read32(0x34), 0);
  const loud = new UnitDriver({ choices: { 'interrupt-range-access': 'faults' } });
  loud.start();
  assert.equal(loud.dma(device, 0xfee0_0000, 'atomic'), 'blocked 0x29');
});
