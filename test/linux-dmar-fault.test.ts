// Protects what the kernel prints of faults: every record from the index on, over the wrap, cleared one by
// one; at most ten messages in five seconds, and silence, not blindness, beyond that.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dmarFault } from '../src/linux/iommu/dmar-fault.ts';
import { faultLines } from '../src/linux/iommu/messages.ts';
import { sourceIdOf } from '../src/base/word.ts';
import { KernelDriver } from './support/kernel-driver.ts';

const records = 0x100;

/** F, T1 for a read, reason; source-id; page. */
function record(driver: KernelDriver, index: number, reason: number, source: number, page: bigint, read = true): void {
  driver.setRegister(records + 16 * index, page);
  driver.setRegister(records + 16 * index + 8,
    2n ** 63n + (read ? 2n ** 62n : 0n) + BigInt(reason) * 2n ** 32n + BigInt(source));
}

/** A unit whose F bits are cleared by writing one to them. */
function driverWithRecords(): KernelDriver {
  const driver = new KernelDriver();
  driver.onWrite = () => {};
  return driver;
}

function handle(driver: KernelDriver, status: number): readonly string[] {
  driver.setRegister(0x34, BigInt(status), 4);
  driver.forget();
  driver.run(dmarFault(driver.driver, driver.iommu));
  const lines = [...driver.logged];
  // What the unit does on the writes: F and the status are clear again.
  for (let index = 0; index < 8; index += 1) driver.setRegister(records + 16 * index + 8, 0n);
  return lines;
}

test('one record: status, the record top down, the line, and the status cleared last', () => {
  const driver = driverWithRecords();
  record(driver, 0, 6, 0x0200, 0xffff_f000n);
  assert.deepEqual(handle(driver, 2), [
    'DMAR: DRHD: handling fault status reg 2',
    'DMAR: [DMA Read] Request device [02:00.0] fault addr fffff000 [fault reason 06] PTE Read access is not set',
  ]);
  assert.deepEqual(driver.operations.filter((line) => !line.startsWith('log')), [
    '{ dmar_fault', 'clock', 'read32 +0x34', 'read32 +0x10c', 'read32 +0x108', 'read64 +0x100',
    'write32 +0x10c 0x80000000', 'read32 +0x11c', 'write32 +0x34 0x3', '} dmar_fault',
  ]);
});

test('several records come in the order of the unit, over the wrap, until one is empty', () => {
  const driver = driverWithRecords();
  record(driver, 6, 5, 0x0301, 0x1_2345_6000n, false);
  record(driver, 7, 2, 0x3eff, 0n);
  record(driver, 0, 1, 0x0008, 0xdead_b000n);
  record(driver, 2, 6, 0x0200, 0x9000n);
  assert.deepEqual(handle(driver, 0x603), [
    'DMAR: DRHD: handling fault status reg 603',
    'DMAR: [DMA Write] Request device [03:00.1] fault addr 123456000 [fault reason 05] PTE Write access is not set',
    'DMAR: [DMA Read] Request device [3e:1f.7] fault addr 0 [fault reason 02] Present bit in context entry is clear',
    'DMAR: [DMA Read] Request device [00:01.0] fault addr deadb000 [fault reason 01] Present bit in root entry is clear',
  ]);
});

test('without PPF only the status is printed, and nothing is cleared', () => {
  const driver = driverWithRecords();
  assert.deepEqual(handle(driver, 0x10), ['DMAR: DRHD: handling fault status reg 10']);
  assert.ok(!driver.operations.some((line) => line.startsWith('write')));
  assert.deepEqual(handle(driver, 0), []);
});

test('ten interrupts in five seconds are printed; the eleventh is cleared in silence', () => {
  const driver = driverWithRecords();
  const printed = Array.from({ length: 12 }, (_, index) => {
    driver.nowNs = 1_000_000_000 + index * 1000;
    record(driver, 0, 6, 0x0200, 0xffff_f000n);
    return handle(driver, 2).length;
  });
  assert.deepEqual(printed, [...Array.from({ length: 10 }, () => 2), 0, 0]);
  assert.deepEqual(driver.operations, [
    '{ dmar_fault', 'clock', 'read32 +0x34', 'read32 +0x10c', 'write32 +0x10c 0x80000000', 'read32 +0x11c',
    'write32 +0x34 0x3', '} dmar_fault',
  ]);
});

test('after more than five seconds the limit begins anew and says how many were suppressed', () => {
  const driver = driverWithRecords();
  const at = (nowNs: number): readonly string[] => {
    driver.nowNs = nowNs;
    record(driver, 0, 6, 0x0200, 0xffff_f000n);
    return handle(driver, 2);
  };
  for (let index = 0; index < 13; index += 1) at(7_000_000_000);
  assert.deepEqual(at(12_000_000_000), [], 'exactly five seconds are not more');
  assert.deepEqual(at(12_000_000_001), [
    'dmar_fault: 4 callbacks suppressed', 'DMAR: DRHD: handling fault status reg 2',
    'DMAR: [DMA Read] Request device [02:00.0] fault addr fffff000 [fault reason 06] PTE Read access is not set',
  ]);
  assert.equal(at(12_000_000_002).length, 2);
});

test('the text of every reason is that of 4.9, reasons in decimal', () => {
  const texts = new Map([
    [1, 'Present bit in root entry is clear'], [2, 'Present bit in context entry is clear'],
    [3, 'Invalid context entry'], [4, 'Access beyond MGAW'], [5, 'PTE Write access is not set'],
    [6, 'PTE Read access is not set'], [7, 'Next page table ptr is invalid'], [8, 'Root table address invalid'],
    [9, 'Context table ptr is invalid'], [10, 'non-zero reserved fields in RTP'],
    [11, 'non-zero reserved fields in CTP'], [12, 'non-zero reserved fields in PTE'], [14, 'Unknown'],
  ]);
  for (const [reason, text] of texts) {
    assert.deepEqual(faultLines('one-line',
      { reason, read: false, source: sourceIdOf(0x0200), address: { low: 0x1000, high: 0 } }), [
      `DMAR: [DMA Write] Request device [02:00.0] fault addr 1000 [fault reason ${String(reason).padStart(2, '0')}] ${text}`]);
  }
  assert.deepEqual(faultLines('one-line',
    { reason: 0x22, read: false, source: sourceIdOf(0x0200), address: { low: 0, high: 0x0005_0000 } }),
    ['DMAR: [INTR-REMAP] Request device [02:00.0] fault index 5 [fault reason 34] Present field in the IRTE entry is clear']);
});
