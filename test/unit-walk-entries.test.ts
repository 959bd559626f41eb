/** Root and context entries: the checks before any second-level table is read (3.4, 7.1.3). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bothWidths } from './support/custom-profiles.ts';
import { unbacked } from './support/unit-driver.ts';
import { device, expectAnswer, expectFault } from './support/walk-cases.ts';

const good = 'to 0x200000';

test('the scene itself is without fault', () => {
  expectAnswer('read', good, {}, () => {});
  expectAnswer('write with an offset', 'to 0x200abc', { address: 0x5abc, access: 'write' }, () => {});
});

test('reason 8: the root table cannot be read', () => {
  expectFault('read', '0xc000000800000020 0x5000', {}, (driver) => driver.setRoot(unbacked));
  expectFault('write', '0x8000000800000020 0x5000', { access: 'write' }, (driver) => driver.setRoot(unbacked));
});

test('reason 1: the root entry is not present, whatever else it holds', () => {
  expectFault('all but P', '0xc000000100000020 0x5000', {}, (driver) => driver.root(0, 0x2000n));
  expectFault('reserved bits too', '0xc000000100000020 0x5000', {}, (driver) => driver.root(0, 0x2ffen, 1n));
  expectFault('another bus', '0xc000000100000120 0x5000', { source: 0x0120 }, () => {});
});

test('reason A: every reserved bit of a present root entry (9.1), and none of the others', () => {
  for (let bit = 1; bit <= 11; bit += 1) {
    expectFault(`bit ${bit}`, '0xc000000a00000020 0x5000', {}, (driver) =>
      driver.root(0, 0x2001n + 2n ** BigInt(bit)));
  }
  for (const bit of [46n, 52n, 63n]) {
    expectFault(`bit ${bit}`, '0xc000000a00000020 0x5000', {}, (driver) => driver.root(0, 0x2001n + 2n ** bit));
  }
  for (const high of [1n, 2n ** 32n, 2n ** 63n]) {
    expectFault(`upper ${high}`, '0xc000000a00000020 0x5000', {}, (driver) => driver.root(0, 0x2001n, high));
  }
  expectFault('bit 45 is an address bit below HAW', '0xc000000900000020 0x5000', {}, (driver) =>
    driver.root(0, 0x2001n + 2n ** 45n));
  expectFault('bit 45 beyond a HAW of 45', '0xc000000a00000020 0x5000', { settings: { hostAddressWidth: 45 } },
    (driver) => driver.root(0, 0x2001n + 2n ** 45n));
});

test('reason 9: the context table cannot be read', () => {
  expectFault('read', '0xc000000900000020 0x5000', {}, (driver) => driver.root(0, unbacked + 1n));
  expectFault('reserved bits come first', '0xc000000a00000020 0x5000', {}, (driver) =>
    driver.root(0, unbacked + 3n));
});

test('reason 2: the context entry is not present, whatever else it holds', () => {
  expectFault('all but P', '0xc000000200000020 0x5000', {}, (driver, tree) =>
    driver.context(device, tree.pointer - 1n, 0x0502n));
  expectFault('reserved bits too', '0xc000000200000020 0x5000', {}, (driver) =>
    driver.context(device, 0xff0n, 2n ** 63n));
  expectFault('another function', '0x8000000200000021 0x7000', { source: 0x21, address: 0x7000, access: 'write' },
    () => {});
});

test('reason B: every reserved bit of a present context entry (9.3)', () => {
  for (let bit = 4; bit <= 11; bit += 1) {
    expectFault(`bit ${bit}`, '0xc000000b00000020 0x5000', {}, (driver, tree) =>
      driver.context(device, tree.pointer + 2n ** BigInt(bit), 0x0502n));
  }
  for (const bit of [46n, 51n, 63n]) {
    expectFault(`bit ${bit}`, '0xc000000b00000020 0x5000', {}, (driver, tree) =>
      driver.context(device, tree.pointer + 2n ** bit, 0x0502n));
  }
  for (const bit of [7n, 24n, 31n, 32n, 63n]) {
    expectFault(`bit ${bit + 64n}`, '0xc000000b00000020 0x5000', {}, (driver, tree) =>
      driver.context(device, tree.pointer, 0x0502n + 2n ** bit));
  }
});

test('bits 70:67 are ignored, and bit 45 of the pointer is an address bit', () => {
  expectAnswer('70:67', good, {}, (driver, tree) => driver.context(device, tree.pointer, 0x057an));
  // The table is then nowhere, which is reason 3.
  expectFault('bit 45', '0xc000000300000020 0x5000', {}, (driver, tree) =>
    driver.context(device, tree.pointer + 2n ** 45n, 0x0502n));
});

test('domain-id bits above the width in CAP.ND are reserved: 8 on one unit, 16 on another', () => {
  const settings = { profile: 'sandy-bridge-ep' };
  expectAnswer('DID 0xff', good, { settings }, (driver, tree) =>
    driver.context(device, tree.pointer, 0xff02n));
  for (const domain of [0x100n, 0x8000n]) {
    expectFault(`DID ${domain}`, '0xc000000b00000020 0x5000', { settings }, (driver, tree) =>
      driver.context(device, tree.pointer, 0x02n + domain * 256n));
    expectAnswer(`DID ${domain}`, good, {}, (driver, tree) =>
      driver.context(device, tree.pointer, 0x02n + domain * 256n));
  }
});

test('reason 3: an address width that SAGAW does not have', () => {
  for (const width of [0n, 1n, 3n, 4n, 5n, 6n, 7n]) {
    expectFault(`AW ${width}`, '0xc000000300000020 0x5000', {}, (driver, tree) =>
      driver.context(device, tree.pointer, 0x0500n + width));
  }
  expectAnswer('AW 1 where SAGAW has 39 bits', 'to 0x300000', { settings: { profile: bothWidths } }, (driver) => {
    const tree = driver.tree(3);
    tree.map(0x5000, 0x30_0003n);
    driver.context(device, tree.pointer, 0x0501n);
  });
});

test('reason 3: a translation type that the unit does not have', () => {
  expectFault('TT 3', '0xc000000300000020 0x5000', {}, (driver, tree) =>
    driver.context(device, tree.pointer + 12n, 0x0502n));
  expectAnswer('TT 1 with ECAP.DT', good, {}, (driver, tree) =>
    driver.context(device, tree.pointer + 4n, 0x0502n));
  expectFault('TT 1 without', '0xc000000300000020 0x5000', { settings: { profile: 'skylake-client' } },
    (driver, tree) => driver.context(device, tree.pointer + 4n, 0x0502n));
  const profile = { ...bothWidths, extendedCapability: { low: 0x00f0_0f0a, high: 0 } };
  expectAnswer('TT 2 with ECAP.PT', 'to 0x5000', {}, (driver) => driver.context(device, 9n, 0x0502n));
  expectFault('TT 2 without', '0xc000000300000020 0x5000', { settings: { profile } }, (driver) =>
    driver.context(device, 9n, 0x0502n));
});

test('the checks of one context entry come in order: present, reserved, supported', () => {
  expectFault('reserved bit and AW 7', '0xc000000b00000020 0x5000', {}, (driver, tree) =>
    driver.context(device, tree.pointer + 16n, 0x0507n));
  expectFault('AW 7 and an address beyond it', '0xc000000300000020 0x1000000000000',
    { address: 2 ** 48 }, (driver, tree) => driver.context(device, tree.pointer, 0x0507n));
});

test('pass-through: input is output, whatever the pointer holds, up to the host\'s width (3.9)', () => {
  expectAnswer('pointer with bits above HAW', 'to 0x12345678', { address: 0x1234_5678, access: 'write' }, (driver) =>
    driver.context(device, 0xffff_ffff_ffff_f009n, 0x0502n));
  expectAnswer('the last page below 2^46', 'to 0x3ffffffff000', { address: 2 ** 46 - 4096 }, (driver) =>
    driver.context(device, 9n, 0x0502n));
  expectFault('the first page beyond', '0xc000000400000020 0x400000000000', { address: 2 ** 46 }, (driver) =>
    driver.context(device, 9n, 0x0502n));
});

test('reason 30: a table mode that the unit does not have, before anything is read', () => {
  for (const mode of [0x400n, 0x800n, 0xc00n]) {
    expectFault(`TTM ${mode / 0x400n}`, '0xc000003000000020 0x5000', {}, (driver) => driver.setRoot(0x1000n + mode));
    expectFault(`TTM ${mode / 0x400n}, no root`, '0x8000003000000020 0x5000', { access: 'write' }, (driver) =>
      driver.setRoot(unbacked + mode));
  }
  expectAnswer('TTM 0', good, {}, (driver) => driver.setRoot(0x1000n));
  expectAnswer('a mode that is only written', good, {}, (driver) => driver.write64(0x20, 0x1c00n));
});

test('reason 33: table mode 3 of a unit with ECAP.ADMS blocks everything; scalable tables are not modelled', () => {
  for (const [mode, profile, fault] of [
    [0xc00n, 'meteor-lake', 0x33], [0xc00n, 'skylake-sp', 0x30], [0x800n, 'meteor-lake', 0x30],
    [0x400n, 'meteor-lake', 0x30], [0x400n, 'ivy-bridge-ep', 0x30],
  ] as const) {
    expectFault(`TTM ${mode / 0x400n}, ${profile}`, `0xc00000${fault.toString(16)}00000020 0x5000`, { settings: { profile } },
      (driver) => {
        driver.context(device, 0x3n, 0x0502n);
        driver.setRoot(0x1000n + mode);
        const named = driver.happenings('unmodelled').map(({ register }) => register);
        assert.deepEqual(named, mode === 0x400n && profile === 'meteor-lake' ? ['scalable-mode tables'] : [], profile);
      });
  }
});

test('the interrupt range never reaches the tables: a write is an interrupt, anything else is blocked (3.15)', () => {
  for (const address of [0xfee0_0000, 0xfeef_f000]) {
    expectAnswer('write', 'interrupt', { address, access: 'write' }, (_, tree) => tree.map(address, 0x20_0003n));
    expectAnswer('read', 'blocked', { address }, (_, tree) => tree.map(address, 0x20_0003n));
    expectAnswer('atomic', 'blocked', { address, access: 'atomic' }, (_, tree) => tree.map(address, 0x20_0003n));
  }
  for (const address of [0xfedf_f000, 0xfef0_0000]) {
    expectAnswer('beside it', good, { address, access: 'write' }, (_, tree) => tree.map(address, 0x20_0003n));
  }
});
