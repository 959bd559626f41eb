// Protects the races of a handoff, as support/handoff-races.ts names them: each is seen under a release that has it
// and is absent under one that has not. Times are swept, not chosen: a race needs one DMA at its moment.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { play, type Played } from './support/handoff.ts';

const coherent = 'ivy-bridge-ep-coherent';
const notCoherent = 'sandy-bridge-ep';

/** One leftover write at about twenty seconds, the first since the crash. */
const oneWrite = `map events 4K from-device on hpsa
dma write events every 20s until reset
wait 350ms
panic`;

interface Sweep {
  readonly release: string;
  readonly profile: string;
  /** How long after the beginning of the handoff the device asks for the write, in steps. */
  readonly fromNs: number;
  readonly toNs: number;
  readonly stepNs: number;
  readonly probe?: string;
}

function handoffNs(played: Played): number {
  return played.events.find(({ actor, what }) => actor === 'capture' && what.kind === 'routine-enter'
    && what.routine === 'domain_context_mapping_one')?.timeNs ?? 0;
}

/** The same handoff again and again, moved over the moment of the one leftover write. */
function sweep({ release, profile, fromNs, toNs, stepNs, probe }: Sweep): readonly Played[] {
  const at = (waitNs: number): Played => play({
    crashed: oneWrite, device: 'reset late 60s', release, profile, capture: `wait ${waitNs}ns\n${probe ?? 'probe hpsa'}`,
  });
  const waitNs = 5_000_000_000;
  const first = at(waitNs);
  const writeNs = first.dmas.find(({ kernel, timeNs }) => kernel === 'crashed' && timeNs > 1_000_000_000)?.timeNs ?? 0;
  const together = waitNs + writeNs - handoffNs(first);
  return Array.from({ length: Math.ceil((toNs - fromNs) / stepNs) },
    (_, step) => at(together - fromNs - step * stepNs));
}

/** How many of the runs had it. */
function count(runs: readonly Played[], had: (played: Played) => boolean): number {
  return runs.filter(had).length;
}

/** The driver's own read was misled by what the leftover write had put back. */
function misled(played: Played): boolean {
  return played.of('capture')[0]?.endsWith(' stale') === true;
}

const overFlushes = { fromNs: -1_000, toNs: 5_000, stepNs: 100 };

test('R1, refill between flush and write: 4.12 on any unit', () => {
  for (const profile of [coherent, notCoherent]) {
    const runs = sweep({ release: 'linux-4.12', profile, ...overFlushes });
    const hit = count(runs, misled);
    assert.ok(hit > 0 && hit < runs.length, `${profile}: ${hit} of ${runs.length}`);
  }
});

test('R1 is closed by 6.12 on a coherent unit, and R1\' is open on one that is not', () => {
  assert.equal(count(sweep({ release: 'linux-6.12', profile: coherent, ...overFlushes }), misled), 0);
  assert.ok(count(sweep({ release: 'linux-6.12', profile: notCoherent, ...overFlushes }), misled) > 0);
});

test('the specification\'s order leaves neither, on any unit', () => {
  for (const profile of [coherent, notCoherent]) {
    assert.equal(count(sweep({ release: 'spec-6.5.3.3', profile, ...overFlushes }), misled), 0, profile);
  }
});

test('in caching mode the flushes behind the write repair R1 by accident: emulated units hide it', () => {
  // Of the context cache, that is: the IOTLB is flushed by the new id. So the driver's address must be another one.
  const other = { release: 'linux-4.12', probe: 'probe hpsa dma-mask 31', ...overFlushes };
  assert.ok(count(sweep({ ...other, profile: 'qemu-48' }), misled) > 0);
  assert.equal(count(sweep({ ...other, profile: 'qemu-48-caching-mode' }), misled), 0);
  assert.ok(count(sweep({ release: 'linux-4.12', profile: 'qemu-48-caching-mode', ...overFlushes }), misled) > 0);
});

/** Leftover writes that found no entry. */
function blackedOut(played: Played): boolean {
  return played.of('crashed').some((dma) => dma.includes('fault 2'));
}

test('R3, blackout: short in 4.12, as long as two flushes in 6.12', () => {
  const fine = { profile: coherent, fromNs: -500, toNs: 5_000, stepNs: 100 };
  const short = count(sweep({ release: 'linux-4.12', ...fine }), blackedOut);
  const long = count(sweep({ release: 'linux-6.12', ...fine }), blackedOut);
  assert.ok(long > 10 && short <= long / 4, `${short} and ${long}`);
  assert.equal(count(sweep({ release: 'write-then-flush', ...fine }), blackedOut), 0);
});

/** A context entry that mixes the new id with the crashed kernel's table. */
function torn(played: Played): boolean {
  const fills = played.happenings('context-fill').map(({ domain, table }) => `${Number(domain)} ${Number(table)}`);
  const [old = ''] = fills;
  const table = old.split(' ')[1];
  return fills.some((fill) => fill === `2 ${table}`);
}

test('R2, a mix of old table and new id: where the entry is overwritten, and not where P goes alone', () => {
  const fine = { profile: coherent, fromNs: -400, toNs: -50, stepNs: 2 };
  // The crashed kernel's own first write shows what the old entry is.
  assert.ok(count(sweep({ release: 'write-then-flush', ...fine }), torn) > 0);
  assert.equal(count(sweep({ release: 'spec-6.5.3.3', ...fine }), torn), 0);
});

test('R4, the same address in both kernels: no order of flushes helps, other addresses do', () => {
  const late = { device: 'reset late 20s' };
  for (const release of ['linux-4.12', 'linux-6.12', 'spec-6.5.3.3']) {
    assert.ok(play({ ...late, release }).of('crashed').includes('write 0xfffff000: to capture'), release);
  }
  assert.ok(!play({ ...late, release: 'sumner-2014' }).of('crashed').includes('write 0xfffff000: to capture'));
});

test('R8, id 1 across versions: 6.12 uses it for identity without asking, when an older kernel gave it to a device', () => {
  const ids = (release: string): readonly number[] => play({
    release, profile: coherent, captureOptions: 'intel_iommu=on iommu=pt reset_devices',
  }).happenings('context-fill').map(({ domain }) => Number(domain));
  assert.deepEqual([...new Set(ids('linux-4.12'))], [1, 2]);
  assert.deepEqual([...new Set(ids('linux-6.12'))], [1]);
});

test('R10, lazy unmaps: what is unmapped at the crash works until the capture kernel flushes, and faults then', () => {
  const crashed = `map events 4K from-device on hpsa
dma write events every 10ms until reset
wait 99500us
unmap events
wait 1ms
panic`;
  const lazy = play({ crashed, release: 'linux-4.12' }).of('crashed');
  assert.ok(lazy.includes('write 0xfffff000: to crashed stale'));
  assert.equal(lazy.at(-1), 'write 0xfffff000: fault 5');
  const strict = play({ crashed, crashedOptions: 'intel_iommu=on,strict', release: 'linux-4.12' }).of('crashed');
  assert.ok(!strict.some((dma) => dma.endsWith('stale')));
});
