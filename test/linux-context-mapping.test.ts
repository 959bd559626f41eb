// Protects the handoff routine: every store, write-back and flush of domain_context_mapping_one, in the
// order of 4.9-rc5 and of patch v2, in each of its branches.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, bytesOf, sourceIdOf } from '../src/base/word.ts';
import { domainContextMappingOne } from '../src/linux/iommu/context-mapping.ts';
import { KernelDriver, usualCap, usualEcap, type Setup } from './support/kernel-driver.ts';

const root = 0x5_0000;
const table = 0x6_0000;
/** Bus 2 in the root table, 16 bytes an entry; device 0 function 0 in its context table. */
const rootEntry = '0x50020';
const low = '0x60000';
const high = '0x60008';
/** P; the copied mark is bit 67, the domain-id bits 87:72, the width bits 66:64. */
const copiedLow = 0x4_1001n;
const copiedHigh = 0x000d_0an;

/** The operations for a device that has an entry with these halves; null: its bus has no table. */
function mapped(entry: readonly [bigint, bigint] | null, setup: Setup = {}): KernelDriver {
  const driver = new KernelDriver(setup);
  const domain = driver.domain(7);
  // A fixed place for the table, so that the expected lines can name it.
  Object.assign(domain, { pgd: addressOf(0x7_0000) });
  driver.iommu.rootTable = addressOf(root);
  if (entry !== null) {
    driver.poke(root + 0x20, BigInt(table) + 1n);
    driver.poke(table, entry[0]);
    driver.poke(table + 8, entry[1]);
  }
  driver.run(domainContextMappingOne(driver.driver, domain, sourceIdOf(0x0200)));
  return driver;
}

const lookUp = [`load64 ${rootEntry}`, `load64 ${low}`, `load64 ${high}`];
/** Clear, low half first; id; root; id and width; root and P, last. */
const rewrite = [
  `store64 ${low} 0x0`, `store64 ${high} 0x0`, `store64 ${high} 0x700`, `store64 ${low} 0x70000`,
  `store64 ${high} 0x702`, `store64 ${low} 0x70001`,
];
const writeBack = [`write-back ${low} 16`];

function whole(lines: readonly string[]): readonly string[] {
  return ['{ domain_context_mapping_one', ...lines, '} domain_context_mapping_one'];
}

/** CCMD at 0x28: ICC, device-selective, source 0x0200; IOTLB at 0x208: IVT, domain-selective, DW. */
function registerFlush(contextId: string, iotlbId: string): readonly string[] {
  return [
    '{ __iommu_flush_context', `write64 +0x28 0xe00000000200${contextId}`, 'wait register-equals',
    '} __iommu_flush_context', '{ __iommu_flush_iotlb', `write64 +0x208 0xa001${iotlbId}00000000`,
    'wait register-equals', '} __iommu_flush_iotlb',
  ];
}

test('an empty entry is written in the kernel\'s order and written back, and nothing is flushed', () => {
  assert.deepEqual(mapped([0n, 0n]).operations, whole([...lookUp, ...rewrite, ...writeBack]));
  assert.deepEqual(mapped([0n, 0n], { release: 'patch-v2' }).operations,
    whole([...lookUp, ...rewrite, ...writeBack]));
});

test('a bus without a table gets one, zeroed and written back before the root entry leads to it', () => {
  const driver = mapped(null);
  const [made = 0n] = [driver.peek(root + 0x20)];
  const page = `0x${(made - 1n).toString(16)}`;
  assert.deepEqual(driver.operations.slice(0, 7), [
    '{ domain_context_mapping_one', `load64 ${rootEntry}`, `clear ${page} 4096`, `write-back ${page} 4096`,
    `store64 ${rootEntry} 0x${made.toString(16)}`, `write-back ${rootEntry} 8`, `load64 ${page}`,
  ]);
  assert.equal(driver.peek(Number(made - 1n)), 0x7_0001n);
});

