/** How far an exploration is: one changing line on a terminal, a line in ten seconds elsewhere. */
import type { Progress } from '../../analysis/explore/options.ts';
import { count } from './explore-report.ts';

const terminalNs = 200_000_000n;
const elsewhereNs = 10_000_000_000n;

export class ExploreProgress {
  readonly #start = process.hrtime.bigint();
  readonly #deadline: number;
  readonly #every: bigint;
  #last = this.#start;
  #shown = false;
  interrupted = false;

  constructor(maxSeconds: number) {
    this.#deadline = maxSeconds;
    this.#every = process.stderr.isTTY ? terminalNs : elsewhereNs;
    process.once('SIGINT', this.#interrupt);
  }

  /** Ctrl-C: what is known so far is told. */
  readonly #interrupt = (): void => {
    this.interrupted = true;
  };

  /** To be asked now and then by the exploration; true when its time is over. */
  readonly stop = (progress: Progress): boolean => {
    const now = process.hrtime.bigint();
    if (now - this.#last >= this.#every) {
      this.#last = now;
      this.#show(progress, now);
    }
    return this.interrupted || Number(now - this.#start) / 1e9 > this.#deadline;
  };

  #show({ phase, states, transitions, depth }: Progress, now: bigint): void {
    const seconds = Number(now - this.#start) / 1e9;
    const text = phase === 2 ? `${seconds.toFixed(0)} s: looking for the shortest way`
      : `${seconds.toFixed(0)} s: ${count(states)} states, ${count(transitions)} transitions, depth ${depth}`;
    if (!process.stderr.isTTY) {
      process.stderr.write(`${text}\n`);
      return;
    }
    process.stderr.write(`\r${text.padEnd(78).slice(0, 78)}`);
    this.#shown = true;
  }

  end(): void {
    process.off('SIGINT', this.#interrupt);
    if (this.#shown) process.stderr.write(`\r${' '.repeat(78)}\r`);
  }
}
