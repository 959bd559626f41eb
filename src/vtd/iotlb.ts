/**
 * The IOTLB (specification 6.2.4): found by source-id and address, removed by domain-id and address. The
 * domain-id that an entry carries is that of the context entry it was filled through, for ever.
 */
import type { CacheEntryName } from '../base/event.ts';
import { Grid, columnLimit, type Packing } from '../base/grid.ts';
import { digest } from '../base/hash.ts';
import type { Journal } from '../base/journal.ts';
import { nowhere } from '../base/packed-map.ts';
import { Numbers } from '../base/stores.ts';
import {
  alignedFrame, bdf, domainIdNumber, frameNumber, hasBits, hexFrame, highHalf, joined, lowHalf,
  powerOfTwo,  sourceIdNumber, storedDomainId, storedFrame, storedSourceId, upperBits, type DomainId, type Frame, type SourceId,
} from '../base/word.ts';
import { chooseVictims, keepsAges, type CacheShape } from './cache-shape.ts';

export interface CachedTranslation {
  readonly source: SourceId;
  readonly domain: DomainId;
  /** First frame of the page, and the order of its size. */
  readonly frame: Frame;
  readonly order: number;
  readonly target: Frame;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly faultDisabled: boolean;
  readonly filledBy: number;
  readonly sequence: number;
}

export function rightsOf(readable: boolean, writable: boolean): string {
  return `${readable ? 'r' : '-'}${writable ? 'w' : '-'}`;
}

/** The entries of one size of page: found by source (the row) and the low bits of the frame (the column). */
function packingOf(order: number): Packing<CachedTranslation> {
  return {
    pack(entry, words, at) {
      const target = frameNumber(entry.target);
      words[at] = lowHalf(target);
      words[at + 1] = highHalf(target);
      words[at + 2] = domainIdNumber(entry.domain) * 8
        + (entry.readable ? 4 : 0) + (entry.writable ? 2 : 0) + (entry.faultDisabled ? 1 : 0);
      words[at + 3] = entry.filledBy + 1;
      words[at + 4] = entry.sequence;
      // Frames have 45 bits at most.
      words[at + 5] = frameNumber(entry.frame) < columnLimit ? 0 : Math.floor(frameNumber(entry.frame) / columnLimit);
    },
    unpack(row, column, words, at) {
      const attributes = words[at + 2] ?? 0;
      const above = words[at + 5] ?? 0;
      return {
        source: storedSourceId(row),
        domain: storedDomainId(upperBits(attributes, 3)),
        frame: storedFrame(above === 0 ? column : above * columnLimit + column),
        order,
        target: storedFrame(joined(words[at] ?? 0, words[at + 1] ?? 0)),
        readable: hasBits(attributes, 4),
        writable: hasBits(attributes, 2),
        faultDisabled: hasBits(attributes, 1),
        filledBy: (words[at + 3] ?? 0) - 1,
        sequence: words[at + 4] ?? 0,
      };
    },
  };
}

function weigh(entry: CachedTranslation): number {
  return digest([
    domainIdNumber(entry.domain), frameNumber(entry.frame), frameNumber(entry.target),
    entry.readable ? 1 : 0, entry.writable ? 1 : 0, entry.faultDisabled ? 1 : 0, entry.sequence,
  ]);
}

function label(entry: CachedTranslation): string {
  return `${bdf(entry.source)} ${hexFrame(entry.frame)} domain ${domainIdNumber(entry.domain)}`;
}

const nothing: readonly never[] = [];

/** One table for each size of page; a look-up asks the small pages first. */
export class Iotlb {
  readonly #pages: Grid<CachedTranslation>;
  readonly #medium: Grid<CachedTranslation>;
  readonly #large: Grid<CachedTranslation>;
  /** The three, by size. */
  readonly #tables: readonly Grid<CachedTranslation>[];
  readonly #counter: Numbers;
  readonly #shape: CacheShape;
  readonly #limit: number;

  constructor(journal: Journal, name: string, shape: CacheShape) {
    this.#pages = new Grid(journal, `${name} IOTLB 4K`, packingOf(0), weigh, label);
    this.#medium = new Grid(journal, `${name} IOTLB 2M`, packingOf(9), weigh, label);
    this.#large = new Grid(journal, `${name} IOTLB 1G`, packingOf(18), weigh, label);
    this.#tables = [this.#pages, this.#medium, this.#large];
    this.#counter = new Numbers(journal, `${name} IOTLB fills`, 1);
    this.#shape = shape;
    this.#limit = shape.limit;
  }

