/** What the checker explores: something that offers moves, takes them and takes them back. */

/** A claim, by its number, that a move violated. */
export type ClaimNumber = number;

export interface System {
  /** Writes the moves that are possible now to `into`, in a fixed order, and returns how many. */
  offers(into: number[]): number;
  /** Makes a move; returns the claims that it violates (valid until the next move). */
  take(move: number): readonly ClaimNumber[];
  /** The present point of the system's history. */
  mark(): number;
  /** Takes back everything since `mark`. */
  undo(mark: number): void;
  /** Two halves of the state's fingerprint, 32 bits each. */
  fingerprint(): { readonly low: number; readonly high: number };
  /** Whether nothing is left that must happen: where claims that something happens are decided. */
  isComplete(): boolean;
  /** The claims that something happens which has not. */
  unmet(): readonly ClaimNumber[];
  /** Who makes a move. */
  actorOf(move: number): number;
}
