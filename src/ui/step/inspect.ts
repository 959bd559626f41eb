/**
 * The state of a machine in tables: registers in the columns of the kernel's own `iommu_regset`, caches,
 * a walk of memory step by step, fault records, memory as gdb prints it. An answer is its lines, or a
 * string that says what was wrong with the question.
 */
import type { Machine } from '../../machine/machine.ts';
import {
  addressOf, bdf, domainIdNumber, frameAt, get, hex, hexAddress, hexFrame, isSet, sourceIdAt,
  sourceIdOf, wideHex, type Field, type SourceId, type Word64,
} from '../../base/word.ts';
import { rightsOf } from '../../vtd/iotlb.ts';
import { LATCHED, type UnitCore } from '../../vtd/core.ts';
import { FRCD_HIGH, FRCD_LOW, IQH, IQT, type Register } from '../../vtd/registers.ts';
import type { WalkState } from '../../vtd/walk-state.ts';
import { Walk, walkStart } from '../../vtd/walk.ts';
import { column, reasonText } from '../run/event-text.ts';
import { printable } from '../terminal.ts';

export type Answer = readonly string[] | string;

export function inspect(machine: Machine, words: readonly string[]): Answer {
  const [what = '', ...operands] = words;
  switch (what) {
    case 'regs': return ofUnits(machine, operands, registerLines);
    case 'iotlb': return ofUnits(machine, operands, iotlbLines);
    case 'context': return ofUnits(machine, operands, contextLines);
    case 'walk': return walkLines(machine, operands);
    case 'faults': return ofUnits(machine, operands, faultLines);
    case 'queue': return ofUnits(machine, operands, queueLines);
    default:
      return `info knows regs, iotlb, context, walk SOURCE ADDRESS, faults, queue and breakpoints, not `
        + `'${printable(what)}'`;
  }
}

/** The lines of each unit, or of the one that is named; a heading where there are several. */
function ofUnits(
  machine: Machine, operands: readonly string[], lines: (core: UnitCore) => readonly string[],
): Answer {
  const [wanted] = operands;
  const units = machine.units.filter(({ core }) => wanted === undefined || core.name === wanted);
  if (units.length === 0) {
    return `there is no unit '${printable(wanted ?? '')}'; there are `
      + machine.units.map(({ core }) => core.name).join(', ');
  }
  return units.flatMap(({ core }) =>
    [...(machine.units.length > 1 ? [`${core.name}:`] : []), ...lines(core)]);
}

function registerLines(core: UnitCore): readonly string[] {
  return ['Name            Offset  Contents', ...core.registers.table
    .filter(({ modelled }) => modelled)
    .map((register) => `${register.name.padEnd(16)}0x${column(register.offset, 3)}   `
      + wideHex(core.registers.value(register.name)))];
}

function iotlbLines(core: UnitCore): readonly string[] {
  const entries = core.iotlb.entries();
  if (entries.length === 0) return ['the IOTLB is empty'];
  return ['Source   Page           Target         Rights Domain Filled by', ...entries.map((entry) =>
    `${bdf(entry.source)}  ${hexFrame(entry.frame).padEnd(14)} ${hexFrame(entry.target).padEnd(14)} `
    + `${rightsOf(entry.readable, entry.writable).padEnd(6)} ${String(domainIdNumber(entry.domain)).padEnd(6)} `
    + `#${entry.filledBy}`)];
}

function contextLines(core: UnitCore): readonly string[] {
  const entries = core.contextCache.entries();
  if (entries.length === 0) return ['the context cache is empty'];
  return ['Source   Table          Levels Domain Filled by', ...entries.map(({ source, fields, filledBy }) =>
    `${bdf(source)}  ${hexFrame(fields.table).padEnd(14)} ${String(fields.levels).padEnd(6)} `
    + `${String(domainIdNumber(fields.domain)).padEnd(6)} #${filledBy}`)];
}

/** A walk from the root, as the unit's walker would see memory at this instant, cache or no cache. */
function walkLines(machine: Machine, operands: readonly string[]): Answer {
  const source = parseSource(operands[0] ?? '');
  const address = parseAddress(operands[1] ?? '');
  if (source === undefined || address === undefined) {
    return 'info walk takes a source and an address, for example: info walk 02:00.0 0xfffff000';
  }
  const frame = frameAt(Math.floor(address / 4096));
  const walk = new Walk(machine.unitOf(source).core);
  const lines: string[] = [];
  let state: WalkState = walkStart;
  while (state.kind !== 'done' && state.kind !== 'fault') {
    state = walk.advance(state, source, frame, 'zero-length-read');
    const fetch = walk.takeFetch();
    if (fetch === null) continue;
    const high = fetch.high === null ? '' : `${wideHex(fetch.high)}:`;
    lines.push(`${`${fetch.structure} entry`.padEnd(14)} at ${hexAddress(fetch.address).padEnd(14)} `
      + `${high}${wideHex(fetch.low)}`);
  }
  if (state.kind === 'fault') return [...lines, `a fault: ${reasonText(state.reason.code)}`];
  const { frame: target, readable, writable, context } = state;
  return [...lines, `${hex(address)} -> ${hexFrame(target)} `
    + `${rightsOf(readable, writable)}, domain ${domainIdNumber(context.domain)}`];
}

