// Protects the order in which both kernels take the unit: queue, root table, flushes, regions,
// interrupt, translation; and how tables are copied.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf } from '../src/base/word.ts';
import { copyTranslationTables } from '../src/linux/iommu/copy-tables.ts';
import { intelIommuInit } from '../src/linux/iommu/init-dmars.ts';
import { handoffText, playText } from './support/handoff.ts';
import { KernelDriver, usualCap, usualEcap } from './support/kernel-driver.ts';

const oldRoot = 0x20_0000;
const oldTable = 0x20_1000;
const root = 0x30_0000;

function withOldTables(): KernelDriver {
  const driver = new KernelDriver();
  driver.iommu.rootTable = addressOf(root);
  driver.setRegister(0x20, BigInt(oldRoot));
  driver.poke(oldRoot + 0x20, BigInt(oldTable) + 1n);
  return driver;
}

test('copied entries are marked with bit 67, written back, and their ids reserved', () => {
  const driver = withOldTables();
  driver.poke(oldTable + 16 * 3, 0x1234_5001n);
  driver.poke(oldTable + 16 * 3 + 8, 0x0502n);
  assert.equal(driver.run(copyTranslationTables(driver.iommu, driver.kernel.release)), true);
  const copy = Number(driver.peek(root + 0x20)) - 1;
  assert.equal(driver.peek(copy + 16 * 3), 0x1234_5001n);
  assert.equal(driver.peek(copy + 16 * 3 + 8), 0x050an);
  assert.deepEqual([...driver.iommu.domainIds], [0, 5]);
});

test('entries that are not present are not copied, and reserve nothing', () => {
  const driver = withOldTables();
  driver.poke(oldTable + 8, 0x0902n);
  driver.run(copyTranslationTables(driver.iommu, driver.kernel.release));
  const copy = Number(driver.peek(root + 0x20)) - 1;
  assert.equal(driver.peek(copy + 8), 0n);
  assert.deepEqual([...driver.iommu.domainIds], [0]);
});

test('an id beyond the unit\'s is copied all the same, and not reserved', () => {
  const driver = withOldTables();
  driver.poke(oldTable, 0x1234_5001n);
  driver.poke(oldTable + 8, 0x1_0002n);
  driver.run(copyTranslationTables(driver.iommu, driver.kernel.release));
  assert.equal(driver.peek(Number(driver.peek(root + 0x20)) - 1 + 8), 0x1_000an);
  assert.deepEqual([...driver.iommu.domainIds], [0]);
});

test('all context tables are copied and written back before the root table leads to any', () => {
  const driver = withOldTables();
  driver.poke(oldRoot + 0x50, 0x20_3001n);
  driver.poke(oldTable, 0x1234_5001n);
  driver.poke(0x20_3000, 0x1234_6001n);
  driver.run(copyTranslationTables(driver.iommu, driver.kernel.release));
  const marks = driver.operations.filter((line) => /^(store64|write-back|[{}])/.test(line))
    .map((line) => line.split(' ').slice(0, 2).join(' '));
  const copies = [driver.peek(root + 0x20) - 1n, driver.peek(root + 0x50) - 1n].map((page) => page.toString(16));
  const tableOf = (page: string | undefined) => ['{ copy_context_table', `write-back 0x${page}`,
    `store64 0x${page}`, `store64 0x${page?.slice(0, -1)}8`, `write-back 0x${page}`, '} copy_context_table'];
  assert.deepEqual(marks, ['{ copy_translation_tables', ...tableOf(copies[0]), ...tableOf(copies[1]),
    'store64 0x300020', 'store64 0x300050', 'write-back 0x300000', '} copy_translation_tables']);
});

test('a table of another type, or none, cannot be taken over', () => {
  const driver = withOldTables();
  driver.setRegister(0x20, BigInt(oldRoot) + 0x800n);
  assert.equal(driver.run(copyTranslationTables(driver.iommu, driver.kernel.release)), false);
  driver.setRegister(0x20, 0n);
  assert.equal(driver.run(copyTranslationTables(driver.iommu, driver.kernel.release)), false);
});

