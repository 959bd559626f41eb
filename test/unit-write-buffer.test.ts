/** Write buffers in front of RAM (CAP.RWBF, 6.8): what was written back waits there until a flush. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, frameAt } from '../src/base/word.ts';
import { invalidateContext, invalidateIotlb, type Way } from './support/commands.ts';
import { coherent, noInterruptRemapping, writeBuffer } from './support/custom-profiles.ts';
import { UnitDriver, type Settings } from './support/unit-driver.ts';

const device = 0x0020;

/** A device with 0x5000 mapped, and the entry of 0x6000 stored and written back since, not flushed. */
function waiting(settings: Settings = {}): UnitDriver {
  const driver = new UnitDriver({ profile: writeBuffer, twoViews: true, buffersWrites: true, ...settings });
  const tree = driver.tree();
  tree.map(0x5000, 0x20_0003n);
  driver.context(device, tree.pointer, 0x102n);
  driver.start();
  driver.memory.writeBack(addressOf(0), 0x80_0000);
  driver.command(0x0800_0000);
  assert.equal(driver.dma(device, 0x5000), 'to 0x200000');
  const entry = tree.entryAddress(0x6000, 1);
  driver.memory.store64(addressOf(entry), { low: 0x20_1003, high: 0 });
  driver.memory.writeBack(addressOf(entry), 8);
  return driver;
}

const seen = 'to 0x201000';
const notSeen = 'blocked 0x6';

test('a store that was written back is not seen before the buffer is flushed', () => {
  assert.equal(waiting().dma(device, 0x6000), notSeen);
});

test('the flush of the write buffer lets the unit see it', () => {
  const driver = waiting();
  driver.command(0x0800_0000);
  assert.equal(driver.dma(device, 0x6000), seen);
});

for (const way of ['registers', 'queue'] as const satisfies readonly Way[]) {
  test(`every invalidation by ${way} flushes it`, () => {
    const commands: readonly ((driver: UnitDriver) => void)[] = [
      (driver) => invalidateContext(driver, way, { granularity: 1 }),
      (driver) => invalidateContext(driver, way, { granularity: 3, domain: 9, source: 0x0100 }),
      (driver) => invalidateIotlb(driver, way, { granularity: 1 }),
      (driver) => invalidateIotlb(driver, way, { granularity: 3, domain: 9, address: 0x9000 }),
    ];
    for (const command of commands) {
      const driver = waiting();
      if (way === 'queue') driver.startQueue();
      command(driver);
      assert.equal(driver.dma(device, 0x6000), seen);
    }
  });
}

test('a line that was not written back is not in the buffer', () => {
  const driver = waiting();
  driver.memory.store64(addressOf(driver.contextAddress(device)), { low: 0, high: 0 });
  invalidateContext(driver, 'registers', { granularity: 1 });
  assert.equal(driver.dma(device, 0x6000), seen, 'the CPU has the line to itself');
});

test('machines without the buffer, and walks that snoop, see the store at once', () => {
  assert.equal(waiting({ profile: noInterruptRemapping, buffersWrites: false }).dma(device, 0x6000), seen);
  assert.equal(waiting({ profile: coherent }).dma(device, 0x6000), seen);
});

test('a device that writes beside a waiting store leaves it waiting, and its own bytes are in RAM', () => {
  const driver = waiting();
  const memory = driver.memory;
  memory.store32(addressOf(0x7000), 0x1111_1111);
  memory.writeBack(addressOf(0x7000), 4);
  memory.write(addressOf(0x7004), new Uint8Array([0x22, 0x22, 0x22, 0x22]));
  const ram = (offset: number): number | undefined =>
    memory.view(false).page(frameAt(7))?.getUint32(offset, true);
  assert.deepEqual([ram(0), ram(4)], [0, 0x2222_2222]);
  memory.flushWriteBuffer();
  assert.deepEqual([ram(0), ram(4)], [0x1111_1111, 0x2222_2222]);
});
