/** What makes the unit refuse a descriptor, and how the queue goes on (6.5.2.11, 11.4.9.9). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextDescriptor, iotlbDescriptor, waitDescriptor } from './support/commands.ts';
import { noInterruptRemapping, noPageSelective } from './support/custom-profiles.ts';
import { unbacked, type Settings, type UnitDriver } from './support/unit-driver.ts';
import { prepared } from './support/walk-cases.ts';

const status = 0x8000;

/** A unit that says why its queue stopped. */
function telling(settings: Settings = {}): UnitDriver {
  return prepared(() => {}, { ...settings, choices: { 'queue-error-code': 'recorded', ...settings.choices } });
}

function withQueue(settings: Settings = {}): UnitDriver {
  const driver = telling(settings);
  driver.startQueue();
  return driver;
}

/** The queue stopped at descriptor 0 with this IQEI, and did nothing. */
function expectStopped(driver: UnitDriver, reason: bigint, name: string): void {
  assert.equal(driver.read32(0x34), 0x10, `${name}: IQE`);
  assert.equal(driver.read64(0xb0), reason, `${name}: IQERCD`);
  assert.equal(driver.read64(0x80), 0n, `${name}: IQH`);
  assert.deepEqual(driver.happenings('invalidate'), [], name);
  assert.deepEqual(driver.happenings('descriptor'), [], name);
  assert.equal(driver.peek(status), 0n, name);
}

function refused(name: string, reason: bigint, descriptor: readonly [bigint, bigint], settings: Settings = {}): void {
  const driver = withQueue(settings);
  driver.submit(descriptor, waitDescriptor(status, 1));
  expectStopped(driver, reason, name);
}

function accepted(name: string, descriptor: readonly [bigint, bigint], settings: Settings = {}): void {
  const driver = withQueue(settings);
  driver.submit(descriptor, waitDescriptor(status, 1));
  assert.equal(driver.read32(0x34), 0, name);
  assert.equal(driver.read64(0x80), 0x20n, name);
  assert.equal(driver.peek(status), 1n, name);
}

/** A descriptor with one more bit, in the numbering 127…0 of the whole. */
function withBit([low, high]: readonly [bigint, bigint], bit: number): readonly [bigint, bigint] {
  return bit < 64 ? [low + 2n ** BigInt(bit), high] : [low, high + 2n ** BigInt(bit - 64)];
}

function range(high: number, low: number): readonly number[] {
  return Array.from({ length: high - low + 1 }, (_, index) => low + index);
}

const context = contextDescriptor({ granularity: 1 });
const iotlb = iotlbDescriptor({ granularity: 1 });
const deviceTlb: readonly [bigint, bigint] = [0x3n, 0n];
const entryCache: readonly [bigint, bigint] = [0x4n, 0n];
const wait: readonly [bigint, bigint] = [0x5n, 0n];

test('reason 3: a type that legacy mode does not have', () => {
  for (const type of [0, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]) refused(`type ${type}`, 3n, [BigInt(type), 0n]);
  for (const bit of [9, 10, 11]) refused(`type bit ${bit}`, 3n, withBit(wait, bit));
});

test('reason 3: a granularity that the unit does not have', () => {
  refused('context 0', 3n, contextDescriptor({ granularity: 0 }));
  refused('IOTLB 0', 3n, iotlbDescriptor({ granularity: 0 }));
  const page = iotlbDescriptor({ granularity: 3, domain: 5, address: 0x5000 });
  accepted('page with PSI', page);
  refused('page without PSI', 3n, page, { profile: noPageSelective });
});

test('reason 3: an interrupt-entry-cache invalidation where nothing is remapped', () => {
  accepted('global', entryCache);
  accepted('index', [0x14n + 3n * 2n ** 27n + 0x1234n * 2n ** 32n, 0n]);
  refused('no ECAP.IR', 3n, entryCache, { profile: noInterruptRemapping });
});

test('reason 4: every reserved bit of every descriptor', () => {
  const reserved: readonly (readonly [string, readonly [bigint, bigint], readonly number[]])[] = [
    ['context', context, [...range(8, 6), ...range(15, 12), ...range(63, 50), ...range(127, 64)]],
    ['IOTLB', iotlb, [8, ...range(15, 12), ...range(63, 32), ...range(75, 71)]],
    ['device-TLB', deviceTlb, [...range(8, 4), ...range(15, 12), ...range(31, 21), ...range(63, 48), ...range(75, 65)]],
    ['interrupt entry', entryCache, [...range(8, 5), ...range(26, 12), ...range(63, 48), ...range(127, 64)]],
    ['wait', wait, [7, 8, ...range(31, 12), 64, 65]],
  ];
  for (const [name, descriptor, bits] of reserved) {
    for (const bit of bits) refused(`${name}, bit ${bit}`, 4n, withBit(descriptor, bit));
  }
});

