// Protects the comparison itself, on operations made up by hand: what matches by value, what by role and
// by rule, and that everything else is a difference, the first one at its place.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { align, type Row } from '../src/analysis/compare/align.ts';
import { compareMessages } from '../src/analysis/compare/messages.ts';
import { Roles } from '../src/analysis/compare/roles.ts';
import { describeStep, stepsOf, type RawOperation } from '../src/analysis/compare/step.ts';
import { word } from '../src/base/word.ts';

const faultOffset = 0x220;
const offsets = { GCMD: 0x18, RTADDR: 0x20, FEDATA: 0x3c, FEADDR: 0x40, IQT: 0x88, IQA: 0x90, IRTA: 0xb8 } as const;

function write(register: keyof typeof offsets, value: bigint, bytes: 4 | 8 = 4): RawOperation {
  return { kind: 'write', offset: offsets[register], bytes, value: word(value) };
}

function descriptor(low: bigint, high = 0n): RawOperation {
  return { kind: 'descriptor', low: word(low), high: word(high) };
}

/** With the wait descriptor that the kernel puts behind each. */
function waited(low: bigint, high = 0n): readonly RawOperation[] {
  return [descriptor(low, high), descriptor(0x2_0000_0025n, 0x1000n)];
}

const contextDevice = (did: bigint, source = 0x18n): readonly RawOperation[] => waited(0x31n + did * 0x10000n + source * 2n ** 32n);
const iotlbDomain = (did: bigint): readonly RawOperation[] => waited(0xe2n + did * 0x10000n);
const iotlbPage = (did: bigint, address: bigint): readonly RawOperation[] => waited(0xf2n + did * 0x10000n, address);
const entry = (index: bigint): readonly RawOperation[] => waited(0x14n + index * 2n ** 32n);

function rowsOf(recorded: readonly RawOperation[], model: readonly RawOperation[], queueOn = true): readonly Row[] {
  return align(stepsOf(recorded, faultOffset, queueOn), stepsOf(model, faultOffset, queueOn), new Roles(), () => undefined);
}

/** `=` for each row that is the same, else what the difference is. */
function verdictsOf(recorded: readonly RawOperation[], model: readonly RawOperation[]): readonly string[] {
  return rowsOf(recorded, model).map((row) => (row.kind === 'different' ? row.why : '='));
}

describe('steps', () => {
  const text = (operations: readonly RawOperation[], queueOn = true): readonly string[] =>
    stepsOf(operations, faultOffset, queueOn).map(describeStep);

  test('doorbells belong to their descriptors; a tail that is written while the queue is off does not', () => {
    const operations = [write('IQT', 0n), write('GCMD', 0x86000000n), write('IQT', 32n), ...waited(0x11n), write('IQT', 0n)];
    assert.deepEqual(text(operations, false), ['IQT <- 0x0', 'GCMD <- 0x86000000 TE|QIE|IRE', 'context cache global']);
    assert.deepEqual(text([write('GCMD', 0x82000000n), write('IQT', 0n)]), ['GCMD <- 0x82000000 TE|IRE', 'IQT <- 0x0']);
  });

  test('descriptors, with what is unusual about them', () => {
    assert.deepEqual(text([
      ...contextDevice(3n), ...iotlbDomain(3n), ...iotlbPage(5n, 0xfff80002n), descriptor(0xd2n), ...waited(0x4n),
      ...waited(0x12n), descriptor(0x7n),
    ]), [
      'context cache 00:03.0 did 3', 'IOTLB did 3', 'IOTLB did 5 0xfff80000 order 2', 'IOTLB global, no wait',
      'interrupt entries, all', 'IOTLB global, no drain', 'descriptor 0x7 0x0, no wait',
    ]);
  });

  test('runs of entries and of one page are folded', () => {
    assert.deepEqual(text([
      ...entry(2n), ...entry(24n), ...iotlbPage(5n, 0xffffd000n), ...iotlbPage(5n, 0xffffd000n), ...iotlbPage(5n, 0xffffc000n),
    ]), ['interrupt entries, by index, 2 times', 'IOTLB did 5 0xffffd000, 2 times', 'IOTLB did 5 0xffffc000']);
  });

  test('faults that are handled alike are folded', () => {
    const clear = (value: bigint): RawOperation => ({ kind: 'write', offset: 0x22c, bytes: 4, value: word(value) });
    const status = (value: bigint): RawOperation => ({ kind: 'write', offset: 0x34, bytes: 4, value: word(value) });
    const handled = [clear(0x80000000n), status(0x83n)];
    assert.deepEqual(text([...handled, ...handled, ...handled, write('GCMD', 0n)]),
      ['FRCD+0xc <- 0x80000000', 'FSTS <- 0x83 PRO|PPF|PFO, 3 faults', 'GCMD <- 0x0']);
    assert.equal(text([...handled, clear(0x80000000n), status(0x3n)]).length, 4);
  });

  test('registers by their names, fault records by their place', () => {
    assert.deepEqual(text([
      { kind: 'write', offset: 0x22c, bytes: 4, value: word(0x80000000n) }, { kind: 'write', offset: 0x34, bytes: 4, value: word(0x83n) },
    ]), ['FRCD+0xc <- 0x80000000', 'FSTS <- 0x83 PRO|PPF|PFO']);
  });
});