test('an entry that is present and not copied is left alone', () => {
  for (const release of ['linux-4.9-rc5', 'patch-v2']) {
    assert.deepEqual(mapped([0x4_1001n, 0x0d02n], { release }).operations, whole(lookUp));
  }
});

test('linux-4.9-rc5 overwrites a copied entry without a flush', () => {
  assert.deepEqual(mapped([copiedLow, copiedHigh]).operations, whole([...lookUp, ...rewrite, ...writeBack]));
});

test('patch-v2 flushes context cache and IOTLB of the old id before it overwrites a copied entry', () => {
  // Without a queue, by the registers.
  assert.deepEqual(mapped([copiedLow, copiedHigh], { release: 'patch-v2' }).operations,
    whole([...lookUp, ...registerFlush('000d', '000d'), ...rewrite, ...writeBack]));
});

test('patch-v2 by the queue: the same flushes, each complete before the next step', () => {
  const { operations } = mapped([copiedLow, copiedHigh], { release: 'patch-v2', queue: true });
  const marks = operations.filter((line) => /^[{}w] ?|^store64 0x600/.test(line) && !line.startsWith('write-back'));
  assert.deepEqual(marks, whole([
    '{ qi_flush_context', 'write32 +0x88 0x20', 'wait memory-equals register-any', '} qi_flush_context',
    '{ qi_flush_iotlb', 'write32 +0x88 0x40', 'wait memory-equals register-any', '} qi_flush_iotlb',
    ...rewrite,
  ]));
  // Type 1, granularity 3, id 13, source 0x0200; type 2, granularity 2, both drains, id 13.
  assert.ok(operations.some((line) => line.endsWith(' 0x200000d0031')));
  assert.ok(operations.some((line) => line.endsWith(' 0xd00e2')));
});

test('an old id that this unit does not have is not flushed: the kernel\'s own limit', () => {
  // ND 0 in CAP: 16 ids. The copied entry has 0x10, then 0x0f.
  const setup = { release: 'patch-v2', cap: usualCap - 2n };
  assert.deepEqual(mapped([copiedLow, 0x100an], setup).operations, whole([...lookUp, ...rewrite, ...writeBack]));
  assert.deepEqual(mapped([copiedLow, 0x0f0an], setup).operations,
    whole([...lookUp, ...registerFlush('000f', '000f'), ...rewrite, ...writeBack]));
});

test('a unit in caching mode is flushed after the write: the context by id 0, the IOTLB by the new id', () => {
  const setup = { cap: usualCap + 0x80n };
  assert.deepEqual(mapped([0n, 0n], setup).operations,
    whole([...lookUp, ...rewrite, ...writeBack, ...registerFlush('0000', '0007')]));
  assert.deepEqual(mapped([copiedLow, copiedHigh], { ...setup, release: 'patch-v2' }).operations,
    whole([...lookUp, ...registerFlush('000d', '000d'), ...rewrite, ...writeBack, ...registerFlush('0000', '0007')]));
});

test('a unit that asks for it gets a write-buffer flush at the end', () => {
  assert.deepEqual(mapped([0n, 0n], { cap: usualCap + 0x10n }).operations,
    whole([...lookUp, ...rewrite, ...writeBack, 'write32 +0x18 0x8000000', 'wait register-equals']));
});

test('a unit that snoops needs no write-back', () => {
  assert.deepEqual(mapped([0n, 0n], { ecap: usualEcap + 1n }).operations, whole([...lookUp, ...rewrite]));
});

test('an old entry leaves nothing behind in the new one, though the setters only add bits', () => {
  const driver = mapped([0xffff_ffff_ffff_f001n, 0xffff0an]);
  assert.equal(driver.peek(table), 0x7_0001n);
  assert.equal(driver.peek(table + 8), 0x702n);
  assert.equal(bytesOf(addressOf(table)), 0x6_0000);
});
