/** Primary fault logging (7.2.1): records, index, overflow, and the status bits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnitDriver, type Settings } from './support/unit-driver.ts';

/** Nothing is mapped for anybody: every DMA of 00:00.0 … 00:1f.7 is reason 2. */
function empty(settings: Settings = {}): UnitDriver {
  const driver = new UnitDriver(settings);
  driver.root(0, 0x2001n);
  driver.start();
  return driver;
}

function fault(driver: UnitDriver, source: number): void {
  assert.equal(driver.dma(source, 0x1000 * source), 'blocked 0x2');
}

/** What a record of `source` holds; a cleared one keeps everything but F. */
function recordOf(source: number, pending = true): string {
  const high = (pending ? 0xc000_0002_0000_0000n : 0x4000_0002_0000_0000n) + BigInt(source);
  return `0x${high.toString(16)} 0x${(0x1000 * source).toString(16)}`;
}

/** Source of each record that is in use, − where none is. */
function pending(driver: UnitDriver): string {
  return Array.from({ length: 8 }, (_, index) => {
    const high = driver.read64(driver.faultOffset + 16 * index + 8);
    return high / 2n ** 63n === 1n ? (high % 65536n).toString(16) : '-';
  }).join(' ');
}

test('faults fill the eight records in turn; PPF is set and FRI names the first', () => {
  const driver = empty();
  for (let source = 1; source <= 8; source += 1) {
    fault(driver, source);
    assert.equal(driver.record(source - 1), recordOf(source));
    assert.equal(driver.read32(0x34), 0x2);
  }
  assert.equal(pending(driver), '1 2 3 4 5 6 7 8');
});

test('a ninth fault finds no room: PFO is set, the records stay, the fault is lost', () => {
  const driver = empty();
  for (let source = 1; source <= 9; source += 1) fault(driver, source);
  assert.equal(driver.read32(0x34), 0x3);
  assert.equal(pending(driver), '1 2 3 4 5 6 7 8');
  assert.deepEqual(driver.happenings('fault-lost').map(({ reason }) => reason), [2]);
});

test('clearing F ends a record; PPF goes with the last one, and FRI stays as it was', () => {
  const driver = empty();
  for (const source of [1, 2]) fault(driver, source);
  driver.clearRecord(0);
  assert.equal(driver.record(0), recordOf(1, false));
  assert.equal(driver.read32(0x34), 0x2);
  driver.clearRecord(1);
  assert.equal(driver.read32(0x34), 0x0);
  fault(driver, 3);
  assert.equal(driver.read32(0x34), 0x202, 'FRI is 2');
  driver.clearRecord(2);
  assert.equal(driver.read32(0x34), 0x200);
});

test('F is cleared by writing one, in a dword or a qword; writing zero or anything else does nothing', () => {
  const driver = empty();
  fault(driver, 1);
  driver.write64(0x108, 0x7fff_ffff_ffff_ffffn);
  driver.write64(0x100, 0xffff_ffff_ffff_ffffn);
  assert.equal(driver.record(0), recordOf(1));
  driver.write64(0x108, 0x8000_0000_0000_0000n);
  assert.equal(driver.record(0), recordOf(1, false));
});

test('the index wraps: after the eighth record comes the first, if it is free', () => {
  const driver = empty();
  for (let source = 1; source <= 8; source += 1) fault(driver, source);
  driver.clearRecord(0);
  driver.clearRecord(1);
  fault(driver, 9);
  assert.equal(driver.record(0), recordOf(9));
  fault(driver, 10);
  assert.equal(pending(driver), '9 a 3 4 5 6 7 8');
  assert.equal(driver.read32(0x34), 0x2, 'FRI still names the oldest');
});

test('a record that is in use in the middle stops recording although others are free', () => {
  const driver = empty();
  for (const source of [1, 2, 3]) fault(driver, source);
  for (const index of [0, 1]) driver.clearRecord(index);
  for (let source = 4; source <= 10; source += 1) fault(driver, source);
  assert.equal(pending(driver), '9 a 3 4 5 6 7 8');
  fault(driver, 11);
  assert.equal(driver.read32(0x34), 0x3);
});

