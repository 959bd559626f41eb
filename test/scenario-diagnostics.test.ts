// Protects what a user sees when a scenario is wrong: every code, at its exact place, all of a file's
// errors at once, and a printed form that is aligned and safe whatever the file holds.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { diagnosticExplanations } from '../src/scenario/diagnostic-codes.ts';
import { formatDiagnostic, formatUnix } from '../src/scenario/diagnostic.ts';
import type { Diagnostic } from '../src/scenario/diagnostic.ts';
import { printJson } from '../src/scenario/json/print-json.ts';
import { readScenario } from '../src/scenario/read.ts';
import { smallVocabulary as vocabulary } from './support/small-vocabulary.ts';

/** Line numbers below are those of this text; line 1 is the one with DMAR. */
const sound = `DMAR base

(* Result: Holds
 * Prose. *)

platform {
  host-address-width 39
  memory 0x100000-0x7fffffff
  crash-kernel 0x10000000-0x17ffffff
  timing walk-step 120ns
}

unit dmar0 {
  profile sandy-bridge-ep
  base 0xf4ffe000
  choice caching by-domain
}

device disk 02:00.0 {
  model hpsa
  bar 0xf7f00000-0xf7ffffff
  rmrr 0xe8000-0xe8fff
}

crashed linux-4.9-rc5 {
  command-line "intel_iommu=on"
  map ring 4K from-device on disk
  dma write ring every 1ms
  unmap ring
  panic
}

capture patch-v2 {
  wait 1.5s
  probe disk dma-mask 31
}

never fault on disk of capture after handoff reason 6 at 0xfffff000
sometimes log "no-op failed"
schedule 0*3/1
`;

function diagnose(source: Uint8Array | string): readonly Diagnostic[] {
  const reading = readScenario('base.dmar', source, vocabulary, (name) => (name === 'page-0.json'
    ? { text: '{"regs": {}, "pages": {"0x0": {"hex": ""}}}' } : 'there is no such file'));
  return reading.ok ? [] : reading.diagnostics;
}

/** `CODE line:column-endColumn` of each diagnostic. */
function places(source: Uint8Array | string): readonly string[] {
  return diagnose(source).map(({ code, line, column, endColumn }) =>
    `${code} ${line}:${column}-${endColumn}`);
}

function withLine(number: number, text: string): string {
  return sound.split('\n').map((line, index) => (index + 1 === number ? text : line)).join('\n');
}

const canonical = ((): string => {
  const reading = readScenario('base.dmar', sound, vocabulary);
  return reading.ok ? printJson(reading.scenario) : '';
})();

function inJson(find: string, replacement: string): string {
  assert.ok(canonical.includes(find), find);
  return canonical.replace(find, () => replacement);
}

/** With a crashed kernel of which an image is left. */
function image(file: string, memory: string): string {
  return sound.replace('0x100000-', memory).split('\n').map((line, index) =>
    (index === 24 ? `crashed image "${file}" {` : index === 26 ? '  buffer ring 0x1000 4K on disk'
      : index === 28 ? '' : line)).join('\n');
}

function times(count: number, text: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => text(index)).join('');
}

type Case = readonly [what: string, source: Uint8Array | string, expected: readonly string[]];

