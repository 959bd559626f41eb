/**
 * Making text from a file safe to print: a scenario must not be able to move the cursor, colour the
 * terminal, or reorder the line that an error message shows.
 */

/** Control, format, surrogate, private and unassigned characters, and the two line separators. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/u;
const combining = /[\p{Mn}\p{Me}]/u;

/** Ranges that terminals draw two cells wide: the common East Asian and emoji blocks. */
const wideRanges: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f], [0x2e80, 0xa4cf], [0xac00, 0xd7a3], [0xf900, 0xfaff], [0xfe30, 0xfe6f],
  [0xff00, 0xff60], [0xffe0, 0xffe6], [0x1f300, 0x1f64f], [0x1f680, 0x1f6ff], [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

export interface PrintableCharacter {
  readonly text: string;
  /** Terminal cells. */
  readonly width: number;
}

/** One code point (or lone surrogate) as it may be printed. */
export function printableCharacter(character: string): PrintableCharacter {
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0x20 && code < 0x7f) return { text: character, width: 1 };
  if (character === '\t') return { text: ' ', width: 1 };
  if (unprintable.test(character)) {
    const text = `\\u{${code.toString(16)}}`;
    return { text, width: text.length };
  }
  if (combining.test(character)) return { text: character, width: 0 };
  const wide = wideRanges.some(([first, last]) => code >= first && code <= last);
  return { text: character, width: wide ? 2 : 1 };
}

export function printable(text: string): string {
  let result = '';
  for (const character of text) result += printableCharacter(character).text;
  return result;
}

const quotedLength = 40;

/** A piece of the file as messages quote it: in backquotes, safe, and not longer than a line bears. */
export function quote(text: string): string {
  // Cut before walking: the piece may be a word of a megabyte.
  const head = Array.from(text.slice(0, 2 * quotedLength)).slice(0, quotedLength).join('');
  return `\`${printable(head)}${head.length < text.length ? '…' : ''}\``;
}
