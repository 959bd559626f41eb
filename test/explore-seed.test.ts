// Another seed makes other fingerprints of every state, in every thread, and changes nothing that is found.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seedFingerprints, toggle, type Fingerprint } from '../src/base/hash.ts';
import { dmarsim } from './support/dmarsim.ts';

const cell = 'scenarios/grid/imperfect-same-one-nopsc.dmar';

function found(...words: readonly string[]): { readonly fingerprint: string; readonly rest: string; readonly text: string } {
  const document = JSON.parse(dmarsim(['explore', cell, '--json', ...words]).out) as Record<string, unknown>;
  const { fingerprintSeed, windowFingerprint, ...rest } = document;
  assert.equal(fingerprintSeed, Number(words[1] ?? 0));
  return { fingerprint: String(windowFingerprint), rest: JSON.stringify(rest), text: JSON.stringify(document) };
}

test('two seeds: the same verdicts, states, transitions and counterexamples; other fingerprints', () => {
  const plain = found();
  const others = [found('--seed', '1'), found('--seed', '4294967295', '--workers', '2')];
  for (const other of others) {
    assert.equal(other.rest, plain.rest);
    assert.notEqual(other.fingerprint, plain.fingerprint);
  }
  assert.notEqual(others[0]?.fingerprint, others[1]?.fingerprint);
  assert.equal(found('--seed', '0').text, plain.text);
});

test('what agrees under one seed does not under another, and the low four bits stay', () => {
  // Cells whose contributions agree in twenty bits stand for states that agree in all sixty-four.
  const low = (seed: number, cell: number, bits: number): number => {
    const sum: Fingerprint = { low: 0, high: 0 };
    seedFingerprints(seed);
    toggle(sum, 3, cell, 77);
    seedFingerprints(0);
    return sum.low % 2 ** bits;
  };
  const seen = new Map<number, number>();
  let pairs = 0;
  let still = 0;
  for (let number = 0; number < 4000; number += 1) {
    const value = low(0, number, 20);
    const other = seen.get(value);
    if (other !== undefined) {
      pairs += 1;
      if (low(5, number, 20) === low(5, other, 20)) still += 1;
    }
    seen.set(value, number);
    assert.equal(low(5, number, 4), low(0, number, 4));
  }
  assert.ok(pairs > 2, `${pairs} pairs`);
  assert.ok(still <= pairs / 2, `${still} of ${pairs} pairs collide still`);
});
