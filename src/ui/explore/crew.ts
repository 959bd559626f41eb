/** Whoever explores in threads: the threads, who watches them, who tells how far they are. */
import type { AskedOptions } from './explore-options.ts';
import { ProgressPrinter } from './explore-progress.ts';
import { ThreadPool } from './thread-pool.ts';
import { Watch } from './watch.ts';

export interface Crew {
  readonly pool: ThreadPool;
  readonly watch: Watch;
  readonly printer: ProgressPrinter;
  /** Of the whole process. */
  readonly maxBytes: number;
}

const bytesOfMiB = 2 ** 20;
/** What the process has without threads, what a thread has beside its heap, and with less it cannot begin. */
const ownMiB = 64;
const besideHeapMiB = 24;
const leastHeapMiB = 32;

export function makeCrew({ workers, maxSeconds, maxBytes }: Pick<AskedOptions, 'workers' | 'maxSeconds' | 'maxBytes'>): Crew {
  const printer = new ProgressPrinter(process.stderr);
  return {
    pool: new ThreadPool(workers, Math.max(leastHeapMiB, Math.floor((maxBytes / bytesOfMiB - ownMiB) / workers) - besideHeapMiB)),
    watch: new Watch({ maxSeconds, maxBytes }, () => printer.end()), printer, maxBytes,
  };
}

/** Does the work, and ends what the crew holds. */
export async function dismissing<Value>(crew: Crew, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } finally {
    crew.printer.end();
    crew.watch.close();
    await crew.pool.end();
  }
}
