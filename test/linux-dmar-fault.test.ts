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

/** A driver of another release, handling one record. */
function handledBy(release: string, status = 2): KernelDriver {
  const driver = new KernelDriver({ release });
  record(driver, 0, 6, 0x0200, 0xffff_f000n);
  handle(driver, status);
  return driver;
}

test('the lines of a fault by era, byte for byte', () => {
  const lines = (release: string): readonly string[] => handledBy(release).logged;
  assert.deepEqual(lines('linux-4.1'), ['dmar: DRHD: handling fault status reg 2',
    'dmar: DMAR:[DMA Read] Request device [02:00.0] fault addr fffff000 ', 'DMAR:[fault reason 06] PTE Read access is not set']);
  assert.deepEqual(lines('linux-4.2-copy-only').slice(1), [
    'DMAR: DMAR:[DMA Read] Request device [02:00.0] fault addr fffff000 ', 'DMAR:[fault reason 06] PTE Read access is not set']);
  assert.equal(lines('linux-5.3')[1],
    'DMAR: [DMA Read] Request device [02:00.0] fault addr fffff000 [fault reason 06] PTE Read access is not set');
  assert.equal(lines('linux-5.11')[1], 'DMAR: [DMA Read] Request device [02:00.0] PASID ffffffff fault addr fffff000 '
    + '[fault reason 06] PTE Read access is not set');
  assert.equal(lines('linux-6.1')[1], 'DMAR: [DMA Read NO_PASID] Request device [02:00.0] fault addr 0xfffff000 '
    + '[fault reason 0x06] PTE Read access is not set');
});

test('the lines that no release here has: 5.14, and interrupts in each form', () => {
  const source = sourceIdOf(0x02fb);
  const dma = { reason: 12, read: false, source, address: { low: 0x1000, high: 0 } };
  assert.deepEqual(faultLines('hexadecimal-throughout', dma), ['DMAR: [DMA Write NO_PASID] Request device '
    + '[0x02:0x1f.3] fault addr 0x1000 [fault reason 0x0c] non-zero reserved fields in PTE']);
  const interrupt = { reason: 0x26, read: false, source, address: { low: 0, high: 0x00ab_0000 } };
  const text = 'Blocked an interrupt request due to source-id verification failure';
  assert.deepEqual(faultLines('two-lines', interrupt), [
    'dmar: INTR-REMAP: Request device [[02:1f.3] fault index ab', `INTR-REMAP:[fault reason 38] ${text}`]);
  assert.deepEqual(faultLines('with-pasid', interrupt),
    [`DMAR: [INTR-REMAP] Request device [02:1f.3] fault index ab [fault reason 38] ${text}`]);
  assert.deepEqual(faultLines('hexadecimal', interrupt),
    [`DMAR: [INTR-REMAP] Request device [02:1f.3] fault index 0xab [fault reason 0x26] ${text}`]);
});

test('what is cleared of the status by era: all that is set, PFO and PPF, and PRO with them', () => {
  const last = (driver: KernelDriver): string | undefined => driver.operations.filter((line) => line.startsWith('write')).at(-1);
  assert.equal(last(handledBy('linux-3.9', 0x12)), 'write32 +0x34 0x12');
  assert.equal(last(handledBy('linux-4.1', 0x12)), 'write32 +0x34 0x3');
  assert.equal(last(handledBy('linux-5.3', 0x12)), 'write32 +0x34 0x83');
  // Without PPF, 3.9 clears as well.
  const queueError = new KernelDriver({ release: 'linux-3.9' });
  handle(queueError, 0x10);
  assert.equal(last(queueError), 'write32 +0x34 0x10');
});

test('to 4.5 nothing limits the rate; from 4.19 each line takes a token, and the look that ends the walk one more', () => {
  const printed = (release: string): readonly number[] => {
    const driver = new KernelDriver({ release });
    driver.nowNs = 1_000_000_000;
    return Array.from({ length: 12 }, () => {
      record(driver, 0, 6, 0x0200, 0xffff_f000n);
      return handle(driver, 2).length;
    });
  };
  assert.deepEqual(printed('linux-4.1'), Array.from({ length: 12 }, () => 3));
  // Ten tokens: three a fault, and the tenth for the status of the fourth.
  assert.deepEqual(printed('linux-5.3'), [2, 2, 2, 1, ...Array.from({ length: 8 }, () => 0)]);
});
