/** Releases for a reader: the list, one of them, and the difference of two. */
import type { OrderedOperations } from '../../analysis/releases/ordered-operations.ts';
import type { DifferenceLine } from '../../analysis/releases/release-difference.ts';
import type { Release } from '../../linux/releases/release.ts';
import type { Paint } from '../terminal.ts';
import { hanging } from '../text-columns.ts';

/** A hash as long as the kernel's own references; anything else as it is. */
export function shortCommit(commit: string): string {
  return /^[0-9a-f]{40}$/.test(commit) ? commit.slice(0, 12) : commit;
}

function marks({ notModelled, unconfirmed }: Release): string {
  return (notModelled === null ? '' : ` [not modelled yet: ${notModelled}]`)
    + (unconfirmed.length === 0 ? '' : ' [in part unconfirmed]');
}

export function listLines(releases: readonly Release[], paint: Paint): readonly string[] {
  const widest = (text: (release: Release) => string): number =>
    Math.max(...releases.map((release) => text(release).length));
  const names = widest(({ name }) => name);
  const commits = widest(({ commit }) => shortCommit(commit).length > 24 ? '' : shortCommit(commit));
  return releases.flatMap((release) => {
    const { name, date, commit, about, basis } = release;
    const head = `${name.padEnd(names)}  ${date.padEnd(10)}  ${shortCommit(commit).padEnd(commits)}`;
    const text = `${basis === null ? '' : `as ${basis}, but `}${about}${marks(release)}`;
    const [first = '', ...rest] = hanging('    ', text);
    return [paint('bold', head.trimEnd()), first, ...rest];
  });
}

const phaseTitles = [
  ['crash', 'at the crash, as the crashed kernel'], ['start', 'at the start, as the capture kernel'],
  ['handoff', 'at the handoff of a device'],
] as const;

export function releaseLines(release: Release, operations: OrderedOperations | null, paint: Paint): readonly string[] {
  const { name, kind, basis, date, commit, about, unconfirmed, notModelled } = release;
  const field = (label: string, text: string): readonly string[] => hanging(label.padEnd(14), text);
  return [
    paint('bold', name), '',
    ...field('about', about), ...field('kind', kind), ...field('as', basis ?? 'nothing before it'),
    ...field('commit', commit), ...field('date', date),
    ...unconfirmed.flatMap((text) => field('unconfirmed', text)),
    ...(notModelled === null ? [] : field('not modelled', notModelled)),
    ...(operations === null ? [] : phaseTitles.flatMap(([phase, title]) => [
      '', `${title}:`, ...orNothing(operations[phase]).map((line) => `  ${line}`),
    ])),
  ];
}

function orNothing(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? ['nothing'] : lines;
}

export interface PhaseDifference {
  readonly phase: keyof OrderedOperations;
  readonly lines: readonly DifferenceLine[];
}

export function differenceLines(
  first: string, second: string, phases: readonly PhaseDifference[], paint: Paint,
): readonly string[] {
  const shown = { both: ' ', first: '-', second: '+' } as const;
  const colour = { both: 'dim', first: 'red', second: 'green' } as const;
  return [
    paint('red', `- ${first}`), paint('green', `+ ${second}`),
    ...phases.flatMap(({ phase, lines }) => {
      const title = phaseTitles.find(([name]) => name === phase)?.[1] ?? phase;
      const same = lines.every((line) => line.in === 'both');
      return ['', `${title}:`, ...(same ? [`  the same, ${count(lines.length)}`]
        : lines.map((line) => paint(colour[line.in], `${shown[line.in]} ${line.text}`)))];
    }),
  ];
}

function count(operations: number): string {
  return operations === 0 ? 'nothing' : `${operations} operation${operations === 1 ? '' : 's'}`;
}
