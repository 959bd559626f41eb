/**
 * VER, CAP and ECAP in words: every field under its name in the specification (11.4.1 to 11.4.3; names
 * of deprecated ones from older revisions), and what its value means.
 */
import { get, isSet, type Field, type Word64 } from '../../base/word.ts';
import { CAP, ECAP, VER } from '../../vtd/capability.ts';

/** What a value means; the word it is part of is there for fields that count only with another. */
type Meaning = (value: number, word: Word64) => string;

/** A field that is one bit: what the unit does with it set. */
function can(what: string, otherwise = `no ${what}`): Meaning {
  return (value) => (value === 1 ? what : otherwise);
}

function bytes(units: number): string {
  return `0x${(units * 16).toString(16)}`;
}

/** Names of the bits that are set in a value, lowest first. */
function named(value: number, names: readonly string[], none: string): string {
  const set = names.filter((_, index) => Math.floor(value / 2 ** index) % 2 === 1);
  return set.length === 0 ? none : set.join(', ');
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

const widths = [
  '30 bits/2 levels', '39 bits/3 levels', '48 bits/4 levels', '57 bits/5 levels', '64 bits/6 levels',
];

const versionTexts: Readonly<Record<keyof typeof VER, Meaning>> = {
  MIN: (value) => `minor version ${value}`,
  MAX: (value) => `major version ${value}${value >= 6 ? ': no register-based invalidation' : ''}`,
};

const capabilityTexts: Readonly<Record<keyof typeof CAP, Meaning>> = {
  ND: (value) => value === 7 ? 'reserved'
    : `${2 ** (4 + 2 * value)} domains (domain-ids of ${4 + 2 * value} bits)`,
  AFL: can('advanced fault logging'),
  RWBF: can('write buffer must be flushed by command', 'write buffer needs no flush'),
  PLMR: can('protected low memory region'),
  PHMR: can('protected high memory region'),
  CM: can('entries that are not present may be cached', 'entries that are not present are not cached'),
  SAGAW: (value) => named(value, widths, 'no table width'),
  MGAW: (value) => `${value + 1} bits of a DMA address`,
  ZLR: can('zero-length reads of write-only pages', 'zero-length reads need the right to read'),
  ISOCH: can('isochronous traffic apart (deprecated)', 'no isochronous traffic apart (deprecated)'),
  FRO: (value) => `fault records at ${bytes(value)}`,
  SLLPS: (value) => named(value, ['2 MiB', '1 GiB', '512 GiB', '1 TiB'], 'pages of 4 KiB only'),
  PSI: can('page-selective invalidation', 'no page-selective invalidation: it runs for the whole domain'),
  NFR: (value) => plural(value + 1, 'fault record'),
  MAMV: (value, word) => isSet(CAP.PSI, word)
    ? `at most 2^${value} pages in a page-selective invalidation` : 'of no meaning without PSI',
  DWD: can('invalidation can drain writes', 'writes cannot be drained'),
  DRD: can('invalidation can drain reads', 'reads cannot be drained'),
  FL1GP: can('1 GiB pages in first-stage tables'),
  PI: can('posted interrupts'),
  FL5LP: can('5 levels in first-stage tables'),
  ECMDS: can('enhanced commands'),
  ESIRTPS: can('SIRTP empties the interrupt-entry cache', 'SIRTP need not empty the interrupt-entry cache'),
  ESRTPS: can('SRTP empties the DMA caches', 'SRTP need not empty the DMA caches'),
};

const extendedTexts: Readonly<Record<keyof typeof ECAP, Meaning>> = {
  C: can('walks snoop the CPU caches', 'walks do not snoop: software writes lines back'),
  QI: can('queued invalidation'),
  DT: can('device-TLBs'),
  IR: can('interrupt remapping'),
  EIM: can('x2APIC: 32-bit APIC ids', 'no x2APIC: 8-bit APIC ids'),
  CH: can('caching hints (deprecated)'),
  PT: can('pass-through'),
  SC: can('snoop control'),
  IRO: (value) => `IVA at ${bytes(value)}, IOTLB at ${bytes(value + 0.5)}`,
  MHMV: (value) => `at most 2^${value} entries in an interrupt-entry invalidation`,
  ECS: can('extended contexts (deprecated)'),
  MTS: can('memory types'),
  NEST: can('nested translation'),
  DIS: can('deferred invalidation (deprecated)'),
  PASID_28: can('PASIDs, told at their old place (deprecated)', 'not used (deprecated place of PASID)'),
  PRS: can('page requests'),
  ERS: can('execute requests (deprecated)'),
  SRS: can('supervisor requests'),
  NWFS: can('no-write flag in translation requests', 'no-write flag not honoured'),
  EAFS: can('extended accessed flag'),
  PSS: (value, word) => isSet(ECAP.PASID, word) || isSet(ECAP.PASID_28, word) || isSet(ECAP.SMTS, word)
    ? `PASIDs of ${value + 1} bits` : 'of no meaning without PASIDs',
  PASID: can('requests with a PASID'),
  DIT: can('device-TLB invalidation can be throttled', 'device-TLB invalidation is not throttled'),
  PDS: can('page requests can be drained', 'page requests cannot be drained'),
  SMTS: can('scalable mode'),
  VCS: can('virtual commands'),
  SLADS: can('accessed and dirty flags in second-stage tables'),
  SLTS: can('second-stage translation in scalable mode'),
  FLTS: can('first-stage translation in scalable mode'),
  SMPWCS: can('walks snoop in scalable mode', 'walks do not snoop in scalable mode'),
  RPS: can('PASID for requests without one (RID_PASID)'),
  TDXCS: can('trusted domains (TDX)'),
  PMS: can('performance monitoring'),
  ADMS: can('abort-DMA mode'),
  RPRIVS: can('privilege for requests without PASID (RID_PRIV)'),
  HPTS: can('host permission tables'),
  PTRS: can('PTRS'),
  SSIRWS: can('RTADDR.SSIRWE'),
  SMS: can('stop markers'),
  HPT1GPS: can('1 GiB pages in host permission tables'),
  RDTS: can('resource director technology'),
  EIMER: can('interrupts need EIME (reason 2A)', 'interrupts do not need EIME'),
  IRREQ: can('interrupts need IRES (reason 2B)', 'interrupts do not need IRES'),
};

export interface FieldText {
  readonly name: string;
  readonly high: number;
  readonly low: number;
  readonly value: number;
  readonly meaning: string;
}

/** All fields of a register that has a text for each, lowest first. */
function fieldTexts<Name extends string>(
  fields: Readonly<Record<Name, Field>>, texts: Readonly<Record<Name, Meaning>>, word: Word64,
): readonly FieldText[] {
  return (Object.keys(fields) as Name[]).map((name) => {
    const { highBit: high, lowBit: low } = fields[name];
    const value = get(fields[name], word);
    return { name, high, low, value, meaning: texts[name](value, word) };
  });
}

export function versionFields(version: number): readonly FieldText[] {
  return fieldTexts(VER, versionTexts, { low: version, high: 0 });
}

export function capabilityFields(word: Word64): readonly FieldText[] {
  return fieldTexts(CAP, capabilityTexts, word);
}

export function extendedCapabilityFields(word: Word64): readonly FieldText[] {
  return fieldTexts(ECAP, extendedTexts, word);
}
