// Protects `dmarsim inspect`: an image's tables in the columns of the kernel's debugfs files, and that
// nothing in a file from outside (tables that lead to themselves, pages that are not there, widths that no
// unit has) makes it fail, hang or lie.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { dmarsim, linesOf, withFiles, type Finished } from './support/dmarsim.ts';

/** A page of 64-bit words, as the bytes that stand in memory. */
function page(words: Readonly<Record<number, bigint>>): { readonly kind: readonly string[]; readonly hex: string } {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of Object.entries(words)) view.setBigUint64(8 * Number(index), word, true);
  // An image may leave out the zeros at a page's end, in the middle of its last word too.
  const used = bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1);
  return { kind: [], hex: [...used].map((byte) => byte.toString(16).padStart(2, '0')).join('') };
}

const regs = { GSTS: '0xc3000000', RTADDR: '0x1000', IRTA: '0x9007', CAP: '0xd2008c22260206' };
/** 00:03.0 has did 7 and a 3-level table with a page, a run of three and a large page; 00:04.0 passes through. */
const pages = {
  '0x1000': page({ 0: 0x2001n }),
  '0x2000': page({ 48: 0x3001n, 49: 0x701n, 64: 0x9n, 65: 0x202n }),
  '0x3000': page({ 3: 0x4003n }),
  '0x4000': page({ 510: 0x40_0083n, 511: 0x5003n }),
  '0x5000': page({ 100: 0x10_0001n, 200: 0x20_0003n, 201: 0x20_1003n, 202: 0x20_2003n, 511: 0x30_0002n }),
  '0x9000': page({ 2: 0x0000_0100_0021_0001n, 3: 0x4_0018n }),
};

function inspect(document: object | string, ...options: readonly string[]): Finished {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  return withFiles({ 'image.json.gz': gzipSync(text) }, (folder) =>
    dmarsim(['inspect', join(folder, 'image.json.gz'), ...options]));
}

describe('the columns of debugfs', () => {
  test('registers, entries, page tables with runs folded, interrupt entries', () => {
    const { code, out } = inspect({ regs, pages });
    assert.equal(code, 0);
    assert.deepEqual(linesOf(out), [
      'IOMMU: dmar0 Register Base Address: not recorded',
      'Name\t\t\tOffset\t\tContents',
      'GSTS            \t0x1c\t\t0x00000000c3000000',
      'CAP             \t0x08\t\t0x00d2008c22260206',
      'RTADDR          \t0x20\t\t0x0000000000001000',
      'IRTA            \t0xb8\t\t0x0000000000009007',
      '',
      'IOMMU dmar0: Root Table Address: 0x1000',
      'B.D.F\tRoot_entry\t\t\t\tContext_entry\t\t\t\tPASID\tPASID_table_entry',
      '00:03.0\t0x0000000000000000:0x0000000000002001\t0x0000000000000701:0x0000000000003001\t-1    \t'
        + '0x0000000000000000:0x0000000000000000:0x0000000000000000',
      '00:04.0\t0x0000000000000000:0x0000000000002001\t0x0000000000000202:0x0000000000000009\t-1    \t'
        + '0x0000000000000000:0x0000000000000000:0x0000000000000000',
      '',
      'Device 0000:00:03.0 @0x3000',
      'IOVA_PFN\t\tPML5E\t\t\tPML4E\t\t\tPDPE\t\t\tPDE\t\t\tPTE',
      ...[['ffc00', '400083', '0'], ['ffe64', '5003', '100001'], ['ffec8', '5003', '200003']].map(leaf),
      '\t\t\t... 1 more, each for the page behind',
      ...[['ffeca', '5003', '202003'], ['fffff', '5003', '300002']].map(leaf),
      '',
      'Device 0000:00:04.0 domain 2: pass-through, no table',
      '',
      'Remapped Interrupt supported on IOMMU: dmar0',
      ' IR table address:9000',
      ' Entry SrcID   DstID    Vct IRTE_high\t\tIRTE_low',
      ' 1     00:03.0 00000100 21  0000000000040018\t0000010000210001',
      '****',
      '',
    ]);
  });

  test('one address of one device, mapped or not', () => {
    const found = inspect({ regs, pages }, '--device', '00:03.0', '--iova', '0xfffff123');
    assert.deepEqual(linesOf(found.out).slice(-2), [leaf(['fffff', '5003', '300002']), '']);
    const none = inspect({ regs, pages }, '--device', '00:03.0', '--iova', '0x1000');
    assert.deepEqual(linesOf(none.out).slice(-2), ['0x0000000000001 |\tnot mapped', '']);
    const other = inspect({ regs, pages }, '--device', '00:05.0');
    assert.match(other.out, /there is no context entry of that device; there are 00:03\.0, 00:04\.0/);
  });

  test('JSON has every leaf', () => {
    const document: unknown = JSON.parse(inspect({ regs, pages }, '--json').out);
    assert.ok(typeof document === 'object' && document !== null && 'contexts' in document && Array.isArray(document.contexts));
    assert.deepEqual(document.contexts[0], {
      device: '00:03.0', root: '0x2001', low: '0x3001', high: '0x701', domain: 7, passThrough: false, table: '0x3000', levels: 3,
      mappings: [
        { iova: '0xffc00000', physical: '0x400000', bytes: 0x200000, rights: 'rw' },
        { iova: '0xffe64000', physical: '0x100000', bytes: 4096, rights: 'r-' },
        { iova: '0xffec8000', physical: '0x200000', bytes: 4096, rights: 'rw' },
        { iova: '0xffec9000', physical: '0x201000', bytes: 4096, rights: 'rw' },
        { iova: '0xffeca000', physical: '0x202000', bytes: 4096, rights: 'rw' },
        { iova: '0xfffff000', physical: '0x300000', bytes: 4096, rights: '-w' },
      ],
    });
  });
});

