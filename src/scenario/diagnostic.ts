/**
 * What is wrong with a scenario file, and how that is printed.
 *
 * The long form is rustc's: code and message, place, the source line with carets and a label, then
 * notes (facts) and help (what to do). The short form is one line, for editors and `grep`.
 */

import type { DiagnosticCode } from './diagnostic-codes.ts';
import { printable, printableCharacter } from './printable.ts';

export interface Diagnostic {
  readonly code: DiagnosticCode;
  /** Lower case, without a full stop, and clear without the source line. */
  readonly message: string;
  readonly file: string;
  /** One-based, as in `SourceSpan`. */
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
  /** Beside the carets; may be empty. */
  readonly label: string;
  readonly help: string | null;
  readonly notes: readonly string[];
}

/** How to emphasise; each function returns its argument with or without escape codes around it. */
export interface DiagnosticStyle {
  readonly bold: (text: string) => string;
  readonly red: (text: string) => string;
  readonly blue: (text: string) => string;
}

const same = (text: string): string => text;

export const plainStyle: DiagnosticStyle = { bold: same, red: same, blue: same };

/** The several-line form, without a newline at its end. `sourceText` is what `readScenario` returned. */
export function formatDiagnostic(
  diagnostic: Diagnostic,
  sourceText: string,
  style: DiagnosticStyle = plainStyle,
): string {
  const number = String(diagnostic.line);
  const margin = ' '.repeat(number.length);
  const bar = style.blue('|');
  const excerpt = excerptOf(lineOf(sourceText, diagnostic.line), diagnostic);
  const label = diagnostic.label === '' ? '' : ` ${printable(diagnostic.label)}`;
  const lines = [
    `${style.bold(style.red(`error[${diagnostic.code}]`))}${
      style.bold(`: ${printable(diagnostic.message)}`)}`,
    `${margin}${style.blue('-->')} ${place(diagnostic)}`,
    `${margin} ${bar}`,
    `${style.blue(number)} ${bar}${excerpt.text === '' ? '' : ` ${excerpt.text}`}`,
    `${margin} ${bar} ${' '.repeat(excerpt.indent)}${
      style.bold(style.red(`${'^'.repeat(excerpt.carets)}${label}`))}`,
  ];
  for (const note of diagnostic.notes) {
    lines.push(`${margin} ${style.blue('=')} ${style.bold('note')}: ${printable(note)}`);
  }
  if (diagnostic.help !== null) {
    lines.push(`${margin} ${style.blue('=')} ${style.bold('help')}: ${printable(diagnostic.help)}`);
  }
  return lines.join('\n');
}

/** `file:line:column: error: message`, the form of C compilers. */
export function formatUnix(diagnostic: Diagnostic): string {
  return `${place(diagnostic)}: error: ${printable(diagnostic.message)} [${diagnostic.code}]`;
}

function place(diagnostic: Diagnostic): string {
  return `${printable(diagnostic.file)}:${diagnostic.line}:${diagnostic.column}`;
}

function lineOf(text: string, line: number): string {
  let start = 0;
  for (let number = 1; number < line; number += 1) {
    const newline = text.indexOf('\n', start);
    if (newline < 0) return '';
    start = newline + 1;
  }
  const end = text.indexOf('\n', start);
  const found = text.slice(start, end < 0 ? undefined : end);
  return found.endsWith('\r') ? found.slice(0, -1) : found;
}

interface Excerpt {
  readonly text: string;
  /** Cells before the first caret. */
  readonly indent: number;
  readonly carets: number;
}

const longestLine = 160;
/** How much of a long line is shown before the caret. */
const before = 40;

function excerptOf(line: string, diagnostic: Diagnostic): Excerpt {
  const column = Math.min(diagnostic.column - 1, line.length);
  const endColumn = Math.min(Math.max(diagnostic.endColumn - 1, column + 1), line.length + 1);
  const windowed = line.length > longestLine;
  const first = windowed
    ? Math.max(0, Math.min(column - before, line.length - longestLine))
    : 0;
  const last = windowed ? Math.min(line.length, first + longestLine) : line.length;
  let text = first > 0 ? '…' : '';
  let cells = text.length;
  let indent = 0;
  let endCell = 0;
  let at = first;
  for (const character of line.slice(first, last)) {
    if (at <= column) indent = cells;
    const shown = printableCharacter(character);
    text += shown.text;
    cells += shown.width;
    if (at < endColumn) endCell = cells;
    at += character.length;
  }
  if (column >= at) {
    indent = cells;
    endCell = cells + 1;
  }
  if (last < line.length) text += '…';
  return { text: text.trimEnd(), indent, carets: Math.max(1, endCell - indent) };
}
