/** The invalidation queue: order, wrap-around, waits and the completion event (6.5.2, 11.4.9). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameAt } from '../src/base/word.ts';
import { contextDescriptor, iotlbDescriptor, waitDescriptor } from './support/commands.ts';
import { UnitDriver, type Settings } from './support/unit-driver.ts';
import { device, prepared } from './support/walk-cases.ts';

const status = 0x8000;

function withQueue(settings: Settings = {}): UnitDriver {
  const driver = prepared(() => {}, settings);
  driver.startQueue();
  return driver;
}

test('a wait writes four bytes of status and nothing beside them (6.5.2.9)', () => {
  const driver = withQueue();
  driver.poke(status, 0xffff_ffff_ffff_ffffn);
  driver.poke(status + 8, 0xffff_ffff_ffff_ffffn);
  driver.submit(waitDescriptor(status + 4, 2));
  assert.equal(driver.peek(status), 0x0000_0002_ffff_ffffn);
  assert.equal(driver.peek(status + 8), 0xffff_ffff_ffff_ffffn);
  assert.equal(driver.read64(0x80), 0x10n);
});

test('a wait without SW writes nothing, and address bits above HAW are ignored', () => {
  const driver = withQueue();
  driver.poke(status, 0xffff_ffff_ffff_ffffn);
  driver.submit([0x5n + 2n * 2n ** 32n, BigInt(status)]);
  assert.equal(driver.peek(status), 0xffff_ffff_ffff_ffffn);
  driver.submit([0x25n + 2n * 2n ** 32n, BigInt(status) + 2n ** 46n + 2n ** 63n]);
  assert.equal(driver.peek(status), 0xffff_ffff_0000_0002n);
  assert.equal(driver.read32(0x34), 0);
});

test('the status write is seen by the CPU and by units that do not snoop', () => {
  const driver = withQueue({ twoViews: true });
  driver.submit(waitDescriptor(status, 7));
  assert.equal(driver.peek(status), 7n);
  assert.equal(driver.memory.view(false).page(frameAt(status / 4096))?.getUint32(0, true), 7);
});

test('the queue is fetched from what the CPU stored, written back or not (6.5.2)', () => {
  const driver = withQueue({ twoViews: true });
  const [low, high] = waitDescriptor(status, 9);
  driver.store(0x9000, low);
  driver.store(0x9008, high);
  driver.write64(0x88, 0x10n);
  driver.settle();
  assert.equal(driver.peek(status), 9n);
});

test('descriptors take effect in order, the wait last', () => {
  const driver = withQueue();
  driver.submit(contextDescriptor({ granularity: 1 }), iotlbDescriptor({ granularity: 1 }), [0x4n, 0n],
    waitDescriptor(status, 2));
  assert.deepEqual(driver.happenings('descriptor').map(({ index }) => index), [0, 1, 2, 3]);
  assert.deepEqual(driver.happenings('invalidate').map(({ cache, asked }) => `${cache} ${asked}`),
    ['context global', 'iotlb global', 'interrupt-entry global']);
  assert.equal(driver.peek(status), 2n);
  assert.equal(driver.read64(0x80), 0x40n);
});

test('head and tail wrap at the end of the queue', () => {
  const driver = withQueue();
  for (let turn = 1; turn <= 600; turn += 1) {
    driver.submit(waitDescriptor(status, turn));
    assert.equal(driver.peek(status), BigInt(turn));
    assert.equal(driver.read64(0x80), BigInt(16 * (turn % 256)));
  }
});

test('a queue of 2^QS pages goes on from one page to the next (11.4.9.3)', () => {
  const driver = prepared(() => {});
  driver.write64(0x90, 0x2_0001n);
  driver.levels(0x8400_0000);
  for (let index = 0; index < 512; index += 1) {
    const [low, high] = waitDescriptor(status, index + 1);
    driver.poke(0x2_0000 + 16 * index, low);
    driver.poke(0x2_0000 + 16 * index + 8, high);
  }
  driver.write64(0x88, 0x1000n);
  driver.settle();
  assert.equal(driver.peek(status), 256n);
  driver.write64(0x88, 0x1ff0n);
  driver.settle();
  assert.equal(driver.peek(status), 511n);
  driver.write64(0x88, 0n);
  driver.settle();
  assert.equal(driver.peek(status), 512n);
  assert.equal(driver.read64(0x80), 0n);
});

test('nothing is fetched while the queue is off, and everything when it is switched on', () => {
  const driver = prepared(() => {});
  const [low, high] = waitDescriptor(status, 3);
  driver.poke(0x9000, low);
  driver.poke(0x9008, high);
  driver.write64(0x90, 0x9000n);
  driver.write64(0x88, 0x10n);
  driver.settle();
  assert.equal(driver.peek(status), 0n);
  driver.levels(0x8400_0000);
  assert.equal(driver.peek(status), 3n);
});

test('the queue works whether translation is on or not', () => {
  const driver = withQueue();
  driver.levels(0x0400_0000);
  driver.submit(waitDescriptor(status, 4));
  assert.equal(driver.peek(status), 4n);
});

test('switching the queue off resets the head and leaves the tail', () => {
  const driver = withQueue();
  driver.submit(waitDescriptor(status, 4), waitDescriptor(status, 5));
  driver.levels(0x8000_0000);
  assert.equal(driver.read64(0x80), 0n);
  assert.equal(driver.read64(0x88), 0x20n);
});

test('a new IQA is used from the next time that the queue is switched on', () => {
  const driver = withQueue();
  driver.write64(0x90, 0x2_0000n);
  driver.submit(waitDescriptor(status, 4));
  assert.equal(driver.peek(status), 4n);
  driver.levels(0x8000_0000);
  const [low, high] = waitDescriptor(status, 5);
  driver.poke(0x2_0000, low);
  driver.poke(0x2_0008, high);
  driver.levels(0x8400_0000);
  assert.equal(driver.peek(status), 5n);
});

test('switching the queue off while it works stops it; it begins again at the first descriptor', () => {
  const driver = withQueue();
  driver.post(waitDescriptor(status, 1), waitDescriptor(status, 2), waitDescriptor(status, 3));
  driver.agenda.act(driver.agenda.earliest() ?? -1);
  assert.equal(driver.peek(status), 1n);
  // Two commands without a pause: the second hurries the first along.
  driver.write32(0x18, 0x8000_0000);
  driver.write32(0x18, 0x8400_0000);
  driver.settle();
  assert.equal(driver.peek(status), 3n);
  assert.deepEqual(driver.happenings('descriptor').map(({ index }) => index), [0, 0, 1, 2]);
});

/** IECTL 0xa0, IEDATA 0xa4, IEADDR 0xa8, IEUADDR 0xac, ICS 0x9c. */
function withEvent(control: number): UnitDriver {
  const driver = withQueue();
  driver.write32(0xa4, 0x4041);
  driver.write32(0xa8, 0xfee0_1000);
  driver.write32(0xac, 0x12);
  driver.write32(0xa0, control);
  return driver;
}