describe('alignment', () => {
  const start = [write('GCMD', 0xc6000000n), ...waited(0x11n), ...waited(0xd2n)];

  test('addresses match by role, and stay what they were', () => {
    const tables = (root: bigint, queue: bigint): readonly RawOperation[] =>
      [write('IQA', queue, 8), write('RTADDR', root, 8), write('RTADDR', root, 8)];
    assert.deepEqual(verdictsOf(tables(0x525000n, 0x14f000n), tables(0x30102000n, 0x30100000n)), ['=', '=', '=']);
    assert.deepEqual(verdictsOf([write('RTADDR', 0x1000n, 8), write('RTADDR', 0x1000n, 8)], [write('RTADDR', 0x2000n, 8), write('RTADDR', 0x3000n, 8)]),
      ['=', 'another address than before']);
    assert.deepEqual(verdictsOf([write('RTADDR', 0x1000n, 8), write('IQA', 0x5000n, 8)], [write('RTADDR', 0x2000n, 8), write('IQA', 0x2000n, 8)]),
      ['=', 'another address than before']);
    assert.deepEqual(verdictsOf([write('IRTA', 0x20000fn, 8)], [write('IRTA', 0x30000en, 8)]), ['another value beside the address']);
    assert.deepEqual(verdictsOf([write('FEDATA', 0x21n)], [write('FEDATA', 0x31n)]), ['=']);
    assert.deepEqual(verdictsOf([write('FEADDR', 0xfee01004n)], [write('FEADDR', 0xfee00000n)]), ['another value']);
    const pages = (first: bigint, second: bigint): readonly RawOperation[] =>
      [...iotlbPage(5n, first), ...iotlbPage(5n, second), ...iotlbPage(5n, first)];
    assert.deepEqual(verdictsOf(pages(0xfffff000n, 0xffffe000n), pages(0xffff0000n, 0xfffe0000n)), ['=', '=', '=']);
    assert.deepEqual(verdictsOf(pages(0xfffff000n, 0xffffe000n), [...pages(0x1000n, 0x2000n).slice(0, 4), ...iotlbPage(5n, 0x3000n)]),
      ['=', '=', 'another page than before']);
  });

  test('every part of an invalidation counts', () => {
    assert.deepEqual(verdictsOf(contextDevice(3n), contextDevice(5n)), ['another domain id']);
    assert.deepEqual(verdictsOf(contextDevice(3n), contextDevice(3n, 0x20n)), ['another device']);
    assert.deepEqual(verdictsOf(contextDevice(3n), waited(0x21n + 0x30000n)), ['another granularity']);
    assert.deepEqual(verdictsOf(iotlbDomain(3n), waited(0x22n + 0x30000n)), ['other drains']);
    assert.deepEqual(verdictsOf(iotlbDomain(3n), [descriptor(0xe2n + 0x30000n)]), ['one of them is waited for']);
    assert.deepEqual(verdictsOf(iotlbPage(5n, 0x1000n), iotlbPage(5n, 0x1001n)), ['another number of pages']);
    assert.deepEqual(verdictsOf([write('GCMD', 1n)], [write('GCMD', 1n, 8)]), ['32 bits, not 64']);
  });

  test('a flush that is missing, one too many, and two in the other order', () => {
    const flushed = [...start, ...contextDevice(3n), ...iotlbDomain(3n), write('GCMD', 0n)];
    const unflushed = [...start, write('GCMD', 0n)];
    assert.deepEqual(verdictsOf(flushed, unflushed), ['=', '=', '=', 'the model does not do this', 'the model does not do this', '=']);
    assert.deepEqual(verdictsOf(unflushed, flushed), ['=', '=', '=', 'only the model does this', 'only the model does this', '=']);
    const swapped = [...start, ...iotlbDomain(3n), ...contextDevice(3n), write('GCMD', 0n)];
    assert.ok(verdictsOf(flushed, swapped).some((verdict) => verdict !== '='));
  });

  test('interrupt entries match as runs, whatever their number and indices, but a run is not nothing', () => {
    const run = (...indices: readonly bigint[]): readonly RawOperation[] => [...start, ...indices.flatMap(entry), write('GCMD', 0n)];
    assert.deepEqual(verdictsOf(run(2n, 3n, 24n), run(7n)), ['=', '=', '=', '=', '=']);
    assert.equal(verdictsOf(run(2n), run())[3], 'the model does not do this');
  });
});

