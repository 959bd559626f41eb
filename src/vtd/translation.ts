/**
 * The way of a request through the unit: IOTLB, context cache, walk, fills, and the answer
 * (specification 3, 6.2). A request passes step by step (`begin`, `advance`), each step taking time, so
 * that stores and invalidations can fall between two of them; `translate` takes all steps at once.
 */
import { fail, unreachable } from '../base/assert.ts';
import { noCause, type Access, type Freshness } from '../base/event.ts';
import { digest } from '../base/hash.ts';
import type { Journal } from '../base/journal.ts';
import { Table } from '../base/stores.ts';
import {
  alignedFrame, domainIdNumber, frameNumber, frameWithin, hexFrame, sourceIdNumber, type Frame,
  type SourceId,
} from '../base/word.ts';
import { nameContext } from './context-cache.ts';
import { LATCHED, type UnitCore } from './core.ts';
import { TRANSLATION_TYPE, type ContextFields } from './entries.ts';
import type { FaultRecording } from './fault-recording.ts';
import { REASON, type FaultReason } from './fault-reasons.ts';
import {
  contextGranularityDone, sameDomain, selectsSource, type ContextInvalidation, type IotlbInvalidation,
} from './invalidation.ts';
import { nameTranslation, rightsOf, type CachedTranslation } from './iotlb.ts';
import { PagingStructureCache } from './paging-structure-cache.ts';
import { PassThroughLatch } from './pass-through-latch.ts';
import { Walk, deniedReason, inInterruptRange, walkStart, type WalkState } from './walk.ts';

export interface TranslationRequest {
  readonly source: SourceId;
  readonly frame: Frame;
  readonly access: Access;
  /** The event of the DMA that asks. */
  readonly cause: number;
}

export type Answer =
  | { readonly kind: 'translated'; readonly target: Frame; readonly via: string;
      readonly freshness: Freshness; readonly event: number }
  /** `reason` null: blocked without a fault (interrupt range, unmodelled mode). */
  | { readonly kind: 'blocked'; readonly reason: FaultReason | null; readonly freshness: Freshness;
      readonly event: number }
  /** A write to the interrupt range: an interrupt request, not memory. */
  | { readonly kind: 'interrupt'; readonly event: number };

type Walking = Extract<Position, { kind: 'walking' }>;

type Position =
  | { readonly kind: 'arrived' }
  /** `used`: the fill of the last cached entry that the walk relies on. */
  | { readonly kind: 'walking'; readonly state: WalkState; readonly contextCached: boolean;
      readonly used: number | null; readonly event: number }
  | { readonly kind: 'translated'; readonly order: number };

interface Pending {
  readonly request: TranslationRequest;
  readonly position: Position;
}

const fresh: Freshness = { kind: 'fresh' };

const accesses: readonly Access[] = ['read', 'write', 'atomic', 'zero-length-read'];

/** Everything that what comes next depends on. */
function weighPending(pending: Pending): number {
  const { request, position } = pending;
  const about = [
    sourceIdNumber(request.source), frameNumber(request.frame), accesses.indexOf(request.access),
  ];
  switch (position.kind) {
    case 'arrived': return digest([1, ...about]);
    case 'translated': return digest([2, ...about, position.order]);
    case 'walking': return digest([3, ...about, ...weighState(position.state)]);
    default: return unreachable(position);
  }
}

function weighState(state: WalkState): readonly number[] {
  switch (state.kind) {
    case 'context': return [1, frameNumber(state.table)];
    case 'table': {
      const { context, level, table, readable, writable } = state;
      return [2, context.faultDisabled ? 1 : 0, context.addressWidth, domainIdNumber(context.domain),
        frameNumber(context.table), level, frameNumber(table), readable ? 1 : 0, writable ? 1 : 0];
    }
    // The root is where every walk begins; the others are not waited in.
    default: return [];
  }
}

export class Translation {
  readonly #core: UnitCore;
  readonly #faults: FaultRecording;
  readonly #walk: Walk;
  readonly #latch: PassThroughLatch;
  readonly #latches: boolean;
  readonly #keepsStructures: boolean;
  /** A second walk, so that looking at memory leaves no trace in the one that answers. */
  readonly #truth: Walk;
  readonly #pending: Table<Pending>;

