/** `___ratelimit` (lib/ratelimit.c): so many callbacks in an interval, then silence. */
import { assert } from '../../base/assert.ts';
import { printk } from './bus.ts';
import type { Routine } from './operation.ts';

/** DEFAULT_RATELIMIT_INTERVAL and DEFAULT_RATELIMIT_BURST. */
const intervalNs = 5_000_000_000;
const burst = 10;

export class RateLimit {
  readonly #name: string;
  #beginNs: number | null = null;
  #printed = 0;
  #missed = 0;

  constructor(name: string) {
    this.#name = name;
  }

  * allows(): Routine<boolean> {
    const nowNs = yield { kind: 'clock' };
    assert(typeof nowNs === 'number', 'the clock is answered with a number');
    this.#beginNs ??= nowNs;
    if (nowNs > this.#beginNs + intervalNs) {
      if (this.#missed > 0) yield* printk(`${this.#name}: ${this.#missed} callbacks suppressed`);
      this.#beginNs = nowNs;
      this.#printed = 0;
      this.#missed = 0;
    }
    if (this.#printed < burst) {
      this.#printed += 1;
      return true;
    }
    this.#missed += 1;
    return false;
  }
}
