/**
 * An exploration by several threads that share the table of states and the frontier. The main thread
 * explores nothing itself, so that it can show progress and be interrupted.
 */
import type { Fingerprint } from '../../base/hash.ts';
import type { Counterexample } from '../../analysis/explore/counterexample.ts';
import { exploration, type Exploration, type SpaceRequest } from '../../analysis/explore/explore.ts';
import { Knowledge, type ExportedKnowledge } from '../../analysis/explore/knowledge.ts';
import type { ExploreOptions, Limit } from '../../analysis/explore/options.ts';
import { Share, type ShareOptions, type ShareResult } from '../../analysis/explore/share.ts';
import { unreachedSpace, type Space } from '../../analysis/explore/space.ts';
import type { ClaimNumber } from '../../analysis/explore/system.ts';
import { SHARED, sharedCounters } from '../../analysis/explore/visited.ts';
import { findWindow, type Window } from '../../analysis/explore/window.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import type { Crew } from './crew.ts';
import { OutOfMemory, type Thread } from './thread-pool.ts';

const firstTable = 2 ** 20;
const askEveryMs = 50;
/** So long threads have to come to an end by themselves; then they are ended. */
const graceMs = 3000;
const bytesOfState = 8;

/** As `explore`; what it finds does not depend on how many threads there are. */
export async function exploreInThreads(scenario: Scenario, options: ExploreOptions, crew: Crew): Promise<Exploration> {
  crew.watch.begin();
  const work = exploration(scenario, { ...options, stop: () => crew.watch.check() });
  for (let step = work.next(); ;) {
    if (step.done === true) return step.value;
    step = work.next(await exploreSpaceInThreads(step.value, options, crew));
  }
}

async function exploreSpaceInThreads(request: SpaceRequest, options: ExploreOptions, crew: Crew): Promise<Space> {
  const window = findWindow(request.scenario, options.window);
  if (!window.reached) return unreachedSpace(window);
  const space = new ThreadedSpace(request, window, options, crew);
  const shift = new Promise<'over'>((resolve) => space.onOver(() => resolve('over')));
  const timer = setInterval(() => space.look(), askEveryMs);
  try {
    const found = await Promise.race([space.explore(), shift]);
    if (found !== 'over') return found;
    await crew.pool.end();
    return space.known();
  } catch (error) {
    await crew.pool.end();
    if (!(error instanceof OutOfMemory)) throw error;
    crew.watch.outOfMemory();
    return space.known();
  } finally {
    clearInterval(timer);
  }
}

class ThreadedSpace {
  readonly #request: SpaceRequest;
  readonly #window: Window;
  readonly #options: ExploreOptions;
  readonly #share: ShareOptions;
  readonly #crew: Crew;
  readonly #counters = new Int32Array(new SharedArrayBuffer(sharedCounters * 4));
  readonly #knowledge = new Knowledge();
  #table = new Int32Array(new SharedArrayBuffer(firstTable * bytesOfState));
  #violatedBefore: readonly ClaimNumber[] = [];
  #start: Fingerprint | null = null;
  #rounds = 0;
  #pieces = 0;
  #isLookingForShortest = false;
  /** Of every round: a way is one, whatever was not known yet when it was found. */
  readonly #ways = new Map<ClaimNumber, readonly number[]>();
  #results: readonly ShareResult[] = [];
  /** In the round that saw most so far. */
  #most = { states: 0, transitions: 0, depth: 0 };
  #over: () => void = () => undefined;
  #graceEnds = Infinity;

  constructor(request: SpaceRequest, window: Window, options: ExploreOptions, crew: Crew) {
    this.#request = request;
    this.#window = window;
    this.#options = options;
    const { inFlight, open, maxStates, reduce, checkFingerprints, seed } = options;
    this.#share = { inFlight, open, maxStates: maxStates - request.before, reduce, checkFingerprints, seed };
    this.#crew = crew;
  }

  /** `over` is called when the threads have not come to an end although they should have. */
  onOver(over: () => void): void {
    this.#over = over;
  }

