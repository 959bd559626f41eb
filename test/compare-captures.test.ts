// Protects the model against the real thing: recordings of Linux 6.1 across a kdump handoff (test/captures)
// compare without a difference that has no reason, and a recording that is changed in one place does not.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';

import { dmarsim, root, type Finished } from './support/dmarsim.ts';

const captures = join(root, 'test', 'captures');

/** Each recording with the differences that the model has a reason for; none of them is about the handoff. */
const explained: Readonly<Record<string, readonly string[]>> = {
  'nvme-64bit-iova-noflush': [],
  'nvme-and-e1000e': [],
  'nvme-caching-mode': [],
  'nvme-idle': [],
  'nvme-in-flight-flush': [],
  'nvme-in-flight-noflush': [],
  'nvme-pass-through': [],
};

interface Document {
  readonly captures: readonly {
    readonly capture: string; readonly result: string;
    readonly operations: readonly { readonly kind: string; readonly recorded: string | null; readonly model: string | null; readonly rule?: string }[];
    readonly firstMessages: readonly { readonly kind: string; readonly rule?: string }[];
    readonly captureMessages: readonly { readonly kind: string; readonly rule?: string }[];
  }[];
}

/** The comparison of a recording that was changed: a file of it, line by line. */
function compareChanged(
  name: string, file: string, change: (lines: readonly string[]) => readonly string[], ...options: readonly string[]
): Finished {
  const folder = mkdtempSync(join(tmpdir(), 'dmarsim-test-'));
  try {
    cpSync(join(captures, name), folder, { recursive: true });
    const path = join(folder, `${file}.gz`);
    const before = gunzipSync(readFileSync(path)).toString('utf8');
    const after = change(before.split('\n')).join('\n');
    assert.notEqual(after, before, 'the recording was changed');
    writeFileSync(path, gzipSync(after));
    return dmarsim(['compare', folder, ...options]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const contextFlush = '"d","0x1800030031","0x0"';

describe('recordings of Linux 6.1', () => {
  const document = JSON.parse(dmarsim(['compare', ...Object.keys(explained).map((name) => join(captures, name)), '--json']).out) as Document;

  test('all that there are, and nothing but small differences that have a reason', () => {
    assert.deepEqual(readdirSync(captures).sort(), Object.keys(explained));
    for (const { capture, result, operations, firstMessages, captureMessages } of document.captures) {
      const rules = [...operations, ...firstMessages, ...captureMessages].flatMap(({ rule }) => rule ?? []);
      assert.equal(result, 'same', capture);
      assert.deepEqual([...new Set(rules)].sort(), explained[capture], capture);
    }
  });

  test('the handoff itself is compared, with the flush and without it', () => {
    const flushes = (name: string): readonly (string | null)[] => document.captures.find(({ capture }) => capture === name)
      ?.operations.filter(({ recorded }) => recorded?.startsWith('context cache') === true).map(({ model }) => model) ?? [];
    assert.deepEqual(flushes('nvme-in-flight-flush'), ['context cache global', 'context cache 00:03.0 did 3']);
    assert.deepEqual(flushes('nvme-in-flight-noflush'), ['context cache global']);
    assert.deepEqual(flushes('nvme-and-e1000e'),
      ['context cache global', 'context cache 00:03.0 did 3', 'context cache 00:04.0 did 4']);
    assert.deepEqual(flushes('nvme-caching-mode'),
      ['context cache global', 'context cache 00:03.0 did 3', 'context cache 00:03.0 did 0']);
  });

  test('several at once are told one by one, and a line says how many agree', () => {
    const { code, out } = dmarsim(['compare', join(captures, 'nvme-idle'), join(captures, 'nvme-pass-through')]);
    assert.equal(code, 0);
    assert.match(out, /^nvme-idle: the same: /m);
    assert.match(out, /^2 captures: 2 the same, 0 differ$/m);
    assert.ok(out.split('\n').every((line) => line.length <= 120), out);
  });
});

test('a folder of captures is the captures below it, and a file beside them is told and passed over', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dmarsim-test-'));
  try {
    for (const place of ['b/nvme-idle', 'a/nvme-idle']) cpSync(join(captures, 'nvme-idle'), join(folder, place), { recursive: true });
    mkdirSync(join(folder, 'notes'));
    writeFileSync(join(folder, 'notes', 'of-the-day.txt'), '');
    writeFileSync(join(folder, 'README.md'), '');

    const kept = join(folder, 'kept');
    const whole = dmarsim(['compare', folder, '--keep', kept]);
    assert.deepEqual([whole.code, whole.talk], [0, '']);
    assert.match(whole.out, /^2 captures: 2 the same, 0 differ$/m);
    assert.deepEqual(readdirSync(kept).sort(), ['nvme-idle-2.dmar', 'nvme-idle-2.json', 'nvme-idle.dmar', 'nvme-idle.json']);

    const beside = dmarsim(['compare', join(folder, 'README.md'), join(folder, 'a')]);
    assert.equal(beside.code, 0);
    assert.match(beside.talk, /README\.md: is no folder, passed over\n$/);
    assert.doesNotMatch(beside.talk, /error/);

    const alone = dmarsim(['compare', join(folder, 'README.md')]);
    assert.equal(alone.code, 129);
    assert.match(alone.talk, /^error: .*README\.md: is no folder\n$/);
    const missing = dmarsim(['compare', join(folder, 'c'), join(folder, 'a')]);
    assert.equal(missing.code, 129);
    assert.match(missing.talk, /^error: .*: there is no such folder\n$/);
    const none = dmarsim(['compare', join(folder, 'notes')]);
    assert.equal(none.code, 129);
    assert.match(none.talk, /notes\/cmdline\.txt: there is no such file/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what was run can be kept and run again: the flush makes the difference', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dmarsim-test-'));
  try {
    const kept = join(folder, 'kept');
    const names = ['nvme-in-flight-flush', 'nvme-in-flight-noflush'];
    assert.equal(dmarsim(['compare', ...names.map((name) => join(captures, name)), '--keep', kept]).code, 0);
    assert.deepEqual(readdirSync(kept).sort(), names.flatMap((name) => [`${name}.dmar`, `${name}.json`]));
    assert.equal(dmarsim(['run', join(kept, 'nvme-in-flight-flush.dmar')]).code, 0);
    const { code, out } = dmarsim(['run', join(kept, 'nvme-in-flight-noflush.dmar')]);
    assert.equal(code, 1);
    assert.match(out, /writes 4096 bytes at 0xffffd000 for capture \(identify data\) #\d+\n *BLOCKED, reason 05/);
    assert.match(out, /missing +an invalidation of: context cache, device 00:03\.0 domain 3/);
    const blocked = dmarsim(['compare', join(captures, 'nvme-idle'), '--keep', join(kept, 'nvme-in-flight-flush.dmar')]);
    assert.deepEqual([blocked.code, /--keep .*: cannot be read|--keep .*: /.test(blocked.talk)], [74, true]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('a recording that is not what the model does', () => {
  test('another release than the recorded one', () => {
    const unflushed = dmarsim(['compare', join(captures, 'nvme-in-flight-flush'), '--capture', 'linux-6.1-noflush']);
    assert.equal(unflushed.code, 1);
    assert.match(unflushed.out, /^! context cache 00:03\.0 did 3 .*\n {2}\^ the first difference: /m);
    assert.match(unflushed.out, /^nvme-in-flight-flush: differs: /m);
    assert.ok(unflushed.out.split('\n').every((line) => line.length <= 120), unflushed.out);
    assert.equal(dmarsim(['compare', join(captures, 'nvme-in-flight-noflush'), '--capture', 'linux-6.1']).code, 1);
  });

  test('a flush that is not there, of another domain, or of another device', () => {
    const drop = compareChanged('nvme-idle', 'ops.jsonl', (lines) => lines.filter((line, index) =>
      // With the wait behind it.
      !line.includes(contextFlush) && lines[index - 1]?.includes(contextFlush) !== true));
    assert.equal(drop.code, 1);
    assert.match(drop.out, /\^ the first difference: only the model does this/);
    const other = (descriptor: string): Finished => compareChanged('nvme-idle', 'ops.jsonl',
      (lines) => lines.map((line) => line.replace(contextFlush, `"d","${descriptor}","0x0"`)));
    assert.match(other('0x1800040031').out, /\^ the first difference: another domain id/);
    assert.match(other('0x2000030031').out, /\^ the first difference: another device/);
  });

  test('a flush by the lazy queue of a domain that nobody has', () => {
    const lazy = compareChanged('nvme-idle', 'ops.jsonl', (lines) => lines.map((line) => line.replace('"d","0x500e2","0x0"', '"d","0x600e2","0x0"')));
    assert.equal(lazy.code, 1);
    assert.match(lazy.out, /^! IOTLB did 6\n {2}\^ the first difference: the model has given no device this domain id$/m);
  });

  test('a register write with another value, and a line of the log', () => {
    const value = compareChanged('nvme-idle', 'ops.jsonl', (lines) => lines.map((line) => line.replace('"w",56,4,0]', '"w",56,4,2147483648]')));
    assert.equal(value.code, 1);
    assert.match(value.out, /^! FECTL <- 0x80000000 +FECTL <- 0x0$/m);
    const line = compareChanged('nvme-idle', 'serial.log', (lines) => lines.map((each) => each.replace('No RMRR found', 'RMRR found')));
    assert.equal(line.code, 1);
    assert.match(line.out, /^! recorded {2}DMAR: RMRR found$/m);
  });

  test('a strict kernel\'s flushes for the buffers of a network card are the allocator\'s, those for a disk are not', () => {
    // The recorded unit has no caching mode, so that nothing was flushed for a buffer; now it is said to have it.
    const { code, out } = compareChanged('nvme-and-e1000e', 'snap-2-kdump-start.json',
      (lines) => lines.map((line) => line.replace('0xd2008c22260206', '0xd2008c22260286')), '--json');
    assert.equal(code, 1);
    const rows = (JSON.parse(out) as Document).captures.flatMap(({ operations }) => operations)
      .filter(({ model }) => /^IOTLB did \d+ 0x/.test(model ?? ''));
    const kinds = (domain: string): readonly string[] => [...new Set(rows.filter(({ model }) => model?.startsWith(domain) === true)
      .map(({ kind, rule }) => rule ?? kind))];
    assert.deepEqual([kinds('IOTLB did 6 '), kinds('IOTLB did 7 ')], [['different'], ['network-buffers']]);
  });

  test('an interrupt of another device may be set up among the flushes of pages, but not nowhere', () => {
    const entry = '[13.226,"d","0x600000014","0x0"]\n[13.226,"d","0x200000025","0x1f1d0000"]';
    const page = /"d","0x500f2","0xffffd000"/;
    const among = compareChanged('nvme-caching-mode', 'ops.jsonl', (lines) => {
      const at = lines.findLastIndex((line) => page.test(line)) - 3;
      return [...lines.slice(0, at), ...entry.split('\n'), ...lines.slice(at)];
    });
    assert.deepEqual([among.code, /^ {2}interrupt-places, once: /m.test(among.out)], [0, true], among.out);
    const nowhere = compareChanged('nvme-caching-mode', 'ops.jsonl', (lines) => lines.filter((line, index) =>
      !/"d","0x[0-9a-f]+00000014"/.test(line) && !/"d","0x[0-9a-f]+00000014"/.test(lines[index - 1] ?? '')));
    assert.equal(nowhere.code, 1);
  });

  test('scalable mode is not modelled', () => {
    const scalable = compareChanged('nvme-idle', 'ops.jsonl',
      (lines) => lines.map((line) => line.replace(/"w",32,8,(\d+)\]/, (_, value: string) => `"w",32,8,${Number(value) + 1024}]`)));
    assert.equal(scalable.code, 125);
    assert.match(scalable.talk, /cannot tell: its tables are of scalable mode/);
  });

  test('what cannot be read is said with its file and line, exit code 129', () => {
    const cut = compareChanged('nvme-idle', 'ops.jsonl', (lines) => [...lines.slice(0, 4), '[1.0,"w",', ...lines.slice(4)]);
    assert.deepEqual([cut.code, /ops\.jsonl:5: not JSON/.test(cut.talk)], [129, true]);
    const none = dmarsim(['compare', join(captures, 'no-such-capture')]);
    assert.deepEqual([none.code, /no-such-capture: there is no such folder/.test(none.talk)], [129, true]);
    const file = dmarsim(['compare', join(root, 'package.json')]);
    assert.deepEqual([file.code, /package\.json: is no folder/.test(file.talk)], [129, true]);
    assert.equal(dmarsim(['compare', join(captures, 'nvme-idle'), '--capture', 'linux-9.9']).code, 129);
  });
});
