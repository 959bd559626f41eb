/** `dmarsim step`: the debugger's shell, over a terminal or a script of commands. */
import { existsSync, readFileSync } from 'node:fs';
import { run, steppable } from '../../analysis/run.ts';
import type { CommandLine } from '../command-line.ts';
import { exitCode } from '../exit-codes.ts';
import { loadScenario, withReleases } from '../load.ts';
import type { Output } from '../output.ts';
import { endText } from '../run/run-command.ts';
import { Stepper } from './stepper.ts';
import { printable } from '../terminal.ts';

const prompt = '(dmarsim) ';

export async function stepCommand(line: CommandLine, output: Output): Promise<number> {
  const [path = '', ...more] = line.operands;
  if (more.length > 0) {
    output.talk(`error: step takes one file, not ${line.operands.length}`);
    return exitCode.usage;
  }
  const loaded = loadScenario(path, output);
  const scenario = loaded === undefined ? undefined : withReleases(loaded, line.options, output);
  if (scenario === undefined) return exitCode.usage;
  const done = run(scenario, steppable);
  const problem = endText(done.end);
  if (problem !== undefined) output.talk(`note: ${printable(path)}: ${problem}`);
  const stepper = new Stepper(done, output.paint);
  const script = line.options.get('execute');
  if (script !== undefined) {
    let commands: readonly string[];
    try {
      commands = scriptLines(script);
    } catch {
      output.talk(`error: ${printable(script)}: cannot be read`);
      return exitCode.usage;
    }
    return runScript(stepper, commands, output);
  }
  return converse(stepper, output);
}

/** A file of commands, one a line; or, when there is no such file, commands separated by semicolons. */
function scriptLines(script: string): readonly string[] {
  const text = existsSync(script) ? readFileSync(script, 'utf8') : script.replaceAll(';', '\n');
  return text.split('\n').map((command) => command.trim())
    .filter((command) => command !== '' && !command.startsWith('#'));
}

/** Prints each command before its answer, so that the output reads like a session. */
function runScript(stepper: Stepper, commands: readonly string[], output: Output): number {
  for (const command of commands) {
    output.result(`${output.paint('dim', prompt.trim())} ${printable(command)}`);
    const reply = stepper.execute(command);
    reply.lines.forEach(output.result);
    if (reply.kind === 'wrong') return exitCode.usage;
    if (reply.kind === 'quit') break;
  }
  return exitCode.ok;
}

async function converse(stepper: Stepper, output: Output & { readonly flush?: () => void }): Promise<number> {
  const { createInterface } = await import('node:readline');
  const lines = createInterface({ input: process.stdin, output: process.stderr, prompt });
  stepper.greeting().forEach(output.result);
  output.flush?.();
  lines.prompt();
  // As in gdb, an empty line repeats the last command.
  let last = '';
  for await (const entered of lines) {
    const command = entered.trim() === '' ? last : entered.trim();
    last = command;
    const reply = command === '' ? { kind: 'done' as const, lines: [] } : stepper.execute(command);
    reply.lines.forEach(output.result);
    output.flush?.();
    if (reply.kind === 'quit') break;
    lines.prompt();
  }
  lines.close();
  return exitCode.ok;
}
