/** Which IOTLB entries each invalidation removes, by register and by queue (6.5.1.2, 6.5.2.3). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HardwareChoices } from '../src/vtd/choices.ts';
import { invalidateIotlb, iotlbRegister, ways, type IotlbCommand } from './support/commands.ts';
import { noPageSelective } from './support/custom-profiles.ts';
import { UnitDriver, type Settings } from './support/unit-driver.ts';

/** Two devices of domain 5 and one of domain 6, with the same addresses. */
const devices = { a: [0x0020, 5], b: [0x0128, 5], c: [0x0021, 6] } as const;
const small = [0x5000, 0x6000, 0x7000, 0x8000];
const huge = 0x4000_0000;
const giant = 0x1_0000_0000;

/** All entries cached; memory maps every page elsewhere meanwhile. */
function filled(settings: Settings): UnitDriver {
  const driver = new UnitDriver(settings);
  driver.start();
  for (const [source, domain] of Object.values(devices)) {
    const tree = driver.tree();
    driver.context(source, tree.pointer, BigInt(domain) * 256n + 2n);
    for (const moved of [0n, 0x1000_0000_0000n]) {
      for (const address of small) tree.map(address, 0x20_0003n + moved);
      tree.map(huge, 0x4000_0083n + moved, 2);
      tree.map(giant, 0x4000_0083n + moved, 3);
      if (moved === 0n) for (const address of [...small, huge, giant]) driver.dma(source, address);
    }
  }
  return driver;
}

/** What is gone, as `device page`. */
function removed(driver: UnitDriver): readonly string[] {
  return Object.entries(devices).flatMap(([name, [source]]) => [...small, huge, giant]
    .filter((address) => driver.dma(source, address).startsWith('to 0x1000'))
    .map((address) => `${name} ${address.toString(16)}`));
}

function both(...addresses: readonly number[]): readonly string[] {
  return ['a', 'b'].flatMap((name) => addresses.map((address) => `${name} ${address.toString(16)}`));
}

const all = [...small, huge, giant];
const domainSix = all.map((address) => `c ${address.toString(16)}`);
const page = { granularity: 3, domain: 5 };
const removes = { 'partial-superpage-invalidation': 'removes' } as const;
const keeps = { 'partial-superpage-invalidation': 'keeps' } as const;

interface Case {
  readonly name: string;
  readonly command: IotlbCommand;
  readonly choices?: Partial<HardwareChoices>;
  readonly gone: readonly string[];
}

const cases: readonly Case[] = [
  { name: 'global', command: { granularity: 1, domain: 7 }, gone: [...both(...all), ...domainSix] },
  { name: 'domain 5', command: { granularity: 2, domain: 5, address: 0x5000 }, gone: both(...all) },
  { name: 'domain 6', command: { granularity: 2, domain: 6 }, gone: domainSix },
  { name: 'domain 7', command: { granularity: 2, domain: 7 }, gone: [] },
  { name: 'page, mask 0', command: { ...page, address: 0x5000 }, gone: both(0x5000) },
  { name: 'page of domain 6', command: { ...page, domain: 6, address: 0x5000 }, gone: ['c 5000'] },
  { name: 'page that is not cached', command: { ...page, address: 0x9000 }, gone: [] },
  { name: 'mask 1 from an aligned page', command: { ...page, address: 0x6000, mask: 1 }, gone: both(0x6000, 0x7000) },
  { name: 'mask 1 from an odd page', command: { ...page, address: 0x7000, mask: 1 }, gone: both(0x6000, 0x7000) },
  { name: 'mask 2', command: { ...page, address: 0x6000, mask: 2 }, gone: both(0x5000, 0x6000, 0x7000) },
  { name: 'mask 3', command: { ...page, address: 0, mask: 3 }, gone: both(0x5000, 0x6000, 0x7000) },
  { name: 'mask 4', command: { ...page, address: 0, mask: 4 }, gone: both(0x5000, 0x6000, 0x7000, 0x8000) },
  { name: 'mask 9 on a 2 MiB page', command: { ...page, address: huge, mask: 9 }, choices: keeps, gone: both(huge) },
  { name: 'mask 9 beside a 2 MiB page', command: { ...page, address: huge + 2 ** 21, mask: 9 }, choices: removes,
    gone: [] },
  { name: 'mask 9 in the first 2 MiB', command: { ...page, address: 0x1f_f000, mask: 9 }, choices: keeps,
    gone: both(...small) },
  { name: 'mask 18 over a 2 MiB page', command: { ...page, address: huge, mask: 18 }, choices: keeps, gone: both(huge) },
  { name: 'mask 18 on a 1 GiB page', command: { ...page, address: giant, mask: 18 }, choices: keeps,
    gone: both(giant) },
  { name: 'mask 0 in a 2 MiB page that goes', command: { ...page, address: huge + 0x5000 }, choices: removes,
    gone: both(huge) },
  { name: 'mask 0 in a 2 MiB page that stays', command: { ...page, address: huge + 0x5000 }, choices: keeps, gone: [] },
  { name: 'mask 9 in a 1 GiB page that goes', command: { ...page, address: giant + 2 ** 22, mask: 9 },
    choices: removes, gone: both(giant) },
  { name: 'mask 9 in a 1 GiB page that stays', command: { ...page, address: giant + 2 ** 22, mask: 9 },
    choices: keeps, gone: [] },
];

