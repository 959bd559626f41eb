/** How an NVMe controller carries out a command: its data page by page, its completion, its interrupt. */
import { and32 } from '../../../base/word.ts';
import type { DmaResult } from '../../fabric.ts';
import { end, type Step } from '../job-engine.ts';
import {
  ADMIN, adminData, adminResult, adminTransfer, commandText, completionBytes, dwordBytes, ioTransfer, type NvmeCommand,
  type Transfer,
} from './commands.ts';
import type { CommandJob, NvmeJob } from './jobs.ts';
import { isAdmin, queueLimit, type NvmeQueues } from './queues.ts';

const pageBytes = 4096;
const dataTransferError = 0x04;

export interface ExecutionHost {
  readonly vectors: number;
  note(text: string, cause: number): void;
  signal(vector: number, cause: number): void;
  /** What the medium holds. */
  pattern(length: number): Uint8Array;
}

function transferOf({ key, command }: CommandJob): Transfer | null {
  return isAdmin(key) ? adminTransfer(command) : ioTransfer(command);
}

export class Execution {
  readonly #queues: NvmeQueues;
  readonly #host: ExecutionHost;

  constructor(queues: NvmeQueues, host: ExecutionHost) {
    this.#queues = queues;
    this.#host = host;
  }

  next(job: CommandJob, { data, cause }: DmaResult): Step<NvmeJob> {
    switch (job.step) {
      case 'run': return this.#run(job, cause);
      case 'list': {
        if (data === null) return this.#complete({ ...job, status: dataTransferError });
        const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
        const rest = Array.from({ length: data.byteLength / 8 }, (_, index) =>
          view.getUint32(8 * index, true) + view.getUint32(8 * index + 4, true) * 0x1_0000_0000);
        return this.#moveData({ ...job, pages: [job.command.prp1, ...rest] });
      }
      case 'data': {
        const transfer = transferOf(job);
        const failed = transfer?.access === 'read' && data === null;
        return this.#moveData(failed ? { ...job, status: dataTransferError } : job);
      }
      case 'event': {
        const address = this.#queues.shadow(job.key, 'head') ?? 0;
        return {
          kind: 'dma', job: { ...job, step: 'head' },
          part: { access: 'read', address, length: 4, data: null, purpose: 'shadow doorbell' },
        };
      }
      case 'head': return this.#post(job);
      case 'posted': {
        this.#host.signal(job.vector, cause);
        return end;
      }
    }
  }

  #run(job: CommandJob, cause: number): Step<NvmeJob> {
    const { key, command } = job;
    this.#host.note(commandText(command, isAdmin(key)), cause);
    if (isAdmin(key)) {
      // Never completed: nothing happens that would be reported.
      if (command.opcode === ADMIN.asyncEvent) return end;
      this.#carryOutAdmin(key, command);
    }
    const transfer = transferOf(job);
    if (transfer === null) return this.#complete(job);
    const first = pageBytes - (command.prp1 % pageBytes);
    const more = Math.ceil(Math.max(0, transfer.bytes - first) / pageBytes);
    const next = { ...job, left: transfer.bytes };
    if (more === 0) return this.#moveData({ ...next, pages: [command.prp1] });
    if (more === 1) return this.#moveData({ ...next, pages: [command.prp1, command.prp2] });
    return {
      kind: 'dma', job: { ...next, step: 'list' },
      part: { access: 'read', address: command.prp2, length: 8 * more, data: null, purpose: 'PRP list' },
    };
  }

  #carryOutAdmin(key: number, { opcode, dword10, dword11, prp1, prp2 }: NvmeCommand): void {
    const queue = this.#queues.keyOf(and32(dword10, 0xffff) % queueLimit);
    const entries = Math.floor(dword10 / 0x1_0000) + 1;
    const kernel = this.#queues.submission(key)?.kernel ?? 'crashed';
    switch (opcode) {
      case ADMIN.createCompletionQueue: {
        const vector = Math.min(Math.floor(dword11 / 0x1_0000), this.#host.vectors - 1);
        return this.#queues.setCompletion(queue, { base: prp1, entries, tail: 0, phase: 1, vector });
      }
      case ADMIN.createSubmissionQueue: {
        const completions = Math.floor(dword11 / 0x1_0000) % queueLimit;
        return this.#queues.setSubmission(queue,
          { base: prp1, entries, head: 0, tail: 0, completions, kernel, fetching: false });
      }
      case ADMIN.deleteCompletionQueue: return this.#queues.removeCompletion(queue);
      case ADMIN.deleteSubmissionQueue: return this.#queues.removeSubmission(queue);
      case ADMIN.doorbellBufferConfig:
        return this.#queues.setBuffers(prp1, prp2);
      default:
        return;
    }
  }

  /** One DMA a page, then the completion. */
  #moveData(job: CommandJob): Step<NvmeJob> {
    const transfer = transferOf(job);
    const [address, ...pages] = job.pages;
    if (transfer === null || address === undefined || job.left === 0) return this.#complete(job);
    const length = Math.min(job.left, pageBytes - (address % pageBytes));
    const { access, purpose } = transfer;
    const data = access === 'read' ? null
      : isAdmin(job.key) ? adminData(job.command, length) : this.#host.pattern(length);
    return {
      kind: 'dma', job: { ...job, step: 'data', pages, left: job.left - length },
      part: { access, address, length, data, purpose },
    };
  }

  #complete(job: CommandJob): Step<NvmeJob> {
    const event = this.#queues.event(job.key, 'head');
    if (event === null) return this.#post(job);
    const tail = this.#queues.completion(this.#queues.completionKey(job.key))?.tail ?? 0;
    return {
      kind: 'dma', job: { ...job, step: 'event' },
      part: { access: 'write', address: event, length: 4, data: dwordBytes(tail), purpose: 'event index' },
    };
  }

  /** Writes the completion; its interrupt follows it. */
  #post(job: CommandJob): Step<NvmeJob> {
    const { key, command, status } = job;
    const place = this.#queues.takeCompletion(this.#queues.completionKey(key));
    if (place === null) return end;
    const data = new Uint8Array(completionBytes);
    const view = new DataView(data.buffer);
    view.setUint32(0, isAdmin(key) ? adminResult(command) : 0, true);
    view.setUint16(8, this.#queues.submission(key)?.head ?? 0, true);
    view.setUint16(10, key % queueLimit, true);
    view.setUint16(12, command.id, true);
    view.setUint16(14, status * 2 + place.phase, true);
    return {
      kind: 'dma', job: { ...job, step: 'posted', vector: place.vector },
      part: { access: 'write', address: place.address, length: completionBytes, data, purpose: 'completion' },
    };
  }
}
