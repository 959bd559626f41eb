/** One thread's part of an exploration: pieces of the frontier, one after the other, until none is left. */
import { seedFingerprints } from '../../base/hash.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { handoffSystem } from './checked.ts';
import type { Counterexample } from './counterexample.ts';
import { Knowledge, type ExportedKnowledge } from './knowledge.ts';
import type { ExploreOptions } from './options.ts';
import { Plan } from './plan.ts';
import { search, type Reduction } from './search.ts';
import { ShortestWay } from './shortest.ts';
import type { ClaimNumber, ExploredSystem } from './system.ts';
import { SHARED, SharedStates, VisitedStates } from './visited.ts';
import type { Window } from './window.ts';

/** What of the options a thread needs. */
export type ShareOptions = Pick<ExploreOptions, 'inFlight' | 'open' | 'maxStates' | 'reduce' | 'checkFingerprints' | 'seed'>;

/** Memory that the threads of a round share. */
export interface SharedTable {
  readonly words: Int32Array;
  readonly counters: Int32Array;
}

export interface ShareResult {
  readonly violated: readonly (readonly [ClaimNumber, readonly number[]])[];
  readonly transitions: number;
  readonly depth: number;
  readonly beyond: string | null;
  readonly knowledge: ExportedKnowledge;
  readonly considered: readonly boolean[];
  readonly asked: readonly string[];
  /** Of the fingerprint with the state, since the beginning. */
  readonly comparisons: number;
}

/** More than this, and a thread that is done early has somebody to help. */
const piecesWanted = 48;

/** A way on without a branch: it may go round for ever. */
const longestPiece = 100_000;

export class Share {
  readonly system: ExploredSystem;
  readonly #options: ShareOptions;
  readonly #knowledge = new Knowledge();
  readonly #asked = new Set<string>();
  readonly #start: { readonly mark: number; readonly low: number; readonly high: number };

  constructor(scenario: Scenario, window: Window, options: ShareOptions) {
    this.#options = options;
    seedFingerprints(options.seed);
    this.system = handoffSystem(scenario, window, options, (choice) => this.#asked.add(choice));
    const { low, high } = this.system;
    this.#start = { mark: this.system.mark(), low, high };
  }

  #goTo(way: readonly number[]): void {
    this.system.undo(this.#start.mark, this.#start.low, this.#start.high);
    for (const move of way) this.system.take(move);
  }

  #reduction(knowledge: ExportedKnowledge): Reduction | null {
    if (!this.#options.reduce) return null;
    this.#knowledge.import(knowledge);
    return { plan: new Plan(this.#knowledge), knowledge: this.#knowledge };
  }

  /**
   * Ways to states from which everything can be reached, and that can be explored apart; found without
   * entering any state into the table.
   */
  pieces(knowledge: ExportedKnowledge): readonly (readonly number[])[] {
    const reduction = this.#reduction(knowledge);
    let ways: readonly (readonly number[])[] = [[]];
    while (ways.length > 0 && ways.length < piecesWanted) {
      const longer = ways.flatMap((way) => this.#branches(way, reduction));
      if (longer.length === ways.length) break;
      ways = longer;
    }
    return ways;
  }

  /** The ways on from the next state that has several; the way itself where there is none. */
  #branches(way: readonly number[], reduction: Reduction | null): readonly (readonly number[])[] {
    this.#goTo(way);
    const moves: number[] = [...way];
    const offered: number[] = [];
    const seen = new VisitedStates();
    while (seen.add(this.system.low, this.system.high)) {
      let count = this.system.offers(offered);
      if (reduction !== null) count = reduction.plan.choose(this.system, offered, count);
      if (count === 0 || moves.length > way.length + longestPiece) return [way];
      if (count > 1) return offered.slice(0, count).map((move) => [...moves, move]);
      moves.push(offered[0] ?? 0);
      try {
        this.system.take(offered[0] ?? 0);
      } catch {
        return [way];
      }
    }
    return [way];
  }

  explore(knowledge: ExportedKnowledge, pieces: readonly (readonly number[])[], table: SharedTable): ShareResult {
    const reduction = this.#reduction(knowledge);
    const { counters } = table;
    const visited = new SharedStates(table.words, counters);
    const violated = new Map<ClaimNumber, readonly number[]>();
    let transitions = 0;
    let depth = 0;
    let beyond: string | null = null;
    const stopped = (): boolean => Atomics.load(counters, SHARED.stop) !== 0 || visited.isFull;
    for (;;) {
      const way = pieces[Atomics.add(counters, SHARED.next, 1)];
      if (way === undefined || stopped()) break;
      // The states on the way are anybody's: whoever enters one first goes on from it.
      const found = this.#exploreFrom(way, visited, reduction, counters, stopped);
      transitions += found.transitions;
      depth = Math.max(depth, found.depth);
      beyond ??= found.beyond;
      for (const [claim, moves] of found.violated) {
        if ((violated.get(claim)?.length ?? Infinity) > moves.length) violated.set(claim, moves);
      }
    }
    return {
      violated: [...violated], transitions, depth, beyond, knowledge: this.#knowledge.export(),
      considered: this.system.considered, asked: [...this.#asked],
      comparisons: this.system.comparisons,
    };
  }

  #exploreFrom(
    way: readonly number[], visited: SharedStates, reduction: Reduction | null, counters: Int32Array,
    stopped: () => boolean,
  ): ReturnType<typeof search> {
    this.#goTo([]);
    let told = 0;
    const tell = (depth: number, transitions: number): void => {
      if (depth > Atomics.load(counters, SHARED.depth)) Atomics.store(counters, SHARED.depth, depth);
      Atomics.add(counters, SHARED.transitions, transitions - told);
      told = transitions;
    };
    const found = search(this.system, visited, {
      states: this.#options.maxStates,
      stop: (_states, depth, transitions) => {
        tell(depth, transitions);
        return stopped();
      },
    }, reduction, way);
    tell(found.depth, found.transitions);
    return found;
  }

  /** `complete`: everything was explored with what is known, so that the shortest way can be found. */
  shortest(
    knowledge: ExportedKnowledge, claim: ClaimNumber, way: readonly number[], complete: boolean,
    stop: () => boolean,
  ): Counterexample {
    const reduction = this.#reduction(knowledge);
    this.#goTo([]);
    const found = reduction === null || !complete || way.length === 0
      ? { moves: way, isShortest: way.length === 0 }
      : new ShortestWay(this.system, reduction.plan, claim, stop).find(way);
    return this.system.counterexample(found.moves, found.isShortest);
  }
}