const cases: readonly Case[] = [
  // Bytes and bounds
  ['a file of more than a mebibyte', ' '.repeat(1_048_577), ['S001 1:1-2']],
  ['bytes count, not characters', `${sound}// ${'\u00e9'.repeat(524_288)}`, ['S001 1:1-2']],
  ['invalid UTF-8', new Uint8Array([...Buffer.from('DMAR x\n// '), 0xff, 0xfe, 0x41]),
    ['S027 1:1-7', 'S027 1:1-7', 'S027 1:1-7', 'S027 1:1-7', 'S027 1:1-7', 'S080 1:1-7',
      'S003 2:4-6']],
  ['an overlong encoding', Buffer.from(sound.replace('Prose', '\u0001\u0002'), 'latin1')
    .map((byte) => (byte === 1 ? 0xc0 : byte === 2 ? 0x80 : byte)), ['S003 4:4-6']],
  ['a control character in a comment', withLine(2, '// \u001b[31m'), ['S004 2:4-5']],
  ['NUL between words', withLine(35, '  probe disk\0 dma-mask 31'), ['S004 35:13-14']],
  ['a bidirectional override', withLine(2, '// \u202eabc'), ['S004 2:4-5']],
  ['a lone surrogate', withLine(2, '// \ud800'), ['S004 2:4-5']],
  ['a lone carriage return', withLine(2, '// a\rb'), ['S004 2:5-6']],
  ['a byte order mark', `\ufeff${sound}`, ['S005 1:1-2']],
  ['a byte order mark before JSON', `\ufeff${canonical}`, ['S005 1:1-2']],
  ['65 devices', sound.replace('crashed', () =>
    `${times(64, (index) => `device d${index} 03:00.0 { model hpsa }\n`)}crashed`),
  ['S006 88:1-34']],
  ['17 units', sound.replace('device disk', () =>
    `${times(16, (index) => `unit u${index} { profile sandy-bridge-ep; base 0xf4ffe000 }\n`)
    }device disk`), ['S006 34:1-54']],
  ['4097 statements', withLine(34, times(4096, () => '  wait 1ms\n')), ['S006 4131:3-25']],
  ['1025 claims', withLine(38, times(1025, () => 'never fault\n')), ['S006 1062:1-12']],
  ['257 memory ranges', withLine(8, times(257, () => 'memory 0x1000-0x1fff\n')), ['S006 264:8-21']],

  // Words and marks
  ['a character of no word', withLine(10, '  timing walk-step = 120ns'), ['S010 10:20-21']],
  ['curly quotes', withLine(39, 'sometimes log \u201cx\u201d'),
    ['S010 39:15-16', 'S022 39:16-17', 'S010 39:17-18']],
  ['a comment that is not closed', withLine(40, '(* schedule'), ['S011 40:1-3']],
  ['a comment in a comment', withLine(4, ' * (* Prose. *)'), ['S012 4:4-6']],
  ['a string that is not closed', withLine(39, 'sometimes log "no-op'), ['S013 39:15-21']],
  ['an unknown escape', withLine(39, 'sometimes log "a\\n"'), ['S014 39:17-18']],
  ['an empty text', withLine(39, 'sometimes log ""'), ['S015 39:15-17']],
  ['a text with a tab', withLine(26, 'command-line "a\tb"'), ['S015 26:14-19']],
  ['a text too long', withLine(26, `command-line "${'x'.repeat(2049)}"`), ['S015 26:14-2065']],

  // Grammar
  ['an empty file', '', ['S020 1:1-2']],
  ['no header', withLine(1, ''), ['S020 6:1-9']],
  ['a header in lower case', withLine(1, 'dmar base'), ['S020 1:1-5']],
  ['a file of another kind', 'import os\nprint(1)\n', ['S020 1:1-7']],
  ['an unknown block', withLine(40, 'shedule 0'), ['S021 40:1-8']],
  ['an unknown statement', withLine(20, '  modle hpsa'), ['S027 19:1-20', 'S021 20:3-8']],
  ['a part that is missing', withLine(27, '  map ring 4K'),
    ['S022 27:14-15']],
  ['another part than expected', withLine(27, '  map ring 4K from-device off disk'),
    ['S022 27:27-30']],
  ['no brace', withLine(13, 'unit dmar0'), ['S022 14:3-10']],
  ['something left over', withLine(29, '  unmap ring now; wait 1s'), ['S023 29:14-17']],
  ['a brace never closed', withLine(11, ''), ['S024 13:1-5']],
  ['the last brace never closed', sound.slice(0, sound.indexOf('}\n\nnever')), ['S080 1:1-10',
    'S024 36:1-2']],
  ['a brace too many', withLine(12, '}'), ['S025 12:1-2']],
  ['a block twice', withLine(12, 'capture patch-v2 { }'), ['S026 33:1-8']],
  ['a statement twice', withLine(10, 'host-address-width 39'), ['S026 10:1-19']],
  ['a scope twice', withLine(38, 'never fault on disk on disk'), ['S026 38:21-23']],
  ['no block', sound.replace(/^platform \{[^}]*\}$/m, ''), ['S027 1:1-10']],
  ['no unit', sound.replace(/^unit .*\{[^}]*\}$/m, ''), ['S027 1:1-10']],
  ['no statement', withLine(7, ''), ['S027 6:1-9']],
  ['a malformed Result', withLine(3, '(* Result: Never'), ['S028 3:4-17']],
  ['a malformed Explored', withLine(3, '(* Explored: Never'), ['S028 3:4-19']],

  // Values
  ['a name in capitals', withLine(1, 'DMAR Base'), ['S030 1:6-10']],
  ['a name too long', withLine(1, `DMAR ${'x'.repeat(65)}`), ['S030 1:6-71']],
  ['no address', withLine(15, '  base f4ffe000'), ['S031 15:8-16']],
  ['an address too large', withLine(15, '  base 0x10000000000000'), ['S031 15:8-24']],
  ['no range', withLine(8, '  memory 0x100000'), ['S032 8:10-18']],
  ['no duration', withLine(34, '  wait 5'), ['S033 34:8-9']],
  ['too long a duration', withLine(34, '  wait 61min'), ['S033 34:8-13']],
  ['too fine a duration', withLine(34, '  wait 1.5ns'), ['S033 34:8-13']],
  ['a period of nothing', withLine(28, '  dma write ring every 0ms'), ['S033 28:24-27']],
  ['no size', withLine(27, '  map ring 4KB from-device on disk'), ['S034 27:12-15']],
  ['a size of nothing', withLine(27, '  map ring 0K from-device on disk'), ['S034 27:12-14']],
  ['a width out of bounds', withLine(7, '  host-address-width 64'), ['S035 7:22-24']],
  ['a mask out of bounds', withLine(35, '  probe disk dma-mask 23'), ['S035 35:23-25']],
  ['a reason out of bounds', withLine(38, 'never fault reason 0x100'), ['S035 38:20-25']],
  ['no source id', withLine(19, 'device disk 02:20.0 {'), ['S036 19:13-20']],
  ['no schedule', withLine(40, 'schedule 0/*1'), ['S037 40:10-14']],
  ['a schedule too long', withLine(40, 'schedule 0*999999/1*2'), ['S038 40:10-22']],
  ['no order', withLine(40, 'order cpu*2/Cpu'), ['S087 40:7-16']],
  ['an act of none of the ways', withLine(40, 'order cpu:256'), ['S087 40:7-14']],
  ['an order too long', withLine(40, 'order cpu*999999/dma0*2'), ['S038 40:7-24']],
  ['an unknown direction', withLine(27, '  map ring 4K fromdevice on disk'), ['S039 27:15-25']],
  ['an unknown phase', withLine(38, 'never fault after panic'), ['S039 38:19-24']],

  // JSON
  ['broken JSON', '{\n  "format" = 1\n}', ['S040 2:12-13']],
  ['deep JSON', `{"a":${'['.repeat(100)}`, ['S041 1:38-39']],
  ['a duplicate key', inJson('"name": "base",', '"name": "base", "name": "base",'),
    ['S042 3:19-25']],
  ['an unknown key', inJson('"name": "base"', '"nam": 1, "name": "base"'), ['S043 3:3-8']],
  ['a missing key', inJson('"name": "base",', ''), ['S044 1:1-2']],
  ['another type', inJson('"name": "base"', '"name": 17'), ['S045 3:11-13']],
  ['another format', inJson('scenario/1', 'scenario/2'), ['S046 2:13-33']],
  ['prose that is no comment', inJson('"Prose."', '"*)"'), ['S047 4:12-16']],

  // Names that others know
  ['an unknown profile', withLine(14, '  profile sandy-bridge'), ['S050 14:11-23']],
  ['an unknown release', withLine(33, 'capture patch-v3 {'), ['S051 33:9-17']],
  ['a Result for an unknown release', withLine(3, '(* Result with linux-4.9: Holds'),
    ['S051 3:4-32']],
  ['an unknown model', withLine(20, '  model hspa'), ['S052 20:9-13']],
  ['an unknown choice', withLine(16, '  choice cacheing by-domain'), ['S053 16:10-18']],
  ['an unknown value of a choice', withLine(16, '  choice caching by-page'), ['S054 16:18-25']],
  ['an unknown timing', withLine(10, '  timing walk-stop 1ns'), ['S055 10:10-19']],
  ['an option that is not modelled', withLine(26, 'command-line "quiet iommu=pt"'), ['S056 26:14-30']],

  ['an option that builds do not differ in', withLine(34, 'config debgu'), ['S057 34:8-13']],

  // Names that the scenario knows
  ['a device name twice', withLine(24, 'device disk 03:00.0 { model hpsa }'), ['S060 24:8-12']],
  ['a choice set twice', withLine(16, 'choice caching by-domain; choice caching by-device'),
    ['S060 16:34-41']],
  ['a timing set twice', withLine(10, 'timing walk-step 1ns; timing walk-step 2ns'),
    ['S060 10:30-39']],
  ['a claim about an unknown device', withLine(38, 'never fault on dsik'), ['S061 38:16-20']],
  ['a probe of an unknown device', withLine(35, 'probe tape'), ['S061 35:7-11']],
  ['a mapping for an unknown device', withLine(27, '  map ring 4K from-device on tape'),
    ['S061 27:30-34']],
  ['a buffer before its map', withLine(26, '  dma read ring every 1ms'), ['S062 26:12-16']],
  ['a buffer mapped twice', withLine(30, 'map ring 4K to-device on disk; panic'), ['S063 30:5-9']],
  ['a buffer after its unmap', withLine(30, 'dma read ring every 1ms; unmap ring; panic'),
    ['S064 30:10-14', 'S064 30:32-36']],
  ['no panic', withLine(30, ''), ['S065 25:1-22']],
  ['two panics', withLine(29, '  panic'), ['S065 30:3-8']],
  ['a statement after the panic', withLine(30, '  panic; wait 1ms'), ['S065 30:10-18']],
  ['a source id twice', withLine(24, 'device tape 02:00.0 { model hpsa }'), ['S066 24:13-20']],
  ['a release with two Results', withLine(4, ' * Result with patch-v2: Holds *)'), ['S067 4:4-31']],
  ['a release with two Explored lines', withLine(4, ' * Explored: Holds\n * Explored with patch-v2: Holds *)'), ['S067 5:4-33']],
  ['a unit behind the one that takes the rest', withLine(18,
    'unit dmar1 { profile sandy-bridge-ep; base 0xf4fff000 }'), ['S068 13:1-13']],
  ['no unit that takes the rest', withLine(16, '  buses 0x0-0xff'), ['S068 13:1-13']],
  ['buses that there are not', withLine(12,
    'unit d { profile sandy-bridge-ep; base 0xf4fff000; buses 0x1-0x100 }'), ['S068 12:1-69']],
  ['buses of two units', withLine(12, 'unit d { profile sandy-bridge-ep; base 0xf4fff000; buses 0x1-0x2 }'
    + '\nunit e { profile sandy-bridge-ep; base 0xf4ffd000; buses 0x2-0x3 }'), ['S068 13:1-67']],
  ['two units at one address', withLine(12,
    'unit d { profile sandy-bridge-ep; base 0xf4ffe000; buses 0x1-0x2 }'), ['S068 13:1-13']],

  ['an I/O APIC id twice', withLine(16, 'ioapic 8 ff:00.0; ioapic 8 ff:00.1'), ['S069 16:19-35']],
  ['an I/O APIC source id twice', withLine(16, 'ioapic 8 ff:00.0; ioapic 9 ff:00.0'), ['S069 16:19-35']],
  ['an I/O APIC id that is too large', withLine(16, '  ioapic 256 ff:00.0'), ['S035 16:10-13']],
  ['a scope that there is not', withLine(16, '  scope some'), ['S039 16:9-13']],
  ['a mode that the APIC has not', withLine(10, '  apic pic'), ['S039 10:8-11']],

  // Addresses
  ['a window in memory', withLine(10, '  pci-window 0x7fff0000-0x7fffffff'), ['S079 10:14-35']],
  ['a window that is not of pages', withLine(10, '  pci-window 0x80000000-0x80000fff0'), ['S071 10:14-36']],
  ['a range that ends before it begins', withLine(21, '  bar 0x2000-0x1fff'), ['S070 21:7-20']],
  ['a unit base inside a page', withLine(15, '  base 0xf4ffe800'), ['S071 15:8-18']],
  ['an rmrr that begins inside a page', withLine(22, '  rmrr 0xe8800-0xe8fff'), ['S071 22:8-23']],
  ['an rmrr that ends inside a page', withLine(22, '  rmrr 0xe8000-0xe9000'), ['S071 22:8-23']],
  ['a crash kernel that is not of pages', withLine(9, 'crash-kernel 0x10000800-0x17ffffff'),
    ['S071 9:14-35']],
  ['a claim about no page', withLine(38, 'never fault at 0x1234'), ['S071 38:16-22']],
  ['memory that overlaps', withLine(10, '  memory 0x7fffffff-0x80000fff'), ['S072 10:10-31']],
  ['a crash kernel beside memory', withLine(9, '  crash-kernel 0x7f000000-0x80ffffff'),
    ['S073 9:16-37']],
  ['a crash kernel too low', withLine(9, '  crash-kernel 0xff000-0x17ffffff'), ['S074 9:16-34']],
  ['a unit in memory', withLine(15, '  base 0x7ffff000'), ['S075 15:8-18']],
  ['memory too high', withLine(10, '  memory 0x100000000-0x8000000000'), ['S076 10:10-34']],
  ['a buffer too large', withLine(27, '  map ring 16777217 from-device on disk'), ['S077 27:12-20']],
  ['seventeen outstanding buffers', withLine(28, times(17, () => 'dma write ring every 1ms\n')),
    ['S078 44:1-25']],

  ['a bar in memory', withLine(21, '  bar 0x7fff0000-0x80000fff'), ['S088 21:7-28']],
  ['a bar over a unit', withLine(21, '  bar 0xf4ffefff-0xf4ffffff'), ['S088 21:7-28']],
  ['a bar of two devices', withLine(24, 'device tape 03:00.0 { model hpsa; bar 0xf7ffffff-0xf8000fff }'),
    ['S088 24:39-60']],
  ['an rmrr over a bar', withLine(22, '  rmrr 0xe8000-0xe8fff; rmrr 0xf7fff000-0xf8000fff'), ['S088 22:30-51']],
  ['an rmrr over a unit', withLine(22, '  rmrr 0xf4ffe000-0xf4ffefff'), ['S088 22:8-29']],
  ['an rmrr that shares a part with another', withLine(22, 'rmrr 0xe8000-0xe9fff; rmrr 0xe9000-0xeafff'),
    ['S088 22:28-43']],
  ['an rmrr inside another', withLine(22, 'rmrr 0xe8000-0xe9fff; rmrr 0xe8000-0xe8fff'), ['S088 22:28-43']],
  ['a device that is probed twice', withLine(35, '  probe disk; probe disk dma-mask 31'), ['S089 35:21-25']],

  // Images
  ['a mapping of an image', withLine(25, 'crashed image "page-0.json" {\n  buffer b 0x1000 4K on disk')
    .replace('0x100000-0x7fffffff', '0x0-0x7fffffff'), ['S083 28:3-34', 'S083 30:3-13']],
  ['a probe by an image', withLine(25, 'crashed image "page-0.json" {\n  probe disk')
    .replace('0x100000-0x7fffffff', '0x0-0x7fffffff').replace('  map ring 4K from-device on disk\n', '')
    .replace('  dma write ring every 1ms\n  unmap ring\n', ''), ['S083 26:3-13']],
  ['an image that is not there', image('gone.json', '0x100000-'), ['S084 25:15-26']],
  ['an image of another machine', image('page-0.json', '0x100000-'), ['S085 25:15-28']],
  ['registers of no unit', withLine(16, '  capability 0x0'), ['S086 16:14-17']],

  // Drivers
  ['a probe of a device without a driver', withLine(35, 'probe disk').replace('model hpsa', 'model orphan'),
    ['S090 35:7-11']],
  ['a request for what is no disk', withLine(35, 'probe disk; submit read 4K on disk')
    .replace('model hpsa', 'model nic'), ['S091 35:31-35']],
  ['a request before the probe', withLine(35, 'submit read 4K on disk; probe disk'), ['S092 35:19-23']],
  ['a request of one kernel after the probe of the other', withLine(35, 'probe disk')
    .replace('unmap ring', 'submit read 4K on disk'), ['S092 29:21-25']],
  ['a request for an unknown device', withLine(35, 'submit read 4K on tape'), ['S061 35:19-23']],
  ['a request of half a sector', withLine(35, 'probe disk; submit read 256 on disk'), ['S093 35:25-28']],
  ['a request too large', withLine(35, 'probe disk; submit read 128K on disk'), ['S093 35:25-29']],
  ['too many requests', withLine(35, 'probe disk; submit read 4K on disk times 33'), ['S035 35:42-44']],
  ['an order that there is not', withLine(35, 'probe disk order never'), ['S039 35:18-23']],
  ['a bar too small', withLine(21, '  bar 0xf7f00000-0xf7f0000f'), ['S094 21:7-28']],

  // Topology
  ['buses of a bridge that are above it', withLine(18, 'bridge b 02:1e.0 { kind pci; buses 0x2-0x3 }'), ['S100 18:36-43']],
  ['buses that cross', withLine(18, 'bridge b 00:1c.0 { kind pcie; buses 0x1-0x3 }\n'
    + 'bridge c 00:1d.0 { kind pcie; buses 0x3-0x4 }'), ['S101 19:37-44']],
  ['a bridge with the source id of a device', withLine(18, 'bridge b 02:00.0 { kind pcie; buses 0x3-0x3 }'),
    ['S066 19:13-20']],
  ['a kind of bridge that there is not', withLine(18, 'bridge b 00:1c.0 { kind isa; buses 0x3-0x3 }'), ['S039 18:25-28']],
  ['an alias that is somebody', withLine(21, '  alias 02:00.0'), ['S102 21:9-16']],
  ['a device of two units', withLine(12, 'unit d { profile sandy-bridge-ep; base 0xf4fff000; endpoint 02:00.0 }\n'
    + 'unit e { profile sandy-bridge-ep; base 0xf4ffd000; endpoint 02:00.0 }'), ['S103 13:52-68']],
  ['a unit for nobody', withLine(12, 'unit d { profile sandy-bridge-ep; base 0xf4fff000; endpoint 05:00.0 }'),
    ['S104 12:52-68']],
  ['endpoints in the last unit', withLine(16, '  endpoint 02:00.0'), ['S068 13:1-13']],

  // Claims
  ['no claim', withLine(39, '').replace(/^never.*$/m, ''), ['S080 1:1-10']],
  ['after and before the same', withLine(38, 'never dma after reset before reset'),
    ['S081 38:30-35']],
  ['after the end and before the beginning', withLine(38, 'never dma before crash after handoff'),
    ['S081 38:18-23']],
  ['a reason without a fault', withLine(38, 'never stale reason 6'), ['S082 38:20-21']],
  ['a log claim about a device', withLine(39, 'never log "x" on disk'), ['S082 39:18-22']],
];

