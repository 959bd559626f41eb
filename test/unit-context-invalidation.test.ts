/** Which context-cache entries each invalidation removes, by register and by queue (6.5.1.1, 6.5.2.1). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HardwareChoices } from '../src/vtd/choices.ts';
import { contextRegister, invalidateContext, ways, type ContextCommand } from './support/commands.ts';
import { UnitDriver, type Settings } from './support/unit-driver.ts';

/** Source-id and domain-id of each cached entry; 00:04.5 alone is in domain 6. */
const sources: Readonly<Record<string, readonly [number, number]>> = {
  '00:04.0': [0x0020, 5], '00:04.1': [0x0021, 5], '00:04.4': [0x0024, 5], '00:04.5': [0x0025, 6],
  '00:04.6': [0x0026, 5], '00:05.0': [0x0028, 5], '01:04.0': [0x0120, 5],
};
const everyone = Object.keys(sources);
const domainFive = everyone.filter((name) => name !== '00:04.5');

/** All sources cached through old entries; in memory the entries lead to another tree meanwhile. */
function filled(settings: Settings): UnitDriver {
  const driver = new UnitDriver(settings);
  const [before, after] = [driver.tree(), driver.tree()];
  before.map(0x5000, 0x20_0003n);
  before.map(0x6000, 0x21_0003n);
  after.map(0x6000, 0x31_0003n);
  driver.start();
  for (const [source, domain] of Object.values(sources)) {
    driver.context(source, before.pointer, BigInt(domain) * 256n + 2n);
    assert.equal(driver.dma(source, 0x5000), 'to 0x200000');
    driver.context(source, after.pointer, BigInt(domain) * 256n + 2n);
  }
  return driver;
}

/** The sources whose entry is gone: a page that is not in the IOTLB is found through memory's entry. */
function removed(driver: UnitDriver): readonly string[] {
  return everyone.filter((name) => {
    const source = sources[name]?.[0] ?? 0;
    assert.equal(driver.dma(source, 0x5000), 'to 0x200000', 'the IOTLB is not touched');
    return driver.dma(source, 0x6000) === 'to 0x310000';
  });
}

interface Case {
  readonly name: string;
  readonly command: ContextCommand;
  readonly choices?: Partial<HardwareChoices>;
  readonly gone: readonly string[];
  /** CAIG: what the unit says that it did. */
  readonly did: number;
}

const byDomain = { 'device-selective-context': 'by-domain' } as const;
const bySource = { 'device-selective-context': 'by-source' } as const;
const device = { granularity: 3, domain: 5, source: 0x0020 };

const cases: readonly Case[] = [
  { name: 'global', command: { granularity: 1, domain: 7 }, gone: everyone, did: 1 },
  { name: 'domain 5', command: { granularity: 2, domain: 5 }, gone: domainFive, did: 2 },
  { name: 'domain 6', command: { granularity: 2, domain: 6, source: 0x20 }, gone: ['00:04.5'], did: 2 },
  { name: 'domain 7', command: { granularity: 2, domain: 7 }, gone: [], did: 2 },
  { name: 'domain 7 run globally', command: { granularity: 2, domain: 7 },
    choices: { 'domain-selective-context': 'global' }, gone: everyone, did: 1 },
  { name: 'device', command: device, gone: ['00:04.0'], did: 3 },
  { name: 'device, wrong domain', command: { ...device, domain: 6 }, gone: [], did: 3 },
  { name: 'device, function bit 2 ignored', command: { ...device, functionMask: 1 },
    gone: ['00:04.0', '00:04.4'], did: 3 },
  { name: 'device, function bits 2:1 ignored', command: { ...device, functionMask: 2 },
    gone: ['00:04.0', '00:04.4', '00:04.6'], did: 3 },
  { name: 'device, function ignored', command: { ...device, functionMask: 3 },
    gone: ['00:04.0', '00:04.1', '00:04.4', '00:04.6'], did: 3 },
  { name: 'device, function ignored, of the other domain', command: { ...device, domain: 6, functionMask: 3 },
    gone: ['00:04.5'], did: 3 },
  { name: 'device by domain', command: device, choices: byDomain, gone: domainFive, did: 2 },
  { name: 'device by domain, wrong domain', command: { ...device, domain: 6 }, choices: byDomain,
    gone: ['00:04.5'], did: 2 },
  { name: 'device by source', command: device, choices: bySource, gone: ['00:04.0'], did: 3 },
  { name: 'device by source, wrong domain', command: { ...device, domain: 6 }, choices: bySource,
    gone: ['00:04.0'], did: 3 },
  { name: 'device by source, function ignored', command: { ...device, functionMask: 3 }, choices: bySource,
    gone: ['00:04.0', '00:04.1', '00:04.4', '00:04.5', '00:04.6'], did: 3 },
];

