/** The fault event (7.3): when its message is sent, when it stays pending, when it is not raised. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitDescriptor } from './support/commands.ts';
import { UnitDriver } from './support/unit-driver.ts';

/** Every DMA of bus 0 is blocked; FEDATA, FEADDR and FEUADDR are set, FECTL as given. */
function scene(control: number): UnitDriver {
  const driver = new UnitDriver();
  driver.root(0, 0x2001n);
  driver.start();
  driver.write32(0x3c, 0xffff_0031);
  driver.write32(0x40, 0xfee0_300f);
  driver.write32(0x44, 0x0000_0100);
  driver.write32(0x38, control);
  return driver;
}

function fault(driver: UnitDriver, ...sources: readonly number[]): void {
  for (const source of sources) assert.equal(driver.dma(source, 0x1000), 'blocked 0x2');
}

test('the first fault sends the message that the registers hold (11.4.7)', () => {
  const driver = scene(0);
  fault(driver, 1);
  assert.deepEqual(driver.messages, [{ address: 0x100_fee0_300cn, data: 0x31 }]);
  assert.equal(driver.read32(0x38), 0);
});

test('further faults send nothing while the first is not served', () => {
  const driver = scene(0);
  fault(driver, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  assert.equal(driver.read32(0x34), 0x3);
  assert.equal(driver.messages.length, 1);
});

test('clearing some records is not enough; clearing all of them is', () => {
  const driver = scene(0);
  fault(driver, 1, 2);
  driver.clearRecord(0);
  fault(driver, 3);
  assert.equal(driver.messages.length, 1);
  for (const index of [1, 2]) driver.clearRecord(index);
  fault(driver, 4);
  assert.equal(driver.messages.length, 2);
});

test('a PFO that is left set keeps the unit silent for ever', () => {
  const driver = scene(0);
  fault(driver, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  for (let index = 0; index < 8; index += 1) driver.clearRecord(index);
  fault(driver, 1);
  assert.equal(driver.messages.length, 1);
  driver.write32(0x34, 1);
  fault(driver, 1);
  assert.equal(driver.messages.length, 2);
});

test('PFO alone raises nothing, also when it comes while nothing was pending to be sent', () => {
  const driver = scene(0);
  fault(driver, 1, 2, 3, 4, 5, 6, 7, 8);
  assert.equal(driver.messages.length, 1);
  fault(driver, 9);
  assert.equal(driver.read32(0x34), 0x3);
  assert.deepEqual([driver.messages.length, driver.read32(0x38)], [1, 0]);
});

test('a masked event is pending, and sent once when it is unmasked', () => {
  const driver = scene(0x8000_0000);
  fault(driver, 1, 2);
  assert.equal(driver.read32(0x38), 0xc000_0000);
  assert.deepEqual(driver.messages, []);
  driver.write32(0x38, 0x8000_0000);
  assert.equal(driver.read32(0x38), 0xc000_0000, 'IP is not software\'s to clear');
  driver.write32(0x38, 0);
  assert.equal(driver.read32(0x38), 0);
  assert.equal(driver.messages.length, 1);
  driver.write32(0x38, 0x8000_0000);
  driver.write32(0x38, 0);
  assert.equal(driver.messages.length, 1);
});

test('software cannot make an event pending', () => {
  const driver = scene(0xc000_0000);
  assert.equal(driver.read32(0x38), 0x8000_0000);
  driver.write32(0x38, 0x4000_0000);
  assert.equal(driver.read32(0x38), 0);
  assert.deepEqual(driver.messages, []);
});

test('a masked event whose conditions are all served is not sent any more', () => {
  const driver = scene(0x8000_0000);
  fault(driver, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  for (let index = 0; index < 8; index += 1) driver.clearRecord(index);
  assert.equal(driver.read32(0x38), 0xc000_0000, 'PFO is not served yet');
  driver.write32(0x34, 1);
  assert.equal(driver.read32(0x38), 0x8000_0000);
  driver.write32(0x38, 0);
  assert.deepEqual(driver.messages, []);
});

test('a queue error is a condition of the event too', () => {
  const driver = scene(0);
  driver.startQueue();
  driver.submit([0n, 0n]);
  assert.equal(driver.read32(0x34), 0x10);
  assert.equal(driver.messages.length, 1);
  driver.write32(0x34, 0x10);
  driver.settle();
  assert.equal(driver.messages.length, 2, 'still bad: it is set anew');
});

test('a queue error beside a pending fault, and a fault beside a queue error, send nothing more', () => {
  const first = scene(0);
  first.startQueue();
  fault(first, 1);
  first.submit([0n, 0n]);
  assert.equal(first.read32(0x34), 0x12);
  assert.equal(first.messages.length, 1);
  const second = scene(0);
  second.startQueue();
  second.submit([0n, 0n]);
  fault(second, 1);
  assert.equal(second.read32(0x34), 0x12);
  assert.equal(second.messages.length, 1);
});

test('serving the fault alone leaves the queue error pending, and the other way round', () => {
  const driver = scene(0x8000_0000);
  driver.startQueue();
  fault(driver, 1);
  driver.submit([0n, 0n]);
  driver.clearRecord(0);
  assert.equal(driver.read32(0x38), 0xc000_0000);
  driver.poke(0x9000, waitDescriptor(0x8000, 1)[0]);
  driver.poke(0x9008, waitDescriptor(0x8000, 1)[1]);
  driver.write32(0x34, 0x10);
  driver.settle();
  assert.equal(driver.read32(0x34), 0);
  assert.equal(driver.read32(0x38), 0x8000_0000);
});

test('a fault that is not recorded raises nothing', () => {
  const driver = scene(0);
  // FPD of an absent entry.
  driver.context(1, 2n, 0n);
  fault(driver, 1);
  assert.equal(driver.read32(0x34), 0);
  assert.deepEqual(driver.messages, []);
});

test('the fault event and the completion event have registers of their own', () => {
  const driver = scene(0);
  driver.write32(0xa0, 0x8000_0000);
  fault(driver, 1);
  assert.equal(driver.read32(0xa0), 0x8000_0000);
  driver.startQueue();
  driver.submit([0x15n, 0n]);
  assert.equal(driver.read32(0xa0), 0xc000_0000);
  assert.equal(driver.read32(0x38), 0);
  assert.equal(driver.messages.length, 1);
});
