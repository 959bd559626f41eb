/** The queues of an NVMe controller (NVM Express base specification 1.4, section 4), as journalled values. */
import type { Owner } from '../../../base/event.ts';
import { digest } from '../../../base/hash.ts';
import type { Journal } from '../../../base/journal.ts';
import { Numbers, Table } from '../../../base/stores.ts';

export interface SubmissionQueue {
  readonly base: number;
  readonly entries: number;
  readonly head: number;
  readonly tail: number;
  readonly completions: number;
  /** Whose driver made it. */
  readonly kernel: Owner;
  readonly fetching: boolean;
}

export interface CompletionQueue {
  readonly base: number;
  readonly entries: number;
  readonly tail: number;
  readonly phase: 0 | 1;
  /** The interrupt's place in the MSI-X table. */
  readonly vector: number;
}

/** Queue numbers go up to this; the admin queues are 0. */
export const queueLimit = 64;

const CELL = { epoch: 0, shadows: 1, events: 2 } as const;

/**
 * Queues by a key made of number and epoch: what a reset leaves running goes on with the queues that it
 * knew. Beside them the buffers of shadow doorbells and event indices (1.4, section 7.13).
 */
export class NvmeQueues {
  readonly #cells: Numbers;
  readonly #submission: Table<SubmissionQueue>;
  readonly #completion: Table<CompletionQueue>;

  constructor(journal: Journal, name: string) {
    this.#cells = new Numbers(journal, `${name} queues`, 3);
    this.#submission = new Table(journal, `${name} submission queues`, ({ base, head, tail, fetching }) =>
      digest([base, head, tail, fetching ? 1 : 0]), () => name);
    this.#completion = new Table(journal, `${name} completion queues`, ({ base, tail, phase, vector }) =>
      digest([base, tail, phase, vector]), () => name);
  }

  submission(key: number): SubmissionQueue | undefined {
    return this.#submission.get(key);
  }

  setSubmission(key: number, queue: SubmissionQueue): void {
    this.#submission.set(key, queue);
  }

  completion(key: number): CompletionQueue | undefined {
    return this.#completion.get(key);
  }

  setCompletion(key: number, queue: CompletionQueue): void {
    this.#completion.set(key, queue);
  }

  removeSubmission(key: number): void {
    this.#submission.delete(key);
  }

  removeCompletion(key: number): void {
    this.#completion.delete(key);
  }

  /** The place of the next completion, which is taken. */
  takeCompletion(key: number): { readonly address: number; readonly phase: 0 | 1; readonly vector: number } | null {
    const queue = this.#completion.get(key);
    if (queue === undefined) return null;
    const wraps = queue.tail + 1 === queue.entries;
    this.#completion.set(key, {
      ...queue, tail: wraps ? 0 : queue.tail + 1, phase: wraps ? (queue.phase === 1 ? 0 : 1) : queue.phase,
    });
    return { address: queue.base + 16 * queue.tail, phase: queue.phase, vector: queue.vector };
  }

  keyOf(queue: number): number {
    return this.#cells.get(CELL.epoch) * queueLimit + queue;
  }

  completionKey(key: number): number {
    return key - (key % queueLimit) + (this.#submission.get(key)?.completions ?? 0);
  }

  /** The queues of now are no longer reached by doorbells. */
  reset(): void {
    this.#cells.set(CELL.epoch, this.#cells.get(CELL.epoch) + 1);
    this.setBuffers(0, 0);
  }

  setBuffers(shadows: number, events: number): void {
    this.#cells.set(CELL.shadows, shadows);
    this.#cells.set(CELL.events, events);
  }

  /** Where the driver says what it has written (`tail`) or taken (`head`); null: in the registers alone. */
  shadow(key: number, which: 'tail' | 'head'): number | null {
    return this.#bufferPlace(this.#cells.get(CELL.shadows), key, which);
  }

  /** Where the controller says up to what it has looked. */
  event(key: number, which: 'tail' | 'head'): number | null {
    return this.#bufferPlace(this.#cells.get(CELL.events), key, which);
  }

  /** Of a queue that a reset left behind nobody remembers the buffers. */
  #bufferPlace(base: number, key: number, which: 'tail' | 'head'): number | null {
    if (base === 0 || Math.floor(key / queueLimit) !== this.#cells.get(CELL.epoch)) return null;
    const queue = which === 'tail' ? key % queueLimit : this.#submission.get(key)?.completions ?? 0;
    return base + 8 * queue + (which === 'tail' ? 0 : 4);
  }
}

export function isAdmin(key: number): boolean {
  return key % queueLimit === 0;
}
