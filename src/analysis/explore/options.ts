/** What an exploration leaves open, and how far it may go. */
import type { ChoiceName } from '../../vtd/choices.ts';

export interface ExploreOptions {
  /** How many requests devices may put on the bus of their own, at any time until their reset stops them. */
  readonly inFlight: number;
  /** Where everything begins to be open: a phase or a routine; null: behind the root switch and its flush. */
  readonly window: string | null;
  /** Hardware choices that are tried in each of their values, and whether cached entries may be gone. */
  readonly open: OpenHardware;
  readonly maxStates: number;
  /** Of the values of open choices. */
  readonly maxCombinations: number;
  /** Leave out moves whose order cannot matter. */
  readonly reduce: boolean;
  /** Look for the shortest way to violate each claim. */
  readonly shortest: boolean;
  /** Of the hash that makes fingerprints: what is found must not depend on it. */
  readonly seed: number;
  /** Work the fingerprint out anew at every state, and fail where it is another. */
  readonly checkFingerprints: boolean;
  /** Asked now and then; a limit ends the exploration undecided. */
  readonly stop: (progress: Progress) => Limit | null;
}

/** What ends an exploration before everything was seen. */
export type Limit = 'states' | 'combinations' | 'seconds' | 'memory' | 'user';

export interface OpenHardware {
  /** Names of choices; `all`: each that any unit ever asks for. */
  readonly choices: readonly ChoiceName[] | 'all';
  readonly evictions: boolean;
}

export interface Progress {
  /** 1: learning what moves touch, and exploring; 2: looking for the shortest way. */
  readonly phase: 1 | 2;
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
}

export const defaultOptions: ExploreOptions = {
  inFlight: 1, window: null, open: { choices: [], evictions: false }, maxStates: 100_000_000, maxCombinations: 1000, reduce: true, shortest: true,
  checkFingerprints: false, seed: 0, stop: () => null,
};
