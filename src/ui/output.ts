/** Where commands print: results on one stream, talk on the other. */
import { paintFor, type Paint } from './terminal.ts';

export interface Output {
  /** A line of the result. */
  readonly result: (line: string) => void;
  /** A line of talk: diagnostics, notes. */
  readonly talk: (line: string) => void;
  readonly paint: Paint;
  readonly paintTalk: Paint;
}

/** Collects small lines into few writes; a reader that goes away ends the process quietly. */
export function processOutput(color: string): Output & { readonly flush: () => void } {
  const pending: string[] = [];
  const flush = (): void => {
    if (pending.length > 0) process.stdout.write(`${pending.splice(0).join('\n')}\n`);
  };
  return {
    result: (line) => {
      pending.push(line);
      if (pending.length >= 4096) flush();
    },
    talk: (line) => {
      flush();
      process.stderr.write(`${line}\n`);
    },
    flush,
    paint: paintFor(process.stdout, color, process.env),
    paintTalk: paintFor(process.stderr, color, process.env),
  };
}
