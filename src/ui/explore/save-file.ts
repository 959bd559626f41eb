/** Where a counterexample is kept: looked at before a long search, written behind it. */
import { accessSync, constants, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Scenario } from '../../scenario/scenario.ts';
import { printText } from '../../scenario/text/print-text.ts';
import { exitCode } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { systemText } from '../system-text.ts';
import { printable } from '../terminal.ts';

/** What is wrong with keeping it there, and the exit code of that; null: nothing. Leaves no file behind. */
export function saveProblem(file: string, scenario: string): { readonly text: string; readonly code: number } | null {
  try {
    const present = statSync(file, { throwIfNoEntry: false });
    if (present === undefined) {
      accessSync(dirname(file), constants.W_OK);
      return null;
    }
    if (present.isDirectory()) return { text: `--save ${printable(file)}: is a folder`, code: exitCode.unwritten };
    if (realpathSync(file) === realpathSync(scenario)) {
      return { text: `--save ${printable(file)} is the scenario itself; name another file`, code: exitCode.usage };
    }
    accessSync(file, constants.W_OK);
    return null;
  } catch (error) {
    return { text: `--save ${printable(file)}: ${unwritableText(error)}`, code: exitCode.unwritten };
  }
}

export function saveCounterexample(file: string, scenario: Scenario, output: Output): number {
  try {
    writeFileSync(file, printText({ ...scenario, explorations: [], expectations: [{ release: null, result: 'Violated' }] }));
    return exitCode.ok;
  } catch (error) {
    output.talk(`error: --save ${printable(file)}: ${unwritableText(error)}`);
    return exitCode.unwritten;
  }
}

function unwritableText(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such folder';
  return code === 'EACCES' || code === 'EROFS' ? 'may not be written' : systemText(error);
}
