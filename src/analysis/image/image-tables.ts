/**
 * The translation structures of an image, read as they stand: root and context tables, page tables,
 * interrupt entries (specification 9.1, 9.3, 9.8, 9.9). An image comes from outside: a table may lead to
 * itself, or to pages that are not there.
 */
import { field, bit, get, isSet, sourceIdOf, zeroWord, type SourceId, type Word64 } from '../../base/word.ts';
import type { HardwareImage } from '../../scenario/image/hardware-image.ts';
import { CONTEXT, CONTEXT_UPPER, ROOT, SECOND_LEVEL, TRANSLATION_TYPE } from '../../vtd/entries.ts';
import { GSTS, IRTA, RTADDR } from '../../vtd/registers.ts';
import { ImageMemory, type TableMemory } from './image-memory.ts';

export interface ImageContext {
  readonly source: SourceId;
  readonly root: Word64;
  readonly low: Word64;
  readonly high: Word64;
  readonly domain: number;
  readonly passThrough: boolean;
  /** Page number of the second-level table, and its levels. */
  readonly table: number;
  readonly levels: number;
}

export interface InterruptEntry {
  readonly index: number;
  readonly low: Word64;
  readonly high: Word64;
}

/** Widths that a context entry can name (AW): 3 to 5 levels, and 2 of old units. */
export function hasTables({ passThrough, levels }: ImageContext): boolean {
  return !passThrough && levels <= mostLevels;
}

/** The address of a page; page numbers of 52 bits are exact as multiples of 4096. */
export function pageHex(page: number): string {
  return `0x${(page * 4096).toString(16)}`;
}

const mostLevels = 5;
const busCount = 256;
const functionCount = 256;
const entryCount = 512;

function register(image: HardwareImage, name: string): Word64 {
  return image.registers.get(name) ?? zeroWord;
}

export function rootTableOf(image: HardwareImage): number {
  return get(RTADDR.RTA, register(image, 'RTADDR'));
}

export function usesScalableTables(image: HardwareImage): boolean {
  return get(RTADDR.TTM, register(image, 'RTADDR')) !== 0;
}

export function isOn(image: HardwareImage, what: 'TES' | 'IRES' | 'QIES'): boolean {
  return isSet(GSTS[what], register(image, 'GSTS'));
}

/** Present entries, in the order of their source-ids; a page that is not there has none. */
export function contextsOf(image: HardwareImage): readonly ImageContext[] {
  return contextsIn(new ImageMemory(image), rootTableOf(image));
}

export function contextsIn(memory: TableMemory, rootTable: number): readonly ImageContext[] {
  const contexts: ImageContext[] = [];
  for (let bus = 0; bus < busCount; bus += 1) {
    const root = memory.word(rootTable, 2 * bus) ?? zeroWord;
    if (!isSet(ROOT.P, root)) continue;
    const page = get(ROOT.CTP, root);
    for (let devfn = 0; devfn < functionCount; devfn += 1) {
      const low = memory.word(page, 2 * devfn) ?? zeroWord;
      const high = memory.word(page, 2 * devfn + 1) ?? zeroWord;
      if (!isSet(CONTEXT.P, low)) continue;
      contexts.push({
        source: sourceIdOf(bus * functionCount + devfn), root, low, high, domain: get(CONTEXT_UPPER.DID, high),
        passThrough: get(CONTEXT.TT, low) === TRANSLATION_TYPE.passThrough,
        table: get(CONTEXT.SLPTPTR, low), levels: get(CONTEXT_UPPER.AW, high) + 2,
      });
    }
  }
  return contexts;
}

/** One leaf, with the entries that lead to it: by level, from 5 down to 1; 0 where there is no such level. */
export interface Leaf {
  readonly frame: number;
  readonly path: readonly [Word64, Word64, Word64, Word64, Word64];
  /** Level of the leaf: 1, or more for a large page. */
  readonly level: number;
}

export type LeafVisit = { readonly kind: 'leaf'; readonly leaf: Leaf } | { readonly kind: 'missing'; readonly page: number; readonly level: number };

const LARGE = SECOND_LEVEL.PS;
const RIGHTS = field(1, 0);

/**
 * Leaves in the order of their addresses. Ends after `most` entries: tables that lead to themselves have
 * more leaves than there is time.
 */
export function* leavesOf(memory: TableMemory, table: number, levels: number, most: number): Generator<LeafVisit> {
  let left = most;
  function* walk(page: number, level: number, base: number, path: readonly Word64[]): Generator<LeafVisit> {
    if (!memory.has(page)) {
      yield { kind: 'missing', page, level };
      return;
    }
    const span = 512 ** (level - 1);
    for (let index = 0; index < entryCount && left > 0; index += 1) {
      left -= 1;
      const entry = memory.word(page, index) ?? zeroWord;
      if (get(RIGHTS, entry) === 0) continue;
      const frame = base + index * span;
      const way = [...path, entry];
      if (level > 1 && !isSet(LARGE, entry)) yield* walk(get(SECOND_LEVEL.ADDR, entry), level - 1, frame, way);
      else yield { kind: 'leaf', leaf: { frame, level, path: pathOf(way, level) } };
    }
  }
  yield* walk(table, levels, 0, []);
}

function pathOf(way: readonly Word64[], leafLevel: number): Leaf['path'] {
  const top = way.length + leafLevel - 1;
  const at = (level: number): Word64 => way[top - level] ?? zeroWord;
  return [at(5), at(4), at(3), at(2), at(1)];
}

/** The walk of one frame: every entry that is read, the last one with no right or a leaf. */
export function walkOf(memory: TableMemory, table: number, levels: number, frame: number):
  { readonly leaf: Leaf | null; readonly missing: number | null } {
  const way: Word64[] = [];
  let page = table;
  for (let level = levels; level >= 1; level -= 1) {
    const entry = memory.word(page, Math.floor(frame / 512 ** (level - 1)) % entryCount);
    if (entry === undefined) return { leaf: null, missing: page };
    way.push(entry);
    if (get(RIGHTS, entry) === 0) return { leaf: null, missing: null };
    if (level === 1 || isSet(LARGE, entry)) return { leaf: { frame, level, path: pathOf(way, level) }, missing: null };
    page = get(SECOND_LEVEL.ADDR, entry);
  }
  return { leaf: null, missing: null };
}

export const INTERRUPT_ENTRY = { P: bit(0), VECTOR: field(23, 16), DESTINATION: field(63, 32), SID: field(15, 0) } as const;

/** Page number of the interrupt-remapping table, and its entries that are present, as far as the image has them. */
export function interruptEntriesOf(image: HardwareImage): { readonly table: number; readonly entries: readonly InterruptEntry[] } {
  const memory = new ImageMemory(image);
  const address = register(image, 'IRTA');
  const table = get(IRTA.IRTA, address);
  const count = 2 ** (get(IRTA.S, address) + 1);
  const entries: InterruptEntry[] = [];
  for (let index = 0; index < count; index += 1) {
    const page = table + Math.floor(index / 256);
    const low = memory.word(page, 2 * (index % 256));
    if (low === undefined || !isSet(INTERRUPT_ENTRY.P, low)) continue;
    entries.push({ index, low, high: memory.word(page, 2 * (index % 256) + 1) ?? zeroWord });
  }
  return { table, entries };
}
