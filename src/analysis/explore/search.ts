/** Depth first through what a system can do. */
import { BeyondModel } from '../../base/assert.ts';
import type { Knowledge } from './knowledge.ts';
import type { Plan } from './plan.ts';
import type { ClaimNumber, Foreseen, System } from './system.ts';
import type { Visited } from './visited.ts';

export interface SearchResult {
  readonly states: number;
  readonly transitions: number;
  /** The length of the longest way. */
  readonly depth: number;
  /** Claims that some way violates, with such a way. */
  readonly violated: ReadonlyMap<ClaimNumber, readonly number[]>;
  /** What some way needs more of than the model has. */
  readonly beyond: string | null;
  readonly end: 'exhausted' | 'states' | 'stopped';
}

export interface SearchLimits {
  readonly states: number;
  /** Asked now and then; true ends the search. */
  readonly stop: (states: number, depth: number, transitions: number) => boolean;
}

/** With what a search leaves out moves; and learns, so that the next one can do better. */
export interface Reduction {
  readonly plan: Plan;
  readonly knowledge: Knowledge;
}

/** A state is a dozen moves and more: this is some hundredths of a second. */
const askEvery = 64;
/** Of so many such states one is entered, so that what ways have in common is not walked for each of them. */
const enteredOne = 16;
/** So many states are passed through before it is asked whether they come again. */
const firstLap = 64;
const comesBack = 'the reduction is made for (a way leads back to where it was, as a device does that tries again)';

function mustGoOn(system: System, moves: readonly number[], count: number): boolean {
  for (let at = 0; at < count; at += 1) if (!system.isOptional(system.actorOf(moves[at] ?? 0))) return true;
  return false;
}

/**
 * Keeps the moves of a way in growing stacks of numbers: nothing is allocated for a state.
 *
 * A state in which one move is enough is passed through and, but for one in sixteen, not entered in the
 * table: the kernel's steps between two points that others look at are one edge, or a few. Which states
 * these are depends on the state alone.
 *
 * With `way` the search begins behind these moves. The states on the way are entered too, but only where
 * the way goes on from them: others go on from them elsewhere.
 */