  lookUp(source: SourceId, frame: Frame): CachedTranslation | undefined {
    const page = this.#pages.get(sourceIdNumber(source), frameNumber(frame));
    // Frames of a 57-bit space that share their low 36 bits share a place: the tag decides.
    if (page !== undefined && page.frame === frame) return page;
    return this.#medium.size + this.#large.size === 0 ? undefined
      : this.#lookUpIn(this.#medium, source, alignedFrame(frame, 9))
        ?? this.#lookUpIn(this.#large, source, alignedFrame(frame, 18));
  }

  /**
   * As `lookUp`, for whoever asks no more than where a page with both rights leads to: null where there is no
   * entry, undefined where there is more to say.
   */
  grantedTarget(source: SourceId, frame: Frame): Frame | null | undefined {
    const at = this.#pages.find(sourceIdNumber(source), frameNumber(frame));
    if (at === nowhere) return this.#medium.size + this.#large.size === 0 ? null : undefined;
    const { words } = this.#pages;
    const isWhole = (words[at + 2] ?? 0) % 8 >= 6 && words[at + 5] === 0 && frameNumber(frame) < columnLimit;
    return isWhole ? storedFrame(joined(words[at] ?? 0, words[at + 1] ?? 0)) : undefined;
  }

  /** The entries that must go before another can be inserted. */
  victims(): readonly CachedTranslation[] {
    return this.#limit === Infinity ? nothing : chooseVictims(this.#shape, this.size, this);
  }

  /** The age that an entry inserted now would have. */
  nextSequence(): number {
    return keepsAges(this.#shape) ? this.#counter.get(0) + 1 : 0;
  }

  insert(entry: CachedTranslation): void {
    if (entry.sequence !== 0) this.#counter.set(0, entry.sequence);
    this.#tableOf(entry.order).set(sourceIdNumber(entry.source), frameNumber(entry.frame), entry);
  }

  delete(entry: CachedTranslation): void {
    this.#tableOf(entry.order).delete(sourceIdNumber(entry.source), frameNumber(entry.frame));
  }

  clear(): void {
    for (const table of this.#tables) if (table.size > 0) table.clear();
  }

  /** What `selects` picks, in no order. */
  select(selects: (entry: CachedTranslation) => boolean): readonly CachedTranslation[] {
    return this.#tables.flatMap((table) => table.select(selects));
  }

  /**
   * All entries that share an address with the 2^order frames around `frame`, and maybe others, in no order: what
   * may be there is looked up, unless looking at all that is there is less.
   */
  around(frame: Frame, order: number): readonly CachedTranslation[] {
    const found: CachedTranslation[] = [];
    for (const [at, table] of this.#tables.entries()) {
      if (table.size === 0) continue;
      const own = at * 9;
      const count = powerOfTwo(Math.max(order - own, 0));
      found.push(...count < table.size
        ? table.inColumns(frameNumber(alignedFrame(frame, Math.max(order, own))), count, powerOfTwo(own))
        : table.select(() => true));
    }
    return found;
  }

  /** By size of page, source and address. */
  entries(): readonly CachedTranslation[] {
    return this.#tables.flatMap((table) => table.sorted());
  }

  get size(): number {
    return this.#pages.size + this.#medium.size + this.#large.size;
  }

  #tableOf(order: number): Grid<CachedTranslation> {
    return order === 0 ? this.#pages : order === 9 ? this.#medium : this.#large;
  }

  #lookUpIn(
    table: Grid<CachedTranslation>, source: SourceId, first: Frame,
  ): CachedTranslation | undefined {
    const entry = table.get(sourceIdNumber(source), frameNumber(first));
    return entry?.frame === first ? entry : undefined;
  }
}

export function nameTranslation(entry: CachedTranslation): CacheEntryName {
  const { source, frame, domain, filledBy } = entry;
  return { source, frame, domain, filledBy };
}

/** The order in which entries are named where an event tells of several. */
export function byAddress(left: CachedTranslation, right: CachedTranslation): number {
  return left.order - right.order || sourceIdNumber(left.source) - sourceIdNumber(right.source)
    || frameNumber(left.frame) - frameNumber(right.frame);
}
