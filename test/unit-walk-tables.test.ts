/** Second-level tables: levels, leaves, rights, reserved bits, width (3.7, 7.1.3, 9.8). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bothWidths, fiveLevels, mediumPages, smallPages } from './support/custom-profiles.ts';
import type { Tree } from './support/tree.ts';
import { UnitDriver, unbacked } from './support/unit-driver.ts';
import { device, expectAnswer, expectFault } from './support/walk-cases.ts';

const good = 'to 0x200000';

test('every level takes its nine bits of the address, in 3, 4 and 5 levels', () => {
  // Indices 1 (level 5), 2, 3, 4, 5.
  const address = 1 * 2 ** 48 + 2 * 2 ** 39 + 3 * 2 ** 30 + 4 * 2 ** 21 + 5 * 2 ** 12 + 0x678;
  for (const [levels, width, profile] of [[3, 1n, bothWidths], [4, 2n, bothWidths], [5, 3n, fiveLevels]] as const) {
    const within = address % 2 ** (12 + 9 * levels);
    expectAnswer(`${levels} levels`, 'to 0x7654678', { address: within, settings: { profile } }, (driver) => {
      const tree = driver.tree(levels);
      tree.map(within, 0x765_4003n);
      driver.context(device, tree.pointer, 0x0500n + width);
    });
  }
});

test('a 2 MiB and a 1 GiB leaf take the rest of the address as offset', () => {
  expectAnswer('2 MiB', 'to 0x4012345', { address: 0x8001_2345 }, (_, tree) => tree.map(0x8000_0000, 0x400_0083n, 2));
  expectAnswer('1 GiB', 'to 0x112345678', { address: 0x8000_0000 + 0x1234_5678 }, (_, tree) =>
    tree.map(0x8000_0000, 0x1_0000_0083n, 3));
});

test('reason C: bits below the page size are reserved in a large leaf (9.8)', () => {
  for (const bit of [12n, 20n]) {
    expectFault(`2 MiB, bit ${bit}`, '0xc000000c00000020 0x80000000', { address: 0x8000_0000 }, (_, tree) =>
      tree.map(0x8000_0000, 0x400_0083n + 2n ** bit, 2));
  }
  expectAnswer('2 MiB, bit 21', 'to 0x4200000', { address: 0x8000_0000 }, (_, tree) =>
    tree.map(0x8000_0000, 0x420_0083n, 2));
  for (const bit of [12n, 21n, 29n]) {
    expectFault(`1 GiB, bit ${bit}`, '0xc000000c00000020 0x80000000', { address: 0x8000_0000 }, (_, tree) =>
      tree.map(0x8000_0000, 0x1_0000_0083n + 2n ** bit, 3));
  }
  expectAnswer('1 GiB, bit 30', 'to 0x140000000', { address: 0x8000_0000 }, (_, tree) =>
    tree.map(0x8000_0000, 0x1_4000_0083n, 3));
});

test('reason C: the page-size bit where it selects nothing, but not in a 4 KiB leaf', () => {
  expectFault('level 4', '0xc000000c00000020 0x5000', {}, (_, tree) => tree.map(0x5000, 0x40_0083n, 4));
  expectFault('level 5', '0xc000000c00000020 0x5000', { settings: { profile: fiveLevels } }, (driver) => {
    const tree = driver.tree(5);
    tree.map(0x5000, 0x40_0083n, 5);
    driver.context(device, tree.pointer, 0x0503n);
  });
  for (const level of [2, 3]) {
    expectFault(`level ${level} without SLLPS`, '0xc000000c00000020 0x5000', { settings: { profile: smallPages } },
      (_, tree) => tree.map(0x5000, 0x4000_0083n, level));
  }
  const medium = { address: 0x8000_0000, settings: { profile: mediumPages } };
  expectAnswer('level 2 with SLLPS 1', 'to 0x400000', medium, (_, tree) => tree.map(0x8000_0000, 0x40_0083n, 2));
  expectFault('level 3 with SLLPS 1', '0xc000000c00000020 0x80000000', medium, (_, tree) =>
    tree.map(0x8000_0000, 0x4000_0083n, 3));
  expectAnswer('level 1', good, {}, (_, tree) => tree.map(0x5000, 0x20_0083n));
});

test('reason C: bit 62 and address bits above HAW at every level; ignored bits do no harm', () => {
  for (const level of [1, 2, 3, 4]) {
    for (const bit of [46n, 51n, 62n]) {
      expectFault(`level ${level}, bit ${bit}`, '0xc000000c00000020 0x5000', {}, (driver, tree) => {
        const at = tree.entryAddress(0x5000, level);
        driver.poke(at, 0x20_0003n + 2n ** bit);
      });
    }
  }
  // 10:8, 6:2 and 61:52, 63 mean nothing in legacy mode.
  expectAnswer('ignored bits of a leaf', good, {}, (_, tree) => tree.map(0x5000, 0xbff0_0000_0020_077fn));
  expectFault('bit 45 beyond a HAW of 45', '0x8000000c00000020 0x5000',
    { access: 'write', settings: { hostAddressWidth: 45 } }, (_, tree) => tree.map(0x5000, 0x20_0003n + 2n ** 45n));
  expectAnswer('bit 45 below a HAW of 46', 'to 0x200000200000', {}, (_, tree) =>
    tree.map(0x5000, 0x20_0003n + 2n ** 45n));
});

test('reason C: SNP is for leaves of units with snoop control only', () => {
  expectAnswer('leaf, SC', good, {}, (_, tree) => tree.map(0x5000, 0x20_0803n));
  expectAnswer('2 MiB leaf, SC', good, { address: 0x8000_0000 }, (_, tree) => tree.map(0x8000_0000, 0x20_0883n, 2));
  for (const level of [2, 3, 4]) {
    expectFault(`table, level ${level}`, '0xc000000c00000020 0x5000', {}, (_, tree) =>
      tree.map(0x5000, 0x20_0803n, level));
  }
  expectFault('leaf, no SC', '0xc000000c00000020 0x5000', { settings: { profile: bothWidths } }, (_, tree) =>
    tree.map(0x5000, 0x20_0803n));
});

test('reasons 5 and 6: the right must be granted at every level', () => {
  for (const level of [1, 2, 3, 4]) {
    const change = (bits: bigint) => (driver: UnitDriver, tree: Tree): void => {
      const at = tree.entryAddress(0x5000, level);
      driver.poke(at, driver.peek(at) - 3n + bits);
    };
    expectFault(`write, level ${level}`, '0x8000000500000020 0x5000', { access: 'write' }, change(1n));
    expectAnswer(`read, level ${level}`, good, {}, change(1n));
    expectFault(`read, level ${level}`, '0xc000000600000020 0x5000', {}, change(2n));
    expectAnswer(`write, level ${level}`, good, { access: 'write' }, change(2n));
    expectFault(`absent, read, level ${level}`, '0xc000000600000020 0x5000', {}, change(0n));
    expectFault(`absent, write, level ${level}`, '0x8000000500000020 0x5000', { access: 'write' }, change(0n));
  }
});

test('an atomic access needs both rights and lacks the write right first', () => {
  const atomic = { access: 'atomic' } as const;
  expectAnswer('both', good, atomic, () => {});
  expectFault('read only', '0x8000000500000020 0x5000', atomic, (_, tree) => tree.map(0x5000, 0x20_0001n));
  expectFault('write only', '0x8000000600000020 0x5000', atomic, (_, tree) => tree.map(0x5000, 0x20_0002n));
  expectFault('none', '0x8000000500000020 0x5000', atomic, (_, tree) => tree.map(0x5000, 0x20_0000n));
});

test('a zero-length read of a write-only page is granted by CAP.ZLR alone (3.14)', () => {
  const read = { access: 'zero-length-read' } as const;
  expectAnswer('ZLR 1', good, read, (_, tree) => tree.map(0x5000, 0x20_0002n));
  expectFault('ZLR 1, no right', '0xc000000600000020 0x5000', read, (_, tree) => tree.map(0x5000, 0x20_0000n));
  const older = { ...read, settings: { profile: bothWidths } };
  expectFault('ZLR 0', '0xc000000600000020 0x5000', older, (_, tree) => tree.map(0x5000, 0x20_0002n));
  expectAnswer('ZLR 0, readable', good, older, (_, tree) => tree.map(0x5000, 0x20_0001n));
});

test('an entry with neither right is not present: its reserved bits are not looked at', () => {
  expectFault('leaf', '0xc000000600000020 0x5000', {}, (_, tree) => tree.map(0x5000, 0x7fff_ffff_ffff_fffcn));
  expectFault('table', '0x8000000500000020 0x5000', { access: 'write' }, (_, tree) =>
    tree.map(0x5000, 0x7fff_ffff_ffff_fffcn, 3));
});

test('a missing right comes before reserved bits, and an upper level before a lower one', () => {
  expectFault('right and reserved in one entry', '0x8000000500000020 0x5000', { access: 'write' }, (_, tree) =>
    tree.map(0x5000, 0x4000_0000_0020_0001n));
  expectFault('right above, unreadable below', '0x8000000500000020 0x5000', { access: 'write' }, (_, tree) =>
    tree.map(0x5000, unbacked + 1n, 3));
  expectFault('reserved above, unreadable below', '0xc000000c00000020 0x5000', {}, (_, tree) =>
    tree.map(0x5000, unbacked + 0x803n, 3));
});

test('reason 3 for a first table that cannot be read, reason 7 for any later one', () => {
  expectFault('first', '0xc000000300000020 0x5000', {}, (driver) => driver.context(device, unbacked + 1n, 0x0502n));
  for (const level of [4, 3, 2]) {
    expectFault(`below level ${level}`, '0xc000000700000020 0x5000', {}, (_, tree) =>
      tree.map(0x5000, unbacked + 3n, level));
  }
  expectAnswer('a page that nothing answers for is no fault', `to 0x${unbacked.toString(16)}`, {}, (_, tree) =>
    tree.map(0x5000, unbacked + 3n));
});

test('reason 4: addresses beyond the smaller of MGAW and AW', () => {
  const last = 2 ** 48 - 4096;
  expectAnswer('AW 48, last page', good, { address: last }, (_, tree) => tree.map(last, 0x20_0003n));
  expectFault('AW 48, beyond', '0xc000000400000020 0x1000000000000', { address: 2 ** 48 }, () => {});
  const client = { profile: 'skylake-client' };
  const last39 = 2 ** 39 - 4096;
  expectAnswer('MGAW 39, last page', good, { address: last39, settings: client }, (_, tree) =>
    tree.map(last39, 0x20_0003n));
  expectFault('MGAW 39, beyond', '0x8000000400000020 0x8000000000',
    { address: 2 ** 39, access: 'write', settings: client }, (_, tree) => tree.map(2 ** 39, 0x20_0003n));
  expectFault('AW 39 of a 48-bit unit', '0xc000000400000020 0x8000000000',
    { address: 2 ** 39, settings: { profile: bothWidths } }, (driver) => {
      driver.context(device, driver.tree(3).pointer, 0x0501n);
    });
  expectFault('before the first table is read', '0xc000000400000020 0x1000000000000', { address: 2 ** 48 },
    (driver) => driver.context(device, unbacked + 1n, 0x0502n));
});

test('reason E: a translation that ends in the interrupt range, and not one that ends beside it', () => {
  for (const [target, access, record] of [
    [0xfee0_0003n, 'write', '0x8000000e00000020 0x5000'], [0xfeef_f003n, 'read', '0xc000000e00000020 0x5000'],
  ] as const) {
    expectFault(`leaf ${target.toString(16)}`, record, { access }, (_, tree) => tree.map(0x5000, target));
  }
  expectAnswer('below', 'to 0xfedff000', {}, (_, tree) => tree.map(0x5000, 0xfedf_f003n));
  expectAnswer('above', 'to 0xfef00000', {}, (_, tree) => tree.map(0x5000, 0xfef0_0003n));
  // A 1 GiB leaf over 0xc000_0000: the address decides, not the leaf.
  const leaf = 0xc000_0083n;
  expectFault('in a large page', '0xc000000e00000020 0xbee01000', { address: 0xbee0_1000 }, (_, tree) =>
    tree.map(0x8000_0000, leaf, 3));
  expectAnswer('beside, in a large page', 'to 0xfed01000', { address: 0xbed0_1000 }, (_, tree) =>
    tree.map(0x8000_0000, leaf, 3));
  expectFault('no right comes first', '0x8000000500000020 0x5000', { access: 'write' }, (_, tree) =>
    tree.map(0x5000, 0xfee0_0001n));
});

test('a table is read as it is at each walk: where nobody wrote before, at address 0, and after it was another', () => {
  for (const recording of [false, true]) {
    const driver = new UnitDriver({ recording });
    const access = (at: number): string => driver.dmaAtOnce(device, at);
    const [upper, lower] = [driver.newTable(), driver.newTable()];
    const tree = driver.tree();
    // The table of level 2 lies at address 0, and nothing was ever written to the one it leads to.
    tree.map(0x5000, 3n, 3);
    driver.poke(0, BigInt(lower) + 3n);
    driver.context(device, tree.pointer, 0x0502n);
    driver.start();
    assert.equal(access(0x5000), 'blocked 0x6', 'an empty table');
    driver.poke(lower + 8 * 5, 0x20_0003n);
    assert.equal(access(0x5000), 'to 0x200000');
    driver.poke(lower + 8 * 6, 0x20_1003n);
    assert.equal(access(0x6000), 'to 0x201000');
    // Another table of the same level, and back.
    driver.poke(8, BigInt(upper) + 3n);
    assert.equal(access(0x20_5000), 'blocked 0x6');
    driver.poke(upper + 8 * 5, 0x20_2003n);
    assert.equal(access(0x20_5000), 'to 0x202000');
    driver.poke(lower + 8 * 7, 0x20_3003n);
    assert.equal(access(0x7000), 'to 0x203000');
    // A table where nothing answers, once and again.
    driver.poke(16, unbacked + 3n);
    for (let time = 0; time < 2; time += 1) assert.equal(access(0x40_0000), 'blocked 0x7');
  }
});
