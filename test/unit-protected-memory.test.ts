/** Protected memory regions (specification 11.4.8): blocked, never logged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profileNamed } from '../src/vtd/profiles/profiles.ts';
import { UnitDriver, type Settings } from './support/unit-driver.ts';

const device = 0x0200;

/** Low region 4 to 6 MiB, high region 4 GiB to 4 GiB + 1 MiB. */
function guarded(settings: Settings = {}): UnitDriver {
  const driver = new UnitDriver(settings);
  driver.write32(0x68, 0x0040_0000);
  driver.write32(0x6c, 0x0050_0000);
  driver.write64(0x70, 0x1_0000_0000n);
  driver.write64(0x78, 0x1_0000_0000n);
  return driver;
}

test('with translation off the regions block, their neighbours do not; PRS follows EPM', () => {
  const driver = guarded();
  assert.equal(driver.dma(device, 0x0040_0000), 'to 0x400000');
  driver.write32(0x64, 0x8000_0000);
  assert.equal(driver.read32(0x64), 0x8000_0001);
  for (const [address, answer] of [
    [0x003f_f000, 'to 0x3ff000'], [0x0040_0000, 'blocked'], [0x005f_f000, 'blocked'],
    [0x0060_0000, 'to 0x600000'], [0xffff_f000, 'to 0xfffff000'], [0x1_0000_0000, 'blocked'],
    [0x1_000f_f000, 'blocked'], [0x1_0010_0000, 'to 0x100100000'],
  ] as const) {
    assert.equal(driver.dma(device, address), answer, address.toString(16));
    assert.equal(driver.dmaAtOnce(device, address), answer, address.toString(16));
  }
  assert.equal(driver.read32(0x34), 0);
  driver.write32(0x64, 0);
  assert.equal(driver.read32(0x64), 0);
  assert.equal(driver.dma(device, 0x0040_0000), 'to 0x400000');
});

test('a unit with one of the regions has EPM, and a unit with neither has not', () => {
  for (const [capability, low, high] of [
    [0x106f_0446, 'to 0x400000', 'blocked'], [0x106f_0426, 'blocked', 'to 0x100000000'],
    [0x106f_0406, 'to 0x400000', 'to 0x100000000'],
  ] as const) {
    const known = profileNamed('ivy-bridge-ep');
    assert.ok(known !== undefined);
    const driver = guarded({ profile: { ...known, capability: { high: 0x00d2_078c, low: capability } } });
    driver.write32(0x64, 0x8000_0000);
    assert.equal(driver.read32(0x64), low === 'blocked' || high === 'blocked' ? 0x8000_0001 : 0);
    assert.equal(driver.dma(device, 0x0040_0000), low);
    assert.equal(driver.dma(device, 0x1_0000_0000), high);
  }
});

test('a limit below its base disables a region', () => {
  const driver = guarded();
  driver.write32(0x6c, 0x0030_0000);
  driver.write32(0x64, 0x8000_0000);
  assert.equal(driver.dma(device, 0x0040_0000), 'to 0x400000');
});

for (const [choice, answer] of [['all-blocked', 'blocked'], ['remapped-passes', 'to 0x400000']] as const) {
  test(`with translation on, ${choice}: a remapped request that comes out in a region`, () => {
    const driver = guarded({ choices: { 'protected-memory-with-translation': choice } });
    const tree = driver.tree();
    tree.map(0x9000, 0x0040_0003n);
    driver.context(device, tree.pointer, 0x502n);
    // Pass-through: TT 10 in bits 3:2.
    driver.context(0x0208, 0x9n, 0x602n);
    driver.start();
    driver.write32(0x64, 0x8000_0000);
    assert.equal(driver.dma(device, 0x9000), answer);
    assert.equal(driver.dma(device, 0x9000), answer);
    assert.equal(driver.dma(0x0208, 0x0040_0000), 'blocked');
  });
}

test('a blocked request holds up no drain', () => {
  const driver = guarded();
  driver.write32(0x64, 0x8000_0000);
  for (let time = 0; time < 40; time += 1) assert.equal(driver.dma(device, 0x0040_0000), 'blocked');
});
