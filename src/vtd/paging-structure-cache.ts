/**
 * The second-level paging-structure caches (specification 6.2.5): entries that lead to a table, found
 * and removed by domain-id and address. An entry saves the walk above it; what it leads to is read from
 * memory each time. It may exist though nothing below it is mapped.
 */
import { Grid, columnLimit, type Packing } from '../base/grid.ts';
import { digest } from '../base/hash.ts';
import type { Journal } from '../base/journal.ts';
import {
  alignedFrame, blocksOverlap, domainIdNumber, frameNumber, hasBits, hexFrame, highHalf, joined,
  lowHalf, storedDomainId, storedFrame, type DomainId, type Frame,
} from '../base/word.ts';

export interface CachedStructure {
  readonly domain: DomainId;
  /** The level of the entry: 2 is a PDE, which leads to a page table. */
  readonly level: number;
  /** First frame of the region that the entry translates. */
  readonly frame: Frame;
  /** The table it leads to, with the rights of all levels down to it. */
  readonly table: Frame;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly filledBy: number;
}

const levels = [2, 3, 4, 5] as const;

/** The entries of one level: found by domain (the row) and the low bits of the frame (the column). */
function packingOf(level: number): Packing<CachedStructure> {
  return {
    pack(entry, words, at) {
      const table = frameNumber(entry.table);
      words[at] = lowHalf(table);
      words[at + 1] = highHalf(table);
      words[at + 2] = (entry.readable ? 2 : 0) + (entry.writable ? 1 : 0);
      words[at + 3] = entry.filledBy + 1;
      words[at + 4] = Math.floor(frameNumber(entry.frame) / columnLimit);
    },
    unpack(row, column, words, at) {
      const rights = words[at + 2] ?? 0;
      return {
        domain: storedDomainId(row),
        level,
        frame: storedFrame((words[at + 4] ?? 0) * columnLimit + column),
        table: storedFrame(joined(words[at] ?? 0, words[at + 1] ?? 0)),
        readable: hasBits(rights, 2),
        writable: hasBits(rights, 1),
        filledBy: (words[at + 3] ?? 0) - 1,
      };
    },
  };
}

function weigh(entry: CachedStructure): number {
  return digest([domainIdNumber(entry.domain), entry.level, frameNumber(entry.frame),
    frameNumber(entry.table), entry.readable ? 1 : 0, entry.writable ? 1 : 0]);
}

/** Order of the region that an entry of a level translates. */
function orderOf(level: number): number {
  return 9 * (level - 1);
}

export class PagingStructureCache {
  /** From level 2 on. */
  readonly #grids: readonly Grid<CachedStructure>[];

  constructor(journal: Journal, name: string) {
    const label = (entry: CachedStructure): string =>
      `domain ${domainIdNumber(entry.domain)} ${hexFrame(entry.frame)}`;
    this.#grids = levels.map((level) =>
      new Grid<CachedStructure>(journal, `${name} level ${level} entries`, packingOf(level), weigh, label));
  }

  /** The deepest entry for the address in a table of so many levels. */
  lookUp(domain: DomainId, frame: Frame, tableLevels: number): CachedStructure | undefined {
    for (let level = 2; level <= tableLevels; level += 1) {
      const first = alignedFrame(frame, orderOf(level));
      const entry = this.#grids[level - 2]?.get(domainIdNumber(domain), frameNumber(first));
      if (entry !== undefined && entry.frame === first) return entry;
    }
    return undefined;
  }

  insert(entry: CachedStructure): void {
    this.#grids[entry.level - 2]?.set(domainIdNumber(entry.domain), frameNumber(entry.frame), entry);
  }

  /** Where an entry of this level for `frame` begins. */
  static regionOf(frame: Frame, level: number): Frame {
    return alignedFrame(frame, orderOf(level));
  }

  /** Entries whose region shares an address with the 2^order frames around `frame`. */
  static overlaps(entry: CachedStructure, frame: Frame, order: number): boolean {
    return blocksOverlap(entry.frame, orderOf(entry.level), frame, order);
  }

  remove(selects: (entry: CachedStructure) => boolean): readonly CachedStructure[] {
    const gone = this.entries().filter(selects);
    for (const { level, domain, frame } of gone) {
      this.#grids[level - 2]?.delete(domainIdNumber(domain), frameNumber(frame));
    }
    return gone;
  }

  entries(): readonly CachedStructure[] {
    return this.#grids.flatMap((grid) => grid.sorted());
  }

  get size(): number {
    let size = 0;
    for (const grid of this.#grids) size += grid.size;
    return size;
  }
}