for (const { name, command, choices = {}, gone } of cases) {
  for (const way of ways) {
    test(`IOTLB, ${name}, by ${way}: removes [${gone.join(' ')}] and nothing else`, () => {
      const driver = filled({ choices });
      if (way === 'queue') driver.startQueue();
      invalidateIotlb(driver, way, command);
      if (way === 'registers') {
        const value = driver.read64(0x208);
        assert.equal(value / 2n ** 63n, 0n, 'IVT');
        assert.equal((value / 2n ** 57n) % 4n, BigInt(command.granularity), 'IAIG');
      }
      assert.deepEqual(removed(driver), gone);
    });
  }
}

test('domain-id bits above the width in CAP.ND are ignored in a command', () => {
  for (const way of ways) {
    const driver = filled({ profile: 'sandy-bridge-ep', choices: { 'set-root-pointer': 'keeps-caches' } });
    if (way === 'queue') driver.startQueue();
    invalidateIotlb(driver, way, { granularity: 2, domain: 0x0106 });
    invalidateIotlb(driver, way, { granularity: 3, domain: 0xff05, address: 0x5000 });
    assert.deepEqual(removed(driver), ['a 5000', 'b 5000', ...domainSix]);
  }
});

test('address bits above MGAW are ignored in a command', () => {
  for (const way of ways) {
    const driver = filled({});
    if (way === 'queue') driver.startQueue();
    invalidateIotlb(driver, way, { ...page, address: 2 ** 50 + 0x5000 });
    assert.deepEqual(removed(driver), both(0x5000));
    // MGAW is 48: bit 47 is the last that counts.
    invalidateIotlb(driver, way, { ...page, address: 2 ** 47 + 0x6000 });
    assert.deepEqual(removed(driver), both(0x5000));
  }
});

test('the hint that no table changed (IH) makes no difference to the IOTLB', () => {
  for (const way of ways) {
    const driver = filled({});
    if (way === 'queue') driver.startQueue();
    invalidateIotlb(driver, way, { ...page, address: 0x5040, mask: 0 });
    assert.deepEqual(removed(driver), both(0x5000));
  }
});

test('by register: a mask above MAMV and IIRG 0 do nothing, and IAIG says so (11.4.6)', () => {
  for (const command of [{ ...page, address: 0, mask: 19 }, { granularity: 0, domain: 5 }]) {
    const driver = filled({});
    invalidateIotlb(driver, 'registers', command);
    assert.equal((driver.read64(0x208) / 2n ** 57n) % 4n, 0n);
    assert.deepEqual(removed(driver), []);
  }
});

test('by register: a unit without page-selective invalidation takes the whole domain, and says so', () => {
  const driver = filled({ profile: noPageSelective });
  invalidateIotlb(driver, 'registers', { ...page, address: 0x5000 });
  assert.equal((driver.read64(0x208) / 2n ** 57n) % 4n, 2n);
  assert.deepEqual(removed(driver), both(...all));
});

test('by register: nothing happens in another table mode than legacy', () => {
  const driver = filled({});
  driver.setRoot(0x1400n);
  invalidateIotlb(driver, 'registers', { granularity: 1 });
  assert.equal((driver.read64(0x208) / 2n ** 57n) % 4n, 0n);
  driver.setRoot();
  assert.deepEqual(removed(driver), []);
});

test('while the queue is on a register command is executed, or waits for ever, as the unit chooses', () => {
  const executes = filled({ choices: { 'register-invalidation-with-queue': 'executes' } });
  executes.startQueue();
  invalidateIotlb(executes, 'registers', { granularity: 2, domain: 6 });
  assert.deepEqual(removed(executes), domainSix);
  const ignores = filled({ choices: { 'register-invalidation-with-queue': 'ignored' } });
  ignores.startQueue();
  invalidateIotlb(ignores, 'registers', { granularity: 1 });
  assert.equal(ignores.read64(0x208), iotlbRegister({ granularity: 1 }));
  assert.deepEqual(removed(ignores), []);
});

test('an IOTLB invalidation leaves the context cache alone', () => {
  const driver = filled({});
  driver.root(0, 0n);
  driver.root(1, 0n);
  invalidateIotlb(driver, 'registers', { granularity: 1 });
  assert.deepEqual(removed(driver), [...both(...all), ...domainSix]);
});
