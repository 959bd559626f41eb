/** Where commands of an NVMe controller stand between two steps. */
import { digest } from '../../../base/hash.ts';
import type { NvmeCommand } from './commands.ts';

/** Takes entries from a submission queue until there are none. */
export interface FetchJob {
  readonly kind: 'fetch';
  readonly key: number;
  readonly step: 'begin' | 'tail' | 'entry' | 'event';
}

/** A command that no slot was free for. */
export interface DispatchJob {
  readonly kind: 'dispatch';
  readonly key: number;
  readonly command: NvmeCommand;
}

export interface CommandJob {
  readonly kind: 'command';
  readonly key: number;
  readonly command: NvmeCommand;
  readonly step: 'run' | 'list' | 'data' | 'event' | 'head' | 'posted';
  /** Addresses of the pages that are still to be moved, and how many bytes. */
  readonly pages: readonly number[];
  readonly left: number;
  readonly status: number;
  /** The interrupt of a completion that was written. */
  readonly vector: number;
}

export type NvmeJob = FetchJob | DispatchJob | CommandJob;

const steps = ['begin', 'tail', 'entry', 'event', 'run', 'list', 'data', 'head', 'posted'] as const;

export function weighJob(job: NvmeJob): number {
  switch (job.kind) {
    case 'fetch': return digest([1, job.key, steps.indexOf(job.step)]);
    case 'dispatch': return digest([2, job.key, ...wordsOf(job.command)]);
    case 'command': {
      const { key, command, step, pages, left, status, vector } = job;
      return digest([3, key, steps.indexOf(step), ...wordsOf(command), left, status, vector, ...pages]);
    }
  }
}

function wordsOf({ opcode, id, prp1, prp2, dword10, dword11, dword12 }: NvmeCommand): readonly number[] {
  return [opcode, id, prp1, prp2, dword10, dword11, dword12];
}
