// Protects the two ways to flush: descriptors and waits of the queue with its errors, and the registers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, bytesOf, sourceIdOf } from '../src/base/word.ts';
import { flushContext, flushIotlb, iommuFlushIotlbPsi } from '../src/linux/iommu/flush.ts';
import { dmarDisableQi } from '../src/linux/iommu/queued-invalidation.ts';
import { KernelDriver, usualCap, usualEcap } from './support/kernel-driver.ts';

const source = sourceIdOf(0x0200);
const queued = { queue: true, ecap: usualEcap + 1n };

function places(driver: KernelDriver): { readonly queue: number; readonly status: number } {
  const { queue } = driver.iommu;
  assert.ok(queue !== null);
  return { queue: bytesOf(queue.descriptors), status: bytesOf(queue.status) };
}

test('qi_submit_sync: descriptor, wait behind it, tail, and a spin on the status word', () => {
  const driver = new KernelDriver({ ...queued, ecap: usualEcap });
  const { queue, status } = places(driver);
  const at = (offset: number): string => `0x${(queue + offset).toString(16)}`;
  const word = (index: number): string => `0x${(status + 4 * index).toString(16)}`;
  driver.run(flushContext(driver.iommu, 13, source, 'device'));
  assert.deepEqual(driver.operations, [
    '{ qi_flush_context', `store32 ${word(0)} 0x1`, `store32 ${word(1)} 0x1`,
    `store64 ${at(0)} 0x200000d0031`, `store64 ${at(8)} 0x0`, `write-back ${at(0)} 16`,
    // Wait: type 5, status write, data 2 (QI_DONE).
    `store64 ${at(16)} 0x200000025`, `store64 ${at(24)} ${word(1)}`, `write-back ${at(16)} 16`,
    'write32 +0x88 0x20', 'wait memory-equals register-any', '} qi_flush_context',
  ]);
});

test('the queue has 256 entries and begins again at the first', () => {
  const driver = new KernelDriver(queued);
  const tails = Array.from({ length: 130 }, () => {
    driver.forget();
    driver.run(flushIotlb(driver.iommu, 0, addressOf(0), 0, 'global'));
    return driver.operations.find((line) => line.startsWith('write32 +0x88'));
  });
  assert.deepEqual([tails[0], tails[126], tails[127], tails[128]],
    ['write32 +0x88 0x20', 'write32 +0x88 0xfe0', 'write32 +0x88 0x0', 'write32 +0x88 0x20']);
});

test('descriptors: granularity, id, drains as the unit has them, address and mask, never the hint', () => {
  const descriptor = (cap: bigint, run: (driver: KernelDriver) => void): readonly [bigint, bigint] => {
    const driver = new KernelDriver({ ...queued, cap });
    run(driver);
    const { queue } = places(driver);
    return [driver.peek(queue), driver.peek(queue + 8)];
  };
  const noDrains = usualCap - 3n * 2n ** 54n;
  assert.deepEqual(descriptor(usualCap, (driver) => driver.run(flushContext(driver.iommu, 0, source, 'global')))[0]
    % 0x10000n, 0x11n);
  assert.deepEqual(descriptor(usualCap, (driver) =>
    driver.run(flushIotlb(driver.iommu, 0, addressOf(0), 0, 'global'))), [0xd2n, 0n]);
  assert.deepEqual(descriptor(noDrains, (driver) =>
    driver.run(flushIotlb(driver.iommu, 9, addressOf(0), 0, 'domain'))), [0x9_0022n, 0n]);
  assert.deepEqual(descriptor(usualCap, (driver) =>
    driver.run(flushIotlb(driver.iommu, 9, addressOf(0xffff_c000), 2, 'page'))), [0x9_00f2n, 0xffff_c002n]);
});

test('a refused descriptor is printed and overwritten with the wait behind it, and the queue goes on', () => {
  const driver = new KernelDriver(queued);
  const { queue } = places(driver);
  driver.waits.push(1);
  driver.setRegister(0x34, 0x10n, 4);
  driver.setRegister(0x80, 0n);
  driver.run(flushContext(driver.iommu, 13, source, 'device'));
  assert.deepEqual(driver.logged, ['DMAR: VT-d detected invalid descriptor: low=200000d0031, high=0']);
  assert.equal(driver.peek(queue), 0x2_0000_0025n);
  assert.equal(driver.peek(queue + 8), driver.peek(queue + 24));
  assert.equal(driver.operations.findLast((line) => line.startsWith('write32')), 'write32 +0x34 0x10');
});

test('dmar_disable_qi waits until head and tail agree, and only where a queue is on', () => {
  const driver = new KernelDriver({});
  driver.setRegister(0x1c, 0x0400_0000n, 4);
  driver.run(dmarDisableQi(driver.iommu));
  assert.deepEqual(driver.operations, ['{ dmar_disable_qi', 'read32 +0x1c', 'wait registers-agree',
    'write32 +0x18 0x0', 'wait register-equals', '} dmar_disable_qi']);
  driver.setRegister(0x1c, 0n, 4);
  driver.forget();
  driver.run(dmarDisableQi(driver.iommu));
  assert.deepEqual(driver.operations, ['{ dmar_disable_qi', 'read32 +0x1c', '} dmar_disable_qi']);
});

test('by registers: CCMD with ICC, IVA before IOTLB for pages, the write drain alone', () => {
  const driver = new KernelDriver({ ecap: usualEcap - 2n });
  driver.run(flushContext(driver.iommu, 13, source, 'device'));
  driver.run(flushIotlb(driver.iommu, 9, addressOf(0xffff_c000), 2, 'page'));
  assert.deepEqual(driver.operations.filter((line) => !/^[{}]/.test(line)), [
    'write64 +0x28 0xe00000000200000d', 'wait register-equals', 'write64 +0x200 0xffffc002',
    'write64 +0x208 0xb001000900000000', 'wait register-equals',
  ]);
});

test('page-selective flushes fall back to the domain where the unit cannot select so many pages', () => {
  const first = (cap: bigint, pages: number): string | undefined => {
    const driver = new KernelDriver({ cap });
    driver.run(iommuFlushIotlbPsi(driver.iommu, 9, addressOf(0x4000_0000), pages));
    return driver.operations.find((line) => line.startsWith('write64'));
  };
  // MAMV is bits 53:48, 18 here; PSI is bit 39.
  assert.equal(first(usualCap, 1), 'write64 +0x200 0x40000000');
  assert.equal(first(usualCap, 3), 'write64 +0x200 0x40000002');
  assert.equal(first(usualCap, 2 ** 18), 'write64 +0x200 0x40000012');
  const shortMask = usualCap - 18n * 2n ** 48n + 2n ** 48n;
  assert.equal(first(shortMask, 2), 'write64 +0x200 0x40000001');
  assert.equal(first(shortMask, 4), 'write64 +0x208 0xa001000900000000');
  assert.equal(first(usualCap - 2n ** 39n, 1), 'write64 +0x208 0xa001000900000000');
});

test('a range that is not aligned to its size is covered by the wider block around it', () => {
  const first = (frame: number, pages: number): string | undefined => {
    const driver = new KernelDriver();
    driver.run(iommuFlushIotlbPsi(driver.iommu, 9, addressOf(frame * 0x1000), pages));
    return driver.operations.find((line) => line.startsWith('write64'));
  };
  assert.equal(first(0x40002, 2), 'write64 +0x200 0x40002001');
  // Pages 3 and 4 lie in one block of eight.
  assert.equal(first(0x40003, 2), 'write64 +0x200 0x40003003');
  assert.equal(first(0x3ffff, 2), 'write64 +0x208 0xa001000900000000');
});
