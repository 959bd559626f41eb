/** Operations with the types of their answers: what kernel routines are written in. */
import { assert } from '../../base/assert.ts';
import { wordOf, type Address, type Word64 } from '../../base/word.ts';
import type { Answer, Condition, Routine } from './operation.ts';

function asNumber(answer: Answer): number {
  assert(typeof answer === 'number', 'a 32-bit operation is answered with a number');
  return answer;
}

function asWord(answer: Answer): Word64 {
  assert(typeof answer === 'object', 'a 64-bit operation is answered with a word');
  return answer;
}

export function* load64(address: Address): Routine<Word64> {
  return asWord(yield { kind: 'load', address, bytes: 8 });
}

export function* store32(address: Address, value: number): Routine<void> {
  yield { kind: 'store', address, bytes: 4, value: wordOf(value) };
}

export function* store64(address: Address, value: Word64): Routine<void> {
  yield { kind: 'store', address, bytes: 8, value };
}

export function* clear(address: Address, length: number): Routine<void> {
  yield { kind: 'clear', address, length };
}

export function* copy(to: Address, from: Address, length: number): Routine<void> {
  yield { kind: 'copy', from, to, length };
}

/** `count` 64-bit entries from `address` on, each for the page behind the last one's. */
export function* fillEntries(address: Address, count: number, first: Word64): Routine<void> {
  yield { kind: 'fill', address, count, first };
}

/** The next of `count` 16-byte entries, from `start` on, whose first word has a bit of `mask`; or −1. */
export function* findEntry(address: Address, start: number, count: number, mask: number): Routine<number> {
  return asNumber(yield { kind: 'find', address, start, count, mask });
}

export function* readl(address: Address): Routine<number> {
  return asNumber(yield { kind: 'register-read', address, bytes: 4 });
}

export function* readq(address: Address): Routine<Word64> {
  return asWord(yield { kind: 'register-read', address, bytes: 8 });
}

export function* writel(address: Address, value: number): Routine<void> {
  yield { kind: 'register-write', address, bytes: 4, value: wordOf(value) };
}

export function* writeq(address: Address, value: Word64): Routine<void> {
  yield { kind: 'register-write', address, bytes: 8, value };
}

/** Polls; returns the index of the condition that held, or −1 when the time ran out. */
export function* waitFor(
  what: string, timeoutNs: number | null, ...conditions: readonly Condition[]
): Routine<number> {
  return asNumber(yield { kind: 'wait', what, conditions, timeoutNs });
}

export function* printk(text: string): Routine<void> {
  yield { kind: 'log', text };
}

/** Marks a kernel routine in the trace, around whatever `body` does. */
export function* routine<Result>(
  name: string, detail: string, body: () => Routine<Result>,
): Routine<Result> {
  yield { kind: 'enter', routine: name, detail };
  const result = yield* body();
  yield { kind: 'leave', routine: name };
  return result;
}
