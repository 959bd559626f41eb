/** Reading scenario files, and putting the releases of a command line in their place. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { vocabulary } from '../analysis/vocabulary.ts';
import { releaseNamed } from '../linux/releases/releases.ts';
import { formatDiagnostic, type DiagnosticStyle } from '../scenario/diagnostic.ts';
import { imageLimits } from '../scenario/image/hardware-image.ts';
import { readScenario } from '../scenario/read.ts';
import type { Expectation, Scenario } from '../scenario/scenario.ts';
import { nearest } from '../scenario/suggest.ts';
import type { Output } from './output.ts';
import { readPackedFile } from './packed-file.ts';
import { systemText } from './system-text.ts';
import { printable, type Paint } from './terminal.ts';

/** One byte more than the scenario reader takes, so that it sees that there is more. */
const readLimit = 1024 * 1024 + 1;

export function readFileHead(path: string): Uint8Array | string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    return `${printable(path)}: ${systemText(error)}`;
  }
  try {
    if (fstatSync(file).isDirectory()) return `${printable(path)}: is a folder, not a scenario`;
    const bytes = new Uint8Array(readLimit);
    let length = 0;
    for (;;) {
      const count = readSync(file, bytes, length, readLimit - length, null);
      length += count;
      if (count === 0 || length === readLimit) return bytes.subarray(0, length);
    }
  } catch (error) {
    return `${printable(path)}: ${systemText(error)}`;
  } finally {
    closeSync(file);
  }
}

/** The text of an image of hardware, or why there is none. */
export function readImageFile(path: string): { readonly text: string } | string {
  return readPackedFile(path, { stored: imageLimits.bytes, unpacked: imageLimits.bytes });
}

/** Prints what is wrong with the file and returns undefined, or returns the scenario. */
export function loadScenario(path: string, output: Output): Scenario | undefined {
  const bytes = readFileHead(path);
  if (typeof bytes === 'string') {
    output.talk(`error: ${bytes}`);
    return undefined;
  }
  const reading = readScenario(path, bytes, vocabulary, (name) => readImageFile(resolve(dirname(path), name)));
  if (!reading.ok) {
    for (const diagnostic of reading.diagnostics) {
      output.talk(formatDiagnostic(diagnostic, reading.source, styleFor(output.paintTalk)));
    }
    return undefined;
  }
  return reading.scenario;
}

/** The scenario with other releases; prints and returns undefined when there is no such release. */
export function withReleases(
  scenario: Scenario, options: ReadonlyMap<string, string>, output: Output,
): Scenario | undefined {
  for (const side of ['capture', 'crashed']) {
    const name = options.get(side);
    if (name === undefined || releaseNamed(name) !== undefined) continue;
    const near = nearest(name, vocabulary.releases);
    output.talk(`error: there is no release '${printable(name)}'; `
      + (near === null ? `there are ${vocabulary.releases.join(', ')}` : `did you mean ${near}?`));
    return undefined;
  }
  const { crashed, capture } = scenario;
  if (crashed.imageFile !== null && options.has('crashed')) {
    output.talk('error: --crashed: the crashed kernel of this scenario is an image, not a release');
    return undefined;
  }
  // `Result: Holds` speaks of the release in the file, also when another takes its place.
  const named = (expectations: readonly Expectation[]): readonly Expectation[] => options.has('capture')
    ? expectations.map(({ release, result }) => ({ release: release ?? capture.release, result })) : expectations;
  return {
    ...scenario,
    expectations: named(scenario.expectations),
    explorations: named(scenario.explorations),
    crashed: { ...crashed, release: options.get('crashed') ?? crashed.release },
    capture: { ...capture, release: options.get('capture') ?? capture.release },
  };
}

function styleFor(paint: Paint): DiagnosticStyle {
  return {
    bold: (text) => paint('bold', text),
    red: (text) => paint('red', text),
    blue: (text) => paint('cyan', text),
  };
}
