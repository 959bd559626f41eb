/** `dmarsim profiles`: the list, one profile field by field, both as JSON, and what is wrong to ask. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hardwareChoices } from '../src/vtd/choices.ts';
import { departures } from '../src/vtd/departures.ts';
import { parseCommandLine } from '../src/ui/command-line.ts';
import { profilesCommand } from '../src/ui/profiles/profiles-command.ts';
import { plain } from '../src/ui/terminal.ts';
import { commandUsageLines, usageLines } from '../src/ui/usage.ts';
import { realMachines } from './support/real-machines.ts';

interface Printed {
  readonly code: number;
  readonly lines: readonly string[];
  readonly talk: readonly string[];
}

function profiles(...words: readonly string[]): Printed {
  const parsed = parseCommandLine(['profiles', ...words]);
  assert.ok(parsed.ok);
  const lines: string[] = [];
  const talk: string[] = [];
  const code = profilesCommand(parsed.line, {
    result: (text) => lines.push(...text.split('\n')), talk: (text) => talk.push(text),
    paint: plain, paintTalk: plain,
  });
  return { code, lines, talk };
}

/** The line of a field, its columns apart by one space. */
function fieldLine(name: string, field: string): string {
  const found = profiles(name).lines.filter((line) => line.startsWith(`  ${field} `));
  assert.equal(found.length, 1, `${name} ${field}`);
  return (found[0] ?? '').trim().replace(/ +/g, ' ');
}

function objectOf(value: unknown): ReadonlyMap<string, unknown> {
  assert.ok(typeof value === 'object' && value !== null);
  return new Map(Object.entries(value));
}

function jsonOf(...words: readonly string[]): ReadonlyMap<string, unknown> {
  const { code, lines } = profiles(...words, '--json');
  assert.equal(code, 0);
  return objectOf(JSON.parse(lines.join('\n')));
}

function arrayIn(value: unknown): readonly unknown[] {
  assert.ok(Array.isArray(value));
  return value;
}

test('the list has a line for each profile, in columns, and none is wider than 100', () => {
  const { code, lines, talk } = profiles();
  assert.deepEqual([code, talk], [0, []]);
  const [head = '', ...rows] = lines;
  assert.deepEqual(head.split(/ {2,}/), ['name', 'ver', 'levels', 'domains', 'coherent', 'records', 'about']);
  assert.deepEqual(rows.map((row) => row.split(/ {2,}/).slice(0, 6)), realMachines.map((machine) => [
    machine.name, `${Math.floor(machine.version / 16)}:0`, machine.levels.join(','), String(machine.domains),
    machine.extended % 2n === 1n ? 'yes' : 'no', String(machine.faultRecords),
  ]));
  for (const row of rows) assert.equal(row.indexOf(row.split(/ {2,}/)[6] ?? '-'), head.indexOf('about'), row);
  assert.deepEqual(lines.filter((line) => line.length > 100 || line !== line.trimEnd()), []);
});

test('each profile is told in lines of at most 100, with its registers, choices and departures', () => {
  for (const { name, version, capability, extended } of realMachines) {
    const { code, lines } = profiles(name);
    assert.equal(code, 0);
    assert.deepEqual(lines.filter((line) => line.length > 100 || line !== line.trimEnd()), [], name);
    for (const [register, value] of [['VER', version], ['CAP', capability], ['ECAP', extended]] as const) {
      assert.ok(lines.includes(`${register} 0x${value.toString(16)}`), `${name} ${register}`);
    }
    for (const choice of Object.keys(hardwareChoices)) {
      assert.equal(lines.filter((line) => line.startsWith(`  ${choice} `)).length, 1, `${name} ${choice}`);
    }
    const broken = name.startsWith('qemu') ? Object.keys(departures) : [];
    for (const departure of broken) assert.ok(lines.includes(`  ${departure}`), `${name} ${departure}`);
    assert.equal(lines.filter((line) => line.startsWith('    breaks ')).length, broken.length);
  }
});

