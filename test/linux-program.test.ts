// Protects that the position of a kernel is a value: the answers so far, whatever order they are asked in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../src/base/hash.ts';
import type { Answer, Operation, Routine } from '../src/linux/core/operation.ts';
import { Program } from '../src/linux/core/program.ts';

/** A routine with branches, loops and state of its own; it ends after at most `length` operations. */
function* wandering(length: number): Routine<void> {
  let sum = 0;
  for (let step = 0; step < length; step += 1) {
    const answer = yield { kind: 'log', text: `step ${step} sum ${sum}` };
    const value = typeof answer === 'number' ? answer : answer.low + 2 * answer.high;
    if (value === 3) return;
    sum = (sum * 31 + value) % 1009;
    if (value === 2) yield { kind: 'sleep', durationNs: sum };
  }
}

/** What a fresh generator does after these answers; null when it has ended. */
function freshly(answers: readonly Answer[], length: number): Operation | null {
  const routine = wandering(length);
  let result = routine.next();
  for (const answer of answers) result = routine.next(answer);
  return result.done === true ? null : result.value;
}

test('the same answers lead to the same position, other answers to another', () => {
  const program = new Program(() => wandering(5));
  const left = program.after(program.first, 0);
  const right = program.after(program.first, 1);
  assert.notEqual(left, right);
  assert.equal(program.after(program.first, 0), left);
  assert.equal(program.after(program.first, 1), right);
  assert.notEqual(program.after(left, 0), program.after(right, 0));
});

test('words are answers by their value, and a word is not the number of the same size', () => {
  const program = new Program(() => wandering(5));
  const one = program.after(program.first, { low: 1, high: 0 });
  assert.equal(program.after(program.first, { low: 1, high: 0 }), one);
  assert.notEqual(program.after(program.first, { low: 0, high: 1 }), one);
  assert.notEqual(program.after(program.first, 1), one);
});

test('going back and answering otherwise runs the routine again along the path', () => {
  let started = 0;
  const program = new Program(() => {
    started += 1;
    return wandering(6);
  });
  let position = program.first;
  for (const answer of [0, 1, 1, 0]) position = program.after(position, answer);
  assert.equal(started, 1, 'forward it runs once');
  const second = program.after(program.after(program.first, 0), 0);
  assert.equal(started, 2);
  assert.deepEqual(program.operationAt(second), freshly([0, 0], 6));
  assert.deepEqual(program.operationAt(position), freshly([0, 1, 1, 0], 6));
  // And on from where it was first.
  assert.deepEqual(program.operationAt(program.after(position, 1)), freshly([0, 1, 1, 0, 1], 6));
  assert.equal(started, 3);
});

test('known positions are answered without running anything', () => {
  let started = 0;
  const program = new Program(() => {
    started += 1;
    return wandering(4);
  });
  const walk = (): number => [0, 1, 0].reduce<number>((at, answer) => program.after(at, answer), program.first);
  const end = walk();
  for (let round = 0; round < 5; round += 1) assert.equal(walk(), end);
  assert.equal(started, 1);
});

test('a program that has ended has no operation and takes no answer', () => {
  const program = new Program(() => wandering(5));
  const end = program.after(program.first, 3);
  assert.equal(program.operationAt(end), null);
  assert.throws(() => program.after(end, 0), /ended takes no answer/);
  assert.throws(() => program.operationAt(99), /no position 99/);
});

test('from any known position, any answer: operations equal a fresh generator\'s, positions never repeat', () => {
  const seed = 0x5eed;
  const random = new Random(seed);
  for (let round = 0; round < 20; round += 1) {
    const length = 1 + random.below(12);
    const program = new Program(() => wandering(length));
    const paths = new Map<number, readonly Answer[]>([[program.first, []]]);
    for (let step = 0; step < 300; step += 1) {
      const known = [...paths.keys()];
      const from = known[random.below(known.length)] ?? program.first;
      const path = paths.get(from) ?? [];
      const what = `seed ${seed}, round ${round}, step ${step}: ${JSON.stringify(path)}`;
      if (program.operationAt(from) === null) continue;
      const value = random.below(4);
      const answer: Answer = random.below(2) === 0 ? value : { low: value, high: 0 };
      const next = program.after(from, answer);
      const answers = [...path, answer];
      assert.deepEqual(program.operationAt(next), freshly(answers, length), what);
      const before = paths.get(next);
      if (before === undefined) paths.set(next, answers);
      else assert.deepEqual(before, answers, what);
    }
  }
});
