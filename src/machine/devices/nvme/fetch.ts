/** How an NVMe controller takes entries from a submission queue, with shadow doorbells and without. */
import type { Owner } from '../../../base/event.ts';
import type { DmaResult } from '../../fabric.ts';
import { end, type Step } from '../job-engine.ts';
import { decodeCommand, dwordBytes, dwordOf, submissionBytes, type NvmeCommand } from './commands.ts';
import type { DispatchJob, FetchJob, NvmeJob } from './jobs.ts';
import type { NvmeQueues } from './queues.ts';

export interface FetchHost {
  readonly retryNs: number;
  /** False when no slot is free. */
  start(key: number, command: NvmeCommand, kernel: Owner, cause: number): boolean;
  /** An entry could not be read. */
  fail(cause: number): void;
}

export class Fetch {
  readonly #queues: NvmeQueues;
  readonly #host: FetchHost;

  constructor(queues: NvmeQueues, host: FetchHost) {
    this.#queues = queues;
    this.#host = host;
  }

  next(job: FetchJob | DispatchJob, kernel: Owner, { data, cause }: DmaResult): Step<NvmeJob> {
    const { key } = job;
    if (job.kind === 'dispatch') return this.#dispatch(key, job.command, kernel, cause);
    switch (job.step) {
      case 'begin':
        return this.#queues.shadow(key, 'tail') === null ? this.#nextEntry(key) : this.#readTail(key);
      case 'tail': {
        const queue = this.#queues.submission(key);
        if (queue === undefined) return end;
        if (data !== null) this.#queues.setSubmission(key, { ...queue, tail: dwordOf(data) % queue.entries });
        return this.#nextEntry(key);
      }
      case 'event':
        return this.#readTail(key);
      case 'entry': {
        if (data !== null) return this.#dispatch(key, decodeCommand(data), kernel, cause);
        // The queue stands still.
        this.#host.fail(cause);
        return this.#end(key);
      }
    }
  }

  #dispatch(key: number, command: NvmeCommand, kernel: Owner, cause: number): Step<NvmeJob> {
    if (this.#host.start(key, command, kernel, cause)) return this.#nextEntry(key);
    return { kind: 'delay', delayNs: this.#host.retryNs, job: { kind: 'dispatch', key, command } };
  }

  #readTail(key: number): Step<NvmeJob> {
    const address = this.#queues.shadow(key, 'tail');
    if (address === null) return this.#end(key);
    return {
      kind: 'dma', job: { kind: 'fetch', key, step: 'tail' },
      part: { access: 'read', address, length: 4, data: null, purpose: 'shadow doorbell' },
    };
  }

  /** The next entry; behind the last one the event index, so that the driver rings again. */
  #nextEntry(key: number): Step<NvmeJob> {
    const queue = this.#queues.submission(key);
    if (queue === undefined) return end;
    const { base, head, tail, entries } = queue;
    if (head !== tail) {
      this.#queues.setSubmission(key, { ...queue, head: (head + 1) % entries, fetching: true });
      return {
        kind: 'dma', job: { kind: 'fetch', key, step: 'entry' },
        part: {
          access: 'read', address: base + submissionBytes * head, length: submissionBytes, data: null,
          purpose: 'submission entry',
        },
      };
    }
    const event = this.#queues.event(key, 'tail');
    if (event === null || !queue.fetching) return this.#end(key);
    // Then the tail once more: an entry may have come before the driver saw the event index.
    this.#queues.setSubmission(key, { ...queue, fetching: false });
    return {
      kind: 'dma', job: { kind: 'fetch', key, step: 'event' },
      part: { access: 'write', address: event, length: 4, data: dwordBytes(tail), purpose: 'event index' },
    };
  }

  #end(key: number): Step<NvmeJob> {
    const queue = this.#queues.submission(key);
    if (queue !== undefined) this.#queues.setSubmission(key, { ...queue, fetching: false });
    return end;
  }
}
