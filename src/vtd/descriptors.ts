/**
 * Invalidation descriptors of 128 bits: formats, and what makes a unit refuse one (specification
 * 6.5.2.1 to 6.5.2.9). Everything that is not a field is reserved.
 */
import { unreachable } from '../base/assert.ts';
import {
  bit, domainIdOf, field, frameAt, get, isSet, isZero, maskOf, overlaps, sourceIdOf, toNumber, without,
  type Field, type Word64,
} from '../base/word.ts';
import type { Capability } from './capability.ts';
import type { DepartureName } from './departures.ts';
import {
  describeContextInvalidation, describeIotlbInvalidation, drainAsked, type ContextInvalidation,
  type IotlbInvalidation,
} from './invalidation.ts';

const TYPE_LOW = field(3, 0);
const TYPE_HIGH = field(11, 9);
const GRANULARITY = field(5, 4);
const typeOfWait = 5;

const CONTEXT_CACHE = { DID: field(31, 16), SID: field(47, 32), FM: field(49, 48) } as const;
const IOTLB_FLUSH = {
  DW: bit(6), DR: bit(7), DID: field(31, 16), AM: field(5, 0), IH: bit(6), ADDR: field(63, 12),
} as const;
const ENTRY_CACHE = { G: bit(4), IM: field(31, 27), IIDX: field(47, 32) } as const;
const DEVICE_TLB = {
  MIP: field(20, 16), SID: field(47, 32), PFSID_LOW: field(15, 12), PFSID_HIGH: field(63, 52), S: bit(0),
  ADDR: field(63, 12),
} as const;
const WAIT = {
  IF: bit(4), SW: bit(5), FN: bit(6), DATA: field(63, 32),
  // No host address has more than 52 bits; what is above the host's width is ignored.
  ADDR: field(51, 2), ADDR_IGNORED: field(63, 52),
} as const;

/** Why a descriptor was refused, by the number that IQERCD.IQEI holds (11.4.9.9). */
export const QUEUE_ERROR = {
  invalidTail: 1, fetch: 2, invalidType: 3, reservedField: 4, invalidWidth: 5,
  // No condition of the specification: only a unit that departs stops there, and has no such code.
  statusWrite: 0,
} as const;
export type QueueErrorName = keyof typeof QUEUE_ERROR;

export type Descriptor =
  | { readonly kind: 'context'; readonly command: ContextInvalidation }
  | { readonly kind: 'iotlb'; readonly command: IotlbInvalidation; readonly drains: boolean }
  | { readonly kind: 'interrupt-entry';
      readonly selected: { readonly index: number; readonly order: number } | null }
  /** Accepted, but what it is about is not modelled. */
  | { readonly kind: 'other'; readonly what: string }
  | { readonly kind: 'wait'; readonly status: StatusWrite | null; readonly interrupt: boolean };

/** What a wait writes, and where. */
export interface StatusWrite {
  readonly data: number;
  /** Within the host's address width. */
  readonly address: number;
  /** Whether that is the whole of what the descriptor holds. */
  readonly isExact: boolean;
}

export const queueErrorTexts: Record<QueueErrorName, string> = {
  invalidTail: 'the tail is beyond the end of the queue',
  fetch: 'the descriptor cannot be read',
  invalidType: 'the descriptor has a type or granularity that the unit does not have',
  reservedField: 'a reserved field of the descriptor is not zero',
  invalidWidth: '256-bit descriptors without scalable mode',
  statusWrite: 'nothing answers at the status address of the wait',
};

export function describeDescriptor(descriptor: Descriptor): string {
  switch (descriptor.kind) {
    case 'context': return `context-cache invalidation ${describeContextInvalidation(descriptor.command)}`;
    case 'iotlb': return `IOTLB invalidation ${describeIotlbInvalidation(descriptor.command)}`;
    case 'interrupt-entry': return 'interrupt-entry-cache invalidation '
      + (descriptor.selected === null ? 'global' : `index ${descriptor.selected.index}`);
    case 'other': return `${descriptor.what} invalidation`;
    case 'wait': return 'wait';
    default: return unreachable(descriptor);
  }
}

/** Types of which a unit that takes unsupported descriptors reads bits 3:0 and no more. */
const typesTakenBlindly: readonly number[] = [4, 6, 7];

const allBits = maskOf(field(63, 32), field(31, 0));

/** All bits but those of the given fields. */
function allBut(...allowed: readonly Field[]): Word64 {
  return without(allBits, maskOf(...allowed));
}

/** What must be zero in each descriptor's two words, worked out once. */
const reserved = {
  context: allBut(TYPE_LOW, GRANULARITY, CONTEXT_CACHE.DID, CONTEXT_CACHE.SID, CONTEXT_CACHE.FM),
  iotlb: allBut(TYPE_LOW, GRANULARITY, IOTLB_FLUSH.DW, IOTLB_FLUSH.DR, IOTLB_FLUSH.DID),
  iotlbUpper: allBut(IOTLB_FLUSH.AM, IOTLB_FLUSH.IH, IOTLB_FLUSH.ADDR),
  deviceTlb: allBut(TYPE_LOW, DEVICE_TLB.MIP, DEVICE_TLB.SID),
  deviceTlbOfFunction: allBut(
    TYPE_LOW, DEVICE_TLB.MIP, DEVICE_TLB.SID, DEVICE_TLB.PFSID_LOW, DEVICE_TLB.PFSID_HIGH),
  deviceTlbUpper: allBut(DEVICE_TLB.S, DEVICE_TLB.ADDR),
  entryCache: allBut(TYPE_LOW, ENTRY_CACHE.G, ENTRY_CACHE.IM, ENTRY_CACHE.IIDX),
  wait: allBut(TYPE_LOW, WAIT.IF, WAIT.SW, WAIT.FN, WAIT.DATA),
  waitUpper: allBut(WAIT.ADDR, WAIT.ADDR_IGNORED),
} as const;

