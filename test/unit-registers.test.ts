import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnitDriver } from './support/unit-driver.ts';

/** Offset, bytes and reset value of every register that is not zero after reset (11.4). */
const resets = {
  'sandy-bridge-ep': [
    [0x00, 4, 0x10n], [0x08, 8, 0x00d2_078c_106f_0462n], [0x10, 8, 0xf0_20fen],
    [0x38, 4, 0x8000_0000n], [0xa0, 4, 0x8000_0000n],
  ],
  'qemu-39': [
    [0x00, 4, 0x10n], [0x08, 8, 0x00d2_008c_2226_0206n], [0x10, 8, 0xf0_0f4an],
    [0x38, 4, 0x8000_0000n], [0xa0, 4, 0x8000_0000n],
  ],
} as const;

/** What is left of all ones written to a register, where it is not zero. 32-bit ones here … */
const masks32: readonly (readonly [number, number])[] = [
  [0x3c, 0x0000_ffff], [0x40, 0xffff_fffc], [0x44, 0xffff_ffff], [0x68, 0xfff0_0000], [0x6c, 0xfff0_0000],
  [0xa0, 0x8000_0000], [0xa4, 0x0000_ffff], [0xa8, 0xffff_fffc], [0xac, 0xffff_ffff], [0x38, 0x8000_0000],
];

/** … and 64-bit ones here: RTADDR, PHMBASE, PHMLIMIT, IQA, IRTA; IQT holds a tail. */
const masks64: readonly (readonly [number, bigint])[] = [
  [0x20, 0xffff_ffff_ffff_fc00n], [0x70, 0xffff_ffff_fff0_0000n], [0x78, 0xffff_ffff_fff0_0000n],
  [0x88, 0x7_fff0n], [0x90, 0xffff_ffff_ffff_f807n], [0xb8, 0xffff_ffff_ffff_f80fn],
];

/**
 * What QEMU's unit has otherwise: no x2APIC, so no upper halves of message addresses; no protected
 * memory. Departures: an IEDATA of 32 bits, an IQA that reads the latched base and QS.
 */
const qemuMasks = new Map<number, number>([
  [0x44, 0], [0x68, 0], [0x6c, 0], [0x70, 0], [0x78, 0], [0xa4, 0xffff_ffff], [0x90, 0x7], [0xac, 0],
]);

function maskFor(profile: string, offset: number, mask: number | bigint): bigint {
  return BigInt((profile === 'qemu-39' ? qemuMasks.get(offset) : undefined) ?? mask);
}

for (const [profile, rows] of Object.entries(resets)) {
  test(`${profile}: after reset every register reads what 11.4 says, everything else zero`, () => {
    const driver = new UnitDriver({ profile });
    const expected = new Map<number, number>();
    for (const [offset, bytes, value] of rows) {
      expected.set(offset, Number(value % 2n ** 32n));
      if (bytes === 8) expected.set(offset + 4, Number(value / 2n ** 32n));
    }
    for (let offset = 0; offset < 4096; offset += 4) {
      assert.equal(driver.read32(offset), expected.get(offset) ?? 0, `0x${offset.toString(16)}`);
    }
  });

  test(`${profile}: writing all ones changes the writable bits and nothing else`, () => {
    const driver = new UnitDriver({ profile });
    for (const [offset, mask] of masks32) {
      driver.write32(offset, 0xffff_ffff);
      assert.equal(BigInt(driver.read32(offset)), maskFor(profile, offset, mask), `0x${offset.toString(16)}`);
      driver.write32(offset, 0);
      assert.equal(driver.read32(offset), 0, `0x${offset.toString(16)}`);
    }
    for (const [offset, mask] of masks64) {
      driver.write64(offset, 0xffff_ffff_ffff_ffffn);
      assert.equal(driver.read64(offset), maskFor(profile, offset, mask), `0x${offset.toString(16)}`);
      driver.write64(offset, 0n);
      assert.equal(driver.read64(offset), 0n, `0x${offset.toString(16)}`);
    }
  });

  test(`${profile}: registers that are read-only or not there take no write`, () => {
    const driver = new UnitDriver({ profile });
    const readable = (offset: number): boolean =>
      ![...masks32, ...masks64].some(([known]) => offset === known || offset === known + 4)
      // Commands and the protected-memory enable have effects of their own.
      && ![0x18, 0x28, 0x2c, 0x64, driver.iotlbOffset + 8, driver.iotlbOffset + 12].includes(offset);
    for (let offset = 0; offset < 4096; offset += 4) {
      if (!readable(offset)) continue;
      const before = driver.read32(offset);
      driver.write32(offset, 0xffff_ffff);
      assert.equal(driver.read32(offset), before, `0x${offset.toString(16)}`);
    }
  });
}

test('a 64-bit register takes halves alone, and a 64-bit access is two of them', () => {
  const driver = new UnitDriver();
  driver.write32(0x20, 0x1234_5000);
  driver.write32(0x24, 0x9);
  assert.equal(driver.read64(0x20), 0x9_1234_5000n);
  driver.write64(0x20, 0x1f_8765_4000n);
  assert.deepEqual([driver.read32(0x20), driver.read32(0x24)], [0x8765_4000, 0x1f]);
  // Two neighbouring 32-bit registers are reached by one access too.
  driver.write64(0x40, 0x1_fee0_0ff8n);
  assert.deepEqual([driver.read32(0x40), driver.read32(0x44)], [0xfee0_0ff8, 1]);
  assert.equal(driver.read64(0x40), 0x1_fee0_0ff8n);
});

