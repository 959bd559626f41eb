// Protects the order of each release's operations at the handoff: golden files in test/golden/handoff, reviewed
// row by row against each version's domain_context_mapping_one and what it calls, and the races that follow from
// each. UPDATE_GOLDEN=1 writes them anew.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { canonicalUnits } from '../src/analysis/releases/canonical-handoff.ts';
import { orderedOperations } from '../src/analysis/releases/ordered-operations.ts';
import { releases } from '../src/linux/releases/releases.ts';
import { root } from './support/dmarsim.ts';
import { racesOf, type Races } from './support/handoff-races.ts';

const folder = join(root, 'test', 'golden', 'handoff');
const modelled = releases.filter(({ notModelled }) => notModelled === null);
const operations = new Map(modelled.map(({ name }) =>
  [name, canonicalUnits.map((unit) => orderedOperations(name, unit))] as const));

/** All three units; where one does as the first, it says so. */
function text(name: string): string {
  const handoffs = (operations.get(name) ?? []).map(({ handoff }) => handoff);
  const [first = []] = handoffs;
  const blocks = canonicalUnits.map((unit, index) => {
    const lines = handoffs[index] ?? [];
    const same = index > 0 && lines.join('\n') === first.join('\n');
    return [`${unit.name} (${unit.profile}):`, ...(same ? ['  as the first'] : lines.map((line) => `  ${line}`))].join('\n');
  });
  return `${name}: from the entry that linux-4.9-rc5 left, domain 1, to the first DMA of the driver\n\n${blocks.join('\n\n')}\n`;
}

for (const { name } of modelled) {
  test(`the handoff of ${name} is that of its golden file`, () => {
    const file = join(folder, `${name}.txt`);
    if (process.env['UPDATE_GOLDEN'] === '1') {
      mkdirSync(folder, { recursive: true });
      writeFileSync(file, text(name));
    }
    assert.equal(text(name), readFileSync(file, 'utf8'), `test/golden/handoff/${name}.txt; UPDATE_GOLDEN=1 writes it anew`);
  });
}

test('every golden file belongs to a release', () => {
  assert.deepEqual(readdirSync(folder).sort(), modelled.map(({ name }) => `${name}.txt`).sort());
});

const bug = { R0: 'yes', R1: '-', R1prime: '-', R2: 'yes', R3: 'tiny' } as const;
const flushFirst = { R0: 'no', R1: 'yes', R1prime: 'yes', R2: 'yes', R3: 'tiny' } as const;
const clearFirst = { R0: 'no', R1: 'no', R1prime: 'yes', R2: 'yes', R3: 'flushes' } as const;

/** Kernel-history 6.3, retyped: legacy mode, not in caching mode. */
const rows: Readonly<Record<string, Races>> = {
  'linux-4.2-copy-only': { R0: 'for ever', R1: '-', R1prime: '-', R2: '-', R3: '-' },
  'linux-4.9-rc5': bug,
  // The flushes are there, but for an id that nothing is cached under.
  'patch-v1-newdid': { R0: 'yes', R1: 'yes', R1prime: 'yes', R2: 'yes', R3: 'tiny' },
  'patch-v1-cmblock': { R0: 'yes', R1: 'no', R1prime: 'no', R2: 'yes', R3: 'tiny' },
  'patch-v2': flushFirst,
  'linux-4.10': { ...flushFirst, R0: 'only with IOTLB hits' },
  'linux-4.12': flushFirst,
  'linux-5.3': flushFirst,
  'linux-5.11': flushFirst,
  'linux-6.1': flushFirst,
  'linux-6.1-noflush': bug,
  'linux-6.12': clearFirst,
  'linux-7.0': clearFirst,
  'spec-6.5.3.3': { R0: 'no', R1: 'no', R1prime: 'no', R2: 'no', R3: 'flushes' },
  'write-then-flush': { R0: 'no', R1: 'no', R1prime: 'no', R2: 'yes', R3: '-' },
  'no-did-reserve': flushFirst,
  'sumner-2014': flushFirst,
  'capture-pt': bug,
  'xen-crash-disable': flushFirst,
  'orderly-kexec': flushFirst,
};

for (const [name, row] of Object.entries(rows)) {
  test(`the races of ${name}, by the order of its operations`, () => {
    const [notCoherent] = operations.get(name) ?? [];
    if (notCoherent === undefined) {
      assert.notEqual(releases.find((release) => release.name === name)?.notModelled, null, name);
      return;
    }
    assert.deepEqual(racesOf(notCoherent.handoff), row);
  });
}

test('a release with copied entries has a row above, one without finds nothing to hand over', () => {
  const others = modelled.map(({ name }) => name).filter((name) => rows[name] === undefined);
  for (const name of others) {
    const [first] = operations.get(name) ?? [];
    const copies = first?.start.some((line) => line.includes('marked as copied')) === true;
    assert.ok(!copies, name);
  }
});

test('a coherent unit needs no write-back of its tables', () => {
  for (const [name, [, coherent]] of operations) {
    for (const line of [...coherent?.start ?? [], ...coherent?.handoff ?? []]) {
      assert.ok(!line.startsWith('write back'), `${name}: ${line}`);
    }
  }
});

test('in caching mode every new entry is followed by the flushes of id 0 and of the new id', () => {
  for (const name of ['linux-4.9-rc5', 'linux-4.10', 'linux-4.12', 'patch-v2', 'spec-6.5.3.3', 'write-then-flush']) {
    const [, , caching] = operations.get(name) ?? [];
    assert.deepEqual(caching?.handoff.slice(-3, -1), [
      'flush context-cache device 02:01.0 domain 0', 'flush IOTLB domain 2, draining reads and writes'], name);
  }
});

test('what the crashing side does: nothing, Xen\'s way out, and an orderly hand-over', () => {
  for (const [name, [first]] of operations) {
    const lines = first?.crash ?? [];
    if (name === 'xen-crash-disable') {
      assert.deepEqual(lines, ['flush context-cache global', 'flush IOTLB global, draining reads and writes',
        'GCMD = QIE', 'GCMD = 0']);
    } else if (name === 'orderly-kexec') {
      assert.deepEqual(lines.slice(-2), ['PMEN = 0x0', 'GCMD = QIE']);
    } else {
      assert.deepEqual(lines, [], name);
    }
  }
});

test('the way in: empty tables with the first command switching translation off, off at once, or copies', () => {
  const commands = (name: string): readonly string[] => (operations.get(name)?.[0]?.start ?? [])
    .filter((line) => line.startsWith('GCMD') || line.startsWith('RTADDR') || line.startsWith('flush'));
  const last = ['RTADDR = the new root table', 'GCMD = SRTP QIE', 'flush context-cache global',
    'flush IOTLB global, draining reads and writes', 'GCMD = TE QIE'];
  // 3.9 believes that GCMD is 0, so that switching the old queue off takes TE with it.
  assert.deepEqual(commands('linux-3.9'), ['GCMD = 0', 'GCMD = QIE', ...last]);
  assert.deepEqual(commands('linux-4.1'), ['GCMD = QIE', 'GCMD = 0', 'GCMD = QIE', ...last]);
  assert.deepEqual(commands('linux-4.9-rc5'), ['GCMD = TE', 'GCMD = TE QIE', 'RTADDR = the new root table',
    'GCMD = TE SRTP QIE', 'flush context-cache global', 'flush IOTLB global, draining reads and writes']);
  assert.deepEqual(commands('capture-off-4.1'), ['GCMD = QIE']);
  assert.deepEqual(commands('capture-off-4.9'), []);
  assert.deepEqual(commands('capture-off-4.12'), ['GCMD = QIE']);
});