/** Whether it is a wait by its type, however bad the rest is. */
export function isWait(low: Word64): boolean {
  return get(TYPE_LOW, low) === typeOfWait;
}

/** What decoding needs to know of its unit. */
interface DecodingUnit {
  readonly capability: Capability;
  departs(name: DepartureName): boolean;
}

/** A descriptor taken apart, or why it is refused (6.5.2.1 to 6.5.2.9). */
export function decodeDescriptor(
  unit: DecodingUnit, low: Word64, high: Word64,
): Descriptor | QueueErrorName {
  const { capability } = unit;
  const takesAll = unit.departs('unsupported-descriptors-accepted');
  if (isSet(TYPE_HIGH, low) && !(takesAll && typesTakenBlindly.includes(get(TYPE_LOW, low)))) return 'invalidType';
  switch (get(TYPE_LOW, low)) {
    case 1: return decodeContext(low, high);
    case 2: return decodeIotlb(capability, low, high);
    case 3: return capability.deviceTlb || takesAll ? decodeDeviceTlb(capability, low, high) : 'invalidType';
    case 4:
      if (!capability.interruptRemapping && !takesAll) return 'invalidType';
      return decodeInterruptEntry(low, high, takesAll);
    case typeOfWait: {
      const wait = decodeWait(capability, low, high);
      const idle = typeof wait === 'object' && wait.kind === 'wait' && wait.status === null
        && !wait.interrupt;
      return idle && unit.departs('idle-wait-refused') ? 'reservedField' : wait;
    }
    case 6: return takesAll ? { kind: 'other', what: 'PASID-based IOTLB' } : 'invalidType';
    case 7: return takesAll ? { kind: 'other', what: 'PASID cache' } : 'invalidType';
    default: return 'invalidType';
  }
}

function decodeContext(low: Word64, high: Word64): Descriptor | QueueErrorName {
  const { DID, SID, FM } = CONTEXT_CACHE;
  if (overlaps(low, reserved.context) || !isZero(high)) return 'reservedField';
  const domain = domainIdOf(get(DID, low));
  switch (get(GRANULARITY, low)) {
    case 1: return { kind: 'context', command: { granularity: 'global' } };
    case 2: return { kind: 'context', command: { granularity: 'domain', domain } };
    case 3: return {
      kind: 'context',
      command: {
        granularity: 'device', domain, source: sourceIdOf(get(SID, low)), functionMask: get(FM, low),
      },
    };
    default: return 'invalidType';
  }
}

function decodeIotlb(capability: Capability, low: Word64, high: Word64): Descriptor | QueueErrorName {
  const { DW, DR, DID, AM, IH, ADDR } = IOTLB_FLUSH;
  if (overlaps(low, reserved.iotlb) || overlaps(high, reserved.iotlbUpper)) return 'reservedField';
  const domain = domainIdOf(get(DID, low));
  const drains = drainAsked(capability, isSet(DW, low), isSet(DR, low));
  switch (get(GRANULARITY, low)) {
    case 1: return { kind: 'iotlb', command: { granularity: 'global' }, drains };
    case 2: return { kind: 'iotlb', command: { granularity: 'domain', domain }, drains };
    case 3: {
      if (!capability.pageSelective) return 'invalidType';
      const order = get(AM, high);
      if (order > capability.maximumAddressMask) return 'reservedField';
      const frame = frameAt(get(ADDR, high));
      return { kind: 'iotlb', command: { granularity: 'page', domain, frame, order, leafOnly: isSet(IH, high) }, drains };
    }
    default: return 'invalidType';
  }
}

function decodeDeviceTlb(capability: Capability, low: Word64, high: Word64): Descriptor | QueueErrorName {
  const others = capability.deviceTlbThrottle ? reserved.deviceTlbOfFunction : reserved.deviceTlb;
  if (overlaps(low, others) || overlaps(high, reserved.deviceTlbUpper)) return 'reservedField';
  return { kind: 'other', what: 'device-TLB' };
}

function decodeInterruptEntry(low: Word64, high: Word64, blindly: boolean): Descriptor | QueueErrorName {
  const { G, IM, IIDX } = ENTRY_CACHE;
  if (!blindly && (overlaps(low, reserved.entryCache) || !isZero(high))) return 'reservedField';
  const selected = isSet(G, low) ? { index: get(IIDX, low), order: get(IM, low) } : null;
  return { kind: 'interrupt-entry', selected };
}

function decodeWait(capability: Capability, low: Word64, high: Word64): Descriptor | QueueErrorName {
  const { IF, SW, DATA } = WAIT;
  if (overlaps(low, reserved.wait) || overlaps(high, reserved.waitUpper)) return 'reservedField';
  const aboveHostWidth = maskOf(field(63, capability.hostAddressWidth));
  const status = {
    data: get(DATA, low), address: toNumber(without(high, aboveHostWidth)),
    isExact: !overlaps(high, aboveHostWidth),
  };
  return { kind: 'wait', status: isSet(SW, low) ? status : null, interrupt: isSet(IF, low) };
}