export function search(
  system: System, visited: Visited, limits: SearchLimits, reduction: Reduction | null,
  way: readonly number[] = [],
): SearchResult {
  const violated = new Map<ClaimNumber, readonly number[]>();
  let beyond: string | null = null;
  let transitions = 0;
  let entered = 0;
  let deepest = 0;
  let end: SearchResult['end'] = 'exhausted';

  /** The moves to be tried in the states of the way that are entered. */
  const moves: number[] = [];
  /** For each of these: its mark and fingerprint, where its moves begin, which is next, where its way ends, and whether all are tried. */
  const marks: number[] = [];
  const lows: number[] = [];
  const highs: number[] = [];
  const starts: number[] = [];
  const nexts: number[] = [];
  const lengths: number[] = [];
  const wholes: boolean[] = [];
  let top = 0;
  let depth = 0;
  /** The way so far, with the moves in states that are not entered. */
  const trail: number[] = [...way];
  let length = 0;
  const offered: number[] = [];

  // Whether an actor may move depends on what it looks at, also where it may not.
  const asked = reduction === null ? undefined : (actor: number): void => {
    if (system.accesses.count === 0) return;
    reduction.knowledge.learn(reduction.knowledge.entry(system, actor), system.accesses);
  };

  const violates = (claim: ClaimNumber): void => {
    if ((violated.get(claim)?.length ?? Infinity) > length) violated.set(claim, trail.slice(0, length));
  };

  /** Nothing is left out in the state that was looked at last. */
  let isWhole = true;

  /** Leaves the moves to be tried in `offered`. */
  const look = (): number => {
    const count = system.offers(offered, asked);
    if (system.hasEnded || !mustGoOn(system, offered, count)) for (const claim of system.unmet()) violates(claim);
    if (reduction === null) return count;
    const chosen = reduction.plan.choose(system, offered, count);
    isWhole = chosen === count;
    return chosen;
  };

  const isPassed = (count: number): boolean => reduction !== null && count === 1 && system.low % enteredOne !== 0;

  /** Makes a move; false where it leads beyond the model. */
  const take = (move: number): boolean => {
    const entry = reduction?.knowledge.entry(system, system.actorOf(move));
    trail[length] = move;
    length += 1;
    if (length > deepest) deepest = length;
    try {
      const wrong = system.take(move);
      for (let index = 0; index < wrong.length; index += 1) violates(wrong[index] ?? 0);
    } catch (error) {
      if (!(error instanceof BeyondModel)) throw error;
      beyond ??= error.message;
      return false;
    }
    if (entry !== undefined) reduction?.knowledge.learnMove(system, entry);
    return true;
  };

  /**
   * What leads back to itself could put off all others for ever. The plan sees to it that nothing is put off
   * there; where it did not, that is said.
   */
  const comesTo = (low: number, high: number): void => {
    let isWhole = false;
    for (let at = depth - 1; at >= 0 && !isWhole; at -= 1) {
      isWhole = wholes[at] === true;
      if (lows[at] === low && highs[at] === high && !isWhole) beyond ??= comesBack;
    }
  };

  /** A move that need not be made: it leads to a state that is known. */
  const leadsBack = (move: number, { low, high, violated: wrong }: Foreseen): void => {
    trail[length] = move;
    length += 1;
    if (length > deepest) deepest = length;
    for (let index = 0; index < wrong.length; index += 1) violates(wrong[index] ?? 0);
    if (reduction !== null) comesTo(low, high);
  };

  /** A move that the knowledge has nothing to learn from. */
  const isLearned = (move: number, { touched }: Foreseen): boolean => reduction === null
    || reduction.knowledge.knows(reduction.knowledge.entry(system, system.actorOf(move)), touched);

  /**
   * Goes on to the next state that is entered, and leaves its moves in `offered`; −1: beyond the model, or
   * there is none because what is passed through comes again.
   */
  const goOn = (): number => {
    let count = look();
    let lap = firstLap;
    let [low, high] = [-1, -1];
    // In some state since the lap began nothing was left out.
    let wasWhole = false;
    for (let steps = 1; isPassed(count); steps += 1) {
      if (system.low === low && system.high === high) {
        if (!wasWhole) beyond ??= comesBack;
        return -1;
      }
      if (isWhole) wasWhole = true;
      if (steps === lap) {
        [low, high] = [system.low, system.high];
        wasWhole = isWhole;
        lap *= 2;
      }
      transitions += 1;
      if (!take(offered[0] ?? 0)) return -1;
      count = look();
    }
    return count;
  };

  const enter = (count: number): void => {
    marks[depth] = system.mark();
    lows[depth] = system.low;
    highs[depth] = system.high;
    starts[depth] = top;
    nexts[depth] = top;
    lengths[depth] = length;
    wholes[depth] = isWhole;
    for (let at = 0; at < count; at += 1) moves[top + at] = offered[at] ?? 0;
    top += count;
    depth += 1;
  };

  /** Counts the moves behind a state that is left to others. */
  const countMoves = (count: number): void => {
    const [mark, low, high, present] = [system.mark(), system.low, system.high, length];
    const tried = offered.slice(0, count);
    for (const move of tried) {
      transitions += 1;
      if (take(move)) goOn();
      system.undo(mark, low, high);
      length = present;
    }
    for (let at = present; at < way.length; at += 1) trail[at] = way[at] ?? 0;
  };

  const result = (): SearchResult =>
    ({ states: visited.size, transitions, depth: deepest, violated, beyond, end });

  for (const move of way) {
    const count = look();
    if (!isPassed(count) && visited.add(system.low, system.high)) countMoves(count);
    if (!take(move)) return result();
  }
  // Whoever entered the state before the way's last move has counted what is passed through here.
  const before = transitions;
  const first = goOn();
  if (way.length > 0) transitions = before;
  if (first < 0 || !visited.add(system.low, system.high)) return result();
  enter(first);
  while (depth > 0) {
    const at = depth - 1;
    const next = nexts[at] ?? 0;
    if (next === top) {
      top = starts[at] ?? 0;
      depth = at;
      continue;
    }
    nexts[at] = next + 1;
    system.undo(marks[at] ?? 0, lows[at] ?? 0, highs[at] ?? 0);
    length = lengths[at] ?? 0;
    transitions += 1;
    const move = moves[next] ?? 0;
    const foreseen = system.foresee(move);
    if (foreseen !== null && isLearned(move, foreseen) && visited.has(foreseen.low, foreseen.high)) {
      leadsBack(move, foreseen);
      continue;
    }
    if (!take(move)) continue;
    const count = visited.has(system.low, system.high) ? 0 : goOn();
    if (count < 0) continue;
    if (!visited.add(system.low, system.high)) {
      if (reduction !== null) comesTo(system.low, system.high);
      continue;
    }
    entered += 1;
    if (visited.size >= limits.states) {
      end = 'states';
      break;
    }
    if (entered % askEvery === 0 && limits.stop(visited.size, depth, transitions)) {
      end = 'stopped';
      break;
    }
    enter(count);
  }
  return result();
}
