/**
 * What the recorded unit does beyond what the recorded programs of this repository show: each as a program
 * of its own, with the recorded unit's answer, and the specification's where that is another one.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  dma, fileWith, memoryRead, memoryWrite, only, registerRead, registerWrite,
} from './support/vector-file.ts';

interface Unit {
  readonly registers?: object;
  readonly addressBits?: 39 | 48;
}

/** With interrupt remapping, as `intremap=on` has it. */
const remapping: Unit = { registers: { ECAP: '0xf00f4a' } };
/** `device-iotlb=on`, and `snoop-control=on`. */
const deviceTlb: Unit = { registers: { CAP: '0xd2008c222f0606', ECAP: '0xfc6' }, addressBits: 48 };
const wide: Unit = { registers: { CAP: '0xd2008c222f0606' }, addressBits: 48 };

/** Which profiles agree with the answers of the program. */
function agreeing(steps: readonly object[], { registers = {}, addressBits = 39 }: Unit = {}): string {
  const file = fileWith(steps, [], registers, { 'aw-bits': addressBits });
  return (['qemu', 'specification'] as const).filter((profile) => only(file, profile).kind === 'passed').join(' ');
}

const both = 'qemu specification';
const [recorded, specified] = ['qemu', 'specification'];

/** Root table at 0x100000, context table behind it, SRTP. */
function tables(contextLow: bigint, contextHigh: bigint): readonly object[] {
  return [
    memoryWrite(0x10_0000, 0x10_1001n, 0n), memoryWrite(0x10_1200, contextLow, contextHigh),
    registerWrite(0x20, 64, 0x10_0000n), registerWrite(0x18, 32, 0x4000_0000n),
  ];
}

const translationOn = registerWrite(0x18, 32, 0x8000_0000n);

/** A three-level table at 0x102000 with one leaf for page 0x40; `level` says where it is. */
function leaf(entry: bigint, level: 1 | 2 | 3 = 1): readonly object[] {
  return [
    ...level === 3 ? [memoryWrite(0x10_2000, entry)] : [memoryWrite(0x10_2000, 0x10_3003n)],
    ...level === 2 ? [memoryWrite(0x10_3000, entry)] : [memoryWrite(0x10_3000, 0x10_4003n)],
    ...level === 1 ? [memoryWrite(0x10_4200, entry)] : [],
  ];
}

const threeLevels = tables(0x10_2001n, 0x101n);
const page = 0x4_0000n;
const wait = (data: bigint, address = 0x10_6000n): readonly [bigint, bigint] => [0x25n + data * 2n ** 32n, address];

/** Queue of one page at 0x105000, on, with these descriptors and the tail behind them. */
function queue(...descriptors: readonly (readonly [bigint, bigint])[]): readonly object[] {
  return [
    registerWrite(0x90, 64, 0x10_5000n), registerWrite(0x18, 32, 0x400_0000n),
    ...descriptors.map(([low, high], index) => memoryWrite(0x10_5000 + 16 * index, low, high)),
    registerWrite(0x88, 64, BigInt(16 * descriptors.length)),
  ];
}

/** The head stands at `index`, and IQE is set or not. */
function queueStands(index: number, error: boolean): readonly object[] {
  return [registerRead(0x80, 64, BigInt(16 * index)), registerRead(0x34, 32, error ? 0x10n : 0n)];
}

test('pointer bits above the host\'s width are read back and not used', () => {
  const high = 0xff_ff00_0000_0000n;
  assert.equal(agreeing([
    ...leaf(0x20_0003n), ...threeLevels, registerWrite(0x20, 64, 0x10_0000n + high),
    registerRead(0x20, 64, 0x10_0000n + high), registerWrite(0x18, 32, 0x4000_0000n), translationOn,
    dma('read', page, 'ok'),
  ]), recorded);
  assert.equal(agreeing([
    registerWrite(0x90, 64, 0x10_5000n + high), registerWrite(0x18, 32, 0x400_0000n),
    memoryWrite(0x10_5000, ...wait(7n)), registerWrite(0x88, 64, 0x10n), ...queueStands(1, false),
    memoryRead(0x10_6000, 7n), registerRead(0x90, 64, 0x10_5000n),
  ]), recorded);
});

test('bits 11:10 of RTADDR are kept, and mean nothing to a unit that knows legacy tables alone', () => {
  for (const mode of [0x400n, 0x800n, 0xc00n]) {
    const steps = [...leaf(0x20_0003n), ...threeLevels, registerWrite(0x20, 64, 0x10_0000n + mode),
      registerWrite(0x18, 32, 0x4000_0000n), translationOn, registerRead(0x20, 64, 0x10_0000n + mode)];
    assert.equal(agreeing([...steps, dma('read', page, 'ok')]), recorded);
    assert.equal(agreeing([...steps, dma('read', page, 'blocked')]), specified);
  }
});

