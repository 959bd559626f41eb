/** `dmarsim conform` and what may be given to it: damaged, endless, enormous or made to hurt. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { readVectors } from '../src/analysis/vectors.ts';
import { parseCommandLine } from '../src/ui/command-line.ts';
import { conformCommand } from '../src/ui/conform/conform-command.ts';
import { plain } from '../src/ui/terminal.ts';
import {
  dma, fileWith, memoryWrite, only, registerRead, registerWrite, registersAtReset,
} from './support/vector-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'vectors-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const good = {
  format: 'dmar-vectors/1', family: 'own', options: { 'aw-bits': 39 }, registersAtReset,
  cases: [{ id: 'own/1', about: 'a case', steps: [registerRead(0, 32, 0x10n)] }],
};

function conform(...words: readonly string[]): { code: number; lines: readonly string[]; talk: readonly string[] } {
  const parsed = parseCommandLine(['conform', ...words]);
  assert.ok(parsed.ok);
  const lines: string[] = [];
  const talk: string[] = [];
  const code = conformCommand(parsed.line, {
    result: (text) => lines.push(...text.split('\n')), talk: (text) => talk.push(text),
    paint: plain, paintTalk: plain,
  });
  return { code, lines, talk };
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test('files that cannot be played are told one by one, and the others are played', () => {
  mkdirSync(join(folder, 'all'));
  const packed = gzipSync(JSON.stringify(good));
  const isBad: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
    ['cut.json.gz', packed.subarray(0, packed.length / 2), /cut\.json\.gz: cannot be unpacked; it may be cut short/],
    ['empty.json', '', /empty\.json: not JSON/],
    ['deep.json', '['.repeat(1_000_000), /deep\.json: not JSON/],
    ['escape.json', '"\u001b[31m', /escape\.json: not JSON/],
    ['other.json', '{"format":"dmar-vectors/9"}', /other\.json: format/],
  ];
  for (const [name, content] of isBad) file(join('all', name), content);
  file('all/good.json.gz', packed);
  mkdirSync(join(folder, 'all', 'folder.json'));
  const { code, lines, talk } = conform(join(folder, 'all'));
  assert.equal(code, 129);
  assert.equal(talk.length, isBad.length + 1);
  for (const [, , told] of isBad) assert.ok(talk.some((text) => told.test(text)), `${told}`);
  assert.ok(talk.some((text) => text.endsWith('folder.json: is a folder, not a file')));
  assert.ok(talk.every((text) => !text.includes('\u001b')));
  assert.ok(lines.some((text) => /^own +1 +0 +0$/.test(text)));
});

test('a file that unpacks to more than there may be, and a path that never ends, are refused', () => {
  const bomb = file('bomb.json.gz', gzipSync(Buffer.alloc(257 * 2 ** 20, 0x20)));
  assert.deepEqual(conform(bomb), { code: 129, lines: [], talk: [`error: ${bomb}: is too large unpacked`] });
  assert.match(conform('/dev/zero').talk[0] ?? '', /is no regular file$/);
  assert.match(conform(join(folder, 'none.json')).talk[0] ?? '', /there is no such file$/);
});

test('a register file that no unit can have is told, with what would be right', () => {
  const told = (registers: object, options: object = {}): string => {
    const read = fileWith([], [], registers, options);
    return typeof read === 'string' ? read : 'read';
  };
  assert.equal(told({}), 'read');
  assert.match(told({ CAP: '0xd2008c22260006' }), /CAP\.SAGAW names no width/);
  assert.match(told({ CAP: '0xd2008c221c0206' }), /CAP\.MGAW is 29 bits, not 30 to 57/);
  assert.equal(told({ CAP: '0xd2008c221d0206' }), 'read');
  assert.match(told({ CAP: '0xd2008c22390206' }), /CAP\.MGAW is 58 bits, not 30 to 57/);
  assert.equal(told({ CAP: '0xd2008c22380206' }), 'read');
  // FRO at 0xb0, at 0xc0, with 256 records from 0xff0 on; IRO at 0xb0; both at 0xf0 and a record beside it.
  assert.match(told({ CAP: '0xd2008c0b260206' }), /CAP\.FRO is too small/);
  assert.equal(told({ CAP: '0xd2008c0c260206' }), 'read');
  assert.equal(told({ CAP: '0xd2008cff260206' }), 'read');
  assert.match(told({ CAP: '0xd2ff8cff260206' }), /CAP\.FRO is beyond the page/);
  assert.match(told({ ECAP: '0xb42' }), /ECAP\.IRO is too small/);
  assert.match(told({ CAP: '0xd2008c0f260206' }), /CAP\.FRO and ECAP\.IRO overlap/);
  assert.equal(told({ CAP: '0xd2008c10260206' }), 'read');
  assert.match(told({ CAP: '0xd2018c0e260206' }), /CAP\.FRO and ECAP\.IRO overlap/);
  assert.equal(told({ CAP: '0xd2008c0e260206' }), 'read');
  assert.match(told({}, { 'aw-bits': 29 }), /aw-bits is not a whole number from 30 to 52/);
  assert.match(told({}, { 'aw-bits': 53 }), /aw-bits is not/);
  assert.equal(told({}, { 'aw-bits': 30 }), 'read');
});

test('addresses of 64 bits that nothing answers are no error of the program', () => {
  for (const address of [2n ** 52n, 2n ** 53n, 2n ** 64n - 4096n]) {
    assert.equal(only(fileWith([dma('read', address, 'abort'), dma('write', address, 'abort')])).kind, 'passed');
  }
  assert.equal(only(fileWith([dma('write', 0xfee0_1000n, 'interrupt')])).kind, 'passed');
});

test('a program that keeps its unit busy without end is stopped', () => {
  // 128 pages of queue, each descriptor good; the tail goes round and round.
  const steps: object[] = [registerWrite(0x90, 64, 0x10_0007n), registerWrite(0x18, 32, 0x400_0000n)];
  const page = Array.from({ length: 256 }, () => [0x12n, 0n]).flat();
  for (let index = 0; index < 128; index += 1) steps.push(memoryWrite(0x10_0000 + 4096 * index, ...page));
  for (let round = 0; round < 16; round += 1) {
    steps.push(registerWrite(0x88, 64, round % 2 === 0 ? 0x7_fff0n : 0x7_ffe0n));
  }
  const result = only(fileWith(steps));
  assert.ok(result.kind === 'failed' && result.difference.kind === 'outcome');
  assert.match(result.difference.got, /still at work after 200000 steps/);
});

test('recorded files that are damaged in any one place are refused or played, and nothing is thrown', () => {
  const text = JSON.stringify(good);
  assert.equal(typeof readVectors(text), 'object');
  for (let at = 0; at < text.length; at += 1) {
    for (const by of ['', '0', '"', '}', 'x', '-1e999']) {
      const read = readVectors(text.slice(0, at) + by + text.slice(at + 1));
      if (typeof read !== 'string') for (const vector of read.cases) only({ ...read, cases: [vector] });
    }
  }
});
