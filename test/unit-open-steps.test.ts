// Protects what an exploration asks a unit: in how many ways the next step of a request may find the caches,
// what each way drops, how far a walk has come, and what the fingerprint tells apart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { word } from '../src/base/word.ts';
import { capabilityProblem } from '../src/vtd/capability-problem.ts';
import { UnitDriver, type Settings } from './support/unit-driver.ts';

const source = 0x18;
const page = 0xffff_f000;

/** Translation on; the source's page at 0x20_0000. */
function translating(settings: Settings = {}): UnitDriver {
  const driver = new UnitDriver(settings);
  const tree = driver.tree();
  tree.map(page, 0x20_0003n);
  tree.map(page - 0x1000, 0x30_0003n);
  driver.context(source, tree.pointer, 0x102n);
  driver.start();
  return driver;
}

const keepsAll: Settings = { choices: { 'paging-structure-cache': 'kept' } };

/** How many ways the look-up of the page has, after what `prepare` did. */
function ways(driver: UnitDriver, address = page): number {
  driver.begin(1, source, address);
  const count = driver.unit.evictionWays(1);
  driver.unit.retire(1);
  return count;
}

test('as many ways as combinations of what may be gone: nothing cached one, a context entry two, with structures four', () => {
  const driver = translating(keepsAll);
  assert.equal(ways(driver), 1);
  driver.dma(source, page);
  // The IOTLB answers; or it does not, and then context entry and structures are there or not.
  assert.equal(ways(driver), 5);
  // The neighbour's translation is not cached, context entry and structures are.
  assert.equal(ways(driver, page - 0x1000), 4);
  const without = translating({ choices: { 'paging-structure-cache': 'none' } });
  without.dma(source, page);
  assert.equal(ways(without), 3);
  assert.equal(ways(without, page - 0x1000), 2);
  // One cached structure entry is enough.
  const one = translating(keepsAll);
  one.begin(0, source, page);
  one.step(0);
  one.step(0);
  one.step(0);
  one.step(0);
  assert.equal(ways(one), 4);
});

test('each way drops what it says and nothing else', () => {
  const left = (way: number): readonly boolean[] => {
    const driver = translating(keepsAll);
    driver.dma(source, page);
    driver.begin(1, source, page);
    driver.unit.evict(1, way);
    const { iotlb, contextCache, structures } = driver.unit.core;
    return [iotlb.size > 0, contextCache.size > 0, structures.size > 0];
  };
  assert.deepEqual(left(0), [true, true, true]);
  assert.deepEqual(left(1), [false, true, true]);
  assert.deepEqual(left(2), [false, true, false]);
  assert.deepEqual(left(3), [false, false, true]);
  assert.deepEqual(left(4), [false, false, false]);
});

test('a request under way has one way and loses nothing', () => {
  const driver = translating(keepsAll);
  driver.dma(source, page - 0x1000);
  driver.begin(1, source, page);
  driver.step(1);
  assert.equal(driver.unit.evictionWays(1), 1);
  driver.unit.evict(1, 1);
  assert.equal(driver.unit.core.contextCache.size, 1);
});

test('progress: 0 before the look-up, 1 for root and context entries, then one more than the level', () => {
  const driver = translating();
  assert.equal(driver.unit.progressOf(1), 0);
  driver.begin(1, source, page);
  const seen = [driver.unit.progressOf(1)];
  for (let step = 0; step < 5; step += 1) {
    driver.step(1);
    seen.push(driver.unit.progressOf(1));
  }
  assert.deepEqual(seen, [0, 1, 1, 5, 4, 3]);
});

/** Two units at the same fetch, one by way of a cached context entry, the other without; whether they count as one state. */
function sameState(judging: boolean): boolean {
  const prints = [true, false].map((cached) => {
    const driver = translating({ recording: true, judging });
    driver.dma(source, page - 0x1000);
    // The walk without the entry fills it again, so that the caches are the same.
    driver.begin(1, source, page);
    if (!cached) driver.unit.evict(1, 1);
    while (driver.unit.progressOf(1) !== 4) driver.step(1);
    return driver.journal.fingerprint();
  });
  return JSON.stringify(prints[0]) === JSON.stringify(prints[1]);
}

