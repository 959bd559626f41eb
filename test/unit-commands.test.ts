/** Global commands: GCMD and GSTS (11.4.4), and the root-table pointer (6.6). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enhancedSetRoot, noInterruptRemapping, writeBuffer } from './support/custom-profiles.ts';
import { UnitDriver } from './support/unit-driver.ts';

const device = 0x0020;

/** Two root tables: at 0x1000 the device maps page 0x5000 to 0x20_0000, at 0x8000 to 0x30_0000. */
function twoRoots(driver: UnitDriver): void {
  const [first, second] = [driver.tree(), driver.tree()];
  first.map(0x5000, 0x20_0003n);
  second.map(0x5000, 0x30_0003n);
  driver.context(device, first.pointer, 0x0502n);
  driver.poke(0x8000, 0x7001n);
  driver.poke(0x7000 + 16 * device, second.pointer);
  driver.poke(0x7000 + 16 * device + 8, 0x0502n);
}

test('each level bit of GCMD moves its bit of GSTS up and down, after a while and alone', () => {
  for (const level of [0x8000_0000, 0x0400_0000, 0x0200_0000, 0x0080_0000]) {
    const driver = new UnitDriver();
    driver.write32(0x18, level);
    assert.equal(driver.read32(0x1c), 0, 'a command takes time');
    driver.settle();
    assert.equal(driver.read32(0x1c), level);
    driver.write32(0x18, 0);
    driver.settle();
    assert.equal(driver.read32(0x1c), 0);
  }
});

test('a level that is written again as it is stays as it is', () => {
  const driver = new UnitDriver();
  driver.levels(0x8400_0000);
  const before = driver.happenings('command').length;
  driver.levels(0x8400_0000);
  assert.equal(driver.read32(0x1c), 0x8400_0000);
  assert.equal(driver.happenings('command').length, before);
});

test('SRTP clears RTPS when it is written and sets it when it is done', () => {
  const driver = new UnitDriver();
  driver.setRoot();
  assert.equal(driver.read32(0x1c), 0x4000_0000);
  driver.write32(0x18, 0x4000_0000);
  assert.equal(driver.read32(0x1c), 0);
  driver.settle();
  assert.equal(driver.read32(0x1c), 0x4000_0000);
});

test('SIRTP does the same with IRTPS', () => {
  const driver = new UnitDriver();
  driver.command(0x0100_0000);
  assert.equal(driver.read32(0x1c), 0x0100_0000);
  driver.write32(0x18, 0x0100_0000);
  assert.equal(driver.read32(0x1c), 0);
  driver.settle();
  assert.equal(driver.read32(0x1c), 0x0100_0000);
});

test('WBFS is the other way round: set while the buffer is flushed, clear when it is done', () => {
  const driver = new UnitDriver({ profile: writeBuffer });
  driver.write32(0x18, 0x0800_0000);
  assert.equal(driver.read32(0x1c), 0x0800_0000);
  driver.settle();
  assert.equal(driver.read32(0x1c), 0);
});

test('a unit without a write buffer does nothing when told to flush it', () => {
  const driver = new UnitDriver();
  driver.write32(0x18, 0x0800_0000);
  assert.equal(driver.read32(0x1c), 0);
});

test('a unit without interrupt remapping latches no table for it', () => {
  const driver = new UnitDriver({ profile: noInterruptRemapping });
  driver.command(0x0100_0000);
  assert.equal(driver.read32(0x1c), 0);
});

test('one-shots leave the levels alone, and a zero for a one-shot undoes nothing', () => {
  const driver = new UnitDriver();
  driver.levels(0x8280_0000);
  driver.command(0x4100_0000);
  assert.equal(driver.read32(0x1c), 0xc380_0000);
  driver.levels(0x8280_0000);
  assert.equal(driver.read32(0x1c), 0xc380_0000);
});

test('a running Linux reads 0xc7000000 from GSTS', () => {
  const driver = new UnitDriver();
  driver.setRoot();
  driver.levels(0x0400_0000);
  driver.command(0x0100_0000);
  driver.levels(0x0600_0000);
  driver.levels(0x8600_0000);
  assert.equal(driver.read32(0x1c), 0xc700_0000);
});

test('a second command before the first is done loses neither', () => {
  const driver = new UnitDriver();
  driver.write64(0x20, 0x1000n);
  driver.write32(0x18, 0x4000_0000);
  driver.write32(0x18, 0x8000_0000);
  assert.equal(driver.read32(0x1c), 0x4000_0000);
  driver.settle();
  assert.equal(driver.read32(0x1c), 0xc000_0000);
});

