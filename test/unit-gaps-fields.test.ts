/**
 * Where the fields and registers lie (11.4) and which faults FPD hides (7.1.3), restated: what the unit
 * does not use yet has no behaviour that would show a wrong position.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { word, type Field } from '../src/base/word.ts';
import { CAP, ECAP, VER, decodeCapability } from '../src/vtd/capability.ts';
import { LATCHED } from '../src/vtd/core.ts';
import { REASON, reasonOf } from '../src/vtd/fault-reasons.ts';
import {
  CCMD, EVENT_CONTROL, FRCD_HIGH, FRCD_LOW, FSTS, GCMD, GSTS, ICS, IOTLB, IQA, IQERCD, IQH, IQT, IRTA, IVA, PMEN,
  RTADDR,
} from '../src/vtd/registers.ts';
import { UnitDriver } from './support/unit-driver.ts';

/** Fields as the manual lists them; the program may know fewer, and must know the ones that it has alike. */
const manual: readonly (readonly [string, Readonly<Record<string, Field>>, string])[] = [
  ['VER', VER, 'MIN 3:0, MAX 7:4'],
  ['CAP', CAP, 'ND 2:0, AFL 3, RWBF 4, PLMR 5, PHMR 6, CM 7, SAGAW 12:8, MGAW 21:16, ZLR 22, ISOCH 23, '
    + 'FRO 33:24, SLLPS 37:34, PSI 39, NFR 47:40, MAMV 53:48, DWD 54, DRD 55, FL1GP 56, PI 59, FL5LP 60, ECMDS 61, ESIRTPS 62, '
    + 'ESRTPS 63'],
  ['ECAP', ECAP, 'C 0, QI 1, DT 2, IR 3, EIM 4, CH 5, PT 6, SC 7, IRO 17:8, MHMV 23:20, ECS 24, MTS 25, NEST 26, '
    + 'DIS 27, PASID_28 28, PRS 29, ERS 30, SRS 31, NWFS 33, EAFS 34, PSS 39:35, PASID 40, DIT 41, PDS 42, SMTS 43, VCS 44, SLADS 45, '
    + 'SLTS 46, FLTS 47, SMPWCS 48, RPS 49, TDXCS 50, PMS 51, ADMS 52, RPRIVS 53, HPTS 55, PTRS 56, SSIRWS 57, SMS 58, '
    + 'HPT1GPS 59, RDTS 60, EIMER 61, IRREQ 62'],
  ['GCMD', GCMD, 'TE 31, SRTP 30, SFL 29, EAFL 28, WBF 27, QIE 26, IRE 25, SIRTP 24, CFI 23'],
  ['GSTS', GSTS, 'TES 31, RTPS 30, FLS 29, AFLS 28, WBFS 27, QIES 26, IRES 25, IRTPS 24, CFIS 23'],
  ['RTADDR', RTADDR, 'RTA 63:12, TTM 11:10'],
  ['CCMD', CCMD, 'ICC 63, CIRG 62:61, CAIG 60:59, FM 33:32, SID 31:16, DID 15:0'],
  ['FSTS', FSTS, 'FRI 15:8, PRO 7, ITE 6, ICE 5, IQE 4, APF 3, AFO 2, PPF 1, PFO 0'],
  ['event control', EVENT_CONTROL, 'IM 31, IP 30'],
  ['IQH', IQH, 'QH 18:4'], ['IQT', IQT, 'QT 18:4'], ['IQA', IQA, 'IQA 63:12, DW 11, QS 2:0'], ['ICS', ICS, 'IWC 0'],
  ['IQERCD', IQERCD, 'ICESID 63:48, ITESID 47:32, IQEI 3:0'],
  ['IRTA', IRTA, 'IRTA 63:12, EIME 11, S 3:0'], ['PMEN', PMEN, 'EPM 31, PRS 0'],
  ['IVA', IVA, 'ADDR 63:12, IH 6, AM 5:0'],
  ['IOTLB', IOTLB, 'IVT 63, IIRG 61:60, IAIG 58:57, DR 49, DW 48, DID 47:32'],
  ['FRCD', FRCD_LOW, 'FI 63:12'],
  // Bits 127:64, counted from 64.
  ['FRCD high', FRCD_HIGH, 'F 63, T1 62, AT 61:60, PV 59:40, FR 39:32, PP 31, EXE 30, PRIV 29, T2 28, SID 15:0'],
];

for (const [name, fields, listed] of manual) {
  test(`fields of ${name}`, () => {
    for (const [part, { highBit, lowBit }] of Object.entries(fields)) {
      const own = highBit === lowBit ? `${part} ${lowBit}` : `${part} ${highBit}:${lowBit}`;
      assert.ok(listed.split(', ').includes(own), own);
    }
  });
}

