/**
 * The grid of handoffs: one scenario for each {reset} × {domain-ids} × {devices} × {paging-structure cache},
 * and what each must come to with each release, worked out by hand from the specification (6.2, 6.5.3.3)
 * and from the order of stores and flushes of each release, never from what the explorer said.
 */

import { releases } from '../../src/linux/releases/releases.ts';

const resets = ['perfect', 'imperfect', 'none'] as const;
const identifiers = ['same', 'different', 'crossed'] as const;
const deviceCounts = ['one', 'two'] as const;
const structureCaches = ['nopsc', 'psc'] as const;

export interface GridCell {
  readonly reset: (typeof resets)[number];
  readonly ids: (typeof identifiers)[number];
  readonly devices: (typeof deviceCounts)[number];
  readonly structures: (typeof structureCaches)[number];
}

/** Twenty-four, and six in which the new id is the neighbour's: there have to be two devices for that. */
export const gridCells: readonly GridCell[] = resets.flatMap((reset) =>
  identifiers.flatMap((ids) => deviceCounts.flatMap((devices) =>
    structureCaches.map((structures): GridCell => ({ reset, ids, devices, structures })))))
  .filter(({ ids, devices }) => ids !== 'crossed' || devices === 'two');

export function nameOf({ reset, ids, devices, structures }: GridCell): string {
  return `${reset}-${ids}-${devices}-${structures}`;
}

// --- what must come of it ---------------------------------------------------------------------

/** Why a cell goes wrong: the names of the races that a file explains. Null: it does not. */
export type Race = 'R0' | 'R1' | 'R2' | 'id' | 'old-table' | null;

/** What is in a release's handoff that decides. */
type Order =
  /** No copied entry: the first one is written where none was. */
  | 'fresh-entry'
  /** The copied entry stays. */
  | 'nothing'
  /** Written; what is flushed before or after it is not both caches of the old id. */
  | 'no-flush' | 'context-only' | 'new-id-before' | 'new-id-after'
  /** Both caches of the old id, then the write. */
  | 'flush-then-write'
  /** P goes first. */
  | 'clear-then-flush'
  | 'write-then-flush';

/** Not in it: what differs on the crashing side, and kernels with a policy for all devices (off, pass-through). */
export const orders: ReadonlyMap<string, Order> = new Map([
  ['linux-3.9', 'fresh-entry'], ['linux-4.1', 'fresh-entry'], ['linux-4.2-copy-only', 'nothing'],
  ['linux-4.9-rc5', 'no-flush'], ['linux-4.10', 'context-only'], ['linux-4.12', 'flush-then-write'],
  ['linux-5.3', 'flush-then-write'], ['linux-5.11', 'flush-then-write'], ['linux-6.1', 'flush-then-write'],
  ['linux-6.12', 'clear-then-flush'], ['linux-7.0', 'clear-then-flush'],
  ['patch-v1-newdid', 'new-id-before'], ['patch-v1-cmblock', 'new-id-after'], ['patch-v2', 'flush-then-write'],
  ['spec-6.5.3.3', 'clear-then-flush'], ['write-then-flush', 'write-then-flush'],
  ['no-did-reserve', 'flush-then-write'], ['linux-6.1-noflush', 'no-flush'],
  ['indoh-2012', 'fresh-entry'], ['sumner-2014', 'flush-then-write'],
]);

/** The releases of the grid, oldest first. */
export function gridReleases(): readonly string[] {
  return releases.filter(({ name, notModelled }) => notModelled === null && orders.has(name)).map(({ name }) => name);
}

export function expectedOf(order: Order, { reset, ids, structures }: GridCell): Race {
  const quiet = reset === 'perfect';
  // The neighbour's walks leave entries under the id that the new domain walks with.
  const shared: Race = ids === 'crossed' && structures === 'psc' ? 'id' : null;
  switch (order) {
    case 'fresh-entry': return null;
    case 'nothing': return 'old-table';
    case 'no-flush':
    case 'context-only':
    case 'new-id-after': return 'R0';
    // By chance the right id.
    case 'new-id-before': return ids !== 'same' ? 'R0' : quiet ? null : 'R1';
    case 'flush-then-write': return quiet ? shared : 'R1';
    case 'clear-then-flush': return shared;
    // The entry is half new for one store; with the old id in both halves the flush finds what came of it.
    case 'write-then-flush': return quiet || ids === 'same' ? shared : 'R2';
  }
}

// --- the files --------------------------------------------------------------------------------

const resetLines = {
  perfect: 'reset stops', imperfect: 'reset leaves-one', none: 'reset ignored',
} as const;

const resetProse = {
  perfect: 'Reset perfect: the device is silent behind it, and nothing that it asked for is still under way.',
  imperfect: 'Reset imperfect: one request may still be under way behind it, and be translated at any time.',
  none: 'No reset: the driver\'s doorbell changes nothing, and the device goes on.',
} as const;

const idsProse = {
  same: 'Same ids: the new domain gets the number of the entry that it replaces.',
  different: 'Different ids: the numbers of copied entries are taken, and the new domain gets one of its own.',
  crossed: 'Crossed ids: the new domain gets the number of the other device\'s entry, which stays in force.',
} as const;