for (const { name, command, choices = {}, gone, did } of cases) {
  for (const way of ways) {
    test(`context cache, ${name}, by ${way}: removes [${gone.join(' ')}] and nothing else`, () => {
      const driver = filled({ choices });
      if (way === 'queue') driver.startQueue();
      invalidateContext(driver, way, command);
      if (way === 'registers') {
        const value = driver.read64(0x28);
        assert.equal(value / 2n ** 63n, 0n, 'ICC');
        assert.equal((value / 2n ** 59n) % 4n, BigInt(did), 'CAIG');
      }
      assert.deepEqual(removed(driver), gone);
    });
  }
}

test('domain-id bits above the width in CAP.ND are ignored in a command', () => {
  const choices = { 'device-selective-context': 'by-source-and-domain' } as const;
  for (const way of ways) {
    const driver = filled({ profile: 'sandy-bridge-ep', choices });
    if (way === 'queue') driver.startQueue();
    invalidateContext(driver, way, { granularity: 2, domain: 0xab06 });
    invalidateContext(driver, way, { ...device, domain: 0x0105 });
    assert.deepEqual(removed(driver), ['00:04.0', '00:04.5']);
  }
});

test('with all 16 bits implemented every one of them counts', () => {
  const driver = filled({});
  invalidateContext(driver, 'registers', { granularity: 2, domain: 0x0105 });
  assert.deepEqual(removed(driver), []);
});

test('CIRG 0 is no command: CAIG is 0 and nothing is removed (11.4.6)', () => {
  const driver = filled({});
  invalidateContext(driver, 'registers', { granularity: 0 });
  assert.equal(driver.read64(0x28) / 2n ** 59n, 0n);
  assert.deepEqual(removed(driver), []);
});

test('version 6 and later have no register-based invalidation', () => {
  for (const [version, gone] of [[0x50, everyone], [0x60, []]] as const) {
    const known = new UnitDriver().unit.core;
    const driver = filled({
      profile: {
        name: 'newer', about: 'ivy-bridge-ep of another version', version, choices: known.choices,
        capability: { low: 0x106f_0466, high: 0x00d2_078c }, extendedCapability: { low: 0x00f0_20de, high: 0 },
        departures: [],
      },
    });
    invalidateContext(driver, 'registers', { granularity: 1 });
    assert.equal((driver.read64(0x28) / 2n ** 59n) % 16n, version === 0x60 ? 4n : 5n);
    assert.deepEqual(removed(driver), gone);
  }
});

test('while the queue is on a register command is executed, or waits for ever, as the unit chooses', () => {
  const executes = filled({ choices: { 'register-invalidation-with-queue': 'executes' } });
  executes.startQueue();
  invalidateContext(executes, 'registers', { granularity: 1 });
  assert.deepEqual(removed(executes), everyone);
  const ignores = filled({ choices: { 'register-invalidation-with-queue': 'ignored' } });
  ignores.startQueue();
  invalidateContext(ignores, 'registers', { granularity: 1 });
  assert.equal(ignores.read64(0x28), contextRegister({ granularity: 1 }));
  assert.deepEqual(removed(ignores), []);
});

test('a command needs no translation to be on', () => {
  const driver = filled({});
  driver.levels(0);
  invalidateContext(driver, 'registers', { granularity: 2, domain: 5 });
  driver.levels(0x8000_0000);
  assert.deepEqual(removed(driver), domainFive);
});

test('a request that holds an old root entry does not refill the cache behind a global invalidation', () => {
  for (const way of ways) {
    const driver = new UnitDriver();
    const [before, after] = [driver.tree(), driver.tree()];
    before.map(0x5000, 0x20_0003n);
    after.map(0x5000, 0x30_0003n);
    driver.context(0x20, before.pointer, 0x0502n);
    driver.start();
    if (way === 'queue') driver.startQueue();
    driver.begin(0, 0x20, 0x5000);
    driver.step(0);
    driver.step(0);
    // The root entry moves to a table at 0x7000 between the request's two fetches.
    driver.poke(0x7000 + 16 * 0x20, after.pointer);
    driver.poke(0x7000 + 16 * 0x20 + 8, 0x0502n);
    driver.root(0, 0x7001n);
    invalidateContext(driver, way, { granularity: 1 });
    driver.finish(0, 0x5000);
    driver.unit.retire(0);
    driver.write64(0x208, 0x9000_0000_0000_0000n);
    driver.settle();
    assert.equal(driver.dma(0x20, 0x5000), 'to 0x300000', way);
  }
});