/** The register writes and marks of init_dmars, with the numbers that matter. */
function startUp(isKdump: boolean, status: bigint, setup: ConstructorParameters<typeof KernelDriver>[0] = {}) {
  const driver = new KernelDriver({ ...setup, isKdump });
  driver.setRegister(0x1c, status, 4);
  driver.setRegister(0x20, BigInt(oldRoot));
  driver.run(intelIommuInit(driver.kernel));
  const marks = driver.operations.filter((line) => /^(write(32|64) |\{|\})/.test(line))
    .map((line) => line.replace(/^(write64 \+0x(?:20|90)) .*$/, '$1'));
  return { marks, logged: driver.logged.filter((line) => !/RMRR base|DRHD|Host address|reg_base/.test(line)) };
}

const before = ['DMAR: IOMMU enabled', 'DMAR: No RMRR found', 'DMAR: No ATSR found'];
const flushes = ['{ qi_flush_context', 'write32 +0x88 0x20', '} qi_flush_context', '{ qi_flush_iotlb',
  'write32 +0x88 0x40', '} qi_flush_iotlb'];
const interrupt = ['{ dmar_set_interrupt', 'write32 +0x3c 0x31', 'write32 +0x40 0xfee00000', 'write32 +0x44 0x0',
  'write32 +0x38 0x0', '} dmar_set_interrupt'];

test('the crashed kernel: queue, root table, global flushes, interrupt, and translation on at the end', () => {
  const { marks, logged } = startUp(false, 0n);
  assert.deepEqual(marks, [
    '{ init_dmars', '{ dmar_fault', '{ dmar_disable_qi', '{ dmar_enable_qi', 'write32 +0x88 0x0', 'write64 +0x90',
    'write32 +0x18 0x4000000', '} dmar_enable_qi', '{ iommu_set_root_entry', 'write64 +0x20',
    'write32 +0x18 0x44000000', '} iommu_set_root_entry', ...flushes, ...interrupt, 'write32 +0x18 0x84000000',
    'write32 +0x64 0x0', '} init_dmars',
  ].flatMap(closed));
  assert.deepEqual(logged, [...before, 'DMAR: dmar0: Using Queued invalidation', 'DMAR: Setting RMRR:',
    'DMAR: Intel(R) Virtualization Technology for Directed I/O']);
});

/** Routines that return early have their end right behind their beginning. */
function closed(line: string): readonly string[] {
  const early = ['dmar_fault', 'dmar_disable_qi'];
  return early.some((name) => line === `{ ${name}`) ? [line, line.replace('{', '}')] : [line];
}

test('the capture kernel: old queue off, tables copied, root switched with translation on all the time', () => {
  const { marks, logged } = startUp(true, 0x8400_0000n);
  assert.deepEqual(marks, [
    '{ init_dmars', '{ dmar_fault', '} dmar_fault', '{ dmar_disable_qi', 'write32 +0x18 0x80000000',
    '} dmar_disable_qi', '{ dmar_enable_qi', 'write32 +0x88 0x0', 'write64 +0x90', 'write32 +0x18 0x84000000',
    '} dmar_enable_qi', '{ copy_translation_tables', '} copy_translation_tables', '{ iommu_set_root_entry',
    'write64 +0x20', 'write32 +0x18 0xc4000000', '} iommu_set_root_entry', ...flushes, ...interrupt,
    'write32 +0x64 0x0', '} init_dmars',
  ]);
  assert.deepEqual(logged, [...before, 'DMAR: dmar0: Using Queued invalidation',
    'DMAR: Translation already enabled - trying to copy translation structures',
    'DMAR: Copied translation tables from previous kernel for dmar0',
    'DMAR: Intel(R) Virtualization Technology for Directed I/O']);
});

test('an ordinary kernel that finds translation on switches it off first and says so', () => {
  const { marks, logged } = startUp(false, 0x8000_0000n);
  const commands = marks.filter((line) => line.startsWith('write32 +0x18'));
  assert.deepEqual(commands, ['write32 +0x18 0x84000000', 'write32 +0x18 0x4000000', 'write32 +0x18 0x44000000',
    'write32 +0x18 0x84000000']);
  assert.ok(logged.includes('DMAR: Translation was enabled for dmar0 but we are not in kdump mode'));
});

