/** The command `dmarsim`: from the words of a command line to an exit code. */
import { isMainThread } from 'node:worker_threads';
import { AssertionFailure, fail } from '../base/assert.ts';
import { parseCommandLine, type CommandLine } from './command-line.ts';
import { exitCode } from './exit-codes.ts';
import { processOutput, type Output } from './output.ts';
import { printable } from './terminal.ts';
import { commandUsageLines, usageLines } from './usage.ts';

async function dispatch(line: CommandLine, output: Output): Promise<number> {
  if (line.flags.has('help')) {
    commandUsageLines(line.command).forEach(output.result);
    return exitCode.ok;
  }
  switch (line.command.name) {
    case 'run': return (await import('./run/run-command.ts')).runCommand(line, output);
    case 'check': return (await import('./run/check-command.ts')).checkCommand(line, output);
    case 'replay': return (await import('./run/replay-command.ts')).replayCommand(line, output);
    case 'explore': return (await import('./explore/explore-command.ts')).exploreCommand(line, output);
    case 'matrix': return (await import('./matrix/matrix-command.ts')).matrixCommand(line, output);
    case 'conform': return (await import('./conform/conform-command.ts')).conformCommand(line, output);
    case 'compare': return (await import('./compare/compare-command.ts')).compareCommand(line, output);
    case 'inspect': return (await import('./inspect/inspect-command.ts')).inspectCommand(line, output);
    case 'step': return (await import('./step/step-command.ts')).stepCommand(line, output);
    case 'profiles': return (await import('./profiles/profiles-command.ts')).profilesCommand(line, output);
    case 'releases': return (await import('./releases/releases-command.ts')).releasesCommand(line, output);
    case 'explain': return (await import('./explain-command.ts')).explainCommand(line, output);
    default: return fail(`the usage lists a command that there is not: ${line.command.name}`);
  }
}

async function carryOut(words: readonly string[]): Promise<number> {
  const [first, asked] = words;
  if (first === 'help' && asked !== undefined) return carryOut([asked, '--help']);
  if (first === undefined || first === 'help' || first === '--help' || first === '-h') {
    const output = processOutput('auto');
    usageLines().forEach(output.result);
    output.flush();
    return first === undefined ? exitCode.usage : exitCode.ok;
  }
  const parsed = parseCommandLine(words);
  if (!parsed.ok) {
    processOutput('auto').talk(`error: ${printable(parsed.message)}`);
    return exitCode.usage;
  }
  const output = processOutput(parsed.line.options.get('color') ?? 'auto');
  try {
    return await dispatch(parsed.line, output);
  } finally {
    output.flush();
  }
}

/** Runs the command and sets the process's exit code; nothing is thrown. */
export async function main(words: readonly string[]): Promise<void> {
  if (!isMainThread) return (await import('./explore/explore-worker.ts')).serveExploration();
  // A reader that has seen enough (`| head`) is no error of ours, and the verdict stands all the same.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    process.stderr.write(`error: the output cannot be written: ${error.message}\n`);
    process.exit(exitCode.unwritten);
  });
  try {
    process.exitCode = await carryOut(words);
  } catch (error) {
    const what = error instanceof AssertionFailure ? 'an assertion of dmarsim failed' : 'dmarsim failed';
    const detail = error instanceof Error ? error.stack ?? error.message : String(error);
    process.stderr.write(`${what}; please report it with the scenario and this:\n${detail}\n`);
    process.exitCode = exitCode.internal;
  }
}