function faultLines(core: UnitCore): readonly string[] {
  const lines = [`FSTS ${hex(core.registers.value('FSTS'))}, next record `
    + `${core.latched.get(LATCHED.faultIndex)} of ${core.capability.faultRecords}`];
  for (let index = 0; index < core.capability.faultRecords; index += 1) {
    const low = core.registers.value(`FRCD${index}`);
    const high = core.registers.value(`FRCD${index}_HIGH`);
    if (low.low === 0 && low.high === 0 && high.low === 0 && high.high === 0) continue;
    const reason = get(FRCD_HIGH.FR, high);
    lines.push(`${index}: ${isSet(FRCD_HIGH.F, high) ? 'pending' : 'cleared'} `
      + `${isSet(FRCD_HIGH.T1, high) ? 'read' : 'write'} of ${hexFrame(frameAt(get(FRCD_LOW.FI, low)))} by `
      + `${bdf(sourceIdOf(get(FRCD_HIGH.SID, high)))}, ${reasonText(reason)}`);
  }
  return lines;
}

function queueLines({ registers, latched }: UnitCore): readonly string[] {
  return [`base ${hexFrame(frameAt(latched.get(LATCHED.queueBase)))}, head ${registers.field('IQH', IQH.QH)}, `
    + `tail ${registers.field('IQT', IQT.QT)}`];
}

/** `FSTS`, `FSTS.PPF`, and with several units `dmar1:FSTS`. */
export function printValue(machine: Machine, name: string): Answer {
  const [, unitName, rest = ''] = /^(?:([a-z][\w.-]*):)?(.*)$/.exec(name) ?? [];
  const unit = machine.units.find(({ core }) => unitName === undefined || core.name === unitName);
  if (unit === undefined) {
    return `there is no unit '${printable(unitName ?? '')}'; there are `
      + machine.units.map(({ core }) => core.name).join(', ');
  }
  const [registerName = '', fieldName] = rest.toUpperCase().split('.');
  const { registers } = unit.core;
  const register = registers.table.find((known) => known.name === registerName);
  if (register === undefined) {
    return `there is no register '${printable(name)}'; info regs lists them`;
  }
  const value = registers.value(register.name);
  if (fieldName === undefined) {
    return [`${register.name} = ${hex(value)}${fieldsText(register, value)}`];
  }
  const part: Field | undefined = Object.hasOwn(register.fields, fieldName)
    ? register.fields[fieldName] : undefined;
  if (part === undefined) {
    return `${register.name} has no field '${printable(fieldName)}'; it has `
      + Object.keys(register.fields).join(', ');
  }
  return [`${register.name}.${fieldName} = ${hex(get(part, value))}`];
}

/** The fields that are set. */
function fieldsText(register: Register, value: Word64): string {
  const set = Object.entries(register.fields)
    .filter(([, part]) => isSet(part, value))
    .map(([name, part]) => part.highBit === part.lowBit ? name : `${name}=${hex(get(part, value))}`);
  return set.length === 0 ? '' : ` (${set.join(' ')})`;
}

/** `x/8gx 0x1000`: count, then w for 32 bits or g for 64. */
export function examineMemory(machine: Machine, word: string, operand: string): Answer {
  const form = /^x(?:\/(\d{1,3})?([wg])?x?)?$/.exec(word);
  const address = parseAddress(operand);
  if (form === null || address === undefined) {
    return 'memory is examined as x/8gx ADDRESS: a count up to 999, w or g, and an address';
  }
  const bytes = form[2] === 'w' ? 4 : 8;
  const count = Number(form[1] ?? '1');
  const first = Math.floor(address / bytes) * bytes;
  const lines: string[] = [];
  const perLine = 16 / bytes;
  for (let index = 0; index < count; index += perLine) {
    const values = Array.from({ length: Math.min(perLine, count - index) }, (_, column) => {
      const where = addressOf(first + (index + column) * bytes);
      return bytes === 8 ? wideHex(machine.memory.read64(where))
        : `0x${machine.memory.read32(where).toString(16).padStart(8, '0')}`;
    });
    lines.push(`${hex(first + index * bytes)}:\t${values.join('\t')}`);
  }
  return lines;
}

function parseAddress(text: string): number | undefined {
  if (!/^(0x[0-9a-f]{1,13}|\d{1,15})$/i.test(text)) return undefined;
  const value = Number(text);
  return value < 2 ** 52 ? value : undefined;
}

function parseSource(text: string): SourceId | undefined {
  const match = /^(?:0000:)?([0-9a-f]{1,2}):([01]?[0-9a-f])\.([0-7])$/i.exec(text);
  if (match === null) return undefined;
  return sourceIdAt(parseInt(match[1] ?? '', 16), parseInt(match[2] ?? '', 16), Number(match[3]));
}
