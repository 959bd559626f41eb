/** What the checker explores: something that offers moves, takes them and takes them back. */
import type { AccessList } from '../../base/accesses.ts';
import type { Counterexample } from './counterexample.ts';

/** A claim, by its number. */
export type ClaimNumber = number;

export interface Foreseen {
  /** The fingerprint behind the move. */
  readonly low: number;
  readonly high: number;
  /** The claims that it violates. */
  readonly violated: readonly ClaimNumber[];
  /** What it touches. */
  readonly touched: AccessList;
}

export interface System {
  /**
   * Writes the moves that are possible now to `into`, in a fixed order, and returns how many. `asked` is
   * called for each active actor when it has been asked, with what it looked at in `accesses`.
   */
  offers(into: number[], asked?: (actor: number) => void): number;
  /** Makes a move; returns the claims that it violates (valid until the next move). */
  take(move: number): readonly ClaimNumber[];
  /** Where a move leads, where that is known without making it; valid until the next question. */
  foresee(move: number): Foreseen | null;
  /** The present point of the system's history. */
  mark(): number;
  /** Takes back everything since `mark`, where the fingerprint was as given. */
  undo(mark: number, low: number, high: number): void;
  /** Two halves of the state's fingerprint, 32 bits each. */
  readonly low: number;
  readonly high: number;
  /** Whether it is at its end, though something may still happen. */
  readonly hasEnded: boolean;
  /** Whether it is there, or nothing is left that must happen: where claims that something happens are decided. */
  isComplete(): boolean;
  /** The claims that something happens which has not. */
  unmet(): readonly ClaimNumber[];

  // --- who makes moves, for the reduction ---------------------------------------------------

  /** Who makes a move. */
  actorOf(move: number): number;
  /** Those who might move when `offers` was last asked, then or when somebody else has moved; in no order. */
  readonly active: readonly number[];
  /** What the last move read and wrote, and who may move again since: the actor itself too, if it may. */
  readonly accesses: AccessList;
  /** A number for what an actor's next move depends on that is its own. */
  progressOf(actor: number): number;
  /** The same, in every process and every run; asked when a progress is new. */
  nameOfProgress(actor: number): number;
  /**
   * Progresses with the same region lead to each other, by the actor's own moves or by others'. What the
   * actor may still do is told apart by region.
   */
  regionOf(actor: number, name: number): number;
  /** The cell, as accesses name it, that says whether an actor may move at all. */
  turnOf(actor: number): number;
  /** Whether the actor never comes back to a progress, so that what it may still do shrinks as it goes. */
  advances(actor: number): boolean;
  /** Whether it may go on by itself for ever. */
  repeats(actor: number): boolean;
  /** What accesses name the writing of the cell that counts what is used up, and never given back. */
  readonly spending: number;
  /** Whether it may as well never move again. */
  isOptional(actor: number): boolean;
  /** Whether it has to wait as long as somebody prompt has something to do. */
  waitsForPrompt(actor: number): boolean;
  isPrompt(actor: number): boolean;
}

/** A scenario's machine, with what an exploration of it tells at its end. */
export interface ExploredSystem extends System {
  /** Claims that the way to the window violates. */
  readonly violatedBefore: readonly ClaimNumber[];
  /** Claims that ever had something in their scope. */
  readonly considered: readonly boolean[];
  /** How often the fingerprint was compared with the state. */
  readonly comparisons: number;
  /** The scenario that makes these moves from the window on, and nothing behind them. */
  counterexample(moves: readonly number[], isShortest: boolean): Counterexample;
}
