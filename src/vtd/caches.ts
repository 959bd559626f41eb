/**
 * The context cache and the IOTLB (specification 6.2): what an entry is looked up by, what it is
 * removed by, what it holds. How many entries there are and what goes when they are full is the
 * hardware's choice, not architecture.
 *
 * An IOTLB entry is found by source-id and address and removed by domain-id and address (6.2.1, table
 * 21). The domain-id that it carries is that of the context entry it was filled through, for ever.
 */
import type { CacheEntryName } from '../base/event.ts';
import { digest } from '../base/hash.ts';
import type { Journal } from '../base/journal.ts';
import { Numbers, Table } from '../base/stores.ts';
import {
  alignedFrame, bdf, domainIdNumber, frameNumber, hexFrame, sourceIdNumber, type DomainId, type Frame,
  type SourceId,
} from '../base/word.ts';
import type { ContextFields } from './entries.ts';

export interface CachedContext {
  readonly source: SourceId;
  readonly fields: ContextFields;
  /** The event of the fill. */
  readonly filledBy: number;
  readonly sequence: number;
}

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

/** `limit` entries; `whenFull`: what makes room. */
export interface CacheShape {
  readonly limit: number;
  readonly whenFull: 'oldest' | 'all';
}

export function rightsOf(readable: boolean, writable: boolean): string {
  return `${readable ? 'r' : '-'}${writable ? 'w' : '-'}`;
}

/** What makes room in a cache of this shape; nothing while there is room. */
function chooseVictims<Entry extends { readonly sequence: number }>(
  shape: CacheShape, size: number, cache: { entries(): readonly Entry[] },
): readonly Entry[] {
  if (size < shape.limit) return [];
  const entries = cache.entries();
  if (shape.whenFull === 'all') return entries;
  const oldest = Math.min(...entries.map((entry) => entry.sequence));
  return entries.filter((entry) => entry.sequence === oldest);
}

function weighContext(entry: CachedContext): number {
  const { fields } = entry;
  return digest([
    fields.faultDisabled ? 1 : 0, fields.translationType, frameNumber(fields.table),
    fields.addressWidth, domainIdNumber(fields.domain), entry.sequence,
  ]);
}

export class ContextCache {
  readonly #entries: Table<CachedContext>;
  readonly #counter: Numbers;
  readonly #shape: CacheShape;

  constructor(journal: Journal, name: string, shape: CacheShape) {
    this.#entries = new Table(journal, `${name} context cache`, weighContext,
      (entry) => `${bdf(entry.source)} domain ${domainIdNumber(entry.fields.domain)}`);
    this.#counter = new Numbers(journal, `${name} context cache fills`, 1);
    this.#shape = shape;
  }

  lookUp(source: SourceId): CachedContext | undefined {
    return this.#entries.get(sourceIdNumber(source));
  }

  /** The entries that must go before one for `source` can be inserted. */
  victims(source: SourceId): readonly CachedContext[] {
    return this.lookUp(source) === undefined ? chooseVictims(this.#shape, this.#entries.size, this) : [];
  }

  insert(source: SourceId, fields: ContextFields, filledBy: number): void {
    // Ages matter only where something is ever evicted by age.
    const sequence = this.#shape.limit === Infinity ? 0 : this.#counter.get(0) + 1;
    this.#counter.set(0, sequence);
    this.#entries.set(sourceIdNumber(source), { source, fields, filledBy, sequence });
  }

  delete(entry: CachedContext): void {
    this.#entries.delete(sourceIdNumber(entry.source));
  }

  entries(): readonly CachedContext[] {
    return this.#entries.entries().map(([, entry]) => entry);
  }
}

function weighTranslation(entry: CachedTranslation): number {
  return digest([
    domainIdNumber(entry.domain), frameNumber(entry.frame), frameNumber(entry.target),
    entry.readable ? 1 : 0, entry.writable ? 1 : 0, entry.faultDisabled ? 1 : 0, entry.sequence,
  ]);
}

/**
 * Source-id and frame as one exact number. Two pages of a 57-bit space that share their low 36 bits
 * of frame number share a place, as they may in any real cache; tags are compared at every look-up.
 */
function placeOf(source: SourceId, frame: Frame): number {
  return sourceIdNumber(source) * 2 ** 36 + (frameNumber(frame) % 2 ** 36);
}

const orders = [0, 9, 18] as const;

export class Iotlb {
  readonly #tables: ReadonlyMap<number, Table<CachedTranslation>>;
  readonly #pages: Table<CachedTranslation>;
  readonly #large: readonly (readonly [number, Table<CachedTranslation>])[];
  readonly #counter: Numbers;
  readonly #shape: CacheShape;

  constructor(journal: Journal, name: string, shape: CacheShape) {
    const label = (entry: CachedTranslation): string =>
      `${bdf(entry.source)} ${hexFrame(entry.frame)} domain ${domainIdNumber(entry.domain)}`;
    const tableFor = (order: number): Table<CachedTranslation> =>
      new Table(journal, `${name} IOTLB ${order === 0 ? '4K' : order === 9 ? '2M' : '1G'}`,
        weighTranslation, label);
    this.#pages = tableFor(0);
    this.#large = [[9, tableFor(9)], [18, tableFor(18)]];
    this.#tables = new Map([[0, this.#pages], ...this.#large]);
    this.#counter = new Numbers(journal, `${name} IOTLB fills`, 1);
    this.#shape = shape;
  }

  lookUp(source: SourceId, frame: Frame): CachedTranslation | undefined {
    const page = this.#pages.get(placeOf(source, frame));
    if (page !== undefined && page.frame === frame) return page;
    for (const [order, table] of this.#large) {
      if (table.size === 0) continue;
      const first = alignedFrame(frame, order);
      const entry = table.get(placeOf(source, first));
      if (entry !== undefined && entry.frame === first) return entry;
    }
    return undefined;
  }

  /** The entries that must go before another can be inserted. */
  victims(): readonly CachedTranslation[] {
    return chooseVictims(this.#shape, this.size, this);
  }

  insert(entry: Omit<CachedTranslation, 'sequence'>): void {
    const sequence = this.#shape.limit === Infinity ? 0 : this.#counter.get(0) + 1;
    this.#counter.set(0, sequence);
    this.#tables.get(entry.order)?.set(placeOf(entry.source, entry.frame), { ...entry, sequence });
  }

  delete(entry: CachedTranslation): void {
    this.#tables.get(entry.order)?.delete(placeOf(entry.source, entry.frame));
  }

  entries(): readonly CachedTranslation[] {
    return orders.flatMap((order) => this.#tables.get(order)?.entries() ?? []).map(([, entry]) => entry);
  }

  get size(): number {
    return this.#pages.size + this.#large.reduce((sum, [, table]) => sum + table.size, 0);
  }
}

export function nameContext(entry: CachedContext): CacheEntryName {
  const { source, fields, filledBy } = entry;
  return { source, frame: null, domain: fields.domain, filledBy };
}

export function nameTranslation(entry: CachedTranslation): CacheEntryName {
  const { source, frame, domain, filledBy } = entry;
  return { source, frame, domain, filledBy };
}
