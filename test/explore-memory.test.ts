// --max-memory is of the whole process: what does not fit ends the exploration with what is known, whoever notices it, and
// what is our own mistake in a thread says that it is.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { dmarsim, withFiles, type Finished } from './support/dmarsim.ts';

const cell = 'scenarios/grid/imperfect-same-one-nopsc.dmar';

/** The command with something loaded before it, in every thread. */
function loaded(code: string, words: readonly string[]): Finished {
  return withFiles({ 'before.cjs': `const { isMainThread, parentPort } = require('node:worker_threads');\n${code}` }, (folder) =>
    dmarsim(words, { NODE_OPTIONS: `--require ${join(folder, 'before.cjs')}` }));
}

for (const workers of ['1', '2']) {
  test(`a process that is larger than its limit stops and says so, ${workers} exploring`, () => {
    const { code, out, talk } = loaded('if (isMainThread) globalThis.ballast = Buffer.alloc(300 * 2 ** 20, 1);',
      ['explore', cell, '--workers', workers, '--max-memory', '256']);
    assert.equal(code, 125, talk);
    assert.match(out, /: not all that there are: ended by --max-memory 256 \(MiB\)$/m);
    assert.match(out, /^to see more: --max-memory 1024, or leave less open \(--in-flight 0, --window handoff\)$/m);
    assert.doesNotMatch(out, / Ok /);
    assert.doesNotMatch(talk, /report it/);
  });

  test(`a thread that has no memory left ends the exploration, not the process, ${workers} exploring`, () => {
    const { code, out, talk } = loaded('if (!isMainThread) setInterval(() => { const all = []; for (;;) all.push(new Array(1000).fill({})); }, 1);',
      ['explore', cell, '--workers', workers, '--max-memory', '192', '--json']);
    const document = JSON.parse(out) as { readonly end: string; readonly limit: string; readonly holds: boolean };
    assert.deepEqual([document.end, document.limit, document.holds], ['limit', 'memory', false]);
    assert.ok(code === 125 || code === 1, `${code} ${talk}`);
    assert.doesNotMatch(talk, /report it/);
  });
}

test('an assertion that fails in a thread is told as ours, with its own words', () => {
  const { code, out, talk } = loaded(`if (!isMainThread) {
    const { on } = parentPort;
    parentPort.on = (name, listener) => on.call(parentPort, name, (task) => {
      if (task.kind === 'begin') task.window = { ...task.window, steps: 1e6 };
      listener(task);
    });
  }`, ['explore', cell, '--workers', '2']);
  assert.equal(code, 134);
  assert.equal(out, '');
  assert.match(talk, /^an assertion of dmarsim failed; please report it with the scenario and this:\nAssertionFailure: the way to the window was gone before\n/);
});
