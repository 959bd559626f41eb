/** Threads that explore, kept for one space after the other. */
import { Worker } from 'node:worker_threads';
import { AssertionFailure, fail } from '../../base/assert.ts';
import { workerMark, type Task, type TaskAnswer } from './explore-worker.ts';

/** A thread has used up the memory that it was given. */
export class OutOfMemory extends Error {}

type Answer<Kind> = Extract<TaskAnswer, { kind: Kind }>;

/** The shortest way is looked for by recursion, some frames for each step of a way. */
const stackMiB = 64;
const youngMiB = 16;

export class Thread {
  readonly #worker: Worker;
  #isDead = false;

  constructor(heapMiB: number) {
    this.#worker = new Worker(process.argv[1] ?? '', {
      workerData: workerMark,
      resourceLimits: { maxOldGenerationSizeMb: heapMiB, maxYoungGenerationSizeMb: youngMiB, stackSizeMb: stackMiB },
    });
    // Also when nobody waits for an answer.
    this.#worker.on('error', () => {
      this.#isDead = true;
    });
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  async ask<Kind extends Task['kind']>(task: Task & { readonly kind: Kind }): Promise<Answer<Kind>> {
    const answer = await this.#ask(task);
    if (answer.kind === 'failed') throw failureOf(answer);
    if (!isAnswerTo(answer, task.kind)) fail(`a thread answered ${answer.kind} to ${task.kind}`);
    return answer;
  }

  #ask(task: Task): Promise<TaskAnswer> {
    return new Promise((resolve, reject) => {
      const settle = (then: () => void): void => {
        this.#worker.off('message', answered);
        this.#worker.off('error', failed);
        this.#worker.off('exit', ended);
        then();
      };
      const answered = (answer: TaskAnswer): void => settle(() => resolve(answer));
      const failed = (error: Error): void => settle(() => {
        const isMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
        reject(isMemory ? new OutOfMemory(error.message) : error);
      });
      const ended = (code: number): void => settle(() => {
        this.#isDead = true;
        reject(new Error(`a thread of the exploration ended by itself (${code})`));
      });
      this.#worker.once('message', answered);
      this.#worker.once('error', failed);
      this.#worker.once('exit', ended);
      this.#worker.postMessage(task);
    });
  }

  async end(): Promise<void> {
    this.#isDead = true;
    await this.#worker.terminate();
  }
}

function isAnswerTo<Kind extends Task['kind']>(answer: TaskAnswer, kind: Kind): answer is Answer<Kind> {
  return answer.kind === kind;
}

/** An error loses its class on the way between threads. */
function failureOf({ isAssertion, message, stack }: Answer<'failed'>): Error {
  const error = isAssertion ? new AssertionFailure(message) : new Error(message);
  error.stack = stack;
  return error;
}

export class ThreadPool {
  readonly size: number;
  readonly #heapMiB: number;
  #threads: readonly Thread[] = [];

  /** `heapMiB`: what each thread may have for itself. */
  constructor(size: number, heapMiB: number) {
    this.size = size;
    this.#heapMiB = heapMiB;
  }

  /** All of them, new ones in the place of those that are gone. */
  threads(): readonly Thread[] {
    this.#threads = Array.from({ length: this.size }, (_, at) => {
      const known = this.#threads[at];
      return known === undefined || known.isDead ? new Thread(this.#heapMiB) : known;
    });
    return this.#threads;
  }

  /** Also when they are at work. */
  async end(): Promise<void> {
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.map((thread) => thread.end()));
  }
}
