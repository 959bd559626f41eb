/** Text in columns and in lines of one width. */
const lineWidth = 100;

/** Cells padded to the widest of their column; the last column is left as it is. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? [])
    .map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
}

/** The text in lines of the width, the first after `head` and the others below its text. */
export function hanging(head: string, text: string): readonly string[] {
  const indent = ' '.repeat(head.length);
  const lines: string[] = [];
  let line = head;
  let empty = true;
  for (const part of text.split(' ')) {
    if (!empty && line.length + 1 + part.length > lineWidth) {
      lines.push(line);
      line = indent;
      empty = true;
    }
    line += empty ? part : ` ${part}`;
    empty = false;
  }
  return [...lines, line];
}