test('FM and SID of CCMD, IVA and GCMD are write-only and read as zero (11.4.6)', () => {
  const driver = new UnitDriver();
  driver.write64(0x28, 0x6000_0003_1234_0056n);
  assert.equal(driver.read64(0x28), 0x6000_0000_0000_0056n);
  driver.write64(0x200, 0xffff_ffff_ffff_ffffn);
  assert.equal(driver.read64(0x200), 0n);
  driver.write32(0x18, 0x0080_0000);
  driver.settle();
  assert.equal(driver.read32(0x18), 0);
  assert.equal(driver.read32(0x1c), 0x0080_0000);
});

test('IOTLB keeps IIRG, DR, DW and DID; IAIG belongs to the unit (11.4.6)', () => {
  const driver = new UnitDriver();
  driver.write64(0x208, 0x7fff_ffff_ffff_ffffn);
  assert.equal(driver.read64(0x208), 0x3003_ffff_0000_0000n);
});

test('the trigger of CCMD and IOTLB is the write of the upper half (11.2)', () => {
  const driver = new UnitDriver();
  driver.write32(0x28, 0xffff_ffff);
  assert.equal(driver.agenda.earliest(), undefined);
  driver.write32(0x2c, 0xa000_0000);
  assert.equal(driver.read32(0x2c), 0xa000_0000);
  driver.settle();
  // ICC is clear and CAIG tells that it was global.
  assert.equal(driver.read32(0x2c), 0x2800_0000);
  driver.write32(0x20c, 0x9000_0000);
  assert.equal(driver.read32(0x20c), 0x9000_0000);
  driver.settle();
  assert.equal(driver.read32(0x20c), 0x1200_0000);
});

test('PRS follows EPM (11.4.8)', () => {
  const driver = new UnitDriver();
  driver.write32(0x64, 0xffff_ffff);
  assert.equal(driver.read32(0x64), 0x8000_0001);
  driver.write32(0x64, 0);
  assert.equal(driver.read32(0x64), 0);
});

test('touching a register that is not modelled is an event, never silence', () => {
  const driver = new UnitDriver();
  for (const [offset, register] of [[0x58, 'AFLOG'], [0xc0, 'PQH'], [0xc8, 'PQT'], [0xd0, 'PQA'],
    [0xdc, 'PRS'], [0xe0, 'PECTL'], [0xe4, 'PEDATA'], [0xe8, 'PEADDR'], [0xec, 'PEUADDR']] as const) {
    const before = driver.trace.events.length;
    assert.equal(driver.read32(offset), 0);
    driver.write32(offset, 0xffff_ffff);
    assert.equal(driver.read32(offset), 0);
    assert.deepEqual(driver.trace.events.slice(before).map((event) => event.what), [
      { kind: 'unmodelled', register, access: 'read' },
      { kind: 'unmodelled', register, access: 'write' },
      { kind: 'unmodelled', register, access: 'read' },
    ]);
    assert.equal(driver.unit.registerName(offset), register);
  }
});

test('a 64-bit access says so for each unmodelled register that it covers', () => {
  const driver = new UnitDriver();
  driver.read64(0xe0);
  driver.write64(0xd8, 0n);
  assert.deepEqual(driver.happenings('unmodelled').map(({ register, access }) => `${access} ${register}`),
    ['read PECTL', 'read PEDATA', 'write PRS']);
});

test('reserved offsets read as zero, ignore writes and are called reserved', () => {
  const driver = new UnitDriver();
  for (const offset of [0x04, 0x30, 0x48, 0x60, 0x98, 0x180, 0x210, 0xff8]) {
    driver.write32(offset, 0xffff_ffff);
    assert.equal(driver.unit.registerName(offset), 'reserved');
  }
  for (const offset of [0x04, 0x30, 0x48, 0x60, 0x98, 0x180, 0x210, 0xffc]) {
    assert.equal(driver.read32(offset), 0);
  }
  assert.deepEqual(driver.happenings('unmodelled'), []);
});

test('fault records and IVA lie where FRO, NFR and IRO place them (11.4.2, 11.4.3)', () => {
  const names = (profile: string, ...offsets: readonly number[]): readonly string[] =>
    offsets.map((offset) => new UnitDriver({ profile }).unit.registerName(offset));
  assert.deepEqual(names('sandy-bridge-ep', 0x100, 0x108, 0x178, 0x180, 0x200, 0x208),
    ['FRCD0', 'FRCD0_HIGH', 'FRCD7_HIGH', 'reserved', 'IVA', 'IOTLB']);
  assert.deepEqual(names('qemu-39', 0x220, 0x22c, 0x230, 0xf0, 0xfc),
    ['FRCD0', 'FRCD0_HIGH', 'reserved', 'IVA', 'IOTLB']);
});
