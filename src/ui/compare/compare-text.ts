/** A comparison for people: two columns, the first difference marked, what is explained, the verdict last. */
import type { Row } from '../../analysis/compare/align.ts';
import type { Comparison, LazyFlushes } from '../../analysis/compare/comparison.ts';
import { differs } from '../../analysis/compare/comparison.ts';
import { explainedDifferences, type ExplainedDifference } from '../../analysis/compare/explained.ts';
import type { MessageRow } from '../../analysis/compare/messages.ts';
import { describeStep } from '../../analysis/compare/step.ts';
import { printable, type Paint } from '../terminal.ts';

type Compared = Extract<Comparison, { kind: 'compared' }>;

const columnWidth = 56;
const textWidth = 119;

export function comparisonLines(name: string, comparison: Compared, paint: Paint): readonly string[] {
  const { releases, versions, end, rows, lazyFlushes, firstMessages, captureMessages, cut } = comparison;
  const version = (text: string): string => printable(text.split(' ')[0] ?? '');
  const rules = explanations(comparison);
  return [
    `${paint('bold', name)}: Linux ${version(versions.capture)} as recorded, ${releases.capture} as modelled`,
    `from the capture kernel's start to ${printable(end)}`,
    '',
    `  ${'recorded'.padEnd(columnWidth)}model`,
    ...operationLines(rows, paint),
    ...lazyFlushes.map(lazyLine),
    '',
    ...messageLines('the first kernel\'s', firstMessages, paint),
    ...messageLines('the capture kernel\'s', captureMessages, paint),
    ...(rules.length === 0 ? [] : ['', 'explained:', ...rules.flatMap(([rule, count]) =>
      wrapped(`${rule}, ${count === 1 ? 'once' : `${count} times`}: ${explainedDifferences[rule]}`, '  '))]),
    ...(cut === null ? [] : ['', `the model was cut short: ${printable(cut)}`]),
    '',
    verdict(name, comparison, paint),
    '',
  ];
}

function cell(text: string): string {
  return text.length >= columnWidth ? `${text.slice(0, columnWidth - 2)}> ` : text.padEnd(columnWidth);
}

function operationLines(rows: readonly Row[], paint: Paint): readonly string[] {
  const first = rows.findIndex(({ kind }) => kind === 'different');
  return rows.flatMap((row, index) => {
    const recorded = row.recorded === null ? '' : describeStep(row.recorded);
    const model = row.model === null ? '' : describeStep(row.model);
    const text = `${cell(recorded)}${model}`.trimEnd();
    switch (row.kind) {
      case 'same': return [`  ${text}`];
      case 'explained': return [`~ ${cell(recorded)}${model === '' ? `(${row.rule})` : model}`];
      case 'different': {
        const line = paint('red', `! ${text}`);
        return index === first ? [line, `  ^ the first difference: ${row.why}`] : [line];
      }
    }
  });
}

function lazyLine({ domain, recorded, model }: LazyFlushes): string {
  const times = (count: number): string => (count === 1 ? 'once' : count === 0 ? 'never' : `${count} times`);
  return `  ${cell(`IOTLB did ${domain} by the lazy queue, ${times(recorded)}`)}IOTLB did ${domain} by the lazy queue, ${times(model)}`;
}

function messageLines(whose: string, rows: readonly MessageRow[], paint: Paint): readonly string[] {
  const same = rows.filter(({ kind }) => kind === 'same').length;
  const others = rows.filter(({ kind }) => kind !== 'same');
  return [
    `${whose} DMAR lines: ${same} of ${rows.length} are the same`,
    ...others.flatMap((row) => {
      const mark = row.kind === 'explained' ? '~' : '!';
      const lines = [
        ...(row.recorded === null ? [] : wrapped(printable(row.recorded), `${mark} recorded  `)),
        ...(row.model === null ? [] : wrapped(row.model, `${mark} model     `)),
      ];
      return row.kind === 'explained' ? lines : lines.map((line) => paint('red', line));
    }),
  ];
}

/** Rules that explained something, with how often. */
function explanations({ rows, firstMessages, captureMessages }: Compared): readonly (readonly [ExplainedDifference, number])[] {
  const used = [...rows, ...firstMessages, ...captureMessages].flatMap((row) => (row.kind === 'explained' ? [row.rule] : []));
  return (Object.keys(explainedDifferences) as ExplainedDifference[]).flatMap((rule) => {
    const count = used.filter((each) => each === rule).length;
    return count === 0 ? [] : [[rule, count] as const];
  });
}

/** Over several lines where it is too long for one, with `head` before the first and as much room before the others. */
function wrapped(text: string, head: string): readonly string[] {
  const lines: string[] = [];
  let line = head;
  for (const [index, word] of text.split(' ').entries()) {
    if (index > 0 && line.length + word.length >= textWidth) {
      lines.push(line);
      line = `${' '.repeat(head.length)}  `;
    } else if (index > 0) {
      line += ' ';
    }
    line += word;
  }
  return [...lines, line];
}

function verdict(name: string, comparison: Compared, paint: Paint): string {
  const { rows, firstMessages, captureMessages } = comparison;
  const count = (kind: string): number => [...rows, ...firstMessages, ...captureMessages].filter((row) => row.kind === kind).length;
  const explained = count('explained');
  const tail = explained === 0 ? '' : `, ${explained} explained`;
  return differs(comparison) ? paint('red', `${name}: differs: ${count('same')} the same, ${count('different')} different${tail}`)
    : paint('green', `${name}: the same: ${count('same')} operations and lines${tail}`);
}
