// How far an exploration is: a line that fits the terminal and is taken away, or few lines where there is none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressPrinter, type HowFar } from '../src/ui/explore/explore-progress.ts';

const far: HowFar = {
  seconds: 3, space: { number: 2, of: 16 }, phase: 1, round: 4, states: 34_034, transitions: 1_234_567, depth: 82, visits: 0,
  pieces: 48, pieceNumber: 12,
};

/** What is written when it is asked every `stepMs`, so many times. */
function written(stream: { readonly isTTY?: boolean; readonly columns?: number }, times: number, stepMs: number, subject = ''): readonly string[] {
  const texts: string[] = [];
  let now = 0n;
  const printer = new ProgressPrinter({ ...stream, write: (text) => texts.push(text) }, () => now);
  printer.subject = subject;
  for (let at = 1; at <= times; at += 1) {
    now = BigInt(at * stepMs) * 1_000_000n;
    printer.show({ ...far, seconds: at * stepMs / 1000, states: at * 1000 });
  }
  printer.end();
  return texts;
}

test('without a terminal: a line after a second, then one in ten, nothing to take away', () => {
  const lines = written({}, 620, 50);
  assert.deepEqual(lines.map((line) => /^(\d+) s: /.exec(line)?.[1]), ['1', '11', '21', '31']);
  for (const line of lines) assert.match(line, /^\d+ s: combination 2 of 16, round 4, [\d,]+ states, 1,234,567 transitions, depth 82, .*frontier 12 of 48\n$/);
  assert.match(lines[3] ?? '', /, 20,000\/s, /);
});

test('on a terminal: one line that is written over, never as wide as the terminal, and gone in the end', () => {
  for (const columns of [1, 2, 20, 80, 200]) {
    const texts = written({ isTTY: true, columns }, 40, 50, 'hpsa-p420i patch-v2');
    assert.equal(texts.length, 10 + 1, String(columns));
    for (const text of texts.slice(0, -1)) {
      assert.match(text, /^\r[^\r\n]*$/);
      assert.ok(text.length - 1 <= Math.max(1, columns - 1), `${columns}: ${text}`);
    }
    assert.match(texts.at(-1) ?? '', /^\r *\r$/);
    assert.equal((texts.at(-1) ?? '').length - 2, (texts.at(-2) ?? '').length - 1, 'what was written is covered');
  }
});

test('while the shortest way is looked for it says so, and that all states were seen', () => {
  const texts: string[] = [];
  let now = 0n;
  const printer = new ProgressPrinter({ write: (text) => texts.push(text) }, () => now);
  now = 2_000_000_000n;
  printer.show({ ...far, space: { number: 1, of: 1 }, phase: 2, visits: 4096 });
  assert.deepEqual(texts, ['3 s: 34,034 states are all, looking for the shortest way, 4,096 visits, 1,365/s\n']);
});
