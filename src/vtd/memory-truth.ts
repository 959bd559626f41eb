/** What memory says: every answer that relied on a cached entry is held against it. */
import type { Freshness } from '../base/event.ts';
import { domainIdNumber, hexFrame, type Frame } from '../base/word.ts';
import type { UnitCore } from './core.ts';
import type { FaultReason } from './fault-reasons.ts';
import { rightsOf } from './iotlb.ts';
import type { TranslationRequest } from './request.ts';
import { Walk } from './walk.ts';

export const fresh: Freshness = { kind: 'fresh' };

export class MemoryTruth {
  readonly #core: UnitCore;
  readonly #walk: Walk;

  constructor(core: UnitCore) {
    this.#core = core;
    this.#walk = new Walk(core);
  }

  /** Holds an answer against a walk of memory at this instant; `used` is the fill that it relied on. */
  compare(request: TranslationRequest, given: Frame | FaultReason, used: number | null): Freshness {
    if (!this.#core.trace.judging || used === null) return fresh;
    const { source, frame, access } = request;
    const truth = this.#walk.complete(source, frame, access);
    if (truth.kind === 'fault') {
      if (truth.reason === given) return fresh;
      return {
        kind: 'stale', filledBy: used,
        memory: `memory forbids it (reason ${truth.reason.code}: ${truth.reason.meaning})`,
      };
    }
    if (truth.frame === given) return fresh;
    const { frame: target, readable, writable } = truth;
    return {
      kind: 'stale', filledBy: used,
      memory: `memory maps it to ${hexFrame(target)} ${rightsOf(readable, writable)} `
        + `in domain ${domainIdNumber(truth.context.domain)}`,
    };
  }
}
