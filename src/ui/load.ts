/** Reading scenario files, and putting the releases of a command line in their place. */
import { vocabulary } from '../analysis/vocabulary.ts';
import { releaseNamed } from '../linux/releases.ts';
import { formatDiagnostic, type DiagnosticStyle } from '../scenario/diagnostic.ts';
import { readScenario } from '../scenario/read.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { nearest } from '../scenario/suggest.ts';
import type { Output } from './output.ts';
import { readFileHead } from './read-file.ts';
import { printable, type Paint } from './terminal.ts';

/** One byte more than the scenario reader takes, so that it sees that there is more. */
const readLimit = 1024 * 1024 + 1;

/** Prints what is wrong with the file and returns undefined, or returns the scenario. */
export function loadScenario(path: string, output: Output): Scenario | undefined {
  const bytes = readFileHead(path, readLimit, 'a scenario');
  if (typeof bytes === 'string') {
    output.talk(`error: ${bytes}`);
    return undefined;
  }
  const reading = readScenario(path, bytes, vocabulary);
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
  // `Result: Holds` speaks of the release in the file, also when another takes its place.
  const expectations = options.has('capture')
    ? scenario.expectations.map(({ release, result }) => ({ release: release ?? capture.release, result }))
    : scenario.expectations;
  return {
    ...scenario,
    expectations,
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
