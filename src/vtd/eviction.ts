/**
 * Entries that the hardware has dropped by itself before a look-up needs them. A cache may forget what it
 * likes when it likes (specification 6.2); what matters is whether an entry is there when it is asked for.
 */
import { nameContext } from './context-cache.ts';
import type { UnitCore } from './core.ts';
import { nameTranslation } from './iotlb.ts';
import { PagingStructureCache } from './paging-structure-cache.ts';
import type { TranslationRequest } from './request.ts';

/** What is gone when the request looks for it. */
interface Gone {
  readonly translation: boolean;
  readonly context: boolean;
  readonly structures: boolean;
}

const nothing: Gone = { translation: false, context: false, structures: false };

/** The ways in which a look-up may find the caches, as they are first; the same list in the same state. */
export function evictionsFor(core: UnitCore, { source, frame }: TranslationRequest): readonly Gone[] {
  const translation = core.iotlb.lookUp(source, frame) !== undefined;
  const contexts = core.contextCache.lookUp(source) === undefined ? [false] : [false, true];
  const covers = core.structures.size > 0
    && core.structures.entries().some((entry) => PagingStructureCache.overlaps(entry, frame, 0));
  const behind = contexts.flatMap((context) =>
    (covers ? [false, true] : [false]).map((structures) => ({ translation, context, structures })));
  // As long as the IOTLB answers, nothing behind it is asked.
  return translation ? [nothing, ...behind] : behind;
}

export function evict(core: UnitCore, { source, frame, cause }: TranslationRequest, gone: Gone): void {
  const translation = gone.translation ? core.iotlb.lookUp(source, frame) : undefined;
  if (translation !== undefined) {
    core.emit(cause, { kind: 'evict', cache: 'iotlb', entry: nameTranslation(translation) });
    core.iotlb.delete(translation);
  }
  const context = gone.context ? core.contextCache.lookUp(source) : undefined;
  if (context !== undefined) {
    core.emit(cause, { kind: 'evict', cache: 'context', entry: nameContext(context) });
    core.contextCache.delete(context);
  }
  if (gone.structures) core.structures.remove((entry) => PagingStructureCache.overlaps(entry, frame, 0));
}
