/**
 * What stood in a machine's hardware at one moment: the registers of its remapping unit, and the pages
 * that its translation structures reach. Recorded on a machine or an emulator, or written by hand.
 *
 *     {"regs": {"GSTS": "0xc7000000", "RTADDR": "0x525000", …},
 *      "pages": {"0x525000": {"kind": ["root"], "hex": "01…"}, …}}
 *
 * Registers are named as in the specification, a fault-recording register `FRCD0.lo` and `FRCD0.hi`. A
 * page's bytes may end early; the rest of it is zero. Other members are for the reader.
 */
import { Malformed, bytesAt, listAt, objectAt, parsedJson, textAt, wordAt } from '../../base/checked-json.ts';
import type { Word64 } from '../../base/word.ts';

export interface ImagePage {
  readonly address: number;
  /** What the page serves as, in the recorder's words. */
  readonly kinds: readonly string[];
  /** All 4096. */
  readonly bytes: Uint8Array;
}

export interface HardwareImage {
  /** What the recorder called the moment; may be empty. */
  readonly name: string;
  readonly registers: ReadonlyMap<string, Word64>;
  /** In the order of their addresses, no two of them one page. */
  readonly pages: readonly ImagePage[];
}

export const imageLimits = {
  /** Unpacked. A machine with a gigabyte mapped in small pages has some five mebibytes. */
  bytes: 64 * 1024 * 1024,
  pages: 8192,
  registers: 256,
  addressEnd: 2 ** 52,
} as const;

const pageBytes = 4096;

/** The image, or what is wrong with it. */
export function readHardwareImage(json: string): HardwareImage | string {
  if (json.length > imageLimits.bytes) return `has more than ${imageLimits.bytes} characters`;
  try {
    const fields = objectAt(parsedJson(json), 'the image');
    return {
      name: textAt(fields.get('name') ?? '', 64, 'name').replace(/[^ -~]/g, '?'),
      registers: readRegisters(fields.get('regs')),
      pages: readPages(fields.get('pages')),
    };
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
}

function readRegisters(value: unknown): ReadonlyMap<string, Word64> {
  const registers = new Map<string, Word64>();
  const fields = objectAt(value, 'regs');
  if (fields.size > imageLimits.registers) throw new Malformed('regs has too many members');
  for (const [name, content] of fields) {
    // Where the recorder says where it found the others.
    if (name === '_offsets') continue;
    if (!/^[A-Za-z0-9.]{1,16}$/.test(name)) throw new Malformed('regs has a member that is no register');
    registers.set(name, wordAt(content, `regs.${name}`));
  }
  return registers;
}

function readPages(value: unknown): readonly ImagePage[] {
  const fields = objectAt(value, 'pages');
  if (fields.size > imageLimits.pages) throw new Malformed(`pages has more than ${imageLimits.pages} members`);
  const pages = [...fields].map(([key, content]) => readPage(key, content))
    .sort((left, right) => left.address - right.address);
  for (const [index, page] of pages.entries()) {
    if (pages[index - 1]?.address === page.address) {
      throw new Malformed(`pages has 0x${page.address.toString(16)} twice`);
    }
  }
  return pages;
}

function readPage(key: string, value: unknown): ImagePage {
  const address = /^0x[0-9a-f]{1,13}$/i.test(key) ? Number.parseInt(key.slice(2), 16) : Number.NaN;
  if (!(address < imageLimits.addressEnd && address % pageBytes === 0)) {
    throw new Malformed('pages has a member that is no page\'s address');
  }
  const where = `pages.${key}`;
  const fields = objectAt(value, where);
  const kinds = listAt(fields.get('kind') ?? [], `${where}.kind`).slice(0, 8)
    .map((kind, index) => textAt(kind, 64, `${where}.kind[${index}]`).replace(/[^ -~]/g, '?'));
  const bytes = new Uint8Array(pageBytes);
  bytes.set(bytesAt(fields.get('hex'), pageBytes, `${where}.hex`));
  return { address, kinds, bytes };
}
