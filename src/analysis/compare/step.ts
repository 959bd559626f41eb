/**
 * What a kernel does to a unit as steps that can be compared, whoever saw them: register writes, and
 * descriptors with the wait that follows each. Writes of the queue's tail are part of their descriptors.
 */
import { unreachable } from '../../base/assert.ts';
import {
  bareHex, bdf, bit, equalWords, field, get, hex, isSet, sourceIdOf, type Field, type SourceId, type Word64,
} from '../../base/word.ts';
import { FSTS, GCMD } from '../../vtd/registers.ts';

/** As it was seen on the bus. */
export type RawOperation =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: 4 | 8; readonly value: Word64 }
  | { readonly kind: 'descriptor'; readonly low: Word64; readonly high: Word64 };

export type Selection = 'global' | 'domain' | 'device' | 'page' | 'reserved';

export type Step = { readonly waited: boolean } & (
  | { readonly kind: 'write'; readonly register: string; readonly bytes: 4 | 8; readonly value: Word64;
      /** How often, where it ends the handling of a fault. */
      readonly times: number }
  | { readonly kind: 'context'; readonly selection: Selection; readonly domain: number; readonly source: SourceId;
      readonly functionMask: number }
  | { readonly kind: 'iotlb'; readonly selection: Selection; readonly domain: number; readonly page: number;
      readonly order: number; readonly leafOnly: boolean; readonly drains: string; readonly times: number }
  /** Interrupt-entry invalidations by index, one behind the other. */
  | { readonly kind: 'entries'; readonly indices: readonly number[] }
  | { readonly kind: 'all-entries' }
  | { readonly kind: 'descriptor'; readonly low: Word64; readonly high: Word64 });

const REGISTER = {
  GCMD: 0x18, RTADDR: 0x20, CCMD: 0x28, FSTS: 0x34, FECTL: 0x38, FEDATA: 0x3c, FEADDR: 0x40, FEUADDR: 0x44,
  PMEN: 0x64, IQT: 0x88, IQA: 0x90, ICS: 0x9c, IECTL: 0xa0, IRTA: 0xb8,
} as const;
const registerNames = new Map<number, string>(Object.entries(REGISTER).map(([name, offset]) => [offset, name]));

const TYPE = field(3, 0);
const GRANULARITY = field(5, 4);
const DOMAIN = field(31, 16);
const DESCRIPTOR = { context: 1, iotlb: 2, entries: 4, wait: 5 } as const;
const CONTEXT = { SID: field(47, 32), FM: field(49, 48) } as const;
const IOTLB = { DW: bit(6), DR: bit(7), AM: field(5, 0), IH: bit(6), ADDR: field(63, 12) } as const;
const ENTRIES = { G: bit(4), IIDX: field(47, 32) } as const;
const contextSelections: readonly Selection[] = ['reserved', 'global', 'domain', 'device'];
const iotlbSelections: readonly Selection[] = ['reserved', 'global', 'domain', 'page'];

/** `queueOn`: whether the queue runs when the first of the operations comes. */
export function stepsOf(
  operations: readonly RawOperation[], faultOffset: number, queueOn: boolean,
): readonly Step[] {
  const steps: Step[] = [];
  let queueRuns = queueOn;
  for (const operation of operations) {
    if (operation.kind === 'write') {
      const { offset, bytes, value } = operation;
      // A doorbell, once the queue runs: its descriptors follow.
      if (offset === REGISTER.IQT && queueRuns) continue;
      if (offset === REGISTER.GCMD) queueRuns = isSet(GCMD.QIE, value);
      steps.push({ kind: 'write', register: registerName(offset, faultOffset), bytes, value, times: 1, waited: false });
      continue;
    }
    const last = steps.at(-1);
    if (get(TYPE, operation.low) === DESCRIPTOR.wait && last !== undefined && last.kind !== 'write' && !last.waited) {
      steps[steps.length - 1] = { ...last, waited: true };
      continue;
    }
    steps.push(descriptorStep(operation.low, operation.high));
  }
  return folded(steps);
}

function registerName(offset: number, faultOffset: number): string {
  const known = registerNames.get(offset);
  if (known !== undefined) return known;
  return offset >= faultOffset ? `FRCD+0x${(offset - faultOffset).toString(16)}` : `register 0x${offset.toString(16)}`;
}