describe('lines of the log', () => {
  const memory = { first: 0x2f000000, last: 0x3effffff };
  const rows = (
    recorded: readonly string[], model: readonly string[], serial: readonly string[] = [], isLog = true,
  ): readonly string[] => compareMessages(recorded, model, { roles: new Roles(), serial, isLog, memory }).map((row) => `${row.kind} ${row.recorded ?? '-'} | ${row.model ?? '-'}`);

  test('text for text, in order', () => {
    assert.deepEqual(rows(['DMAR: a', 'DMAR: b'], ['DMAR: a', 'DMAR: b']), ['same DMAR: a | DMAR: a', 'same DMAR: b | DMAR: b']);
    assert.deepEqual(rows(['DMAR: a', 'DMAR: c'], ['DMAR: b', 'DMAR: c']),
      ['different - | DMAR: b', 'different DMAR: a | -', 'same DMAR: c | DMAR: c']);
  });

  test('addresses of tables by role', () => {
    const dump = (root: string, table: string): readonly string[] =>
      [`DMAR: root entry: 0x${root.padStart(16, '0')}`, `DMAR: pte level: 1, pte value: 0x${table.padStart(16, '0')}`];
    assert.ok(rows(dump('2f3d2001', '2f6f0003'), dump('30102001', '30104003')).every((row) => row.startsWith('same')));
    assert.ok(rows(dump('2f3d2001', '2f6f0003'), dump('30102001', '30102003')).some((row) => row.startsWith('different')));
    assert.ok(rows(dump('2f3d2001', '2f6f0003'), dump('30102001', '30104001')).some((row) => row.startsWith('different')));
  });

  test('addresses of faults by value, or by role where a device is given the kernel\'s own memory', () => {
    const fault = (address: string): string =>
      `DMAR: [DMA Read NO_PASID] Request device [00:03.0] fault addr ${address} [fault reason 0x06] PTE Read access is not set`;
    const states = (recorded: readonly string[], model: readonly string[]): readonly (string | undefined)[] =>
      rows(recorded.map(fault), model.map(fault)).map((row) => row.split(' ')[0]);
    assert.deepEqual(states(['0xffffe000'], ['0xffffe000']), ['same']);
    assert.deepEqual(states(['0xffffe000'], ['0xffffd000']), ['different', 'different']);
    assert.deepEqual(states(['0x30104000', '0x30105000'], ['0x2f104000', '0x2f204000']), ['same', 'same']);
    assert.deepEqual(states(['0x30104000'], ['0xffffd000']), ['different', 'different']);
  });

  test('what is said of a fault may come again, but not for the first time', () => {
    const fault = (address: string): readonly string[] => ['DMAR: DRHD: handling fault status reg 2',
      `DMAR: [DMA Read NO_PASID] Request device [00:03.0] fault addr ${address} [fault reason 0x06] PTE Read access is not set`];
    const [status = '', record = ''] = fault('0xffffd000');
    assert.deepEqual(rows([...fault('0xffffe000'), ...fault('0xffffd000')], fault('0xffffe000')).map((row) => row.split(' ')[0]),
      ['same', 'same', 'explained', 'explained']);
    assert.deepEqual(rows(fault('0xffffd000'), []), [`different ${status} | -`, `different ${record} | -`]);
  });

  test('a line that lost characters on the serial port is the line', () => {
    const whole = 'DMAR: Host address width 39';
    const cut = 'DMAR: Host addrwidth 39';
    const different = [`different - | ${whole}`, `different ${cut} | -`];
    assert.deepEqual(rows([cut], [whole], [cut], false), [`explained ${cut} | ${whole}`]);
    assert.deepEqual(rows(['DMAR: Host address width 48'], [whole], [], false),
      [`different - | ${whole}`, 'different DMAR: Host address width 48 | -']);
    // Even its beginning may be gone.
    assert.deepEqual(rows([], [whole], ['MAR: Host address width 39'], false), [`explained - | ${whole}`]);
    // The log comes a second time; what is cut in both was never whole.
    assert.deepEqual(rows([cut], [whole], [cut]), different);
    assert.deepEqual(rows([cut], [whole], [whole]), [`explained ${cut} | ${whole}`]);
    assert.deepEqual(rows([], [whole], [whole]), [`explained - | ${whole}`]);
  });
});