const interruptWait: readonly [bigint, bigint] = [0x15n, 0n];

test('a wait with IF sets IWC and sends the message (6.5.2.10)', () => {
  const driver = withEvent(0);
  driver.submit(interruptWait);
  assert.equal(driver.read32(0x9c), 1);
  assert.equal(driver.read32(0xa0), 0);
  assert.deepEqual(driver.messages, [{ address: 0x12_fee0_1000n, data: 0x4041 }]);
});

test('a wait may write its status and interrupt as well', () => {
  const driver = withEvent(0);
  driver.submit([0x35n + 6n * 2n ** 32n, BigInt(status)]);
  assert.equal(driver.peek(status), 6n);
  assert.equal(driver.messages.length, 1);
});

test('while IWC is set another wait sends nothing; when it is cleared the next one does', () => {
  const driver = withEvent(0);
  driver.submit(interruptWait, interruptWait);
  assert.equal(driver.messages.length, 1);
  driver.write32(0x9c, 0);
  assert.equal(driver.read32(0x9c), 1);
  driver.write32(0x9c, 1);
  assert.equal(driver.read32(0x9c), 0);
  driver.submit(interruptWait);
  assert.equal(driver.messages.length, 2);
});

test('a masked completion stays pending and is sent when it is unmasked', () => {
  const driver = withEvent(0x8000_0000);
  driver.submit(interruptWait);
  assert.equal(driver.read32(0xa0), 0xc000_0000);
  assert.deepEqual(driver.messages, []);
  driver.write32(0xa0, 0);
  assert.equal(driver.read32(0xa0), 0);
  assert.equal(driver.messages.length, 1);
  assert.equal(driver.read32(0x9c), 1);
});

test('a masked completion that is served is no longer pending', () => {
  const driver = withEvent(0x8000_0000);
  driver.submit(interruptWait);
  driver.write32(0x9c, 1);
  assert.equal(driver.read32(0xa0), 0x8000_0000);
  driver.write32(0xa0, 0);
  assert.deepEqual(driver.messages, []);
});

test('what a DMA was answered before an invalidation is not what it is answered after its wait', () => {
  const driver = prepared((_, tree) => tree.map(0x6000, 0x21_0003n));
  driver.startQueue();
  driver.dma(device, 0x5000);
  const tree = driver.tree();
  tree.map(0x5000, 0x30_0003n);
  driver.context(device, tree.pointer, 0x0502n);
  driver.submit(contextDescriptor({ granularity: 3, domain: 5, source: device }),
    iotlbDescriptor({ granularity: 2, domain: 5 }), waitDescriptor(status, 1));
  assert.equal(driver.dma(device, 0x5000), 'to 0x300000');
});
