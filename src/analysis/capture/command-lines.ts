/** The three command lines of a capture: QEMU's, and those of both kernels. */
import { CaptureFault } from './problem.ts';

export interface CommandLines {
  readonly qemu: readonly string[];
  readonly first: string;
  readonly capture: string;
}

const lengthLimit = 64 * 1024;
/** As long as the longest that an x86 kernel keeps. */
const kernelLineLimit = 2048;

export function readCommandLines(file: string, text: string): CommandLines {
  if (text.length > lengthLimit) throw new CaptureFault(file, null, `has more than ${lengthLimit} characters`);
  const lines = text.split('\n').map((line) => line.trim());
  const after = (heading: RegExp, what: string): { readonly text: string; readonly line: number } => {
    const at = lines.findIndex((line) => heading.test(line));
    const found = at < 0 ? undefined : lines.slice(at + 1).findIndex((line) => line !== '');
    if (found === undefined || found < 0) throw new CaptureFault(file, null, `has no ${what} (a line behind its heading)`);
    return { text: lines[at + 1 + found] ?? '', line: at + found + 2 };
  };
  const kernelLine = (heading: RegExp, what: string): string => {
    const found = after(heading, what);
    if (found.text.length > kernelLineLimit) throw new CaptureFault(file, found.line, `the ${what} is too long`);
    if (!/^[ -~]*$/.test(found.text)) throw new CaptureFault(file, found.line, `the ${what} has characters that no kernel is given`);
    return found.text;
  };
  const qemu = after(/^qemu\b.*:$/i, 'command line of QEMU');
  return {
    qemu: shellWords(file, qemu.line, qemu.text),
    first: kernelLine(/^first kernel\b.*:$/i, 'command line of the first kernel'),
    capture: kernelLine(/^capture kernel\b.*:$/i, 'command line of the capture kernel'),
  };
}

/** The words of a command as a shell takes it apart; quotes and backslashes only. */
function shellWords(file: string, line: number, text: string): readonly string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quote !== '') {
      if (character === quote) quote = '';
      else word = (word ?? '') + character;
    } else if (character === '\'' || character === '"') {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      if (character === '\\') at += 1;
      word = (word ?? '') + text.charAt(at);
    }
  }
  if (quote !== '') throw new CaptureFault(file, line, 'a quote is not closed');
  return word === null ? words : [...words, word];
}
