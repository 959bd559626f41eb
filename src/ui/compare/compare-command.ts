/** `dmarsim compare`: captures of real handoffs against the model. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { readCapture, type Capture } from '../../analysis/capture/capture.ts';
import { compareCapture, differs, type Comparison } from '../../analysis/compare/comparison.ts';
import { releaseNamed } from '../../linux/releases/releases.ts';
import { formatDiagnostic } from '../../scenario/diagnostic.ts';
import { printHardwareImage } from '../../scenario/image/print-image.ts';
import { captureFolders, noFolder, openCaptureFolder } from './capture-folder.ts';
import type { CommandLine } from '../command-line.ts';
import { comparisonDocument } from './compare-json.ts';
import { comparisonLines } from './compare-text.ts';
import { exitCode, worse } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { systemText } from '../system-text.ts';
import { plain, printable } from '../terminal.ts';

export function compareCommand(line: CommandLine, output: Output): number {
  const chosen = line.options.get('capture');
  if (chosen !== undefined && releaseNamed(chosen) === undefined) {
    output.talk(`error: there is no release '${printable(chosen)}'; dmarsim releases lists them`);
    return exitCode.usage;
  }
  const paths = capturePaths(line.operands, output);
  const results: number[] = Array.from({ length: paths.unreadable }, () => exitCode.usage);
  const documents: object[] = [];
  const names = new Set<string>();
  for (const path of paths.folders) {
    const name = printable(basename(resolve(path)));
    const capture = load(path, output);
    if (capture === undefined) {
      results.push(exitCode.usage);
      continue;
    }
    const scenarioName = scenarioNameOf(name, names);
    const comparison = compareCapture(scenarioName, capture, chosen);
    results.push(codeOf(comparison));
    if (comparison.kind === 'refused') refuse(path, comparison, output);
    else if (comparison.kind === 'not-modelled') output.talk(`${name}: cannot tell: ${printable(comparison.why)}`);
    const folder = line.options.get('keep');
    if (folder !== undefined && comparison.kind === 'compared' && !keep(folder, scenarioName, comparison, output)) {
      return exitCode.unwritten;
    }
    if (line.flags.has('json')) documents.push(comparisonDocument(name, comparison));
    else if (comparison.kind === 'compared') comparisonLines(name, comparison, output.paint).forEach(output.result);
  }
  if (results.length > 1 && !line.flags.has('json')) {
    const count = (code: number): number => results.filter((each) => each === code).length;
    output.result(`${results.length} captures: ${count(exitCode.ok)} the same, ${count(exitCode.violated)} differ`
      + (count(exitCode.undecided) > 0 ? `, ${count(exitCode.undecided)} not modelled` : '')
      + (count(exitCode.usage) > 0 ? `, ${count(exitCode.usage)} not readable` : ''));
  }
  if (line.flags.has('json')) output.result(JSON.stringify({ version: 1, captures: documents }, null, 2));
  return results.reduce(worse, exitCode.ok);
}

/**
 * The captures that the operands name. A file among folders is told and passed over, since `captures/*` names what
 * lies beside them too; where there is nothing but files, each is a mistake.
 */
function capturePaths(operands: readonly string[], output: Output): { readonly folders: readonly string[]; readonly unreadable: number } {
  const found = operands.map((path) => ({ path, folders: captureFolders(path) }));
  const folders = found.flatMap((each) => (typeof each.folders === 'string' ? [] : each.folders));
  let unreadable = 0;
  for (const { path, folders: problem } of found) {
    if (typeof problem !== 'string') continue;
    const passed = problem === noFolder && folders.length > 0;
    output.talk(passed ? `${printable(path)}: ${problem}, passed over` : `error: ${printable(path)}: ${problem}`);
    if (!passed) unreadable += 1;
  }
  return { folders, unreadable };
}

/** The capture's name as a scenario may have it, with a number where another capture came by it first. */
function scenarioNameOf(name: string, taken: Set<string>): string {
  const base = name.toLowerCase().replace(/[^a-z0-9_.-]/g, '-').replace(/^[^a-z0-9]+/, '').slice(0, 60) || 'capture';
  let free = base;
  for (let number = 2; taken.has(free); number += 1) free = `${base}-${number}`;
  taken.add(free);
  return free;
}

/** Writes what was run, so that it can be run again, changed and stepped through. */
function keep(
  folder: string, name: string, { scenario, image }: Extract<Comparison, { kind: 'compared' }>, output: Output,
): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}.dmar`), scenario);
    writeFileSync(join(folder, `${name}.json`), printHardwareImage(image));
    return true;
  } catch (error) {
    output.talk(`error: --keep ${printable(folder)}: ${systemText(error, 'a folder')}`);
    return false;
  }
}

function codeOf(comparison: Comparison): number {
  switch (comparison.kind) {
    case 'not-modelled': return exitCode.undecided;
    case 'refused': return exitCode.usage;
    case 'compared': return differs(comparison) ? exitCode.violated : exitCode.ok;
  }
}

function load(path: string, output: Output): Capture | undefined {
  const folder = openCaptureFolder(path);
  if (typeof folder === 'string') {
    output.talk(`error: ${printable(path)}: ${folder}`);
    return undefined;
  }
  const capture = readCapture(folder);
  if (!isProblems(capture)) return capture;
  for (const { file, line, message } of capture) {
    output.talk(`error: ${printable(path)}/${printable(file)}${line === null ? '' : `:${line}`}: ${printable(message)}`);
  }
  return undefined;
}

function isProblems(capture: ReturnType<typeof readCapture>): capture is Exclude<ReturnType<typeof readCapture>, Capture> {
  return Array.isArray(capture);
}

/** The capture makes no scenario that could be run; its files say things that do not fit together. */
function refuse(path: string, { text, diagnostics }: Extract<Comparison, { kind: 'refused' }>, output: Output): void {
  output.talk(`error: ${printable(path)}: what the capture says of its machine does not fit together`);
  const style = { bold: (part: string) => plain('bold', part), red: (part: string) => plain('red', part), blue: (part: string) => plain('cyan', part) };
  for (const diagnostic of diagnostics) output.talk(formatDiagnostic(diagnostic, text, style));
}
