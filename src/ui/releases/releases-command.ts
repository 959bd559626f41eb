/** `dmarsim releases`: the kernels that a scenario may name, one of them, and the difference of two. */
import { canonicalUnits } from '../../analysis/releases/canonical-handoff.ts';
import { orderedOperations, type OrderedOperations } from '../../analysis/releases/ordered-operations.ts';
import { difference } from '../../analysis/releases/release-difference.ts';
import { releaseNamed, releases } from '../../linux/releases/releases.ts';
import type { Release } from '../../linux/releases/release.ts';
import { nearest } from '../../scenario/suggest.ts';
import type { CommandLine } from '../command-line.ts';
import { exitCode } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { differenceLines, listLines, releaseLines, type PhaseDifference } from './releases-text.ts';
import { printable } from '../terminal.ts';

const phases: readonly (keyof OrderedOperations)[] = ['crash', 'start', 'handoff'];

export function releasesCommand(line: CommandLine, output: Output): number {
  if (line.operands.length > 2) {
    output.talk(`error: releases takes one name or two, not ${line.operands.length}`);
    return exitCode.usage;
  }
  const unit = canonicalUnits.find(({ name }) => name === (line.options.get('unit') ?? 'not coherent'));
  if (unit === undefined) {
    output.talk(`error: --unit is ${canonicalUnits.map(({ name }) => `'${name}'`).join(', ')}, `
      + `not '${printable(line.options.get('unit') ?? '')}'`);
    return exitCode.usage;
  }
  const named = line.operands.map((name) => releaseNamed(name));
  const unknown = named.findIndex((release) => release === undefined);
  if (unknown >= 0) return noSuch(line.operands[unknown] ?? '', output);
  const [first, second] = named;
  const json = line.flags.has('json');
  const document = (value: object): void => output.result(JSON.stringify({ version: 1, ...value }, null, 2));
  if (first === undefined) {
    if (json) document({ releases });
    else listLines(releases, output.paint).forEach(output.result);
    return exitCode.ok;
  }
  if (second === undefined) {
    const operations = first.notModelled === null ? orderedOperations(first.name, unit) : null;
    if (json) document({ ...first, unit: unit.name, operations });
    else releaseLines(first, operations, output.paint).forEach(output.result);
    return exitCode.ok;
  }
  const missing = [first, second].find(({ notModelled }) => notModelled !== null);
  if (missing !== undefined) return notModelledYet(missing, output);
  const [left, right] = [orderedOperations(first.name, unit), orderedOperations(second.name, unit)];
  const found: readonly PhaseDifference[] =
    phases.map((phase) => ({ phase, lines: difference(left[phase], right[phase]) }));
  if (json) document({ first: first.name, second: second.name, unit: unit.name, phases: found });
  else differenceLines(first.name, second.name, found, output.paint).forEach(output.result);
  return exitCode.ok;
}

function noSuch(name: string, output: Output): number {
  const near = nearest(name, releases.map((known) => known.name));
  output.talk(`error: there is no release '${printable(name)}'; `
    + (near === null ? 'dmarsim releases lists them' : `did you mean ${near}?`));
  return exitCode.usage;
}

function notModelledYet({ name, notModelled }: Release, output: Output): number {
  output.talk(`error: ${name} is not modelled yet: ${notModelled} is missing`);
  return exitCode.undecided;
}
