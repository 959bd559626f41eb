/**
 * The way of a request through the unit: IOTLB, context cache, walk, fills, and the answer
 * (specification 3, 6.2). `lookUp` and `proceed` are the steps; `translate` takes all of them at once.
 */
import { noCause } from '../base/event.ts';
import type { Journal } from '../base/journal.ts';
import { alignedFrame, frameAt, frameNumber, frameWithin, type SourceId } from '../base/word.ts';
import { nameContext } from './context-cache.ts';
import { LATCHED, type UnitCore } from './core.ts';
import { TRANSLATION_TYPE, type ContextFields } from './entries.ts';
import type { FaultRecording } from './fault-recording.ts';
import { REASON, type FaultReason } from './fault-reasons.ts';
import { nameTranslation, rightsOf, type CachedTranslation } from './iotlb.ts';
import { MemoryTruth, fresh } from './memory-truth.ts';
import { PagingStructureCache } from './paging-structure-cache.ts';
import { PassThroughLatch } from './pass-through-latch.ts';
import { TABLE_MODE } from './registers.ts';
import type { Answer, TranslationRequest, Walking } from './request.ts';
import { deniedReason, inInterruptRange } from './second-level-walk.ts';
import { StructureWalk } from './structure-walk.ts';
import type { WalkEnd, WalkState } from './walk-state.ts';
import { Walk, walkStart } from './walk.ts';

const entriesInTable = 512;

export class Translation {
  readonly #core: UnitCore;
  readonly #faults: FaultRecording;
  readonly #walk: Walk;
  /** Only units that depart have it; the others need not carry its cells. */
  readonly #latch: PassThroughLatch | null;
  readonly #keepsStructures: boolean;
  readonly #structureWalk: StructureWalk | null;
  readonly #fillsAhead: boolean;
  readonly #truth: MemoryTruth;

  constructor(core: UnitCore, faults: FaultRecording, journal: Journal) {
    this.#core = core;
    this.#faults = faults;
    this.#walk = new Walk(core);
    this.#latch = core.departs('pass-through-latched') ? new PassThroughLatch(core, journal) : null;
    this.#keepsStructures = core.choices['paging-structure-cache'] === 'kept';
    this.#structureWalk = this.#keepsStructures ? new StructureWalk(core, this.#walk) : null;
    this.#fillsAhead = core.choices['speculative-fill'] === 'next-page';
    this.#truth = new MemoryTruth(core);
  }

  /** The whole way of a request at one instant. */
  translate(request: TranslationRequest): Answer {
    const answer = this.#answerAtOnce(request);
    if (answer !== undefined) return answer;
    if (!this.#core.isObserved) return this.#walkToTheEnd(request);
    let step = this.#begin(request);
    while (step.kind === 'walking') step = this.proceed(request, step);
    return step;
  }

  /** An occasion on which a unit that latches pass-through looks at memory again. */
  lookAgainForPassThrough(selects: (source: SourceId) => boolean): void {
    this.#latch?.lookAgain(selects);
  }

  /** Everything that needs no fetch: ranges, modes, IOTLB, context cache. */
  lookUp(request: TranslationRequest): Answer | Walking {
    return this.#answerAtOnce(request) ?? this.#begin(request);
  }

  /** What is answered without a walk: ranges, modes, IOTLB. */
  #answerAtOnce(request: TranslationRequest): Answer | undefined {
    const core = this.#core;
    const { source, frame, access, cause } = request;
    if (inInterruptRange(frame)) {
      return this.#atInterruptRange(request);
    }
    if (core.latched.get(LATCHED.translationOn) === 0) {
      return { kind: 'translated', target: frame, via: 'untranslated', freshness: fresh, event: cause };
    }
    const mode = core.latched.get(LATCHED.tableMode);
    if (mode !== 0) {
      const reason = mode === TABLE_MODE.abort && core.capability.abortMode ? REASON.abortMode
        : REASON.rootAddressInvalid;
      const state: WalkState = { kind: 'fault', reason, faultDisabled: false };
      return this.#finish(request, state, null, cause);
    }
    if (this.#latch?.isLatched(source) === true) {
      return { kind: 'translated', target: frame, via: 'pass-through', freshness: fresh, event: cause };
    }
    if (!core.isObserved) {
      const target = core.iotlb.grantedTarget(source, frame);
      if (target === null) return undefined;
      if (target !== undefined) return { kind: 'translated', target, via: 'IOTLB', freshness: fresh, event: cause };
    }
    const entry = core.iotlb.lookUp(source, frame);
    if (entry !== undefined) {
      const denied = deniedReason(access, entry.readable, entry.writable, core.capability.zeroLengthRead);
      if (denied !== undefined && core.departs('cached-denial-silent')) {
        return { kind: 'blocked', reason: null, freshness: fresh, event: cause };
      }
      if (denied === undefined || core.choices['cached-denial'] === 'faults') {
        return this.#answerFromIotlb(request, entry, denied);
      }
    }
    return undefined;
  }

