/** The context cache (specification 6.2.2): found by source-id, removed by source-id and domain-id. */
import type { CacheEntryName } from '../base/event.ts';
import { digest } from '../base/hash.ts';
import type { Journal } from '../base/journal.ts';
import { Numbers, Table } from '../base/stores.ts';
import { bdf, domainIdNumber, frameNumber, sourceIdNumber, type SourceId } from '../base/word.ts';
import { chooseVictims, keepsAges, type CacheShape } from './cache-shape.ts';
import type { ContextFields } from './entries.ts';

export interface CachedContext {
  readonly source: SourceId;
  readonly fields: ContextFields;
  /** The event of the fill. */
  readonly filledBy: number;
  readonly sequence: number;
}

function weigh(entry: CachedContext): number {
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
    this.#entries = new Table(journal, `${name} context cache`, weigh,
      (entry) => `${bdf(entry.source)} domain ${domainIdNumber(entry.fields.domain)}`);
    this.#counter = new Numbers(journal, `${name} context cache fills`, 1);
    this.#shape = shape;
  }

  lookUp(source: SourceId): CachedContext | undefined {
    return this.#entries.get(sourceIdNumber(source));
  }

  /** The entries that must go before one for `source` can be inserted. */
  victims(source: SourceId): readonly CachedContext[] {
    if (this.lookUp(source) !== undefined) return [];
    return chooseVictims(this.#shape, this.#shape.limit === Infinity ? 0 : this.#entries.size, this);
  }

  insert(source: SourceId, fields: ContextFields, filledBy: number): void {
    const sequence = keepsAges(this.#shape) ? this.#counter.get(0) + 1 : 0;
    if (sequence !== 0) this.#counter.set(0, sequence);
    this.#entries.set(sourceIdNumber(source), { source, fields, filledBy, sequence });
  }

  delete(entry: CachedContext): void {
    this.#entries.delete(sourceIdNumber(entry.source));
  }

  select(selects: (entry: CachedContext) => boolean): readonly CachedContext[] {
    return this.entries().filter(selects);
  }

  get size(): number {
    return this.#entries.size;
  }

  entries(): readonly CachedContext[] {
    return this.#entries.entries().map(([, entry]) => entry);
  }
}

export function nameContext(entry: CachedContext): CacheEntryName {
  const { source, fields, filledBy } = entry;
  return { source, frame: null, domain: fields.domain, filledBy };
}