test('every bit of a descriptor that is a field is accepted', () => {
  const fields: readonly (readonly [string, readonly [bigint, bigint], readonly number[]])[] = [
    ['context', context, [5, ...range(49, 16)]],
    ['IOTLB', iotlb, [6, 7, ...range(31, 16), ...range(70, 64), ...range(127, 76)]],
    ['device-TLB', deviceTlb, [...range(20, 16), ...range(47, 32), 64, ...range(127, 76)]],
    ['interrupt entry', entryCache, [4, ...range(31, 27), ...range(47, 32)]],
    ['wait', wait, [4, 6, ...range(63, 32), ...range(127, 66)]],
  ];
  for (const [name, descriptor, bits] of fields) {
    for (const bit of bits) accepted(`${name}, bit ${bit}`, withBit(descriptor, bit));
  }
});

test('the physical function of a device-TLB descriptor is reserved without ECAP.DIT, and a field with it', () => {
  for (const bit of [...range(15, 12), ...range(63, 52)]) {
    accepted(`DIT, bit ${bit}`, withBit(deviceTlb, bit), { profile: 'sapphire-rapids' });
  }
  for (const bit of [8, 21, 48, 51]) {
    refused(`DIT, bit ${bit}`, 4n, withBit(deviceTlb, bit), { profile: 'sapphire-rapids' });
  }
});

test('units before version 2 stop without saying why: IQERCD is not there', () => {
  for (const [profile, code] of [['skylake-sp', 0n], ['ice-lake-sp', 3n]] as const) {
    const driver = prepared(() => {}, { profile });
    driver.startQueue();
    driver.submit([0n, 0n]);
    assert.equal(driver.read32(0x34), 0x10);
    assert.equal(driver.read64(0xb0), code, profile);
  }
});

test('reason 4: an address mask above MAMV', () => {
  accepted('18', iotlbDescriptor({ granularity: 3, domain: 5, mask: 18 }));
  refused('19', 4n, iotlbDescriptor({ granularity: 3, domain: 5, mask: 19 }));
  accepted('not page-selective', iotlbDescriptor({ granularity: 2, domain: 5, mask: 19 }));
});

test('reason 1: a tail beyond the end of the queue, before anything is fetched', () => {
  const driver = withQueue();
  driver.poke(0x9000, waitDescriptor(status, 1)[0]);
  driver.poke(0x9008, waitDescriptor(status, 1)[1]);
  driver.write64(0x88, 0x1000n);
  driver.settle();
  expectStopped(driver, 1n, 'tail 256 of 256');
});

test('reason 2: a queue that cannot be read', () => {
  const driver = telling();
  driver.write64(0x90, unbacked);
  driver.levels(0x8400_0000);
  driver.write64(0x88, 0x10n);
  driver.settle();
  expectStopped(driver, 2n, 'nothing answers');
});

test('reason 5: 256-bit descriptors on a unit without scalable mode', () => {
  const driver = telling();
  driver.write64(0x90, 0x9800n);
  driver.levels(0x8400_0000);
  driver.write64(0x88, 0x20n);
  driver.settle();
  expectStopped(driver, 5n, 'DW');
});

test('what came before the bad descriptor is done, what comes behind it is not', () => {
  const driver = withQueue();
  driver.submit(waitDescriptor(status, 1), [0n, 0n], waitDescriptor(status, 2));
  assert.equal(driver.peek(status), 1n);
  assert.equal(driver.read64(0x80), 0x10n);
});

test('while IQE is set a new tail starts nothing (6.5.2.11)', () => {
  const driver = withQueue();
  driver.submit([0n, 0n]);
  const errors = driver.happenings('queue-error').length;
  driver.submit(waitDescriptor(status, 1));
  assert.equal(driver.read64(0x80), 0n);
  assert.equal(driver.happenings('queue-error').length, errors);
  assert.equal(driver.peek(status), 0n);
});

test('clearing IQE goes on at the head, with the repaired descriptor', () => {
  const driver = withQueue();
  driver.submit([0n, 0n], waitDescriptor(status, 2));
  driver.poke(0x9000, waitDescriptor(status + 8, 1)[0]);
  driver.poke(0x9008, waitDescriptor(status + 8, 1)[1]);
  assert.equal(driver.peek(status), 0n);
  driver.write32(0x34, 0x10);
  driver.settle();
  assert.equal(driver.read32(0x34), 0);
  assert.deepEqual([driver.peek(status + 8), driver.peek(status)], [1n, 2n]);
  assert.equal(driver.read64(0x80), 0x20n);
});

test('clearing IQE over a descriptor that is still bad sets it again', () => {
  const driver = withQueue();
  driver.submit([0n, 0n], waitDescriptor(status, 2));
  driver.write32(0x34, 0x10);
  driver.settle();
  assert.equal(driver.read32(0x34), 0x10);
  assert.equal(driver.happenings('queue-error').length, 2);
});

test('a queue error does not stop translation, and other faults are recorded beside it', () => {
  const driver = withQueue();
  driver.submit([0n, 0n]);
  assert.equal(driver.dma(0x20, 0x5000), 'to 0x200000');
  driver.dma(0x21, 0x5000);
  assert.equal(driver.read32(0x34), 0x12);
});
