/** Profiles for a reader: the list in columns, and one profile with every field, choice and departure. */
import { hex, wordOf, type Word64 } from '../../base/word.ts';
import { decodeCapability } from '../../vtd/capability.ts';
import { hardwareChoices, type ChoiceName } from '../../vtd/choices.ts';
import { departures } from '../../vtd/departures.ts';
import type { KnownProfile } from '../../vtd/profiles/profiles.ts';
import {
  capabilityFields, extendedCapabilityFields, versionFields, type FieldText,
} from './capability-text.ts';
import type { Paint } from '../terminal.ts';
import { columns, hanging } from '../text-columns.ts';

export interface RegisterText {
  readonly name: string;
  readonly value: Word64;
  readonly fields: readonly FieldText[];
}

export function registersOf(profile: KnownProfile): readonly RegisterText[] {
  const { version, capability, extendedCapability } = profile;
  return [
    { name: 'VER', value: wordOf(version), fields: versionFields(version) },
    { name: 'CAP', value: capability, fields: capabilityFields(capability) },
    { name: 'ECAP', value: extendedCapability, fields: extendedCapabilityFields(extendedCapability) },
  ];
}

export function summaryLines(profiles: readonly KnownProfile[], paint: Paint): readonly string[] {
  const rows = profiles.map((profile) => {
    const { name, about, version, capability, extendedCapability, hostAddressWidths } = profile;
    const decoded =
      decodeCapability(version, capability, extendedCapability, Math.max(...hostAddressWidths));
    return [
      name, versionText(version), decoded.levels.join(','), String(2 ** decoded.domainIdBits),
      decoded.coherentWalk ? 'yes' : 'no', String(decoded.faultRecords), about,
    ];
  });
  const [head = '', ...lines] =
    columns([['name', 'ver', 'levels', 'domains', 'coherent', 'records', 'about'], ...rows]);
  return [paint('bold', head), ...lines];
}

/** As the kernel logs it. */
function versionText(version: number): string {
  return `${Math.floor(version / 16)}:${version % 16}`;
}

export function profileLines(profile: KnownProfile, paint: Paint): readonly string[] {
  const { name, about, version, hostAddressWidths, units, notes } = profile;
  const broken = profile.departures;
  return [
    paint('bold', `${name}: ${about}`),
    ...hanging('  version             ', versionText(version)),
    ...hanging('  host address width  ', `${hostAddressWidths.join(', ')} bits`),
    ...hanging('  units               ', units === null ? 'not known' : `${units} in a machine`),
    ...notes.flatMap((note) => hanging('  note                ', note)),
    ...registersOf(profile).flatMap((register) => ['', ...registerLines(register, paint)]),
    '',
    paint('bold', 'choices, where the specification leaves one'),
    ...choiceLines(profile),
    '',
    paint('bold', `departures from the specification${broken.length === 0 ? ': none known' : ''}`),
    ...broken.flatMap((departure) => [
      `  ${departure}`,
      ...hanging('    breaks   ', departures[departure].rule),
      ...hanging('    instead  ', departures[departure].instead),
    ]),
  ];
}

/** Fields that are a set of bits or an offset are read in hexadecimal. */
const inHexadecimal = new Set(['SAGAW', 'SLLPS', 'FRO', 'IRO']);

function registerLines({ name, value, fields }: RegisterText, paint: Paint): readonly string[] {
  const lines = columns(fields.map((field) => [
    `  ${field.name}`,
    field.high === field.low ? String(field.high) : `${field.high}:${field.low}`,
    inHexadecimal.has(field.name) ? hex(field.value) : String(field.value),
    field.meaning,
  ]));
  return [
    paint('bold', `${name} ${hex(value)}`),
    // What a unit does not have is there, but does not stand out.
    ...lines.map((line, index) => (fields[index]?.value === 0 ? paint('dim', line) : line)),
  ];
}

function choiceLines({ choices }: KnownProfile): readonly string[] {
  const names = Object.keys(hardwareChoices) as ChoiceName[];
  const heads = columns(names.map((name) => [`  ${name}`, choices[name], '']));
  const width = Math.max(...heads.map((head) => head.length));
  return names.flatMap((name, index) => {
    const others = hardwareChoices[name].filter((value: string) => value !== choices[name]);
    return hanging(`${(heads[index] ?? '').padEnd(width)}  `, `(or ${others.join(', ')})`);
  });
}