const raceProse = {
  'R0': 'R0: a cached entry of the old domain is left where the new domain\'s request finds it',
  'R1': 'R1: a request between flush and write brings the old entry back',
  'R2': 'R2: a request reads the entry half new, old table and new id',
  'id': 'Id in use twice: cached entries of the other device\'s tables answer for the new domain',
  'old-table': 'No handoff: the copied entry stays in force, and new addresses go through the old table',
} as const;

/** Lines of prose no longer than the house's. */
function wrapped(text: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > 105) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** The races of a cell, each with the releases that have it. */
function raceLines(cell: GridCell, names: readonly string[]): readonly string[] {
  const byRace = new Map<Race, string[]>();
  for (const release of names) {
    const order = orders.get(release);
    const race = order === undefined ? null : expectedOf(order, cell);
    if (race !== null) byRace.set(race, [...byRace.get(race) ?? [], release]);
  }
  return [...byRace].flatMap(([race, having]) =>
    race === null ? [] : wrapped(`${raceProse[race]}. ${having.join(', ')}.`));
}

function headComment(cell: GridCell, names: readonly string[]): string {
  const { reset, ids, devices, structures } = cell;
  const lines = [
    `Result: ${ids === 'crossed' && structures === 'psc' ? 'Violated' : 'Holds'}`,
    ...names.map((release) => {
      const order = orders.get(release);
      const race = order === undefined ? null : expectedOf(order, cell);
      return `Explored with ${release}: ${race === null ? 'Holds' : 'Violated'}`;
    }),
    '',
    'One cell of the grid; test/support/grid.ts writes these files and says what each must come to.',
    '',
    ...wrapped(resetProse[reset]),
    ...wrapped(idsProse[ids]),
    devices === 'one' ? 'One device with traffic.'
      : 'Two devices with traffic: `other` has no driver here and stays on its copied entry.',
    structures === 'psc' ? 'Entries that lead to tables are cached, by domain-id and address.'
      : 'Entries that lead to tables are not cached.',
    '',
    ...wrapped('Atomic, with everything else in between: each load, store, write-back and register access of the '
      + 'kernel; each invalidation; of a request the look-up in IOTLB and context cache, each fetch of the walk '
      + '(root and context entries as 16 bytes) with the fill that follows from it, and the data.'),
    '',
    ...wrapped('Claimed is what the capture kernel\'s driver asks for (and what `other` is answered). What is left '
      + 'of the old traffic of `hba` may fault while its entry is away (R3), and lands in new buffers behind it '
      + '(R4): no order of flushes and stores cures either.'),
    ...(raceLines(cell, names).length === 0 ? [] : ['', ...raceLines(cell, names)]),
  ];
  return `(* ${lines.map((line, index) => (index === 0 ? line : ` * ${line}`.trimEnd())).join('\n')} *)`;
}

export function gridText(cell: GridCell): string {
  const { reset, ids, devices, structures } = cell;
  const two = devices === 'two';
  const device = (name: string, source: string, line: string): string =>
    `device ${name} ${source} {\n  model hpsa\n  ${line}\n}`;
  // Ids are given out in the order of first mappings, from 1.
  const order = ids === 'crossed' ? ['other', 'hba'] : ['hba', ...(two ? ['other'] : [])];
  return `${[
    `DMAR ${nameOf(cell)}`,
    headComment(cell, gridReleases()),
    'platform {\n  host-address-width 46\n  memory 0x100000-0x7fffffff\n  crash-kernel 0x60000000-0x67ffffff\n}',
    'unit dmar0 {\n  profile specification-keeps-most\n'
      + '  extended-capability 0xf020df               // its walks snoop the CPU caches\n'
      + '  base 0xfed90000\n'
      + `  choice paging-structure-cache ${structures === 'psc' ? 'kept' : 'none'}\n}`,
    // From 5.3 on the order is that of the devices' numbers. Functions of one device would share a domain.
    ...order.map((name, index) => device(name, `01:0${index}.0`, name === 'hba' ? resetLines[reset] : 'reset ignored')),
    ['crashed same {', '  command-line "intel_iommu=on"',
      ...order.map((name) => `  map ring-${name} 4K bidirectional on ${name}`),
      ...order.map((name) => `  dma write ring-${name} every 1s until reset`),
      '  wait 1500ms', '  panic', '}'].join('\n'),
    ['capture linux-4.12 {', '  command-line "intel_iommu=on irqpoll nr_cpus=1 reset_devices"',
      `  config ${ids === 'different' ? 'reserve' : 'reuse'}-copied-ids`,
      '  wait 1500ms', '  probe hba', '}'].join('\n'),
    [
      'never     fault on hba of capture',
      'never     stale on hba of capture',
      'never     foreign on hba of capture',
      'sometimes translated on hba of capture after handoff',
      ...(two ? ['never     stale on other', 'never     foreign on other'] : []),
    ].join('\n'),
  ].join('\n\n')}\n`;
}
