/**
 * The walk of a unit that keeps paging-structure caches (specification 6.2.5), at one instant, for requests
 * that nobody watches: from the deepest cached entry on; what it reads on its way to the leaf is cached.
 */
import { noCause } from '../base/event.ts';
import type { UnitCore } from './core.ts';
import type { ContextFields } from './entries.ts';
import { PagingStructureCache } from './paging-structure-cache.ts';
import type { TranslationRequest } from './request.ts';
import { deniedReason } from './second-level-walk.ts';
import type { Walk } from './walk.ts';
import { fault, type WalkEnd } from './walk-state.ts';

export class StructureWalk {
  readonly #core: UnitCore;
  readonly #walk: Walk;

  constructor(core: UnitCore, walk: Walk) {
    this.#core = core;
    this.#walk = walk;
  }

  complete({ frame, access }: TranslationRequest, context: ContextFields): WalkEnd {
    const without = this.#walk.withoutTables(context, frame);
    if (without !== undefined) return without;
    const { structures, capability } = this.#core;
    const { domain } = context;
    let { levels: level, table } = context;
    let readable = true;
    let writable = true;
    const entry = structures.lookUp(domain, frame, context.levels);
    if (entry !== undefined) {
      level = entry.level - 1;
      ({ table, readable, writable } = entry);
      // The rights of the levels above are cached with it: what they refuse is refused at once.
      const denied = deniedReason(access, readable, writable, capability.zeroLengthRead);
      if (denied !== undefined) return fault(denied, context.faultDisabled);
    }
    const { tables } = this.#walk;
    for (; ; level -= 1) {
      const end = tables.step(context, level, table, readable, writable, frame, access);
      if (end !== undefined) return end;
      ({ next: table, readable, writable } = tables);
      const region = PagingStructureCache.regionOf(frame, level);
      structures.insert({ domain, level, frame: region, table, readable, writable, filledBy: noCause });
    }
  }
}