  /** Where a walk begins: at the root, or behind a cached context entry. */
  #begin(request: TranslationRequest): Answer | Walking {
    const core = this.#core;
    const { source, cause } = request;
    const context = core.contextCache.lookUp(source);
    if (context === undefined) {
      return { kind: 'walking', state: walkStart, contextCached: false, used: null, event: cause };
    }
    const { fields, filledBy } = context;
    const hit = core.trace.recording
      ? core.emit(cause, { kind: 'context-hit', source, domain: fields.domain, filledBy }) : cause;
    return this.#continueFrom(request, {
      kind: 'walking', state: { kind: 'ready', context: fields }, contextCached: true, used: filledBy, event: hit,
    });
  }

  /** Accesses to FEEx_xxxx never reach the tables (3.14): writes are interrupts, zero-length reads pass. */
  #atInterruptRange({ source, frame, access, cause }: TranslationRequest): Answer {
    if (access === 'write' || access === 'zero-length-read') return { kind: 'interrupt', event: cause };
    if (this.#core.choices['interrupt-range-access'] === 'blocked-silently') {
      return { kind: 'blocked', reason: null, freshness: fresh, event: cause };
    }
    const reason = REASON.interruptRangeAccess;
    const event = this.#faults.report({
      reason, faultDisabled: false, source, frame, access, freshness: fresh, cause,
    });
    return { kind: 'blocked', reason, freshness: fresh, event };
  }

  /** As `#begin` and `proceed` to the end, for requests that nobody traces or judges. */
  #walkToTheEnd(request: TranslationRequest): Answer {
    const { source, frame, access, cause } = request;
    let context = this.#core.contextCache.lookUp(source)?.fields;
    if (context === undefined) {
      const state = this.#walk.toContext(source);
      if (state.kind === 'fault') return this.#finish(request, state, null, cause);
      ({ context } = state);
      this.#fillContext(source, context, cause);
    }
    const end = this.#structureWalk === null ? this.#walk.behindContext(context, frame, access)
      : this.#structureWalk.complete(request, context);
    return this.#finish(request, end, null, cause);
  }

  /** One fetch, and what follows from it. */
  proceed(request: TranslationRequest, position: Walking): Answer | Walking {
    const { source, frame, access } = request;
    const state = this.#walk.advance(position.state, source, frame, access);
    const fetch = this.#walk.takeFetch();
    let event = fetch === null ? position.event
      : this.#core.emit(position.event, { kind: 'walk-read', ...fetch });
    if (this.#keepsStructures) event = this.#fillStructure(request, position.state, state, event);
    return this.#continueFrom(request, { ...position, state, event });
  }

  /** A context entry just fetched is cached; a finished walk is answered; else the walk goes on. */
  #continueFrom(request: TranslationRequest, position: Walking): Answer | Walking {
    let { state, event, used } = position;
    if (state.kind === 'ready') {
      if (!position.contextCached) event = this.#fillContext(request.source, state.context, event);
      state = this.#walk.advance(state, request.source, request.frame, request.access);
      if (this.#keepsStructures && state.kind === 'table') {
        ({ state, event, used } = this.#skipAhead(request, state, event) ?? { state, event, used });
      }
    }
    if (state.kind === 'done' || state.kind === 'fault') return this.#finish(request, state, used, event);
    return { kind: 'walking', state, contextCached: position.contextCached, used, event };
  }

  /** Begins the walk of the tables behind the deepest cached entry that leads to one. */
  #skipAhead(
    request: TranslationRequest, top: Extract<WalkState, { kind: 'table' }>, event: number,
  ): { readonly state: WalkState; readonly event: number; readonly used: number } | undefined {
    const { context } = top;
    const entry = this.#core.structures.lookUp(context.domain, request.frame, context.levels);
    if (entry === undefined) return undefined;
    const { table, readable, writable, level, filledBy, domain } = entry;
    const hit = this.#core.trace.recording ? this.#core.emit(event, {
      kind: 'structure-hit', domain, frame: entry.frame, level, table, filledBy,
    }) : event;
    // The rights of the levels above are cached with it: what they refuse is refused at once.
    const { zeroLengthRead } = this.#core.capability;
    const denied = deniedReason(request.access, readable, writable, zeroLengthRead);
    const state: WalkState = denied === undefined
      ? { kind: 'table', context, level: level - 1, table, readable, writable }
      : { kind: 'fault', reason: denied, faultDisabled: context.faultDisabled };
    return { state, event: hit, used: filledBy };
  }

  /** Caches an entry that was just read and leads to a table. */
  #fillStructure(
    request: TranslationRequest, before: WalkState, after: WalkState, event: number,
  ): number {
    if (before.kind !== 'table' || after.kind !== 'table') return event;
    const { level, context: { domain } } = before;
    const { table, readable, writable } = after;
    const frame = PagingStructureCache.regionOf(request.frame, level);
    const fill = this.#core.trace.recording ? this.#core.emit(event, {
      kind: 'structure-fill', domain, frame, level, table, rights: rightsOf(readable, writable),
    }) : noCause;
    this.#core.structures.insert({ domain, level, frame, table, readable, writable, filledBy: fill });
    return this.#core.trace.recording ? fill : event;
  }

  #finish(
    request: TranslationRequest, state: WalkEnd,
    used: number | null, event: number,
  ): Answer {
    const freshness = this.#truth.compare(request,
      state.kind === 'done' ? state.frame : state.reason, used);
    if (state.kind === 'fault') {
      const { reason, faultDisabled } = state;
      const number = this.#faults.report({ ...request, reason, faultDisabled, freshness, cause: event });
      return { kind: 'blocked', reason, freshness, event: number };
    }
    const { context } = state;
    const passThrough = state.order === 0 && context.translationType === TRANSLATION_TYPE.passThrough;
    if (passThrough) this.#latch?.latch(request.source);
    const at = passThrough ? event : this.#fillIotlb(request, state, event);
    if (this.#fillsAhead && !passThrough && state.order === 0) this.#fillAhead(request, context, at);
    return {
      kind: 'translated', target: state.frame, via: passThrough ? 'pass-through' : 'walk',
      freshness, event: at,
    };
  }

  /** Brings in the next page of the same table, if it translates at all; a page that does not is no fault. */
  #fillAhead(request: TranslationRequest, context: ContextFields, cause: number): void {
    const frame = frameAt(frameNumber(request.frame) + 1);
    if (frameNumber(frame) % entriesInTable === 0) return;
    if (this.#core.iotlb.lookUp(request.source, frame) !== undefined) return;
    // A page may grant one access and not the other; each is a walk of its own to the unit's walker.
    for (const access of ['read', 'write'] as const) {
      const ahead = { ...request, frame, access };
      let state: WalkState = { kind: 'ready', context };
      let event = cause;
      while (state.kind !== 'done' && state.kind !== 'fault') {
        state = this.#walk.advance(state, request.source, frame, access);
        const fetch = this.#walk.takeFetch();
        if (fetch !== null && this.#core.trace.recording) {
          event = this.#core.emit(event, { kind: 'walk-read', ...fetch });
        }
      }
      if (state.kind === 'done') {
        this.#fillIotlb(ahead, state, event);
        return;
      }
    }
  }

  #answerFromIotlb(
    request: TranslationRequest, entry: CachedTranslation, denied: FaultReason | undefined,
  ): Answer {
    const { source, frame } = request;
    const { domain, filledBy, readable, writable } = entry;
    const target = frameWithin(entry.target, frame, entry.order);
    const freshness = this.#truth.compare(request, denied ?? target, filledBy);
    const hit = this.#core.trace.recording ? this.#core.emit(request.cause, {
      kind: 'iotlb-hit', source, domain, frame, target, rights: rightsOf(readable, writable), filledBy,
    }) : request.cause;
    if (denied === undefined) return { kind: 'translated', target, via: 'IOTLB', freshness, event: hit };
    const number = this.#faults.report({
      ...request, reason: denied, faultDisabled: entry.faultDisabled, freshness, cause: hit,
    });
    return { kind: 'blocked', reason: denied, freshness, event: number };
  }

  #fillContext(source: SourceId, fields: ContextFields, event: number): number {
    const core = this.#core;
    for (const victim of core.contextCache.victims(source)) {
      core.emit(event, { kind: 'evict', cache: 'context', entry: nameContext(victim) });
      core.contextCache.delete(victim);
    }
    const fill = core.emit(event,
      { kind: 'context-fill', source, domain: fields.domain, table: fields.table });
    core.contextCache.insert(source, fields, fill);
    return fill;
  }

  #fillIotlb(
    request: TranslationRequest, state: Extract<WalkState, { kind: 'done' }>, event: number,
  ): number {
    const core = this.#core;
    const { source } = request;
    for (const victim of core.iotlb.victims()) {
      core.emit(event, { kind: 'evict', cache: 'iotlb', entry: nameTranslation(victim) });
      core.iotlb.delete(victim);
    }
    const { context, order, readable, writable, base: target } = state;
    const frame = alignedFrame(request.frame, order);
    const { domain, faultDisabled } = context;
    const fill = core.trace.recording ? core.emit(event, {
      kind: 'iotlb-fill', source, domain, frame, order, target, rights: rightsOf(readable, writable),
    }) : noCause;
    core.iotlb.insert({
      source, domain, frame, order, target, readable, writable, faultDisabled, filledBy: fill,
      sequence: core.iotlb.nextSequence(),
    });
    return fill;
  }
}
