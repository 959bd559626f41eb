/**
 * Requests on their way through the unit, step by step, so that stores and invalidations can fall between
 * two of them: where each stands, what an invalidation does to walks in progress, and which translated
 * requests have not become visible yet (drains; specification 6.5.4).
 */
import { fail, unreachable } from '../base/assert.ts';
import type { Access } from '../base/event.ts';
import { digest } from '../base/hash.ts';
import type { Journal } from '../base/journal.ts';
import { Table } from '../base/stores.ts';
import { domainIdNumber, frameNumber, hexFrame, sourceIdNumber } from '../base/word.ts';
import type { UnitCore } from './core.ts';
import { evict, evictionsFor } from './eviction.ts';
import {
  contextGranularityDone, sameDomain, selectsSource, type ContextInvalidation, type IotlbInvalidation,
} from './invalidation.ts';
import type { Answer, TranslationRequest, Walking } from './request.ts';
import type { Translation } from './translation.ts';
import type { WalkState } from './walk-state.ts';

/** Drains are asked for by descriptors of the queue and by the IOTLB registers, each for itself. */
type Drain = 'queue' | 'registers';
type Awaited = Readonly<Record<Drain, boolean>>;
const nobody: Awaited = { queue: false, registers: false };

type Position =
  | { readonly kind: 'arrived' }
  | Walking
  /** Who waits for its data to become visible. */
  | { readonly kind: 'translated'; readonly awaitedBy: Awaited };

interface Pending {
  readonly request: TranslationRequest;
  readonly position: Position;
}

const accesses: readonly Access[] = ['read', 'write', 'atomic', 'zero-length-read'];

/** Everything that what comes next depends on; `judging`: whether an answer comes from memory alone does too. */
function weighPending(pending: Pending, judging: boolean): number {
  const { request, position } = pending;
  const about = [
    sourceIdNumber(request.source), frameNumber(request.frame), accesses.indexOf(request.access),
  ];
  switch (position.kind) {
    case 'arrived': return digest([1, ...about]);
    case 'translated': return digest([2, ...about, position.awaitedBy.queue ? 1 : 0, position.awaitedBy.registers ? 1 : 0]);
    case 'walking': return digest([3, ...about, judging && position.used !== null ? 1 : 0,
      ...weighState(position.state)]);
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

export class RequestsInProgress {
  readonly #core: UnitCore;
  readonly #translation: Translation;
  readonly #pending: Table<Pending>;

  constructor(core: UnitCore, translation: Translation, journal: Journal) {
    this.#core = core;
    this.#translation = translation;
    this.#pending = new Table(journal, `${core.name} requests`, (pending) => weighPending(pending, core.trace.judging),
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
    if (pending === undefined || pending.position.kind === 'translated') fail(`slot ${slot} is not active`);
    const { request, position } = pending;
    if (position.kind === 'arrived') {
      const found = this.#translation.lookUp(request);
      if (found.kind !== 'walking') return this.#settle(slot, request, found);
      this.#pending.set(slot, { request, position: found });
      return this.#core.timing.walkStepNs;
    }
    const next = this.#translation.proceed(request, position);
    if (next.kind !== 'walking') return this.#settle(slot, request, next);
    this.#pending.set(slot, { request, position: next });
    return this.#core.timing.walkStepNs;
  }

  /** The data of a translated request has become visible in memory. */
  retire(slot: number): void {
    this.#pending.delete(slot);
  }

  /** From now on the requests translated so far are waited for; false when there are none. */
  drain(drain: Drain): boolean {
    let some = false;
    for (const [slot, { request, position }] of this.#pending.entries()) {
      if (position.kind !== 'translated') continue;
      some = true;
      const awaitedBy = { ...position.awaitedBy, [drain]: true };
      this.#pending.set(slot, { request, position: { kind: 'translated', awaitedBy } });
    }
    return some;
  }

  /** Whether every request that is waited for has become visible. */
  isDrained(drain: Drain): boolean {
    return this.#pending.entries().every(([, { position }]) =>
      position.kind !== 'translated' || !position.awaitedBy[drain]);
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  /** In how many states of the caches the next step of a request may find them, entries being dropped. */
  evictionWays(slot: number): number {
    const pending = this.#pending.get(slot);
    return pending?.position.kind === 'arrived' ? evictionsFor(this.#core, pending.request).length : 1;
  }

  /** Drops what is gone in the given one of these ways. */
  evict(slot: number, way: number): void {
    const pending = this.#pending.get(slot);
    if (pending?.position.kind !== 'arrived') return;
    const gone = evictionsFor(this.#core, pending.request)[way];
    if (gone !== undefined) evict(this.#core, pending.request, gone);
  }

  /** How far the request in a slot has come: 0 where it is still to be looked up, then the level of its walk. */
  progressOf(slot: number): number {
    const position = this.#pending.get(slot)?.position;
    if (position?.kind !== 'walking') return 0;
    return position.state.kind === 'table' ? 1 + position.state.level : 1;
  }

  /** What a context-cache invalidation means for walks in progress, and for a latch. */
  contextInvalidated(command: ContextInvalidation): void {
    if (command.granularity !== 'device' && contextGranularityDone(this.#core, command) === 'global') {
      this.#restartContextFetches();
    }
    this.#translation.lookAgainForPassThrough((source) => command.granularity !== 'device'
      || selectsSource(command, source));
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
      this.#pending.set(slot, { request, position: { kind: 'translated', awaitedBy: nobody } });
    } else {
      this.#pending.delete(slot);
    }
    return answer;
  }
}
