/** How long descriptors take, and when a queue counts as idle. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextDescriptor, waitDescriptor } from './support/commands.ts';
import { UnitDriver } from './support/unit-driver.ts';

const flush = contextDescriptor({ granularity: 1 });
const wait = waitDescriptor(0x30_0000, 1);

function scene(profile = 'ivy-bridge-ep'): UnitDriver {
  const driver = new UnitDriver({ profile });
  driver.start();
  driver.startQueue();
  return driver;
}

function timeOf(...descriptors: readonly (readonly [bigint, bigint])[]): number {
  const driver = scene();
  const start = driver.agenda.nowNs;
  driver.submit(...descriptors);
  return driver.agenda.nowNs - start;
}

test('what comes behind an invalidation is fetched when that is done, behind a wait at once', () => {
  const { descriptorNs, invalidationNs } = scene().unit.core.timing;
  assert.equal(timeOf(wait), descriptorNs);
  assert.equal(timeOf(wait, wait), 2 * descriptorNs);
  assert.equal(timeOf(flush, wait), 2 * descriptorNs + invalidationNs);
  assert.equal(timeOf(flush, flush, wait), 3 * descriptorNs + 2 * invalidationNs);
});

test('a write of the tail does not hurry a queue that is at work', () => {
  const driver = scene();
  const { descriptorNs, invalidationNs } = driver.unit.core.timing;
  const start = driver.agenda.nowNs;
  driver.post(flush, flush);
  const next = driver.agenda.earliest();
  assert.ok(next !== undefined);
  driver.agenda.act(next);
  driver.submit(wait);
  assert.equal(driver.agenda.nowNs - start, 3 * descriptorNs + 2 * invalidationNs);
});

test('a queue stopped by an error is not idle: a unit that insists on that does not switch it off', () => {
  for (const [profile, on] of [['qemu-39', true], ['ivy-bridge-ep', false]] as const) {
    const driver = scene(profile);
    driver.submit(wait);
    // Type 0 is none: IQE, bit 4 of FSTS, and the head stays.
    driver.submit([0n, 0n]);
    assert.equal(Math.floor(driver.read32(0x34) / 16) % 2, 1);
    driver.levels(0x8000_0000);
    assert.equal(Math.floor(driver.read32(0x1c) / 2 ** 26) % 2 === 1, on, profile);
  }
});
