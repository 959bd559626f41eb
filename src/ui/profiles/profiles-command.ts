/** `dmarsim profiles`: the units that a scenario may name, and one of them field by field. */
import { nearest } from '../../scenario/suggest.ts';
import { profileNamed, unitProfiles } from '../../vtd/profiles/profiles.ts';
import type { CommandLine } from '../command-line.ts';
import { exitCode } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { profileJson, summaryJson } from './profile-json.ts';
import { profileLines, summaryLines } from './profile-text.ts';
import { printable } from '../terminal.ts';

export function profilesCommand(line: CommandLine, output: Output): number {
  const [name, ...more] = line.operands;
  if (more.length > 0) {
    output.talk(`error: profiles takes one name, not ${line.operands.length}`);
    return exitCode.usage;
  }
  const json = line.flags.has('json');
  const document = (value: object): void => output.result(JSON.stringify({ version: 1, ...value }, null, 2));
  if (name === undefined) {
    if (json) document({ profiles: unitProfiles.map(summaryJson) });
    else summaryLines(unitProfiles, output.paint).forEach(output.result);
    return exitCode.ok;
  }
  const profile = profileNamed(name);
  if (profile === undefined) {
    const near = nearest(name, unitProfiles.map((known) => known.name));
    output.talk(`error: there is no profile '${printable(name)}'; `
      + (near === null ? 'dmarsim profiles lists them' : `did you mean ${near}?`));
    return exitCode.usage;
  }
  if (json) document(profileJson(profile));
  else profileLines(profile, output.paint).forEach(output.result);
  return exitCode.ok;
}
