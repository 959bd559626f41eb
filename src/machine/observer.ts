/**
 * Whoever watches a machine without a trace, to judge claims while it runs. An observer learns what the
 * trace would have told and has no effect on the machine.
 */
import type { Owner } from '../base/event.ts';

/** A DMA as a claim sees it. */
export interface ObservedDma {
  readonly device: string;
  /** Whose driver asked for it. */
  readonly kernel: Owner;
  /** What `requested` returned for it. */
  readonly scope: number;
  readonly address: number;
}

export interface Observer {
  /** Whether it makes a difference to it that an answer does not go with memory. */
  readonly judgesFreshness: boolean;
  /** A device puts a request on the bus. Returns what is to be remembered with it; part of the state. */
  requested(device: string): number;
  /** The unit's answer for one page; `reason` null: none, or blocked without one. */
  answered(dma: ObservedDma, blocked: boolean, reason: number | null, stale: boolean): void;
  /** Data has moved. */
  moved(dma: ObservedDma, owner: Owner | 'nobody'): void;
  logged(text: string): void;
  routineEntered(kernel: Owner, routine: string, detail: string): void;
  routineLeft(kernel: Owner, routine: string): void;
  panicked(): void;
  kernelStarted(kernel: Owner): void;
  deviceReset(device: string): void;
  /** Some unit has taken the root table that its register names. */
  rootTableLatched(): void;
}