test('without a queue the flushes go by registers, and the log says so', () => {
  const { marks, logged } = startUp(false, 0n, { ecap: usualEcap - 2n });
  // CCMD: ICC, global. IOTLB: IVT, global, write drain.
  assert.ok(marks.includes('write64 +0x28 0xa000000000000000'));
  assert.ok(marks.includes('write64 +0x208 0x9001000000000000'));
  assert.ok(!marks.some((line) => /\+0x(88|90)/.test(line)));
  assert.equal(logged[3], 'DMAR: dmar0: Using Register based invalidation');
});

test('RWBF: the write buffer is flushed before the root switch and before translation goes on', () => {
  const { marks } = startUp(false, 0n, { cap: usualCap + 0x10n });
  const commands = marks.filter((line) => line.startsWith('write32 +0x18'));
  assert.deepEqual(commands, ['write32 +0x18 0x4000000', 'write32 +0x18 0xc000000', 'write32 +0x18 0x44000000',
    'write32 +0x18 0xc000000', 'write32 +0x18 0x84000000']);
});

test('3.9 and 4.1: root table last, behind the entries; 3.9 takes GCMD for 0, 4.1 switches translation off first', () => {
  const last = [...interrupt, '{ iommu_set_root_entry', 'write64 +0x20', 'write32 +0x18 0x44000000',
    '} iommu_set_root_entry', ...flushes, 'write32 +0x18 0x84000000', 'write32 +0x64 0x0', '} init_dmars'];
  const queueOn = ['{ dmar_enable_qi', 'write32 +0x88 0x0', 'write64 +0x90', 'write32 +0x18 0x4000000', '} dmar_enable_qi'];
  const before41 = startUp(true, 0x8400_0000n, { release: 'linux-4.1' });
  assert.deepEqual(before41.marks, ['write32 +0x18 0x4000000', '{ init_dmars', '{ dmar_fault', '} dmar_fault',
    '{ dmar_disable_qi', 'write32 +0x18 0x0', '} dmar_disable_qi', ...queueOn, ...last]);
  const before39 = startUp(true, 0x8400_0000n, { release: 'linux-3.9' });
  assert.deepEqual(before39.marks.filter((line) => !line.startsWith('write32 +0x34')), ['{ init_dmars', '{ dmar_fault',
    '} dmar_fault', '{ dmar_disable_qi', 'write32 +0x18 0x0', '} dmar_disable_qi', ...queueOn, ...last]);
});

test('the words of 4.1 at start-up, with the prefix of each file', () => {
  const driver = new KernelDriver({ release: 'linux-4.1', options: 'intel_iommu=on,strict,forcedac' });
  driver.run(intelIommuInit(driver.kernel));
  assert.deepEqual(driver.logged, [
    'Intel-IOMMU: enabled', 'Intel-IOMMU: disable batched IOTLB flush', 'Intel-IOMMU: Forcing DAC for PCI devices',
    'dmar: Host address width 46', 'dmar: DRHD base: 0x000000f4ffe000 flags: 0x1',
    'dmar: IOMMU 0: reg_base_addr f4ffe000 ver 1:0 cap d2078c106f0462 ecap f020fe',
    'DMAR: No RMRR found', 'DMAR: No ATSR found', 'IOMMU 0 0xf4ffe000: using Queued invalidation',
    'IOMMU: Setting RMRR:', 'PCI-DMA: Intel(R) Virtualization Technology for Directed I/O',
  ]);
});

test('an ISA bridge gets the first 16 MiB at an ordinary start, and nothing from a capture kernel', () => {
  const bridge = 'device lpc 00:1f.0 { model isa-bridge }';
  const lines = ['Prepare 0-16MiB unity mapping for LPC', 'Setting identity map for device 0000:00:1f.0 [0x0 - 0xffffff]'];
  const log = (release: string): readonly string[] => playText(handoffText({ release, devices: bridge })
    .replace('crashed linux-4.9-rc5', `crashed ${release}`)).log;
  for (const [release, prefix, times] of [['linux-4.1', 'IOMMU: ', 2], ['linux-4.9-rc5', 'DMAR: ', 1]] as const) {
    for (const line of lines) {
      assert.equal(log(release).filter((printed) => printed === `${prefix}${line}`).length, times, `${release}: ${line}`);
    }
  }
});