  /** To be called now and then while threads are at work. */
  look(): void {
    const at = (cell: number): number => Atomics.load(this.#counters, cell);
    const { watch, printer } = this.#crew;
    const { before, number, of } = this.#request;
    if (watch.check() === null) {
      printer.show({
        seconds: watch.seconds, space: { number, of }, phase: this.#isLookingForShortest ? 2 : 1, round: this.#rounds + 1,
        states: before + at(SHARED.states), transitions: at(SHARED.transitions), depth: at(SHARED.depth),
        visits: at(SHARED.visits), pieces: this.#pieces, pieceNumber: Math.min(at(SHARED.next), this.#pieces),
      });
      return;
    }
    Atomics.store(this.#counters, SHARED.stop, 1);
    this.#graceEnds = Math.min(this.#graceEnds, watch.seconds + graceMs / 1000);
    if (watch.seconds > this.#graceEnds) this.#over();
  }

  async explore(): Promise<Space> {
    const threads = this.#crew.pool.threads();
    const [begun] = await Promise.all(threads.map((thread) => thread.ask({
      kind: 'begin', scenario: this.#request.scenario, window: this.#window, options: this.#share,
    })));
    this.#violatedBefore = begun?.violatedBefore ?? [];
    this.#start = begun?.start ?? null;
    for (;;) {
      const { news } = this.#knowledge;
      const end = await this.#round(threads);
      if (end === 'full') {
        const places = this.#table.length / 2;
        if (places * 2 * bytesOfState > this.#crew.maxBytes) {
          this.#crew.watch.outOfMemory();
          return this.#found('memory', await this.#shortestWays(threads, false));
        }
        this.#table = new Int32Array(new SharedArrayBuffer(places * 2 * bytesOfState));
        continue;
      }
      this.#rounds += 1;
      if (end === null && this.#options.reduce && this.#knowledge.news !== news) continue;
      const isWhole = end === null && this.#results.every(({ beyond }) => beyond === null);
      return this.#found(end, await this.#shortestWays(threads, isWhole));
    }
  }

  /** One exploration of everything with what is known; null: it came to its end. */
  async #round(threads: readonly Thread[]): Promise<Limit | 'full' | null> {
    const known = this.#knowledge.export();
    const counters = this.#counters;
    this.#count();
    this.#results = [];
    const pieces = await this.#nextPieces(threads, known);
    this.#table.fill(0);
    const table = { words: this.#table, counters };
    const answers = await Promise.all(threads.map((thread) => thread.ask({ kind: 'explore', knowledge: known, pieces, table })));
    this.#results = answers.map(({ result }) => result);
    for (const { knowledge, violated } of this.#results) {
      this.#knowledge.import(knowledge);
      for (const [claim, way] of violated) {
        if ((this.#ways.get(claim)?.length ?? Infinity) > way.length) this.#ways.set(claim, way);
      }
    }
    if (Atomics.load(counters, SHARED.stop) !== 0) return this.#crew.watch.check();
    if (Atomics.load(counters, SHARED.full) !== 0) return 'full';
    return Atomics.load(counters, SHARED.states) >= this.#share.maxStates ? 'states' : null;
  }

  async #nextPieces(threads: readonly Thread[], knowledge: ExportedKnowledge): Promise<readonly (readonly number[])[]> {
    this.#counters.fill(0);
    const [first] = threads;
    const { pieces } = await first?.ask({ kind: 'pieces', knowledge }) ?? { pieces: [[]] };
    this.#pieces = pieces.length;
    return pieces;
  }

  async #shortestWays(threads: readonly Thread[], isWhole: boolean): Promise<ReadonlyMap<ClaimNumber, Counterexample>> {
    const complete = isWhole && this.#options.shortest;
    const knowledge = this.#knowledge.export();
    const found = new Map<ClaimNumber, Counterexample>();
    const waiting = this.#violations();
    this.#isLookingForShortest = complete;
    await Promise.all(threads.map(async (thread) => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [claim, way] = next;
        const { counterexample } = await thread.ask({ kind: 'shortest', knowledge, claim, way, complete, counters: this.#counters });
        found.set(claim, counterexample);
      }
    }));
    return new Map([...found].sort(([left], [right]) => left - right));
  }

  #violations(): (readonly [ClaimNumber, readonly number[]])[] {
    return [...this.#violatedBefore.map((claim) => [claim, []] as const), ...this.#ways]
      .filter(([claim], at, all) => all.findIndex(([other]) => other === claim) === at)
      .sort(([left], [right]) => left - right);
  }

  /** What is known without the threads, which are gone. */
  known(): Space {
    const violations = this.#violations();
    const counterexamples = new Map<ClaimNumber, Counterexample>();
    if (violations.length > 0) {
      const { system } = new Share(this.#request.scenario, this.#window, this.#share);
      for (const [claim, way] of violations) counterexamples.set(claim, system.counterexample(way, way.length === 0));
    }
    return this.#found(this.#isLookingForShortest ? null : this.#crew.watch.check(), counterexamples);
  }

  #found(limit: Limit | null, counterexamples: ReadonlyMap<ClaimNumber, Counterexample>): Space {
    const results = this.#results;
    const present = this.#count();
    return {
      window: this.#window, start: this.#start, limit, rounds: this.#rounds, counterexamples,
      asked: new Set(results.flatMap(({ asked }) => asked)),
      comparisons: total(results, ({ comparisons }) => comparisons),
      considered: (results[0]?.considered ?? []).map((_, claim) => results.some(({ considered }) => considered[claim] === true)),
      result: {
        // A round begins anew: what one before saw was seen.
        ...limit === null ? present : this.#most, violated: this.#ways,
        beyond: results.find(({ beyond }) => beyond !== null)?.beyond ?? null,
        end: limit === null ? 'exhausted' : limit === 'states' ? 'states' : 'stopped',
      },
    };
  }

  /** What the present round saw. Threads that are gone leave only what they counted now and then. */
  #count(): { readonly states: number; readonly transitions: number; readonly depth: number } {
    const results = this.#results;
    const at = (cell: number): number => Atomics.load(this.#counters, cell);
    const present = {
      states: at(SHARED.states),
      transitions: results.length === 0 ? at(SHARED.transitions) : total(results, ({ transitions }) => transitions),
      depth: Math.max(at(SHARED.depth), ...results.map(({ depth }) => depth)),
    };
    if (present.states >= this.#most.states) this.#most = present;
    return present;
  }
}

function total(results: readonly ShareResult[], of: (result: ShareResult) => number): number {
  return results.reduce((sum, result) => sum + of(result), 0);
}
