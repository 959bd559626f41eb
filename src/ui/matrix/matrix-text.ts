/** A matrix for a terminal, and as Markdown that reads well in a plain mail too. */
import { unreachable } from '../../base/assert.ts';
import type { CellOutcome, MatrixCell } from '../../analysis/matrix/cell.ts';
import type { MatrixRow } from '../../analysis/matrix/matrix.ts';
import { releaseLabels } from '../releases/release-labels.ts';
import { printable, type Colour, type Paint } from '../terminal.ts';
import { hanging } from '../text-columns.ts';

const words: Readonly<Record<CellOutcome, string>> = {
  fine: 'fine', fault: 'fault', stale: 'stale', foreign: 'buffer', claim: 'claim', empty: 'empty', undecided: '?',
};

/** Cells of one kind that are named. */
const mostNamed = 4;

const outcomeOrder: readonly CellOutcome[] = ['fine', 'fault', 'stale', 'foreign', 'claim', 'empty', 'undecided'];

/** The word, and what there is to count: states, steps of a counterexample, or the event of a run. */
function cellText({ outcome, states, steps, isShortest, event, asExpected }: MatrixCell): string {
  const number = outcome === 'fine' ? states ?? '' : steps !== null ? `${isShortest ? '' : '~'}${steps}`
    : event !== null ? `#${event}` : '';
  return `${words[outcome]}${number === '' ? '' : ` ${number}`}${asExpected === false ? ' !' : ''}`;
}

function colourOf({ outcome, asExpected }: MatrixCell): Colour {
  if (outcome === 'undecided') return 'yellow';
  return asExpected === false ? 'red' : outcome === 'fine' ? 'green' : 'cyan';
}

export function rowLabel({ scenario, choice }: MatrixRow): string {
  return printable(choice === null ? scenario : `${scenario} ${choice.name} ${choice.value}`);
}

export interface MatrixTable {
  readonly releases: readonly string[];
  readonly rows: readonly MatrixRow[];
  readonly explored: { readonly inFlight: number } | null;
}

/** What was done in each cell. */
function title({ explored }: MatrixTable): string {
  return explored === null ? 'one run each' : `every interleaving, ${explored.inFlight} `
    + `request${explored.inFlight === 1 ? '' : 's'} in flight`;
}

/** As many releases beside each other as fit, then the next ones below. */
export function terminalLines(table: MatrixTable, width: number, paint: Paint): readonly string[] {
  const { releases, rows } = table;
  const labels = releaseLabels(releases);
  const head = Math.max(title(table).length, ...rows.map((row) => rowLabel(row).length));
  const widths = releases.map((release, column) => Math.max((labels.get(release) ?? release).length,
    ...rows.map(({ cells }) => cells[column] === undefined ? 0 : cellText(cells[column]).length)));
  const lines: string[] = [];
  for (let first = 0; first < releases.length;) {
    let end = first + 1;
    for (let used = head + 2 + (widths[first] ?? 0); end < releases.length; end += 1) {
      used += 2 + (widths[end] ?? 0);
      if (used > width) break;
    }
    if (first > 0) lines.push('');
    const columns = releases.slice(first, end).map((release, index) => ({ release, at: first + index }));
    lines.push(paint('bold', [title(table).padEnd(head), ...columns.map(({ release, at }) =>
      (labels.get(release) ?? release).padEnd(widths[at] ?? 0))].join('  ').trimEnd()));
    for (const row of rows) {
      const cells = columns.map(({ at }, index) => {
        const cell = row.cells[at];
        if (cell === undefined) return '';
        const text = cellText(cell);
        const isLast = index === columns.length - 1;
        return paint(colourOf(cell), text) + ' '.repeat(isLast ? 0 : Math.max(0, (widths[at] ?? 0) - text.length));
      });
      lines.push([rowLabel(row).padEnd(head), ...cells].join('  '));
    }
    first = end;
  }
  return [...lines, '', ...legendLines(table)];
}

export function markdownLines(table: MatrixTable): readonly string[] {
  const { releases, rows } = table;
  const labels = releaseLabels(releases);
  const cells = [
    [title(table), ...releases.map((release) => labels.get(release) ?? release)],
    ...rows.map((row) => [rowLabel(row), ...row.cells.map(cellText)]),
  ].map((row) => row.map((text) => text.replace(/\|/g, '\\|')));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(3, ...cells.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [first = [], ...others] = cells;
  return [
    line(first), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...others.map(line), '',
    ...legendLines(table).map((text) => text.startsWith(' ') ? text : `* ${text}`),
  ];
}

/** Of the words only those that are there; of the releases those that are written shorter. */
function legendLines(table: MatrixTable): readonly string[] {
  const { releases, rows } = table;
  const cells = rows.flatMap((row) => row.cells);
  const labels = releaseLabels(releases);
  const short = releases.flatMap((release) => {
    const label = labels.get(release) ?? release;
    return release.endsWith(label) ? [] : [`${label} ${release}`];
  });
  const outcomes = outcomeOrder.filter((outcome) => cells.some((cell) => cell.outcome === outcome));
  return [
    ...outcomes.flatMap((outcome) => [...hanging('', legendOf(outcome, table.explored !== null)),
      ...(outcome === 'undecided' ? undecidedLines(rows, labels) : [])]),
    ...(cells.some(({ asExpected }) => asExpected === false)
      ? ['!: not what the file expects; where it expects nothing, all should be fine'] : []),
    ...(cells.some(({ steps, isShortest }) => steps !== null && !isShortest)
      ? ['~: there may be a shorter way'] : []),
    ...(short.length === 0 ? [] : hanging('', short.join(', '))),
  ];
}

/** Why cells are not decided, and which. */
function undecidedLines(rows: readonly MatrixRow[], labels: ReadonlyMap<string, string>): readonly string[] {
  const cells = rows.flatMap((row) => row.cells.flatMap(({ release, outcome, why }) => outcome !== 'undecided' || why === null ? []
    : [{ why, name: `${rowLabel(row)} ${labels.get(release) ?? release}` }]));
  return [...new Set(cells.map(({ why }) => why))].flatMap((why) => {
    const names = cells.filter((cell) => cell.why === why).map(({ name }) => name);
    const more = names.length - mostNamed;
    return hanging('  ', `${printable(why)}: ${names.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`);
  });
}

function legendOf(outcome: CellOutcome, explored: boolean): string {
  const number = explored ? ' N' : ' #N';
  const way = explored ? '; the shortest way there has N steps' : ', at event N';
  switch (outcome) {
    case 'fine': return explored ? 'fine N: every claim holds in all N states' : 'fine: every claim holds';
    case 'fault': return `fault${number}: the unit blocks a DMA that a claim wants through${way}`;
    case 'stale': return `stale${number}: a cached entry answers, memory says otherwise${way}`;
    case 'foreign': return `buffer${number}: a DMA reaches memory of the other kernel${way}`;
    case 'claim': return `claim${number}: another claim does not hold${way}`;
    case 'empty': return 'empty: nothing happened that some claim is about';
    case 'undecided': return '?: not decided';
    default: return unreachable(outcome);
  }
}
