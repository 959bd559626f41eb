// Protects what the README promises of a new release: its ten lines, put where it says, are all that it takes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './support/dmarsim.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const fence = '`'.repeat(3);
const row = new RegExp(`^${fence}ts\\n([\\s\\S]*?)^${fence}$`, 'm').exec(readme)?.[1] ?? '';

/** What the compiled program prints with the row put in front of the other patches. */
function withRow(words: readonly string[]): { readonly code: number | null; readonly out: string } {
  const folder = mkdtempSync(join(tmpdir(), 'dmarsim-test-'));
  try {
    cpSync(join(root, 'dist', 'src'), join(folder, 'src'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    const patches = join(folder, 'src', 'linux', 'releases', 'patches.js');
    const before = readFileSync(patches, 'utf8');
    const after = before.replace('export const patches = [', `export const patches = [\n${row}`);
    assert.notEqual(after, before);
    writeFileSync(patches, after);
    const script = `const { main } = await import('./src/ui/main.js'); await main(${JSON.stringify(words)});`;
    const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script],
      { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    return { code: status, out: stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the row is as short as the README says', () => {
  const lines = row.trimEnd().split('\n');
  assert.ok(lines.length > 0 && lines.length <= 10, `${lines.length} lines`);
});

test('with it the seed\'s machine is cured', () => {
  const { code, out } = withRow(['run', join(root, 'scenarios', 'hpsa-p420i.dmar'), '--capture', 'patch-flush-after']);
  assert.equal(code, 0, out.slice(-2000));
  assert.match(out, /Observation hpsa-p420i patch-flush-after Holds/);
});

test('it is in the list, and its difference to patch v2 is where the flushes stand', () => {
  assert.match(withRow(['releases']).out, /^patch-flush-after +2016-11-19 +nobody posted it$/m);
  const lines = withRow(['releases', 'patch-v2', 'patch-flush-after']).out.split('\n');
  const handoff = lines.slice(lines.indexOf('at the handoff of a device:') + 1);
  assert.deepEqual(handoff.filter((line) => line.startsWith('-')), handoff.filter((line) => line.startsWith('+'))
    .map((line) => line.replace('+', '-')));
  assert.deepEqual(handoff.filter((line) => line.startsWith('+')), [
    '+ flush context-cache device 02:01.0 domain 1', '+ flush IOTLB domain 1, draining reads and writes']);
});
