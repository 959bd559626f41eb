/** How far an exploration is: one changing line on a terminal; elsewhere a line after one second, then one in ten. */
import { count } from './explore-report.ts';

const terminalNs = 200_000_000n;
const firstElsewhereNs = 1_000_000_000n;
const elsewhereNs = 10_000_000_000n;
/** Where a terminal does not tell. */
const usualColumns = 80;
const rateSeconds = 2;

export interface HowFar {
  /** Since the exploration began. */
  readonly seconds: number;
  /** Which combination of hardware choices, and how many there are as far as is known. */
  readonly space: { readonly number: number; readonly of: number };
  /** 1: learning what moves touch, and exploring; 2: looking for the shortest way. */
  readonly phase: 1 | 2;
  readonly round: number;
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  /** States that were looked at for the shortest way. */
  readonly visits: number;
  /** The frontier: pieces that threads take one after the other, and how many are taken. */
  readonly pieces: number;
  readonly pieceNumber: number;
}

export interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export class ProgressPrinter {
  readonly #stream: Stream;
  readonly #now: () => bigint;
  #next: bigint;
  #shown = 0;
  /** What is explored, where there is more than one thing. */
  subject = '';
  #done = 0;
  #before = 0;
  #rateFrom = { seconds: 0, done: 0 };
  #rate: number | null = null;

  constructor(stream: Stream, now: () => bigint = () => process.hrtime.bigint()) {
    this.#stream = stream;
    this.#now = now;
    this.#next = now() + (stream.isTTY === true ? terminalNs : firstElsewhereNs);
  }

  show(far: HowFar): void {
    this.#measure(far);
    const now = this.#now();
    if (now < this.#next) return;
    this.#next = now + (this.#stream.isTTY === true ? terminalNs : elsewhereNs);
    const text = progressText(this.subject, far, this.#rate);
    if (this.#stream.isTTY !== true) {
      this.#stream.write(`${text}\n`);
      return;
    }
    // A line that fills the last column would wrap, and could not be written over.
    const columns = Math.max(1, (this.#stream.columns ?? usualColumns) - 1);
    const line = text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 3))}...`.slice(0, columns);
    this.#stream.write(`\r${line.padEnd(Math.min(this.#shown, columns))}`);
    this.#shown = line.length;
  }

  /** Takes the line away, so that something else can be written. */
  end(): void {
    if (this.#shown > 0) this.#stream.write(`\r${' '.repeat(this.#shown)}\r`);
    this.#shown = 0;
  }

  /** States (or visits) a second, over the last few seconds. */
  #measure({ seconds, phase, states, visits }: HowFar): void {
    const present = phase === 1 ? states : visits;
    // Every round counts from the start.
    this.#done += present < this.#before ? present : present - this.#before;
    this.#before = present;
    const since = seconds - this.#rateFrom.seconds;
    if (since < 0) this.#rateFrom = { seconds, done: this.#done };
    if (since < rateSeconds) return;
    this.#rate = (this.#done - this.#rateFrom.done) / since;
    this.#rateFrom = { seconds, done: this.#done };
  }
}

/** What is needed most stands first: a narrow terminal shows no more. */
export function progressText(subject: string, far: HowFar, rate: number | null): string {
  const { seconds, space, phase, round, states, transitions, depth, visits, pieces, pieceNumber } = far;
  const pace = rate === null ? [] : [`${count(Math.round(rate))}/s`];
  const which = space.of === 1 ? [] : [`combination ${space.number} of ${count(space.of)}`];
  const parts = phase === 1
    ? [`round ${round}`, `${count(states)} states`, `${count(transitions)} transitions`, `depth ${depth}`, ...pace,
      `frontier ${pieceNumber} of ${pieces}`]
    : [`${count(states)} states are all`, `looking for the shortest way`, `${count(visits)} visits`, ...pace];
  return `${seconds.toFixed(0)} s: ${subject === '' ? '' : `${subject}: `}${[...which, ...parts].join(', ')}`;
}
