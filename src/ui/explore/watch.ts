/** What ends an exploration from outside: its time, its memory, Ctrl-C. Asked many times a second, by the main thread. */
import type { Limit } from '../../analysis/explore/options.ts';

export interface OuterLimits {
  readonly maxSeconds: number;
  /** Of the whole process. */
  readonly maxBytes: number;
}

/** What is known has to be told within the limit too. */
const marginBytes = 12 * 2 ** 20;

const signals = { SIGINT: 2, SIGTERM: 15 } as const;
type Signal = keyof typeof signals;

/** A wrapper like npm passes a terminal's Ctrl-C on, and the terminal has sent it too: within this it is one. */
const sameInterruptNs = 1_000_000_000n;

export class Watch {
  readonly #limits: OuterLimits;
  readonly #end: () => void;
  #start = process.hrtime.bigint();
  #signal: { readonly name: Signal; readonly at: bigint } | null = null;
  #reached: Limit | null = null;

  /** `end` is called before the process is broken off at once. */
  constructor(limits: OuterLimits, end: () => void) {
    this.#limits = limits;
    this.#end = end;
    for (const name of signalNames) process.on(name, this.#onSignal);
  }

  /** Ctrl-C once: what is known so far is told. Again: the process ends at once. */
  readonly #onSignal = (name: NodeJS.Signals): void => {
    if (!isSignal(name)) return;
    const now = process.hrtime.bigint();
    if (this.#signal === null) {
      this.#signal = { name, at: now };
    } else if (now - this.#signal.at > sameInterruptNs) {
      this.#end();
      process.exit(128 + signals[name]);
    }
  };

  /** A new exploration: it has all its time before it. */
  begin(): void {
    this.#start = process.hrtime.bigint();
    this.#reached = null;
  }

  /** Which limit is reached; null: none. What was reached once stays reached. */
  check(): Limit | null {
    if (this.#signal !== null) return 'user';
    if (this.#reached !== null) return this.#reached;
    if (this.seconds > this.#limits.maxSeconds) this.#reached = 'seconds';
    else if (process.memoryUsage.rss() > this.#limits.maxBytes - marginBytes) this.#reached = 'memory';
    return this.#reached;
  }

  /** A thread found no more memory. */
  outOfMemory(): void {
    this.#reached ??= 'memory';
  }

  /** Since the present exploration began. */
  get seconds(): number {
    return Number(process.hrtime.bigint() - this.#start) / 1e9;
  }

  /** The exit code of a process that was asked to end; null: it was not. */
  get signalCode(): number | null {
    return this.#signal === null ? null : 128 + signals[this.#signal.name];
  }

  /** Whoever was asked to end is about to, and is not to be killed before what it has to say is said. */
  close(): void {
    if (this.#signal !== null) return;
    for (const name of signalNames) process.off(name, this.#onSignal);
  }
}

function isSignal(name: string): name is Signal {
  return Object.hasOwn(signals, name);
}

const signalNames = Object.keys(signals).filter(isSignal);