test('fields are decoded as the specification names and numbers them', () => {
  for (const [name, field, line] of [
    ['sandy-bridge-ep', 'ND', 'ND 2:0 2 256 domains (domain-ids of 8 bits)'],
    ['sandy-bridge-ep', 'SAGAW', 'SAGAW 12:8 0x4 48 bits/4 levels'],
    ['sandy-bridge-ep', 'MGAW', 'MGAW 21:16 47 48 bits of a DMA address'],
    ['sandy-bridge-ep', 'FRO', 'FRO 33:24 0x10 fault records at 0x100'],
    ['sandy-bridge-ep', 'SLLPS', 'SLLPS 37:34 0x3 2 MiB, 1 GiB'],
    ['sandy-bridge-ep', 'NFR', 'NFR 47:40 7 8 fault records'],
    ['sandy-bridge-ep', 'MAMV', 'MAMV 53:48 18 at most 2^18 pages in a page-selective invalidation'],
    ['sandy-bridge-ep', 'C', 'C 0 0 walks do not snoop: software writes lines back'],
    ['sandy-bridge-ep', 'CH', 'CH 5 1 caching hints (deprecated)'],
    ['sandy-bridge-ep', 'IRO', 'IRO 17:8 0x20 IVA at 0x200, IOTLB at 0x208'],
    ['sandy-bridge-ep', 'PSS', 'PSS 39:35 0 of no meaning without PASIDs'],
    ['nehalem-ep', 'SLLPS', 'SLLPS 37:34 0x0 pages of 4 KiB only'],
    ['haswell-client-graphics', 'PSI', 'PSI 39 0 no page-selective invalidation: it runs for the whole domain'],
    ['haswell-client-graphics', 'MAMV', 'MAMV 53:48 0 of no meaning without PSI'],
    ['skylake-client', 'NFR', 'NFR 47:40 0 1 fault record'],
    ['kaby-lake-graphics', 'PSS', 'PSS 39:35 19 PASIDs of 20 bits'],
    ['sapphire-rapids', 'MAX', 'MAX 7:4 6 major version 6: no register-based invalidation'],
    ['sapphire-rapids', 'SMTS', 'SMTS 43 1 scalable mode'],
    ['xeon-version-7', 'SAGAW', 'SAGAW 12:8 0xc 48 bits/4 levels, 57 bits/5 levels'],
    ['xeon-version-7', 'ESRTPS', 'ESRTPS 63 1 SRTP empties the DMA caches'],
    ['qemu-39', 'SAGAW', 'SAGAW 12:8 0x2 39 bits/3 levels'],
    ['qemu-39', 'FRO', 'FRO 33:24 0x22 fault records at 0x220'],
    ['qemu-39', 'IRO', 'IRO 17:8 0xf IVA at 0xf0, IOTLB at 0xf8'],
    ['qemu-48-caching-mode', 'CM', 'CM 7 1 entries that are not present may be cached'],
  ] as const) assert.equal(fieldLine(name, field), line);
});

test('a choice shows its value and the others, a departure the rule that it breaks', () => {
  assert.equal(fieldLine('sandy-bridge-ep', 'device-selective-context'),
    'device-selective-context by-domain (or by-source-and-domain, by-source)');
  const lines = profiles('qemu-39').lines;
  const at = lines.indexOf('  queue-error-waits-for-tail');
  assert.deepEqual(lines.slice(at + 1, at + 3), [
    `    breaks   ${departures['queue-error-waits-for-tail'].rule}`,
    `    instead  ${departures['queue-error-waits-for-tail'].instead}`,
  ]);
  assert.equal(profiles('skylake-sp').lines.at(-1), 'departures from the specification: none known');
});

test('--json gives the list, and one profile with the same fields', () => {
  const list = arrayIn(jsonOf().get('profiles')).map(objectOf);
  assert.deepEqual(list.map((entry) => [entry.get('name'), entry.get('levels'), entry.get('coherent'),
    entry.get('CAP'), entry.get('hostAddressWidths'), entry.get('units')]),
  realMachines.map((machine) => [machine.name, machine.levels, machine.extended % 2n === 1n,
    `0x${machine.capability.toString(16)}`, machine.hostAddressWidths, machine.units]));
  const one = jsonOf('qemu-39');
  assert.deepEqual([one.get('version'), one.get('name')], [1, 'qemu-39']);
  const registers = arrayIn(one.get('registers')).map(objectOf);
  assert.deepEqual(registers.map((register) => [register.get('name'), register.get('value')]),
    [['VER', '0x10'], ['CAP', '0xd2008c22260206'], ['ECAP', '0xf00f4a']]);
  const fields = arrayIn(registers[1]?.get('fields'));
  assert.deepEqual(fields[6], { name: 'SAGAW', high: 12, low: 8, value: 2, meaning: '39 bits/3 levels' });
  assert.deepEqual([...objectOf(one.get('choices')).keys()].sort(), Object.keys(hardwareChoices).sort());
  assert.deepEqual(arrayIn(one.get('departures')).map((entry) => objectOf(entry).get('name')),
    Object.keys(departures));
});

test('a name that is none is an error with the nearest one, and nothing is printed', () => {
  assert.deepEqual(profiles('sandy-brige-ep'), {
    code: 129, lines: [], talk: ["error: there is no profile 'sandy-brige-ep'; did you mean sandy-bridge-ep?"],
  });
  assert.deepEqual(profiles('pentium\u001b', '--json'), {
    code: 129, lines: [], talk: ["error: there is no profile 'pentium\\u{1b}'; dmarsim profiles lists them"],
  });
  assert.deepEqual(profiles('qemu-39', 'qemu-48'), {
    code: 129, lines: [], talk: ['error: profiles takes one name, not 2'],
  });
});

test('the name may be left out for profiles, and for no other command', () => {
  assert.ok(parseCommandLine(['profiles']).ok);
  assert.deepEqual(parseCommandLine(['explain']), { ok: false, message: 'explain needs CODE' });
  assert.deepEqual(parseCommandLine(['run']), { ok: false, message: 'run needs FILE...' });
  assert.deepEqual(parseCommandLine(['profile']),
    { ok: false, message: "there is no command 'profile'; did you mean profiles?" });
  assert.ok(usageLines().some((line) => line.startsWith('  profiles [NAME]')));
  const parsed = parseCommandLine(['profiles', '--help']);
  assert.ok(parsed.ok);
  assert.equal(commandUsageLines(parsed.line.command)[0], 'usage: dmarsim profiles [NAME] [options]');
});
