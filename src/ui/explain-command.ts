/** `dmarsim explain`: the long text behind a diagnostic's code. */
import { diagnosticExplanations } from '../scenario/diagnostic-codes.ts';
import type { CommandLine } from './command-line.ts';
import { exitCode } from './exit-codes.ts';
import type { Output } from './output.ts';
import { printable } from './terminal.ts';

export function explainCommand(line: CommandLine, output: Output): number {
  let code: number = exitCode.ok;
  for (const name of line.operands) {
    const text = diagnosticExplanations.get(name.toUpperCase());
    if (text === undefined) {
      output.talk(`error: there is no diagnostic '${printable(name)}'; they run from `
        + `${[...diagnosticExplanations.keys()][0] ?? ''} to ${[...diagnosticExplanations.keys()].at(-1) ?? ''}`);
      code = exitCode.usage;
    } else {
      output.result(`${name.toUpperCase()}: ${text}`);
    }
  }
  return code;
}