function descriptorStep(low: Word64, high: Word64): Step {
  const selected = get(GRANULARITY, low);
  switch (get(TYPE, low)) {
    case DESCRIPTOR.context: return {
      kind: 'context', selection: contextSelections[selected] ?? 'reserved', domain: get(DOMAIN, low),
      source: sourceIdOf(get(CONTEXT.SID, low)), functionMask: get(CONTEXT.FM, low), waited: false,
    };
    case DESCRIPTOR.iotlb: return {
      kind: 'iotlb', selection: iotlbSelections[selected] ?? 'reserved', domain: get(DOMAIN, low),
      page: get(IOTLB.ADDR, high), order: get(IOTLB.AM, high), leafOnly: isSet(IOTLB.IH, high), times: 1,
      drains: `${isSet(IOTLB.DR, low) ? 'reads' : ''}${isSet(IOTLB.DW, low) ? 'writes' : ''}`, waited: false,
    };
    case DESCRIPTOR.entries:
      return isSet(ENTRIES.G, low) ? { kind: 'entries', indices: [get(ENTRIES.IIDX, low)], waited: false }
        : { kind: 'all-entries', waited: false };
    default: return { kind: 'descriptor', low, high, waited: false };
  }
}

/** Runs of interrupt-entry invalidations, and flushes of one and the same page, as one step each. */
export function folded(steps: readonly Step[]): readonly Step[] {
  const result: Step[] = [];
  for (const step of steps) {
    const last = result.at(-1);
    const status = sameFaultBefore(result, step);
    if (status !== undefined) {
      // In the place of the status and of the record's second clearing.
      result.splice(-2, 2, { ...status, times: status.times + 1 });
    } else if (last?.kind === 'entries' && step.kind === 'entries') {
      result[result.length - 1] = { ...last, indices: [...last.indices, ...step.indices] };
    } else if (last?.kind === 'iotlb' && step.kind === 'iotlb' && step.selection === 'page' && last.selection === 'page'
      && last.domain === step.domain && last.page === step.page && last.order === step.order) {
      result[result.length - 1] = { ...last, times: last.times + step.times };
    } else {
      result.push(step);
    }
  }
  return result;
}

type Write = Extract<Step, { kind: 'write' }>;

/**
 * Where `step` ends the handling of a fault by the very writes that ended the one before it: the status
 * write of that one.
 */
function sameFaultBefore(done: readonly Step[], step: Step): Write | undefined {
  const [record, status, again] = done.slice(-3);
  if (record?.kind !== 'write' || status?.kind !== 'write' || again?.kind !== 'write' || step.kind !== 'write') return undefined;
  const alike = (one: Write, other: Write): boolean => one.register === other.register && equalWords(one.value, other.value);
  return record.register.startsWith('FRCD') && step.register === 'FSTS' && alike(record, again) && alike(status, step)
    ? status : undefined;
}

export function describeStep(step: Step): string {
  const tail = step.kind !== 'write' && !step.waited ? ', no wait' : '';
  switch (step.kind) {
    case 'write': return `${step.register} <- ${hex(step.value)}${flags(step.register, step.value)}`
      + (step.times > 1 ? `, ${step.times} faults` : '');
    case 'context': {
      const { selection, domain, source, functionMask } = step;
      const mask = functionMask === 0 ? '' : ` mask ${functionMask}`;
      return `context cache ${selection === 'device' ? `${bdf(source)}${mask} did ${domain}`
        : selection === 'domain' ? `did ${domain}` : selection}${tail}`;
    }
    case 'iotlb': {
      const { selection, domain, page, order, leafOnly, drains, times } = step;
      const what = selection === 'page' ? `did ${domain} 0x${bareHex(page * 4096)}${order > 0 ? ` order ${order}` : ''}`
        : selection === 'domain' ? `did ${domain}` : selection;
      const drain = drains === 'readswrites' ? '' : drains === '' ? ', no drain' : `, drains ${drains} only`;
      return `IOTLB ${what}${leafOnly ? ' leaf only' : ''}${drain}${times > 1 ? `, ${times} times` : ''}${tail}`;
    }
    case 'entries': return `interrupt entries, by index${step.indices.length > 1 ? `, ${step.indices.length} times` : ''}${tail}`;
    case 'all-entries': return `interrupt entries, all${tail}`;
    case 'descriptor': return `descriptor ${hex(step.low)} ${hex(step.high)}${tail}`;
    default: return unreachable(step);
  }
}

function flags(register: string, value: Word64): string {
  const fields: Readonly<Record<string, Field>> = register === 'GCMD' ? GCMD : register === 'FSTS' ? FSTS : {};
  const names = Object.entries(fields).filter(([, part]) => part.highBit === part.lowBit && isSet(part, value))
    .map(([name]) => name);
  return names.length === 0 ? '' : ` ${names.join('|')}`;
}