test('IQA shows base and size, DW neither counts nor is seen', () => {
  assert.equal(agreeing([registerWrite(0x90, 64, 0x10_5803n), registerRead(0x90, 64, 3n)]), recorded);
  assert.equal(agreeing([registerWrite(0x90, 64, 0x10_5803n), registerRead(0x90, 64, 0x10_5803n)]), specified);
  const wideDescriptors = [
    registerWrite(0x90, 64, 0x10_5800n), registerWrite(0x18, 32, 0x400_0000n),
    memoryWrite(0x10_5000, ...wait(7n)), registerWrite(0x88, 64, 0x10n),
  ];
  assert.equal(agreeing([...wideDescriptors, ...queueStands(1, false), memoryRead(0x10_6000, 7n)]), recorded);
  assert.equal(agreeing([...wideDescriptors, ...queueStands(0, true), memoryRead(0x10_6000, 0n)]), specified);
});

test('the upper half of IQT starts nothing', () => {
  assert.equal(agreeing([
    ...queue(wait(1n), [0n, 0n], wait(2n)), ...queueStands(1, true),
    memoryWrite(0x10_5010, ...wait(3n)), registerWrite(0x34, 32, 0x10n), registerWrite(0x8c, 32, 0n),
    ...queueStands(1, false), registerWrite(0x88, 32, 0x30n), ...queueStands(3, false),
  ]), recorded);
});

test('why the queue stopped is not told', () => {
  assert.equal(agreeing([...queue([0n, 0n]), ...queueStands(0, true), registerRead(0xb0, 64, 0n)]), both);
});

test('a status write that nothing answers stops the queue', () => {
  for (const address of [0xa000_0000n, 0x8000_0000_0010_6000n, 0x80_0010_6000n]) {
    const steps = queue(wait(1n), wait(2n, address), wait(3n));
    const isMemory = address % 2n ** 39n === 0x10_6000n;
    assert.equal(agreeing([...steps, ...queueStands(1, true), memoryRead(0x10_6000, 1n)]), recorded);
    assert.equal(agreeing([...steps, ...queueStands(3, false), memoryRead(0x10_6000, 3n)]), specified);
    assert.equal(agreeing([...queue(wait(2n, address)), memoryRead(0x10_6000, 2n)]), isMemory ? specified : '');
  }
});

test('of some descriptors nothing but the type is looked at', () => {
  const everything = 0xffff_ffff_ffff_fff0n;
  for (const [type, unit] of [[4n, {}], [4n, remapping], [6n, {}], [7n, {}]] as const) {
    for (const [low, high] of [[everything + type, everything], [0xe00n + type, 0n], [type, 1n]] as const) {
      const steps = queue([low, high], wait(1n));
      assert.equal(agreeing([...steps, ...queueStands(2, false), memoryRead(0x10_6000, 1n)], unit), recorded);
      assert.equal(agreeing([...steps, ...queueStands(0, true)], unit), specified);
    }
  }
});

test('a device-TLB descriptor has reserved bits, PFSID among them', () => {
  const good: readonly [bigint, bigint] = [0x0000_ffff_001f_0003n, 0xffff_ffff_ffff_f001n];
  assert.equal(agreeing([...queue(good), ...queueStands(1, false)], deviceTlb), both);
  assert.equal(agreeing([...queue(good), ...queueStands(1, false)]), recorded);
  for (const bit of [4n, 8n, 9n, 12n, 15n, 21n, 31n, 48n, 63n]) {
    const steps = [...queue([good[0] + 2n ** bit, good[1]]), ...queueStands(0, true)];
    assert.equal(agreeing(steps, deviceTlb), both, `bit ${bit}`);
    assert.equal(agreeing(steps), both, `bit ${bit}, no device-TLB`);
  }
  for (const bit of [1n, 11n]) {
    assert.equal(agreeing([...queue([good[0], good[1] + 2n ** bit]), ...queueStands(0, true)], deviceTlb), both);
  }
});

test('QIE is cleared behind a wait, which is the last one that was fetched, good or bad', () => {
  const off = [registerWrite(0x18, 32, 0n)];
  const backTo = (index: number) => [registerWrite(0x88, 64, BigInt(16 * index)), registerWrite(0x34, 32, 0x10n)];
  const stays = [...off, registerRead(0x1c, 32, 0x400_0000n)];
  const goes = [...off, registerRead(0x1c, 32, 0n), registerRead(0x80, 64, 0n)];
  const wrong: readonly [bigint, bigint] = [0x45n, 3n];
  // The tail is drawn back over the bad descriptor, so that the queue is empty.
  for (const [name, first, second, expected] of [
    ['bad after a wait', wait(1n), [0n, 0n], stays], ['a bad wait', [0x11n, 0n], wrong, goes],
    ['good after a wait', wait(1n), [0x11n, 0n], stays],
  ] as const) {
    const isBad = name !== 'good after a wait';
    const rest = isBad ? [...queueStands(1, true), ...backTo(1), ...queueStands(1, false)] : queueStands(2, false);
    assert.equal(agreeing([...queue(first, second), ...rest, ...expected]), expected === goes ? both : recorded, name);
  }
  // A queue that cannot be read.
  assert.equal(agreeing([
    ...queue(wait(1n)), ...goes, registerWrite(0x90, 64, 0xa000_0000n), registerWrite(0x18, 32, 0x400_0000n),
    registerRead(0x34, 32, 0x10n), ...backTo(0), ...stays,
  ]), recorded);
});

