/** Fills that nobody asked for, which the specification does not exclude (6.2). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invalidateIotlb } from './support/commands.ts';
import { UnitDriver } from './support/unit-driver.ts';

const device = 0x0020;

/** Page 0x5000 is mapped for both accesses; `next` is the entry of 0x6000, and of 0x1ff000 its neighbour's. */
function driverWith(choice: 'none' | 'next-page', next: bigint): UnitDriver {
  const driver = new UnitDriver({ choices: { 'speculative-fill': choice } });
  const tree = driver.tree();
  tree.map(0x5000, 0x20_0003n);
  tree.map(0x6000, next);
  tree.map(0x1f_f000, 0x21_0003n);
  tree.map(0x20_0000, 0x22_0003n);
  driver.context(device, tree.pointer, 0x102n);
  driver.start();
  assert.equal(driver.dma(device, 0x5000), 'to 0x200000');
  tree.map(0x6000, 0n);
  return driver;
}

test('the page behind a filled one is there before anybody asks for it', () => {
  assert.equal(driverWith('next-page', 0x20_1003n).dma(device, 0x6000), 'to 0x201000');
  assert.equal(driverWith('none', 0x20_1003n).dma(device, 0x6000), 'blocked 0x6');
});

test('its fetches are told between the fill that set them off and its own', () => {
  const driver = driverWith('next-page', 0x20_1003n);
  const told = driver.trace.events.map(({ what }) => what)
    .flatMap((what) => what.kind === 'iotlb-fill' ? ['fill'] : what.kind === 'walk-read' ? [what.structure] : []);
  const levels = ['level 4', 'level 3', 'level 2', 'level 1'];
  assert.deepEqual(told, ['root', 'context', ...levels, 'fill', ...levels, 'fill']);
});

test('a page that grants one access is brought in with its own rights', () => {
  const readOnly = driverWith('next-page', 0x20_1001n);
  assert.equal(readOnly.dma(device, 0x6000), 'to 0x201000');
  assert.equal(readOnly.dma(device, 0x6000, 'write'), 'blocked 0x5');
  const writeOnly = driverWith('next-page', 0x20_1002n);
  assert.equal(writeOnly.dma(device, 0x6000, 'write'), 'to 0x201000');
  assert.equal(writeOnly.dma(device, 0x6000), 'blocked 0x6');
});

test('a page that is not there leaves nothing behind, neither a fault nor an entry', () => {
  const driver = driverWith('next-page', 0n);
  assert.equal(driver.read32(0x34), 0, 'FSTS');
  assert.equal(driver.unit.core.iotlb.size, 1);
});

test('what came in unasked goes as everything else does', () => {
  const driver = driverWith('next-page', 0x20_1003n);
  invalidateIotlb(driver, 'registers', { granularity: 2, domain: 1 });
  assert.equal(driver.dma(device, 0x6000), 'blocked 0x6');
});

test('one page ahead and no further, and not beyond its table', () => {
  const driver = driverWith('next-page', 0x20_1003n);
  assert.equal(driver.unit.core.iotlb.size, 2);
  assert.equal(driver.dma(device, 0x1f_f000), 'to 0x210000');
  assert.equal(driver.unit.core.iotlb.size, 3);
});