describe('each diagnostic has its place', () => {
  test('the text that the cases are made from is sound', () => {
    assert.deepEqual(places(sound), []);
    assert.deepEqual(places(canonical), []);
  });
  test('memory ranges may touch', () => {
    assert.deepEqual(places(withLine(10, '  memory 0x80000000-0x80000fff')), []);
  });
  test('reserved regions may lie in memory and be shared as a whole, and everything may touch', () => {
    for (const [line, text] of [
      [22, '  rmrr 0x100000-0x100fff'], [22, '  rmrr 0xff000-0x100fff'], [22, 'rmrr 0xe8000-0xe8fff; rmrr 0xe9000-0xe9fff'],
      [24, 'device tape 03:00.0 { model hpsa; rmrr 0xe8000-0xe8fff; bar 0xf8000000-0xf80fffff }'],
      [21, '  bar 0xf4fff000-0xf4ffffff'], [21, '  bar 0x80000000-0x80000fff'],
    ] as const) assert.deepEqual(places(withLine(line, text)), [], text);
  });
  for (const [what, source, expected] of cases) {
    test(what, () => assert.deepEqual(places(source), expected));
  }
});

describe('the table of codes', () => {
  test('every code is produced by a case above, or is the count of errors left out', () => {
    const produced = new Set(['S002', ...cases.flatMap(([, , expected]) =>
      expected.map((place) => place.slice(0, 4)))]);
    assert.deepEqual([...diagnosticExplanations.keys()].sort(), [...produced].sort());
  });

  test('every code has an explanation in sentences', () => {
    for (const [code, text] of diagnosticExplanations) {
      assert.match(code, /^S[0-9]{3}$/);
      assert.match(text, /^[A-Z`].{20,}\.$/, code);
    }
    assert.equal(diagnosticExplanations.get('constructor'), undefined);
  });

  test('messages are lower case, without a full stop', () => {
    for (const [what, source] of cases) {
      for (const { message } of diagnose(source)) {
        assert.doesNotMatch(message, /^[A-Z](?!SON)|\.$/, what);
      }
    }
  });
});

describe('all errors at once', () => {
  test('those of every block, in the order of the file', () => {
    const broken = sound.replace('host-address-width 39', 'host-address-width 8')
      .replace('profile sandy', 'profile cloudy').replace('model hpsa', 'model hp sa')
      .replace('4K', '4Q').replace('1.5s', '1.5').replace('never fault', 'never foult')
      .replace('0*3/1', '0*x');
    assert.deepEqual(places(broken), [
      'S035 7:22-23', 'S050 14:11-27', 'S052 20:9-11', 'S023 20:12-14', 'S034 27:12-14',
      'S033 34:8-11', 'S039 38:7-12', 'S037 40:10-13',
    ]);
  });

  test('those of JSON too', () => {
    const broken = canonical.replace('"0xe8000"', '"e8000"').replace('"hpsa"', '17')
      .replace('"never"', '"newer"').replace('"result"', '"resolt"');
    assert.deepEqual(diagnose(broken).map(({ code }) => code),
      ['S044', 'S043', 'S045', 'S031', 'S039']);
  });

  test('a misspelt definition is not reported again where its name is used', () => {
    assert.deepEqual(places(withLine(19, 'device disk 02-00.0 {')), ['S036 19:13-20']);
    assert.deepEqual(places(withLine(27, '  map ring 4K sideways on disk')), ['S039 27:15-23']);
    assert.deepEqual(places(withLine(30, '  panick')), ['S021 30:3-9']);
    assert.deepEqual(places(withLine(8, '  memory 0x100000')), ['S032 8:10-18']);
  });

  test('a hundred are kept, the rest is counted', () => {
    const found = diagnose(withLine(2, times(250, () => 'bogus\n')));
    assert.equal(found.length, 101);
    assert.equal(found[99]?.line, 101);
    assert.equal(found[100]?.code, 'S002');
    assert.equal(found[100].message, 'and 150 more errors');
    assert.equal(found[100].line, 102);
    assert.equal(diagnose(withLine(2, times(101, () => 'bogus\n')))[100]?.message,
      'and 1 more error');
    assert.equal(diagnose(withLine(2, times(100, () => 'bogus\n'))).length, 100);
  });
});

describe('help', () => {
  function helpOf(source: string): string | null | undefined {
    return diagnose(source)[0]?.help;
  }

  test('names what was probably meant, and all that would be right', () => {
    assert.equal(helpOf(withLine(33, 'capture patch-v1 {')),
      'did you mean `patch-v2`? (one of `linux-4.9-rc5`, `patch-v2`)');
    assert.equal(helpOf(withLine(16, '  choice caching by-domian')),
      'did you mean `by-domain`? (one of `by-device`, `by-domain`)');
    assert.match(helpOf(withLine(40, 'SCHEDULE 0')) ?? '', /^did you mean `schedule`\? /);
    assert.match(helpOf(withLine(38, 'never fault on dsik')) ?? '', /^did you mean `disk`\?/);
  });

  test('does not guess at something far away', () => {
    assert.equal(helpOf(withLine(14, '  profile none')), 'only `sandy-bridge-ep` is known here');
    assert.doesNotMatch(helpOf(withLine(40, 'xyzzy')) ?? '', /did you mean/);
    assert.doesNotMatch(helpOf(withLine(40, 'x'.repeat(100_000))) ?? '', /did you mean/);
  });
});

describe('the printed form', () => {
  function printed(source: string): readonly string[] {
    const [first] = diagnose(source);
    assert.ok(first !== undefined);
    return formatDiagnostic(first, source).split('\n');
  }

  test('is that of rustc', () => {
    assert.deepEqual(printed(withLine(14, '  profile sandy-brigde-ep')), [
      'error[S050]: there is no profile `sandy-brigde-ep`',
      '  --> base.dmar:14:11',
      '   |',
      '14 |   profile sandy-brigde-ep',
      '   |           ^^^^^^^^^^^^^^^ unknown profile',
      '   = help: did you mean `sandy-bridge-ep`? (only `sandy-bridge-ep` is known here)',
    ]);
  });

  test('has a one-line form for editors', () => {
    const [first] = diagnose(withLine(14, '  profile none'));
    assert.ok(first !== undefined);
    assert.equal(formatUnix(first), 'base.dmar:14:11: error: there is no profile `none` [S050]');
  });

  test('prints notes before help, and colours only through the style', () => {
    const diagnostic: Diagnostic = {
      code: 'S050', message: 'm', file: 'f', line: 1, column: 1, endColumn: 2, label: 'l',
      help: 'h', notes: ['n'],
    };
    const style = {
      bold: (text: string): string => `<b>${text}</b>`,
      red: (text: string): string => `<r>${text}</r>`,
      blue: (text: string): string => `<u>${text}</u>`,
    };
    assert.deepEqual(formatDiagnostic(diagnostic, 'x', style).split('\n'), [
      '<b><r>error[S050]</r></b><b>: m</b>',
      ' <u>--></u> f:1:1',
      '  <u>|</u>',
      '<u>1</u> <u>|</u> x',
      '  <u>|</u> <b><r>^ l</r></b>',
      '  <u>=</u> <b>note</b>: n',
      '  <u>=</u> <b>help</b>: h',
    ]);
  });

  /** The part of the source line that stands above the carets. */
  function underlined(source: string): string {
    const lines = printed(source);
    const carets = lines[4] ?? '';
    const start = carets.indexOf('^');
    return (lines[3] ?? '').slice(start, carets.lastIndexOf('^') + 1);
  }

  test('keeps carets aligned after tabs and characters that are made visible', () => {
    assert.equal(underlined(withLine(14, '\t\tprofile\tnone')), 'none');
    const hidden = withLine(14, '(* \u00e9 *) profile none');
    assert.equal(underlined(hidden), 'none');
    const [escape, profile] = diagnose(withLine(14, '(* \u001b[31m *) profile none'));
    const source = withLine(14, '(* \u001b[31m *) profile none');
    assert.ok(escape !== undefined && profile !== undefined);
    const [, , , line, carets] = formatDiagnostic(profile, source).split('\n');
    assert.equal(line, '14 | (* \\u{1b}[31m *) profile none');
    assert.equal((carets ?? '').indexOf('^'), (line ?? '').indexOf('none'));
    assert.equal(formatDiagnostic(escape, source).split('\n')[4],
      '   |    ^^^^^^ invisible character');
  });

  test('counts two cells for wide characters and none for combining ones', () => {
    const wide = printed(withLine(14, '(* \u65e5\u672c *) profile none'));
    assert.equal((wide[4] ?? '').indexOf('^'), (wide[3] ?? '').indexOf('none') + 2);
    const combined = printed(withLine(14, '(* e\u0301 *) profile none'));
    assert.equal((combined[4] ?? '').indexOf('^'), (combined[3] ?? '').indexOf('none') - 1);
  });

  test('shows a window of a long line, with the fault inside', () => {
    for (const padding of [0, 10, 100, 159, 160, 5000]) {
      for (const rest of [0, 100, 5000]) {
        const text = `${' '.repeat(padding)}profile none // ${'x'.repeat(rest)}`;
        assert.equal(underlined(withLine(14, text)), 'none', `${padding} ${rest}`);
        const line = printed(withLine(14, text))[3] ?? '';
        assert.ok(line.length <= 5 + 162, `${line.length}`);
      }
    }
  });

  test('points one past the end of a line or file', () => {
    const last = diagnose('DMAR').find(({ code }) => code === 'S022');
    assert.ok(last !== undefined);
    assert.deepEqual(formatDiagnostic(last, 'DMAR').split('\n').slice(3, 5), [
      '1 | DMAR', '  |     ^ expected the name of the scenario',
    ]);
  });

  test('cannot be made to send escape codes, by the file or by its name', () => {
    const evil = '\u001b]0;x\u0007\u202e\u009b31m\0\u2028';
    const sources = [
      withLine(14, `  profile ${evil}`), withLine(1, `DMAR ${evil}`), evil, `{"${evil}": 1}`,
      `{"\\u001b\\u202e\\u0007": 1}`, withLine(39, `sometimes log "${evil}"`),
    ];
    for (const source of sources) {
      const reading = readScenario(`${evil}.dmar`, source, vocabulary);
      assert.ok(!reading.ok);
      for (const diagnostic of reading.diagnostics) {
        const form = formatDiagnostic(diagnostic, reading.source);
        assert.doesNotMatch(form, /[^\P{C}\n]|\p{Zl}|\p{Zp}/u);
        assert.doesNotMatch(formatUnix(diagnostic), /\p{C}|\p{Zl}|\p{Zp}/u);
      }
    }
  });
});