test('CFIS does not follow CFI, with interrupt remapping or without', () => {
  const steps = [registerWrite(0x18, 32, 0x80_0000n)];
  assert.equal(agreeing([...steps, registerRead(0x1c, 32, 0n)], remapping), recorded);
  assert.equal(agreeing([...steps, registerRead(0x1c, 32, 0x80_0000n)], remapping), specified);
  assert.equal(agreeing([...steps, registerRead(0x1c, 32, 0n)]), both);
});

test('pass-through: the table pointer has reserved bits, and any address passes', () => {
  for (const bit of [39n, 51n, 63n]) {
    const steps = [...tables(9n + 2n ** bit, 0x501n), translationOn];
    const fault = [dma('read', 0x20_0000n, 'blocked'), registerRead(0x228, 64, 0xc000_000b_0000_0020n)];
    assert.equal(agreeing([...steps, ...fault]), recorded, `bit ${bit}`);
    assert.equal(agreeing([...steps, dma('read', 0x20_0000n, 'ok')]), specified, `bit ${bit}`);
  }
  assert.equal(agreeing([...tables(9n + 2n ** 38n, 0x501n), translationOn, dma('read', 0x20_0000n, 'ok')]), both);
  for (const address of [0x80_0000_0000n, 0xffff_ffff_ffff_f000n]) {
    // The entry becomes pass-through without an invalidation: the first DMA finds it, as every later one does.
    const unseen = [...tables(0n, 0n), translationOn, memoryWrite(0x10_1200, 9n, 0x501n)];
    for (const steps of [[...tables(9n, 0x501n), translationOn], unseen]) {
      assert.equal(agreeing([...steps, dma('write', address, 'abort'), registerRead(0x34, 32, 0n)]), recorded);
      assert.equal(agreeing([...steps, dma('write', address, 'blocked'), registerRead(0x34, 32, 2n)]), specified);
    }
  }
});

test('a large page that overlaps the interrupt range is a fault for all of its addresses', () => {
  const record = (address: bigint) => [
    dma('read', address, 'blocked'), registerRead(0x220, 64, address), registerRead(0x34, 32, 2n),
  ];
  // 2 MiB at 0xfee00000 and 1 GiB at 0xc0000000.
  for (const [entry, level, beside, within] of [
    [0xfee0_0083n, 2, 0x10_0000n, 0x4_0000n], [0xc000_0083n, 3, 0x4_0000n, 0x3ee0_0000n],
  ] as const) {
    const steps = [...leaf(entry, level), ...threeLevels, translationOn];
    assert.equal(agreeing([...steps, ...record(beside)]), recorded);
    assert.equal(agreeing([...steps, dma('read', beside, 'abort'), registerRead(0x34, 32, 0n)]), specified);
    assert.equal(agreeing([...steps, ...record(within)]), both);
  }
  for (const [entry, level] of [[0xfec0_0083n, 2], [0xff00_0083n, 2], [0x8000_0083n, 3], [0x1_0000_0083n, 3]] as const) {
    const steps = [...leaf(entry, level), ...threeLevels, translationOn];
    assert.equal(agreeing([...steps, registerRead(0x34, 32, 0n), dma('read', page, level === 3 && entry > 2n ** 32n
      ? 'ok' : 'abort'), registerRead(0x34, 32, 0n)]), both, entry.toString(16));
  }
});

test('with a device-TLB bit 62 of a leaf means nothing; it stays reserved in a table, and without one', () => {
  const bit62 = 2n ** 62n;
  const four = (level: number, entry: bigint): readonly object[] => [
    ...[4, 3, 2, 1].map((at) => {
      const table = 0x10_2000 + 0x1000 * (4 - at);
      const next = BigInt(table + 0x1003);
      return memoryWrite(at === 1 ? table + 0x200 : table, at === level ? entry : next);
    }),
    ...tables(0x10_2001n, 0x102n), translationOn,
  ];
  const answers = (level: number, entry: bigint, outcome: 'ok' | 'blocked', unit: Unit): string =>
    agreeing([...four(level, entry), dma('read', page, outcome)], unit);
  for (const [level, entry] of [[1, 0x20_0003n], [2, 0x20_0083n], [3, 0x1_0000_0083n]] as const) {
    assert.equal(answers(level, entry, 'ok', wide), both);
    assert.equal(answers(level, entry + bit62, 'ok', deviceTlb), both, `leaf of level ${level}`);
    assert.equal(answers(level, entry + bit62, 'blocked', wide), both, `leaf of level ${level}, no device-TLB`);
  }
  for (const level of [2, 3, 4]) {
    const next = BigInt(0x10_2000 + 0x1000 * (5 - level)) + 3n;
    assert.equal(answers(level, next, 'ok', deviceTlb), both, `table of level ${level}`);
    assert.equal(answers(level, next + bit62, 'blocked', deviceTlb), both, `table of level ${level}`);
  }
});