function leaf([frame = '', directory = '', entry = '']: readonly string[]): string {
  const wide = (digits: string): string => `0x${digits.padStart(16, '0')}`;
  return `0x${frame.padStart(13, '0')} |\t${[wide('0'), wide('0'), wide('4003'), wide(directory), wide(entry)].join('\t')}`;
}

describe('images that are not as they should be', () => {
  test('what is off is not printed as if it were on', () => {
    assert.match(inspect({ regs: { ...regs, GSTS: '0x0' }, pages }).out, /DMA Remapping is not enabled on dmar0[^]*Interrupt Remapping is not/);
  });

  test('tables of scalable mode are not modelled', () => {
    const { code, talk } = inspect({ regs: { ...regs, RTADDR: '0x1400' }, pages });
    assert.equal(code, 125);
    assert.match(talk, /scalable mode/);
  });

  test('a table that leads to itself, a page that is not there, a width that there is not', () => {
    const itself = inspect({ regs, pages: { ...pages, '0x5000': page({}), '0x3000': page(all(0x3003n)), '0x4000': page(all(0x3003n)) } });
    assert.equal(itself.code, 0);
    assert.match(itself.out, /\.\.\. and more: \d+ entries so far/);
    const { '0x5000': _gone, ...rest } = pages;
    assert.match(inspect({ regs, pages: rest }).out, /the image has no page 0x5000, a table of level 1/);
    assert.match(inspect({ regs, pages: rest }, '--iova', '0xfffff000').out, /the image has no page 0x5000/);
    const wide = { ...pages, '0x2000': page({ 48: 0xffff_ffff_ffff_f001n, 49: 0x707n }) };
    assert.match(inspect({ regs, pages: wide }).out, /Device 0000:00:03\.0 domain 7: no tables have 9 levels/);
    assert.equal(inspect({ regs: { ...regs, RTADDR: '0xfffffffffffff000', IRTA: '0xfffffffffffff00f' }, pages: wide }, '--json').code, 0);
  });

  test('no image, no file, no number: a line and exit code 129', () => {
    const usage = (finished: Finished, message: RegExp): void => {
      assert.equal(finished.code, 129);
      assert.match(finished.talk, message);
      assert.doesNotMatch(finished.talk, /\n +at /);
    };
    usage(inspect('{"regs"'), /image\.json\.gz: not JSON\n$/);
    usage(inspect({ pages: {} }), /regs is not an object/);
    usage(inspect({ regs, pages }, '--iova', 'top'), /--iova: `top` is not an address/);
    usage(inspect({ regs, pages }, '--device', 'nvme'), /--device: `nvme` is not a bus:device\.function/);
    usage(dmarsim(['inspect', 'no-such-file.json']), /no-such-file\.json: there is no such file/);
    usage(dmarsim(['inspect', 'src']), /src: is a folder, not a file/);
    usage(dmarsim(['inspect', '/dev/null']), /\/dev\/null: is no regular file/);
    withFiles({ 'cut.gz': gzipSync(JSON.stringify({ regs, pages })).subarray(0, 60) }, (folder) => {
      usage(dmarsim(['inspect', join(folder, 'cut.gz')]), /cannot be unpacked; it may be cut short/);
    });
    withFiles({ 'bomb.gz': gzipSync(new Uint8Array(80 * 1024 * 1024)) }, (folder) => {
      usage(dmarsim(['inspect', join(folder, 'bomb.gz')]), /is too large unpacked/);
    });
  });
});

function all(word: bigint): Readonly<Record<number, bigint>> {
  return Object.fromEntries(Array.from({ length: 512 }, (_, index) => [index, word]));
}
