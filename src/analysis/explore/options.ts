/** What an exploration leaves open, and how far it may go. */
export interface ExploreOptions {
  /** How many requests devices may put on the bus of their own, at any time until their reset stops them. */
  readonly inFlight: number;
  /** Where everything begins to be open: a phase or a routine; null: behind the root switch and its flush. */
  readonly window: string | null;
  readonly maxStates: number;
  /** Asked now and then; true ends the exploration undecided. */
  readonly stop: (progress: Progress) => boolean;
}

export interface Progress {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
}

export const defaultOptions: ExploreOptions = {
  inFlight: 1, window: null, maxStates: 100_000_000, stop: () => false,
};
