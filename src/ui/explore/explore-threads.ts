/**
 * An exploration by several threads that share the table of states and the frontier. The main thread
 * explores nothing itself, so that it can show progress and be interrupted.
 */
import { Worker } from 'node:worker_threads';
import type { Counterexample } from '../../analysis/explore/counterexample.ts';
import { Knowledge } from '../../analysis/explore/knowledge.ts';
import type { ExploreOptions, Progress } from '../../analysis/explore/options.ts';
import type { ShareResult } from '../../analysis/explore/share.ts';
import type { Space } from '../../analysis/explore/space.ts';
import type { ClaimNumber } from '../../analysis/explore/system.ts';
import { SHARED, sharedCounters } from '../../analysis/explore/visited.ts';
import { findWindow, type Window } from '../../analysis/explore/window.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { workerMark, type Task, type TaskAnswer } from './explore-worker.ts';

const firstTable = 2 ** 20;
const askEveryMs = 50;
const bytesOfState = 8;

export interface ThreadOptions {
  readonly workers: number;
  readonly maxBytes: number;
}

class Thread {
  readonly #worker: Worker;

  constructor() {
    this.#worker = new Worker(process.argv[1] ?? '', { workerData: workerMark });
  }

  ask(task: Task): Promise<TaskAnswer> {
    return new Promise((resolve, reject) => {
      const settle = (then: () => void): void => {
        this.#worker.off('message', answered);
        this.#worker.off('error', failed);
        then();
      };
      const answered = (answer: TaskAnswer): void => settle(() => resolve(answer));
      const failed = (error: Error): void => settle(() => reject(error));
      this.#worker.once('message', answered);
      this.#worker.once('error', failed);
      this.#worker.postMessage(task);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** A space as `exploreSpace` finds it; its number of states does not depend on how many threads there are. */
export async function exploreSpaceInThreads(
  scenario: Scenario, options: ExploreOptions, before: number, { workers, maxBytes }: ThreadOptions,
): Promise<Space> {
  const window = findWindow(scenario, options.window);
  if (!window.reached) return nothing(window);
  const threads = Array.from({ length: workers }, () => new Thread());
  try {
    return await inThreads(threads, scenario, window, options, before, maxBytes);
  } finally {
    await Promise.all(threads.map((thread) => thread.end()));
  }
}

function nothing(window: Window): Space {
  return {
    window, rounds: 0, considered: [], counterexamples: new Map(), asked: new Set(), comparisons: 0,
    result: { states: 0, transitions: 0, depth: 0, violated: new Map(), beyond: window.beyond, end: 'exhausted' },
  };
}

interface Round {
  readonly results: readonly ShareResult[];
  readonly states: number;
  readonly end: Space['result']['end'] | 'full';
}

async function inThreads(
  threads: readonly Thread[], scenario: Scenario, window: Window, options: ExploreOptions, before: number,
  maxBytes: number,
): Promise<Space> {
  const { inFlight, open, maxStates, reduce, checkFingerprints } = options;
  const share = { inFlight, open, maxStates: maxStates - before, reduce, checkFingerprints };
  const begun = await Promise.all(threads.map((thread) =>
    thread.ask({ kind: 'begin', scenario, window, options: share })));
  const knowledge = new Knowledge();
  let places = firstTable;
  let rounds = 0;
  for (;;) {
    const news = knowledge.news;
    const round = await explore(threads, knowledge, places, options, before);
    for (const { knowledge: learned } of round.results) knowledge.import(learned);
    if (round.end === 'full') {
      if (places * 2 * bytesOfState > maxBytes) {
        return spaceOf(window, rounds + 1, { ...round, end: 'states' }, new Map(),
          `${Math.floor(maxBytes / 2 ** 20)} MiB of memory`);
      }
      places *= 2;
      continue;
    }
    rounds += 1;
    if (round.end === 'exhausted' && reduce && knowledge.news !== news) continue;
    const [first] = begun;
    const violatedBefore = first?.kind === 'begun' ? first.violatedBefore : [];
    const counterexamples = await shortestWays(threads, knowledge, round, violatedBefore, options);
    return spaceOf(window, rounds, round, counterexamples, null);
  }
}

function spaceOf(
  window: Window, rounds: number, round: Round, counterexamples: ReadonlyMap<ClaimNumber, Counterexample>,
  memory: string | null,
): Space {
  const { results, states } = round;
  const sum = (of: (result: ShareResult) => number): number => results.reduce((total, result) => total + of(result), 0);
  return {
    window, rounds, counterexamples,
    asked: new Set(results.flatMap(({ asked }) => asked)),
    comparisons: sum(({ comparisons }) => comparisons),
    considered: (results[0]?.considered ?? []).map((_, claim) => results.some(({ considered }) => considered[claim] === true)),
    result: {
      states, transitions: sum(({ transitions }) => transitions),
      depth: Math.max(0, ...results.map(({ depth }) => depth)), violated: waysOf(results),
      beyond: memory ?? results.find(({ beyond }) => beyond !== null)?.beyond ?? null,
      end: round.end === 'full' ? 'states' : round.end,
    },
  };
}

function waysOf(results: readonly ShareResult[]): ReadonlyMap<ClaimNumber, readonly number[]> {
  const ways = new Map<ClaimNumber, readonly number[]>();
  for (const [claim, way] of results.flatMap(({ violated }) => violated)) {
    if ((ways.get(claim)?.length ?? Infinity) > way.length) ways.set(claim, way);
  }
  return ways;
}

async function explore(
  threads: readonly Thread[], knowledge: Knowledge, places: number, options: ExploreOptions, before: number,
): Promise<Round> {
  const known = knowledge.export();
  const words = new Int32Array(new SharedArrayBuffer(places * bytesOfState));
  const counters = new Int32Array(new SharedArrayBuffer(sharedCounters * 4));
  const first = await threads[0]?.ask({ kind: 'pieces', knowledge: known });
  const pieces = first?.kind === 'pieces' ? first.pieces : [[]];
  const answers = await watched(counters, (progress) => options.stop({
    ...progress, phase: 1, states: before + progress.states,
  }), Promise.all(threads.map((thread) =>
    thread.ask({ kind: 'explore', knowledge: known, pieces, table: { words, counters } }))));
  const results = answers.flatMap((answer) => answer.kind === 'explored' ? [answer.result] : []);
  const states = Atomics.load(counters, SHARED.states);
  const end = Atomics.load(counters, SHARED.stop) !== 0 ? 'stopped'
    : Atomics.load(counters, SHARED.full) !== 0 ? 'full' : states >= options.maxStates - before ? 'states' : 'exhausted';
  return { results, states, end };
}

async function shortestWays(
  threads: readonly Thread[], knowledge: Knowledge, round: Round, violatedBefore: readonly ClaimNumber[],
  options: ExploreOptions,
): Promise<ReadonlyMap<ClaimNumber, Counterexample>> {
  const counters = new Int32Array(new SharedArrayBuffer(sharedCounters * 4));
  const complete = options.shortest && round.end === 'exhausted'
    && round.results.every(({ beyond }) => beyond === null);
  const known = knowledge.export();
  const found = new Map<ClaimNumber, Counterexample>();
  const waiting = [...violatedBefore.map((claim) => [claim, []] as const), ...waysOf(round.results)]
    .filter(([claim], at, all) => all.findIndex(([other]) => other === claim) === at)
    .sort(([left], [right]) => left - right);
  await watched(counters, () => options.stop({ phase: 2, states: round.states, transitions: 0, depth: 0 }),
    Promise.all(threads.map(async (thread) => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [claim, way] = next;
        const answer = await thread.ask({ kind: 'shortest', knowledge: known, claim, way, complete, counters });
        if (answer.kind === 'shortest') found.set(claim, answer.counterexample);
      }
    })));
  return new Map([...found].sort(([left], [right]) => left - right));
}

/** Asks now and then whether to stop, and tells the threads. */
async function watched<Value>(
  counters: Int32Array, stop: (progress: Omit<Progress, 'phase'>) => boolean, work: Promise<Value>,
): Promise<Value> {
  const timer = setInterval(() => {
    const at = (cell: number): number => Atomics.load(counters, cell);
    if (stop({ states: at(SHARED.states), transitions: at(SHARED.transitions), depth: at(SHARED.depth) })) {
      Atomics.store(counters, SHARED.stop, 1);
    }
  }, askEveryMs);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