test('after an overflow nothing is recorded until PFO is cleared, even when records are free', () => {
  const driver = empty();
  for (let source = 1; source <= 9; source += 1) fault(driver, source);
  for (let index = 0; index < 8; index += 1) driver.clearRecord(index);
  assert.equal(driver.read32(0x34), 0x1);
  fault(driver, 10);
  assert.equal(driver.read32(0x34), 0x1);
  assert.equal(pending(driver), '- - - - - - - -');
});

test('after recovery recording goes on at the present index, not at 0', () => {
  const driver = empty();
  for (let source = 1; source <= 3; source += 1) fault(driver, source);
  for (let index = 0; index < 3; index += 1) driver.clearRecord(index);
  for (let source = 4; source <= 12; source += 1) fault(driver, source);
  assert.equal(driver.read32(0x34), 0x303);
  for (let index = 0; index < 8; index += 1) driver.clearRecord(index);
  driver.write32(0x34, 0x1);
  assert.equal(driver.read32(0x34), 0x300);
  fault(driver, 13);
  assert.equal(pending(driver), '- - - d - - - -');
  assert.equal(driver.read32(0x34), 0x302);
});

test('PFO, PPF and FRI: only PFO is cleared by a write to FSTS', () => {
  const driver = empty();
  for (let source = 1; source <= 9; source += 1) fault(driver, source);
  driver.write32(0x34, 0xff02);
  assert.equal(driver.read32(0x34), 0x3);
  driver.write32(0x34, 0xffff_ffff);
  assert.equal(driver.read32(0x34), 0x2);
});

test('the index goes back to 0 only when neither DMA nor interrupts are remapped', () => {
  for (const [levels, records] of [
    [0x0200_0000, '- - 3 - - - - -'], [0x0000_0000, '3 - - - - - - -'], [0x0080_0000, '3 - - - - - - -'],
  ] as const) {
    const driver = empty();
    driver.levels(0x8200_0000);
    for (const source of [1, 2]) fault(driver, source);
    for (const index of [0, 1]) driver.clearRecord(index);
    driver.levels(levels);
    driver.levels(0x8000_0000);
    fault(driver, 3);
    assert.equal(pending(driver), records, `GCMD 0x${levels.toString(16)}`);
  }
});

test('switching translation off and on keeps pending records', () => {
  const driver = empty();
  fault(driver, 1);
  driver.levels(0);
  driver.levels(0x8000_0000);
  assert.equal(driver.record(0), recordOf(1));
  assert.equal(driver.read32(0x34), 0x2);
  fault(driver, 2);
  assert.equal(driver.read32(0x34), 0x3, 'the first record is in use: overflow');
});

test('a second fault of a source whose record is pending is recorded, or collapsed, as the unit chooses', () => {
  const recorded = empty({ choices: { 'same-source-faults': 'recorded' } });
  fault(recorded, 1);
  fault(recorded, 1);
  assert.equal(pending(recorded), '1 1 - - - - - -');
  const collapsed = empty({ choices: { 'same-source-faults': 'collapsed' } });
  for (const source of [1, 2, 1, 2]) fault(collapsed, source);
  assert.equal(pending(collapsed), '1 2 - - - - - -');
  collapsed.clearRecord(0);
  fault(collapsed, 1);
  assert.equal(pending(collapsed), '- 2 1 - - - - -');
});

test('with one record a second source overflows, and the same source does not if it is collapsed', () => {
  const driver = empty({ profile: 'qemu-39' });
  fault(driver, 1);
  fault(driver, 1);
  assert.equal(driver.read32(0x34), 0x2);
  fault(driver, 2);
  assert.equal(driver.read32(0x34), 0x3);
  assert.equal(driver.record(), recordOf(1));
  driver.clearRecord();
  driver.write32(0x34, 1);
  fault(driver, 3);
  assert.equal(driver.read32(0x34), 0x2);
  assert.equal(driver.record(), recordOf(3));
});

test('a record tells source, page, type and reason, for addresses beyond 32 bits too', () => {
  const driver = empty();
  driver.dma(0x00ff, 0xfedc_ba98_7654, 'write');
  assert.equal(driver.record(0), '0x80000002000000ff 0xfedcba987000');
  driver.dma(0x00fe, 0xfff, 'zero-length-read');
  assert.equal(driver.record(1), '0xc0000002000000fe 0x0');
});