test('whether a walk relied on a cached entry is part of the state where answers are judged, and only there', () => {
  assert.equal(sameState(true), false);
  assert.equal(sameState(false), true);
});

test('time set aside: a drained request does not wake a queue that is to move by itself', () => {
  const driver = translating();
  driver.agenda.setTimeAside(false);
  driver.startQueue();
  driver.begin(1, source, page);
  driver.finish(1, page);
  // IOTLB, global, with both drains; then a wait that writes 7.
  driver.post([0xd2n, 0n], [0x7_0000_0025n, 0x5000n]);
  const acts = (): number => driver.agenda.settle(8);
  const before = acts();
  driver.unit.retire(1);
  assert.ok(before > 0);
  acts();
  assert.equal(driver.peek(0x5000), 7n);
});

test('a unit that nobody watches empties its caches at a command if there is one entry or one walk to lose', () => {
  const emptied = (prepare: (driver: UnitDriver) => void): readonly number[] => {
    const driver = translating({
      recording: false, choices: { 'set-root-pointer': 'empties-caches', 'paging-structure-cache': 'kept' },
    });
    prepare(driver);
    driver.setRoot();
    const { iotlb, contextCache, structures } = driver.unit.core;
    return [iotlb.size, contextCache.size, structures.size, driver.unit.progressOf(1)];
  };
  assert.deepEqual(emptied((driver) => driver.dma(source, page)), [0, 0, 0, 0]);
  // A walk that has fetched its root entry only.
  assert.deepEqual(emptied((driver) => {
    driver.begin(1, source, page);
    driver.step(1);
  }), [0, 0, 0, 0]);
});

test('capabilities that no unit has, each told from one that just may be', () => {
  const usual = { capability: 0xd2_078c_106f_0466n, extendedCapability: 0xf0_20den };
  const problem = (change: Partial<typeof usual>): string | undefined => {
    const { capability, extendedCapability } = { ...usual, ...change };
    return capabilityProblem({ capability: word(capability), extendedCapability: word(extendedCapability) });
  };
  const mgaw = (bits: bigint): bigint => usual.capability - (usual.capability / 2n ** 16n % 64n) * 2n ** 16n + (bits - 1n) * 2n ** 16n;
  const iro = (units: bigint): bigint => usual.extendedCapability - (usual.extendedCapability / 256n % 1024n) * 256n + units * 256n;
  const fro = (units: bigint, records: bigint): bigint => usual.capability
    - (usual.capability / 2n ** 24n % 1024n) * 2n ** 24n + units * 2n ** 24n
    - (usual.capability / 2n ** 40n % 256n) * 2n ** 40n + (records - 1n) * 2n ** 40n;
  assert.equal(problem({}), undefined);
  assert.deepEqual([mgaw(30n), mgaw(57n)].map((capability) => problem({ capability })), [undefined, undefined]);
  assert.equal(problem({ capability: mgaw(29n) }), 'CAP.MGAW is 29 bits, not 30 to 57');
  assert.equal(problem({ capability: mgaw(58n) }), 'CAP.MGAW is 58 bits, not 30 to 57');
  assert.deepEqual([problem({ extendedCapability: iro(12n) }), problem({ extendedCapability: iro(11n) })],
    [undefined, 'ECAP.IRO is too small']);
  assert.deepEqual([problem({ extendedCapability: iro(255n) }), problem({ extendedCapability: iro(256n) })],
    [undefined, 'ECAP.IRO is beyond the page of the unit']);
  assert.deepEqual([problem({ capability: fro(12n, 1n) }), problem({ capability: fro(11n, 1n) })],
    [undefined, 'CAP.FRO is too small']);
  assert.deepEqual([problem({ capability: fro(255n, 1n) }), problem({ capability: fro(255n, 2n) })],
    [undefined, 'CAP.FRO is beyond the page of the unit']);
  // IRO of this unit is 0x200: IVA and IOTLB take 16 bytes from there.
  assert.deepEqual([problem({ capability: fro(31n, 1n), extendedCapability: iro(32n) }),
    problem({ capability: fro(31n, 2n), extendedCapability: iro(32n) }),
    problem({ capability: fro(33n, 1n), extendedCapability: iro(32n) })],
  [undefined, 'CAP.FRO and ECAP.IRO overlap', undefined]);
});