  constructor(core: UnitCore, faults: FaultRecording, journal: Journal) {
    this.#core = core;
    this.#faults = faults;
    this.#walk = new Walk(core);
    this.#latch = new PassThroughLatch(core, journal);
    this.#latches = core.departs('pass-through-latched');
    this.#keepsStructures = core.choices['paging-structure-cache'] === 'kept';
    this.#truth = new Walk(core);
    this.#pending = new Table(journal, `${core.name} requests`, weighPending,
      (pending) => hexFrame(pending.request.frame));
  }

  /** Takes a request into the given slot. Returns the delay until its first `advance`. */
  begin(slot: number, request: TranslationRequest): number {
    if (this.#pending.get(slot) !== undefined) fail(`slot ${slot} is in use`);
    this.#pending.set(slot, { request, position: { kind: 'arrived' } });
    return this.#core.timing.iotlbHitNs;
  }

  /** One step of the request in `slot`: its answer, or the delay until the next step. */
  advance(slot: number): Answer | number {
    const pending = this.#pending.get(slot);
    if (!(pending !== undefined && pending.position.kind !== 'translated')) {
      fail(`slot ${slot} is not active`);
    }
    const { request, position } = pending;
    if (position.kind === 'arrived') {
      const found = this.#lookUp(request);
      if (found.kind !== 'walking') return this.#settle(slot, request, found);
      this.#pending.set(slot, { request, position: found });
      return this.#core.timing.walkStepNs;
    }
    const next = this.#proceed(request, position);
    if (next.kind !== 'walking') return this.#settle(slot, request, next);
    this.#pending.set(slot, { request, position: next });
    return this.#core.timing.walkStepNs;
  }

  /** The data of a translated request has become visible in memory. */
  retire(slot: number): void {
    this.#pending.delete(slot);
  }

  /** The whole way of a request at one instant. */
  translate(request: TranslationRequest): Answer {
    let step = this.#lookUp(request);
    if (step.kind === 'walking' && !this.#core.trace.recording) return this.#walkToTheEnd(request, step);
    while (step.kind === 'walking') step = this.#proceed(request, step);
    return step;
  }

  /** Whether every request translated so far has become visible; `drainPoint` marks "so far". */
  isDrained(drainPoint: number): boolean {
    return this.#pending.entries().every(([, { position }]) =>
      position.kind !== 'translated' || position.order > drainPoint);
  }

  /** What a context-cache invalidation means for walks in progress, and for a latch. */
  contextInvalidated(command: ContextInvalidation): void {
    if (contextGranularityDone(this.#core, command) === 'global') this.#restartContextFetches();
    this.lookAgainForPassThrough((source) => command.granularity !== 'device'
      || selectsSource(command, source));
  }

  /** An occasion on which a unit that latches pass-through looks at memory again. */
  lookAgainForPassThrough(selects: (source: SourceId) => boolean): void {
    if (this.#latches) this.#latch.lookAgain(selects);
  }

  drainPoint(): number {
    return this.#core.latched.get(LATCHED.requestCount);
  }

  /**
   * An IOTLB invalidation also reaches walks in progress: one that went through a matching context
   * entry starts again, so that it cannot insert what was just removed (6.5.2.3, 6.5.3.3).
   */
  restartWalks(command: IotlbInvalidation): void {
    for (const [slot, { request, position }] of this.#pending.entries()) {
      if (position.kind !== 'walking') continue;
      const { state } = position;
      const matches = command.granularity === 'global'
        || ((state.kind === 'table' || state.kind === 'ready')
          && sameDomain(this.#core, state.context.domain, command.domain));
      if (matches) this.#pending.set(slot, { request, position: { kind: 'arrived' } });
    }
  }

  /**
   * A global context-cache invalidation reaches requests that hold a root entry and have not fetched
   * their context entry yet: they must not put into the cache what the old root entry leads to.
   */
  #restartContextFetches(): void {
    for (const [slot, { request, position }] of this.#pending.entries()) {
      if (position.kind !== 'walking' || position.state.kind !== 'context') continue;
      this.#pending.set(slot, { request, position: { kind: 'arrived' } });
    }
  }

  #settle(slot: number, request: TranslationRequest, answer: Answer): Answer {
    if (answer.kind === 'translated') {
      const order = this.drainPoint() + 1;
      this.#core.latched.set(LATCHED.requestCount, order);
      this.#pending.set(slot, { request, position: { kind: 'translated', order } });
    } else {
      this.#pending.delete(slot);
    }
    return answer;
  }

  /** Everything that needs no fetch: ranges, modes, IOTLB, context cache. */
  #lookUp(request: TranslationRequest): Answer | Walking {
    const core = this.#core;
    const { source, frame, access, cause } = request;
    if (inInterruptRange(frame)) {
      return this.#atInterruptRange(request);
    }
    if (core.latched.get(LATCHED.translationOn) === 0) {
      return { kind: 'translated', target: frame, via: 'untranslated', freshness: fresh, event: cause };
    }
    if (core.latched.get(LATCHED.tableMode) !== 0) {
      const state: WalkState = { kind: 'fault', reason: REASON.rootAddressInvalid, faultDisabled: false };
      return this.#finish(request, state, null, cause);
    }
    if (this.#latches && this.#latch.isLatched(source)) {
      return { kind: 'translated', target: frame, via: 'pass-through', freshness: fresh, event: cause };
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

  /** As `#proceed` to the end, for requests that nobody traces. */
  #walkToTheEnd(request: TranslationRequest, start: Walking): Answer {
    const { source, frame, access } = request;
    let { state } = start;
    while (state.kind !== 'done' && state.kind !== 'fault') {
      const next: WalkState = this.#walk.advance(state, source, frame, access);
      if (next.kind === 'ready') this.#fillContext(source, next.context, start.event);
      if (this.#keepsStructures) this.#fillStructure(request, state, next, start.event);
      const found = this.#keepsStructures && state.kind === 'ready' && next.kind === 'table'
        ? this.#skipAhead(request, next, start.event) : undefined;
      state = found?.state ?? next;
    }
    return this.#finish(request, state, start.used, start.event);
  }

  #proceed(request: TranslationRequest, position: Walking): Answer | Walking {
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
    request: TranslationRequest, state: Extract<WalkState, { kind: 'done' | 'fault' }>,
    used: number | null, event: number,
  ): Answer {
    const freshness = this.#compare(request,
      state.kind === 'done' ? state.result.frame : state.reason, used);
    if (state.kind === 'fault') {
      const { reason, faultDisabled } = state;
      const number = this.#faults.report({ ...request, reason, faultDisabled, freshness, cause: event });
      return { kind: 'blocked', reason, freshness, event: number };
    }
    const { result, context } = state;
    const passThrough = result.order === 0 && context.translationType === TRANSLATION_TYPE.passThrough;
    if (passThrough && this.#latches) this.#latch.latch(request.source);
    const at = passThrough ? event : this.#fillIotlb(request, state, event);
    return {
      kind: 'translated', target: result.frame, via: passThrough ? 'pass-through' : 'walk',
      freshness, event: at,
    };
  }

  #answerFromIotlb(
    request: TranslationRequest, entry: CachedTranslation, denied: FaultReason | undefined,
  ): Answer {
    const { source, frame } = request;
    const { domain, filledBy, readable, writable } = entry;
    const target = frameWithin(entry.target, frame, entry.order);
    const freshness = this.#compare(request, denied ?? target, filledBy);
    const hit = this.#core.trace.recording ? this.#core.emit(request.cause, {
      kind: 'iotlb-hit', source, domain, frame, target, rights: rightsOf(readable, writable), filledBy,
    }) : request.cause;
    if (denied === undefined) return { kind: 'translated', target, via: 'IOTLB', freshness, event: hit };
    const number = this.#faults.report({
      ...request, reason: denied, faultDisabled: entry.faultDisabled, freshness, cause: hit,
    });
    return { kind: 'blocked', reason: denied, freshness, event: number };
  }

  /** Holds an answer against a walk of memory at this instant (design: "what to check on every DMA"). */
  #compare(request: TranslationRequest, given: Frame | FaultReason, usedEntry: number | null): Freshness {
    if (!this.#core.trace.recording || usedEntry === null) return fresh;
    const { source, frame, access } = request;
    const truth = this.#truth.complete(walkStart, source, frame, access);
    if (truth.kind === 'fault') {
      if (truth.reason === given) return fresh;
      return {
        kind: 'stale', filledBy: usedEntry,
        memory: `memory forbids it (reason ${truth.reason.code}: ${truth.reason.meaning})`,
      };
    }
    if (truth.result.frame === given) return fresh;
    const { frame: target, readable, writable } = truth.result;
    return {
      kind: 'stale', filledBy: usedEntry,
      memory: `memory maps it to ${hexFrame(target)} ${rightsOf(readable, writable)} `
        + `in domain ${domainIdNumber(truth.context.domain)}`,
    };
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
    const { context, result } = state;
    for (const victim of core.iotlb.victims()) {
      core.emit(event, { kind: 'evict', cache: 'iotlb', entry: nameTranslation(victim) });
      core.iotlb.delete(victim);
    }
    const { order, readable, writable, base: target } = result;
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
