// Protects a unit that is taken over as it was found (an image of hardware): what its registers read is in
// force, what was waiting goes on, and what a reading cannot tell is not made up.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceIdOf, word } from '../src/base/word.ts';
import { iotlbDescriptor, waitDescriptor } from './support/commands.ts';
import { UnitDriver, type Settings } from './support/unit-driver.ts';

/** As found with the given readings; root table at 0x1000, its bus 0 at 0x2000. */
function found(readings: Readonly<Record<string, bigint>>, prepare: (driver: UnitDriver) => void = () => {}, settings: Settings = {}): UnitDriver {
  const driver = new UnitDriver(settings);
  prepare(driver);
  driver.unit.standAs(new Map(Object.entries(readings).map(([name, value]) => [name, word(value)])));
  return driver;
}

const translating = { GSTS: 0xc000_0000n, RTADDR: 0x1000n };

test('translation is on with the root table that was in force', () => {
  const driver = found(translating, (it) => {
    const tree = it.tree();
    tree.map(0xffff_f000, 0x20_0003n);
    it.context(0x18, tree.pointer, 0x302n);
  });
  assert.equal(driver.dma(0x18, 0xffff_f000), 'to 0x200000');
  assert.equal(driver.dma(0x19, 0xffff_f000), 'blocked 0x2');
  // The next fault stands behind the first: nothing was pending when the unit was found.
  assert.equal(driver.read64(driver.faultOffset + 8) % 65536n, 0x19n);
});

test('a unit that was off lets everything through', () => {
  assert.equal(found({ GSTS: 0n, RTADDR: 0x1000n }).dma(0x18, 0xffff_f000), 'to 0xfffff000');
});

test('a pointer that was written and not yet taken is not in force', () => {
  const driver = found({ GSTS: 0x8000_0000n, RTADDR: 0x1000n }, (it) => {
    it.context(0x18, it.tree().pointer, 0x302n);
  });
  // The root table of reset is at 0, where nothing is present.
  assert.equal(driver.dma(0x18, 0x1000), 'blocked 0x1');
  assert.equal(driver.read64(0x20), 0x1000n);
});

test('descriptors that were waiting are carried out; a queue that was off stays so', () => {
  const waiting = (it: UnitDriver): void => {
    const [low, high] = waitDescriptor(0x5000, 7);
    it.poke(0x9000 + 16 * 3, low);
    it.poke(0x9000 + 16 * 3 + 8, high);
  };
  const queue = { ...translating, IQA: 0x9000n, IQH: 0x30n, IQT: 0x40n };
  const on = found({ ...queue, GSTS: 0xc400_0000n }, waiting);
  on.settle();
  assert.deepEqual([on.peek(0x5000), on.read64(0x80)], [7n, 0x40n]);
  const off = found(queue, waiting);
  off.settle();
  assert.deepEqual([off.peek(0x5000), off.read64(0x80)], [0n, 0x30n]);
});

test('a queue that is switched off only behind a wait: what was last is in its memory', () => {
  // QEMU's unit heeds the command only then.
  const off = (last: readonly [bigint, bigint]): number => {
    const driver = found({ ...translating, GSTS: 0xc400_0000n, IQA: 0x9000n, IQH: 0x10n, IQT: 0x10n }, (it) => {
      it.poke(0x9000, last[0]);
      it.poke(0x9008, last[1]);
    }, { profile: 'qemu-39', hostAddressWidth: 39 });
    driver.write32(0x18, 0x8000_0000);
    driver.settle();
    return driver.read32(0x1c);
  };
  assert.equal(off(waitDescriptor(0x5000, 7)), 0xc000_0000);
  assert.equal(off(iotlbDescriptor({ granularity: 1 })), 0xc400_0000);
});

test('faults that were pending stay, and the next one goes behind them', () => {
  const pendingHigh = 0xc000_0006_0000_0018n;
  const driver = found({
    ...translating, FSTS: 0x202n, 'FRCD2.lo': 0xffff_e000n, 'FRCD2.hi': pendingHigh, 'FRCD3.hi': pendingHigh,
  }, (it) => it.root(0, 0x2001n));
  assert.equal(driver.record(2), '0xc000000600000018 0xffffe000');
  driver.dma(0x20, 0x7000);
  assert.equal(driver.record(4), '0xc000000200000020 0x7000');
  assert.equal(driver.read32(0x34), 0x202);
});

test('capabilities stay the unit\'s own, and no command is under way', () => {
  const fresh = new UnitDriver();
  const driver = found({
    VER: 0x50n, CAP: 0n, ECAP: 0n, GCMD: 0xffff_ffffn, CCMD: 0xa000_0000_0000_0000n, IOTLB: 0x9000_0000_0000_0000n,
    'no register': 1n, PQH: 0x20n,
  });
  driver.settle();
  for (const offset of [0x00, 0x08, 0x10, 0x28, driver.iotlbOffset + 8]) {
    assert.equal(driver.read64(offset), fresh.read64(offset), `0x${offset.toString(16)}`);
  }
  assert.equal(driver.read32(0x1c), 0);
  assert.equal(driver.happenings('invalidate').length, 0);
});

test('interrupts go by the table that was in force', () => {
  const remapped = (size: bigint): string => {
    const driver = found({ GSTS: 0x0300_0000n, IRTA: 0x7000n + size }, (it) => {
      it.poke(0x7000 + 16 * 5, 0x0300_0055_0001n);
      it.poke(0x7000 + 16 * 5 + 8, 0n);
    });
    // A remappable request for entry 5.
    const answer = driver.unit.interrupt({ source: sourceIdOf(0x18), address: 0xfee0_00b0, data: 0, cause: -1 });
    return answer.kind === 'delivered' ? answer.data.toString(16) : `reason ${answer.reason.code.toString(16)}`;
  };
  // Entries are counted as 2^(S + 1).
  assert.equal(remapped(2n), '55');
  assert.equal(remapped(1n), 'reason 21');
});
