/**
 * What software can do in a machine: the operations of a CPU on memory, registers and time. Kernel
 * routines are generators that yield these and nothing else; whatever a routine learns, it learns from
 * the answers. Between any two operations devices may do DMA.
 */
import type { Address, Word64 } from '../../base/word.ts';

export type Condition =
  /** A 32-bit memory word equals a value. */
  | { readonly kind: 'memory-equals'; readonly address: Address; readonly value: number }
  /** A register, under a mask, equals a value. */
  | { readonly kind: 'register-equals'; readonly address: Address; readonly bytes: 4 | 8;
      readonly mask: Word64; readonly value: Word64 }
  /** A 32-bit register has some bit of the mask set. */
  | { readonly kind: 'register-any'; readonly address: Address; readonly mask: number }
  /** Two registers hold the same. */
  | { readonly kind: 'registers-agree'; readonly left: Address; readonly right: Address };

export type Operation =
  | { readonly kind: 'enter'; readonly routine: string; readonly detail: string }
  | { readonly kind: 'leave'; readonly routine: string }
  | { readonly kind: 'load'; readonly address: Address; readonly bytes: 4 | 8 }
  | { readonly kind: 'store'; readonly address: Address; readonly bytes: 4 | 8; readonly value: Word64 }
  /** memset to zero of memory that nobody else can see yet. */
  | { readonly kind: 'clear'; readonly address: Address; readonly length: number }
  /** memcpy of whole words into memory that nobody else can see yet. */
  | { readonly kind: 'copy'; readonly from: Address; readonly to: Address; readonly length: number }
  /** Words of 64 bits into memory that nobody else can see yet: `first`, then each a page further. */
  | { readonly kind: 'fill'; readonly address: Address; readonly count: number; readonly first: Word64 }
  /**
   * Reads one 32-bit word of every 16 bytes of memory that nobody else writes; answered with the index of
   * the first from `start` on that has a bit of the mask, or −1.
   */
  | { readonly kind: 'find'; readonly address: Address; readonly start: number; readonly count: number;
      readonly mask: number }
  /** CLFLUSH of every line of the range. */
  | { readonly kind: 'write-back'; readonly address: Address; readonly length: number }
  | { readonly kind: 'register-read'; readonly address: Address; readonly bytes: 4 | 8 }
  | { readonly kind: 'register-write'; readonly address: Address; readonly bytes: 4 | 8;
      readonly value: Word64 }
  /** Polls until one of the conditions holds; answered with its index, or −1 at the time-out (null: none). */
  | { readonly kind: 'wait'; readonly what: string; readonly conditions: readonly Condition[];
      readonly timeoutNs: number | null }
  /** Answered with 0 when the time has passed, or with the vector of an interrupt that came first. */
  | { readonly kind: 'sleep'; readonly durationNs: number }
  /** Goes on with the sleep that an interrupt broke. */
  | { readonly kind: 'resume-sleep' }
  /** Goes on before its sleep is over: the interrupt brought what was waited for. */
  | { readonly kind: 'wake-up' }
  /** Arms the timer that interrupts with `vector`, one of `timerCount` from `firstTimerVector` on. */
  | { readonly kind: 'arm-timer'; readonly vector: number; readonly delayNs: number }
  /** The time since power-on in nanoseconds. */
  | { readonly kind: 'clock' }
  | { readonly kind: 'log'; readonly text: string };

/** Timers interrupt with the vectors up to 0xef, LOCAL_TIMER_VECTOR of the x86 kernel. */
export const firstTimerVector = 0xe0;
export const timerCount = 16;

/** A number for loads of 32 bits, waits and sleeps, a word for loads of 64; 0 where there is nothing. */
export type Answer = number | Word64;

export type Routine<Result> = Generator<Operation, Result, Answer>;