test('the write of RTADDR does nothing before SRTP, also while translation is on (6.6)', () => {
  for (const profile of ['ivy-bridge-ep', 'sandy-bridge-ep']) {
    const driver = new UnitDriver({ profile });
    twoRoots(driver);
    driver.start();
    driver.write64(0x20, 0x8000n);
    assert.equal(driver.read64(0x20), 0x8000n);
    assert.equal(driver.dmaAtOnce(device, 0x5000), 'to 0x200000');
    assert.equal(driver.dma(device, 0x5123), 'to 0x200123');
  }
});

test('SRTP while translation is on: caches stay where the unit keeps them, and go where it empties them', () => {
  const kept = new UnitDriver({ choices: { 'set-root-pointer': 'keeps-caches' } });
  twoRoots(kept);
  kept.start();
  assert.equal(kept.dma(device, 0x5000), 'to 0x200000');
  kept.setRoot(0x8000n);
  assert.equal(kept.read32(0x1c), 0xc000_0000, 'TES stays');
  assert.equal(kept.dma(device, 0x5000), 'to 0x200000', 'the IOTLB still answers');

  const emptied = new UnitDriver({ choices: { 'set-root-pointer': 'empties-caches' } });
  twoRoots(emptied);
  emptied.start();
  assert.equal(emptied.dma(device, 0x5000), 'to 0x200000');
  emptied.setRoot(0x8000n);
  assert.equal(emptied.dma(device, 0x5000), 'to 0x300000');
});

test('SRTP with CAP.ESRTPS empties the caches whatever the choice (11.4.2)', () => {
  const driver = new UnitDriver({ profile: enhancedSetRoot });
  twoRoots(driver);
  driver.start();
  driver.dma(device, 0x5000);
  driver.setRoot(0x8000n);
  assert.equal(driver.dma(device, 0x5000), 'to 0x300000');
});

test('a walk under way when SRTP empties the caches uses the new tables', () => {
  const driver = new UnitDriver({ choices: { 'set-root-pointer': 'empties-caches' } });
  twoRoots(driver);
  driver.start();
  driver.begin(0, device, 0x5000);
  for (let step = 0; step < 4; step += 1) driver.step(0);
  driver.setRoot(0x8000n);
  assert.equal(driver.finish(0, 0x5000), 'to 0x300000');
});

test('with translation off every address passes unchanged, whatever the tables say', () => {
  const driver = new UnitDriver();
  twoRoots(driver);
  driver.setRoot();
  for (const address of [0x5123, 0xa000_0000, 0xffff_ffff_f000]) {
    assert.equal(driver.dma(device, address, 'write'), `to 0x${address.toString(16)}`);
  }
  driver.levels(0x8000_0000);
  assert.equal(driver.dma(device, 0x5123), 'to 0x200123');
  driver.levels(0);
  assert.equal(driver.dma(device, 0x5123), 'to 0x5123');
});

test('switching translation off and on keeps the caches or empties them, as the unit chooses', () => {
  for (const [choice, answer] of [['keeps-caches', 'to 0x200000'], ['empties-caches', 'to 0x300000']] as const) {
    const driver = new UnitDriver({ choices: { 'translation-enable': choice } });
    const tree = driver.tree();
    tree.map(0x5000, 0x20_0003n);
    driver.context(device, tree.pointer, 0x0502n);
    driver.start();
    driver.dma(device, 0x5000);
    tree.map(0x5000, 0x30_0003n);
    driver.levels(0);
    driver.levels(0x8000_0000);
    assert.equal(driver.dma(device, 0x5000), answer, choice);
  }
});

test('a walk under way when translation is switched off leaves nothing in emptied caches', () => {
  const driver = new UnitDriver({ choices: { 'translation-enable': 'empties-caches' } });
  const tree = driver.tree();
  tree.map(0x5000, 0x20_0003n);
  driver.context(device, tree.pointer, 0x0502n);
  driver.start();
  driver.levels(0x8000_0000);
  driver.begin(0, device, 0x5000);
  for (let step = 0; step < 6; step += 1) driver.step(0);
  tree.map(0x5000, 0x30_0003n);
  driver.levels(0);
  driver.finish(0, 0x5000);
  driver.unit.retire(0);
  assert.deepEqual(driver.unit.core.iotlb.entries(), []);
});
