/** FPD hides exactly the qualified faults (7.1.1, 7.1.3); the request is blocked all the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tree } from './support/tree.ts';
import { unbacked, type UnitDriver } from './support/unit-driver.ts';
import { device, expectAnswer, expectFault, expectHidden, prepared, type Request } from './support/walk-cases.ts';

type Arrange = (driver: UnitDriver, tree: Tree) => void;

/** FPD is bit 1 of a context entry. */
const disabled: Arrange = (driver, tree) => driver.context(device, tree.pointer + 2n, 0x0502n);

/** Each qualified reason: how it comes about with FPD set. */
const qualified: readonly (readonly [string, Request, Arrange])[] = [
  ['0x2', {}, (driver) => driver.context(device, 2n, 0n)],
  ['0x3', {}, (driver, tree) => driver.context(device, tree.pointer + 2n, 0x0503n)],
  ['0x3', {}, (driver) => driver.context(device, unbacked + 3n, 0x0502n)],
  ['0x4', { address: 2 ** 48 }, disabled],
  ['0x4', { address: 2 ** 46 }, (driver) => driver.context(device, 0xbn, 0x0502n)],
  ['0x5', { access: 'write' }, (driver, tree) => {
    disabled(driver, tree);
    tree.map(0x5000, 0x20_0001n);
  }],
  ['0x6', { address: 0x6000 }, disabled],
  ['0x7', {}, (driver, tree) => {
    disabled(driver, tree);
    tree.map(0x5000, unbacked + 3n, 2);
  }],
  ['0xb', {}, (driver, tree) => driver.context(device, tree.pointer + 0x12n, 0x0502n)],
  ['0xc', {}, (driver, tree) => {
    disabled(driver, tree);
    tree.map(0x5000, 0x20_0803n, 4);
  }],
  ['0xe', {}, (driver, tree) => {
    disabled(driver, tree);
    tree.map(0x5000, 0xfee0_0003n);
  }],
];

for (const [reason, request, arrange] of qualified) {
  test(`reason ${reason} is qualified: with FPD it blocks ${JSON.stringify(request)} and is not recorded`, () => {
    expectHidden(reason, reason, request, arrange);
  });
}

test('reasons 1, 8, 9, A and 30 are not qualified: FPD in the context entry does not hide them', () => {
  const cases: readonly (readonly [string, Arrange])[] = [
    ['0xc000000100000020 0x5000', (driver) => driver.root(0, 0x2000n)],
    ['0xc000000800000020 0x5000', (driver) => driver.setRoot(unbacked)],
    ['0xc000000900000020 0x5000', (driver) => driver.root(0, unbacked + 1n)],
    ['0xc000000a00000020 0x5000', (driver) => driver.root(0, 0x2003n)],
    ['0xc000003000000020 0x5000', (driver) => driver.setRoot(0x1800n)],
  ];
  for (const [record, arrange] of cases) {
    expectFault(record, record, {}, (driver, tree) => {
      disabled(driver, tree);
      arrange(driver, tree);
    });
  }
});

test('FPD does not hinder a request that is granted', () => {
  expectAnswer('granted', 'to 0x200000', {}, disabled);
});

test('FPD counts as the cached context entry has it, until that entry is invalidated', () => {
  const driver = prepared(disabled);
  assert.equal(driver.dma(device, 0x5000), 'to 0x200000');
  driver.poke(driver.contextAddress(device), driver.peek(driver.contextAddress(device)) - 2n);
  assert.equal(driver.dma(device, 0x6000), 'blocked 0x6');
  assert.equal(driver.record(), '0x0 0x0');
  driver.write64(0x28, 0xa000_0000_0000_0000n);
  driver.settle();
  assert.equal(driver.dma(device, 0x6000), 'blocked 0x6');
  assert.equal(driver.record(), '0xc000000600000020 0x6000');
});

test('a denial by an IOTLB entry is hidden when the entry was filled under FPD', () => {
  const driver = prepared((unit, tree) => {
    disabled(unit, tree);
    tree.map(0x5000, 0x20_0001n);
  }, { choices: { 'cached-denial': 'faults' } });
  assert.equal(driver.dma(device, 0x5000), 'to 0x200000');
  driver.poke(driver.contextAddress(device), driver.peek(driver.contextAddress(device)) - 2n);
  assert.equal(driver.dma(device, 0x5000, 'write'), 'blocked 0x5');
  assert.equal(driver.record(), '0x0 0x0');
});
