// Ctrl-C ends an exploration, not the process that has something to tell: what is known is printed, and the exit code
// says who ended it. With one thread and two, in `matrix` too, and also when a wrapper passes the signal on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dmarsimUntilProgress, linesOf } from './support/dmarsim.ts';

const long = ['scenarios/hpsa-p420i.dmar', '--capture', 'linux-4.9-rc5', '--in-flight', '4'];

for (const workers of ['1', '2']) {
  test(`Ctrl-C while ${workers} explore${workers === '1' ? 's' : ''}: what is known, and 130`, async () => {
    const { code, out, talk } = await dmarsimUntilProgress(['explore', ...long, '--workers', workers], ['SIGINT', 'SIGINT']);
    assert.equal(code, 130, talk);
    assert.match(talk, /^\d+ s: round \d+, [\d,]+ states, [\d,]+ transitions, depth \d+/);
    assert.doesNotMatch(talk, /error|report it/);
    const seen = /^([\d,]+) states, [\d,]+ transitions, depth \d+: not all that there are: it was broken off$/m.exec(out);
    assert.ok(seen !== null && seen[1] !== '0', out);
    assert.match(out, /^ {2}(\?\?|No) {2}never fault on hpsa +(not decided: nothing against it in the [\d,]+ states|violated after \d+ steps)/m);
    assert.doesNotMatch(out, / Ok /);
  });
}

test('SIGTERM does the same, with its own code, and the document of --json is whole', async () => {
  const { code, out } = await dmarsimUntilProgress(['explore', ...long, '--json'], ['SIGTERM']);
  assert.equal(code, 143);
  const document = JSON.parse(out) as { end: string; limit: string; states: number; holds: boolean };
  assert.deepEqual([document.end, document.limit, document.holds], ['limit', 'user', false]);
  assert.ok(document.states > 0);
});

test('a matrix that is broken off shows the cells that it has', async () => {
  const { code, out } = await dmarsimUntilProgress(['matrix', 'scenarios/grid/perfect-different-one-psc.dmar',
    'scenarios/hpsa-p420i.dmar', '--explore', '--in-flight', '4', '--capture', 'spec-6.5.3.3,linux-4.9-rc5'], ['SIGINT'], /: hpsa-p420i /);
  assert.equal(code, 130);
  const lines = linesOf(out);
  assert.match(lines[1] ?? '', /^perfect-different-one-psc +fine \d+ +buffer \d+ *!?$/);
  assert.match(lines[2] ?? '', /^hpsa-p420i +\? +\?/);
  assert.match(out, /^ {2}broken off: hpsa-p420i s-6\.5\.3\.3, hpsa-p420i 4\.9-rc5$/m);
});