test('every register of the manual has its place and its size, and no other', () => {
  // ivy-bridge-ep: eight records at 0x100, IVA and IOTLB at 0x200.
  const expected = new Map(('VER 0 4, CAP 8 8, ECAP 10 8, GCMD 18 4, GSTS 1c 4, RTADDR 20 8, CCMD 28 8, FSTS 34 4, '
    + 'FECTL 38 4, FEDATA 3c 4, FEADDR 40 4, FEUADDR 44 4, AFLOG 58 8, PMEN 64 4, PLMBASE 68 4, PLMLIMIT 6c 4, '
    + 'PHMBASE 70 8, PHMLIMIT 78 8, IQH 80 8, IQT 88 8, IQA 90 8, ICS 9c 4, IECTL a0 4, IEDATA a4 4, IEADDR a8 4, '
    + 'IEUADDR ac 4, IQERCD b0 8, IRTA b8 8, PQH c0 8, PQT c8 8, PQA d0 8, PRS dc 4, PECTL e0 4, PEDATA e4 4, '
    + 'PEADDR e8 4, PEUADDR ec 4, IVA 200 8, IOTLB 208 8').split(', ').map((row) => [row.split(' ')[0], row]));
  for (let index = 0; index < 8; index += 1) {
    expected.set(`FRCD${index}`, `FRCD${index} ${(0x100 + 16 * index).toString(16)} 8`);
    expected.set(`FRCD${index}_HIGH`, `FRCD${index}_HIGH ${(0x108 + 16 * index).toString(16)} 8`);
  }
  const { table } = new UnitDriver({ profile: 'ivy-bridge-ep' }).unit.core.registers;
  const rows = new Map(table.map(({ name, offset, bytes }) => [name, `${name} ${offset.toString(16)} ${bytes}`]));
  for (const [name, row] of expected) assert.equal(rows.get(name ?? ''), row);
});

test('a register of an older unit takes the place of one that later revisions put there', () => {
  // IRO 0xD: IVA at 0xd0 and IOTLB at 0xd8, over PQA and PRS.
  const driver = new UnitDriver({
    profile: {
      name: 'IRO over PQA', about: 'IRO over PQA', version: 0x10, choices: new UnitDriver().unit.core.choices,
      capability: { high: 0x00d2_078c, low: 0x106f_0466 }, extendedCapability: { low: 0x00f0_0dde, high: 0 },
      departures: [],
    },
  });
  assert.deepEqual([0xc8, 0xd0, 0xd4, 0xd8, 0xdc, 0xe0].map((offset) => driver.unit.registerName(offset)),
    ['PQT', 'IVA', 'IVA', 'IOTLB', 'IOTLB', 'PECTL']);
});

test('which faults are qualified: a fault of what comes before the entry with FPD never is', () => {
  const qualified = [0x2, 0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0x22, 0x24, 0x26, 0x27, 0x28];
  const unqualified = [0x1, 0x8, 0x9, 0xa, 0x20, 0x21, 0x23, 0x25, 0x29, 0x2a, 0x2b, 0x30, 0x31, 0x32, 0x33, 0x34];
  for (const reason of Object.values(REASON)) {
    assert.ok((reason.qualified ? qualified : unqualified).includes(reason.code), reason.condition);
    assert.equal(reasonOf(reason.code), reason);
  }
});

test('each latched value has a place of its own', () => {
  const places = Object.values(LATCHED);
  assert.deepEqual([...places].sort((left, right) => left - right), places.map((_, index) => index));
});

test('each capability of one bit is told by that bit, and by no other', () => {
  const byCapability: Readonly<Record<string, number>> = {
    requiresWriteBufferFlush: 4, protectedLow: 5, protectedHigh: 6, cachingMode: 7, zeroLengthRead: 22,
    pageSelective: 39, writeDrain: 54, readDrain: 55, setInterruptInvalidates: 62, setRootInvalidates: 63,
  };
  const byExtended: Readonly<Record<string, number>> = {
    coherentWalk: 0, queuedInvalidation: 1, deviceTlb: 2, interruptRemapping: 3, extendedInterruptMode: 4,
    passThrough: 6, snoopControl: 7, deviceTlbThrottle: 41, scalableMode: 43,
    abortMode: 52,
  };
  for (let bit = 0; bit < 64; bit += 1) {
    for (const [listed, arguments_] of [
      [byCapability, [word(2n ** BigInt(bit)), word(0n)]], [byExtended, [word(0n), word(2n ** BigInt(bit))]],
    ] as const) {
      const decoded = decodeCapability(0x10, ...arguments_, 46);
      const told = Object.entries(decoded).filter(([, value]) => value === true).map(([name]) => name);
      assert.deepEqual(told.filter((name) => listed[name] !== bit), [], `bit ${bit}`);
      for (const name of Object.keys(listed).filter((each) => listed[each] === bit)) assert.deepEqual(told, [name]);
    }
  }
});

test('capabilities of several bits', () => {
  const decoded = (capability: bigint, extended = 0n, version = 0x10) =>
    decodeCapability(version, word(capability), word(extended), 46);
  assert.deepEqual([0x10, 0x15, 0x60, 0xf0].map((version) => decoded(0n, 0n, version).majorVersion), [1, 1, 6, 15]);
  assert.deepEqual([0n, 2n, 6n].map((nd) => decoded(nd).domainIdBits), [4, 8, 16]);
  assert.deepEqual([0x100n, 0x200n, 0x400n, 0x800n, 0x1000n, 0xe00n].map((sagaw) => decoded(sagaw).levels),
    [[], [3], [4], [5], [], [3, 4, 5]]);
  assert.deepEqual([0x2f_0000n, 0x38_0000n].map((mgaw) => decoded(mgaw).addressBits), [48, 57]);
  assert.deepEqual([0n, 1n, 2n, 3n].map((sllps) => decoded(sllps * 2n ** 34n).superpageOrders),
    [[0], [0, 9], [0, 18], [0, 9, 18]]);
  const offsets = decoded(0x22n * 2n ** 24n + 7n * 2n ** 40n + 18n * 2n ** 48n, 0xf00n);
  assert.deepEqual([offsets.faultOffset, offsets.faultRecords, offsets.maximumAddressMask, offsets.iotlbOffset],
    [0x220, 8, 18, 0xf0]);
});
