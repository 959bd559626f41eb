/** `dmarsim conform`: recorded vectors against the model, family by family. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { conformCase, type CaseResult, type ConformProfile } from '../../analysis/conform.ts';
import { readVectors, type VectorFile } from '../../analysis/vectors.ts';
import { departures } from '../../vtd/departures.ts';
import type { CommandLine } from '../command-line.ts';
import { differenceLines } from './difference-text.ts';
import { exitCode, worse } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { readPackedFile } from '../packed-file.ts';
import { printable } from '../terminal.ts';

/** Far more than a file of vectors has, packed or not. */
const sizeLimit = 256 * 2 ** 20;
/** Failures that are shown in full. */
const failuresShown = 10;

interface Family {
  passed: number;
  failed: number;
  skipped: number;
}

export function conformCommand(line: CommandLine, output: Output): number {
  const profile = line.options.get('profile') ?? 'qemu';
  if (profile !== 'qemu' && profile !== 'specification') {
    output.talk(`error: --profile is qemu or specification, not '${printable(profile)}'`);
    return exitCode.usage;
  }
  let code: number = exitCode.ok;
  const results: { readonly family: string; readonly result: CaseResult }[] = [];
  for (const path of line.operands.flatMap((operand) => vectorFiles(operand))) {
    const file = loadVectors(path);
    if (typeof file === 'string') {
      output.talk(`error: ${file}`);
      code = worse(code, exitCode.usage);
      continue;
    }
    results.push(...playFile(file, profile, line.options.get('filter')));
  }
  if (results.length === 0) {
    if (code === exitCode.ok) output.talk('error: there is no case to play');
    return exitCode.usage;
  }
  if (line.flags.has('json')) output.result(JSON.stringify(document(profile, results), null, 2));
  else print(profile, results, output);
  return results.some(({ result }) => result.kind === 'failed') ? worse(code, exitCode.violated) : code;
}

function playFile(
  file: VectorFile, profile: ConformProfile, filter: string | undefined,
): readonly { readonly family: string; readonly result: CaseResult }[] {
  return file.cases
    .filter(({ id, quirks }) => filter === undefined || id.includes(filter)
      || quirks.some(({ name }) => name.includes(filter)))
    .map((vector) => ({ family: file.family, result: conformCase(file, vector, profile) }));
}

/** The file, or the vector files of a folder in the order of their names. */
function vectorFiles(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.json(\.gz)?$/.test(name)).sort().map((name) => join(path, name));
  } catch {
    // Reading it says what is wrong.
    return [path];
  }
}

function loadVectors(path: string): VectorFile | string {
  const read = readPackedFile(path, { stored: sizeLimit, unpacked: sizeLimit });
  const file = typeof read === 'string' ? read : readVectors(read.text);
  return typeof file === 'string' ? `${printable(path)}: ${printable(file)}` : file;
}

function families(results: readonly { readonly family: string; readonly result: CaseResult }[]):
  ReadonlyMap<string, Family> {
  const counts = new Map<string, Family>();
  for (const { family, result } of results) {
    const count = counts.get(family) ?? { passed: 0, failed: 0, skipped: 0 };
    count[result.kind] += 1;
    counts.set(family, count);
  }
  return new Map([...counts].sort(([left], [right]) => (left < right ? -1 : 1)));
}

function print(
  profile: ConformProfile, results: readonly { readonly family: string; readonly result: CaseResult }[],
  output: Output,
): void {
  const failed = results.flatMap(({ result }) => result.kind === 'failed' ? [result] : []);
  for (const failure of failed.slice(0, failuresShown)) {
    const where = `step ${failure.step} of ${failure.steps}`;
    output.result(`${output.paint('red', 'FAIL')} ${printable(failure.id)}, ${where}: ${printable(failure.about)}`);
    differenceLines(failure.difference).forEach(output.result);
    for (const { name, firstStep } of failure.quirks) {
      output.result(`     hinges on ${printable(name)} from step ${firstStep}`);
    }
  }
  if (failed.length > failuresShown) output.result(`... and ${failed.length - failuresShown} failures more`);
  output.result(`${'family'.padEnd(14)}  passed  failed skipped`);
  const total: Family = { passed: 0, failed: 0, skipped: 0 };
  const row = (name: string, count: Family): string => `${name.padEnd(14)} ${String(count.passed).padStart(7)} `
    + `${String(count.failed).padStart(7)} ${String(count.skipped).padStart(7)}`;
  for (const [name, count] of families(results)) {
    output.result(row(printable(name), count));
    total.passed += count.passed;
    total.failed += count.failed;
    total.skipped += count.skipped;
  }
  output.result(row('all', total));
  if (profile === 'qemu') {
    output.result(`with ${Object.keys(departures).length} departures from the specification; `
      + '`dmarsim profiles qemu-39` lists them with the rules they break');
  } else {
    output.result('each case up to the first step that hinges on a choice of the recorded unit');
  }
}

function document(
  profile: ConformProfile, results: readonly { readonly family: string; readonly result: CaseResult }[],
): object {
  return {
    version: 1,
    profile,
    families: Object.fromEntries(families(results)),
    failures: results.flatMap(({ result }) => result.kind !== 'failed' ? [] : [{
      id: result.id, step: result.step, difference: differenceLines(result.difference), quirks: result.quirks,
    }]),
    skipped: results.flatMap(({ result }) =>
      result.kind === 'skipped' ? [{ id: result.id, why: result.why }] : []),
  };
}
