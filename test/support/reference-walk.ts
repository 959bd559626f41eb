/**
 * The walk of legacy mode as a reader of the specification would write it down (3.4, 3.7, 7.1.3 table 30;
 * formats of 9.1, 9.3, 9.8): slow, without caches, and without a line of the unit's code. Fields are cut
 * out of whole numbers at the bit positions of the manual.
 */
import type { Access } from '../../src/base/event.ts';

/** What the capability registers say, by the positions of 11.4.2 and 11.4.3. */
export interface ReferenceUnit {
  readonly hostAddressWidth: bigint;
  readonly guestAddressWidth: bigint;
  readonly domainIdWidth: bigint;
  readonly supportedWidths: bigint;
  readonly twoMebibytePages: boolean;
  readonly oneGibibytePages: boolean;
  readonly zeroLengthRead: boolean;
  readonly deviceTlb: boolean;
  readonly passThrough: boolean;
  readonly snoopControl: boolean;
  /** Bit 62 of a leaf is TM of older revisions and means nothing. */
  readonly leafBit62Ignored: boolean;
}

export interface Request {
  readonly source: number;
  readonly address: bigint;
  readonly access: Access;
}

/** The eight bytes at an address; undefined where nothing answers. */
export type Read = (address: bigint) => bigint | undefined;

export interface Fault {
  readonly reason: number;
  readonly faultDisabled: boolean;
}

export interface Context {
  readonly low: bigint;
  readonly high: bigint;
}

/** Where a walk stands: the table to read next, and the rights that everything above it grants. */
export interface TablePoint {
  readonly level: bigint;
  readonly table: bigint;
  readonly readable: boolean;
  readonly writable: boolean;
}

/** A page that was reached. `size` is a power of two, `target` the address that answers `address`. */
export interface Page {
  readonly target: bigint;
  readonly size: bigint;
  readonly readable: boolean;
  readonly writable: boolean;
}

export function bits(value: bigint, high: bigint, low: bigint): bigint {
  return (value / 2n ** low) % 2n ** (high - low + 1n);
}

function bit(value: bigint, position: bigint): boolean {
  return bits(value, position, position) === 1n;
}

export function describeUnit(
  capability: bigint, extended: bigint, hostAddressWidth: number, knowsTransientBit: boolean,
): ReferenceUnit {
  return {
    hostAddressWidth: BigInt(hostAddressWidth),
    guestAddressWidth: bits(capability, 21n, 16n) + 1n,
    domainIdWidth: 4n + 2n * bits(capability, 2n, 0n),
    supportedWidths: bits(capability, 12n, 8n),
    twoMebibytePages: bit(capability, 34n),
    oneGibibytePages: bit(capability, 35n),
    zeroLengthRead: bit(capability, 22n),
    deviceTlb: bit(extended, 2n),
    passThrough: bit(extended, 6n),
    snoopControl: bit(extended, 7n),
    leafBit62Ignored: knowsTransientBit && bit(extended, 2n),
  };
}

export function isFault(what: Context | Page | TablePoint | Fault): what is Fault {
  return 'reason' in what;
}

export function domainOf(context: Context): bigint {
  return bits(context.high, 23n, 8n);
}

export function faultDisabledIn(context: Context): boolean {
  return bit(context.low, 1n);
}

/** Levels of the table that AW selects: 1 is 39 bits and three levels, 2 is 48 and four, 3 is 57 and five. */
export function levelsOf(context: Context): bigint {
  return bits(context.high, 2n, 0n) + 2n;
}

export function inInterruptRange(address: bigint): boolean {
  return address >= 0xfee0_0000n && address <= 0xfeef_ffffn;
}

/** Root entry and context entry, steps 1 to 8. */
export function findContext(unit: ReferenceUnit, read: Read, rootTable: bigint, source: number): Context | Fault {
  const unqualified = (reason: number): Fault => ({ reason, faultDisabled: false });
  const bus = BigInt(Math.floor(source / 256));
  const root = { low: read(rootTable + 16n * bus), high: read(rootTable + 16n * bus + 8n) };
  if (root.low === undefined || root.high === undefined) return unqualified(0x8);
  if (!bit(root.low, 0n)) return unqualified(0x1);
  if (bits(root.low, 11n, 1n) !== 0n || bits(root.low, 63n, unit.hostAddressWidth) !== 0n || root.high !== 0n) {
    return unqualified(0xa);
  }
  const place = bits(root.low, 63n, 12n) * 4096n + 16n * BigInt(source % 256);
  const [low, high] = [read(place), read(place + 8n)];
  if (low === undefined || high === undefined) return unqualified(0x9);
  const qualified = (reason: number): Fault => ({ reason, faultDisabled: bit(low, 1n) });
  if (!bit(low, 0n)) return qualified(0x2);
  const type = bits(low, 3n, 2n);
  const pointerReserved = type !== 2n && bits(low, 63n, unit.hostAddressWidth) !== 0n;
  const domainReserved = bits(high, 23n, 8n) >= 2n ** unit.domainIdWidth;
  if (bits(low, 11n, 4n) !== 0n || pointerReserved || domainReserved || bit(high, 7n)
    || bits(high, 63n, 24n) !== 0n) return qualified(0xb);
  const widthSupported = bit(unit.supportedWidths, bits(high, 2n, 0n));
  const typeSupported = type === 0n || (type === 1n && unit.deviceTlb) || (type === 2n && unit.passThrough);
  return widthSupported && typeSupported ? { low, high } : qualified(0x3);
}

/** Steps 10 to 13: pass-through, or where the walk of the second-level table begins. */
export function enterTable(unit: ReferenceUnit, context: Context, request: Request): TablePoint | Page | Fault {
  const tooWide: Fault = { reason: 0x4, faultDisabled: faultDisabledIn(context) };
  if (bits(context.low, 3n, 2n) === 2n) {
    if (request.address >= 2n ** unit.hostAddressWidth) return tooWide;
    return { target: request.address, size: 4096n, readable: true, writable: true };
  }
  const level = levelsOf(context);
  if (request.address >= 2n ** (12n + 9n * level) || request.address >= 2n ** unit.guestAddressWidth) return tooWide;
  return { level, table: bits(context.low, 63n, 12n) * 4096n, readable: true, writable: true };
}

/** The right that the access needs and that is missing. */
export function missingRight(unit: ReferenceUnit, access: Access, rights: { readable: boolean; writable: boolean }):
  number | undefined {
  const writes = access === 'write' || access === 'atomic';
  if (writes && !rights.writable) return 0x5;
  if (access === 'write' || rights.readable) return undefined;
  if (access === 'zero-length-read' && unit.zeroLengthRead && rights.writable) return undefined;
  return 0x6;
}

/** Steps 14 to 18 for one level, and then for the next. `passed` hears of each table that is reached. */
export function walkTables(
  unit: ReferenceUnit, read: Read, context: Context, point: TablePoint, request: Request,
  passed: (below: TablePoint) => void = () => {},
): Page | Fault {
  const blocked = (reason: number): Fault => ({ reason, faultDisabled: faultDisabledIn(context) });
  const { level } = point;
  const region = 12n + 9n * (level - 1n);
  const entry = read(point.table + 8n * bits(request.address, region + 8n, region));
  if (entry === undefined) return blocked(level === levelsOf(context) ? 0x3 : 0x7);
  const readable = point.readable && bit(entry, 0n);
  const writable = point.writable && bit(entry, 1n);
  const large = (level === 2n && unit.twoMebibytePages) || (level === 3n && unit.oneGibibytePages);
  const isLeaf = level === 1n || (large && bit(entry, 7n));
  const reserved = (bit(entry, 62n) && !(isLeaf && unit.leafBit62Ignored))
    || (unit.hostAddressWidth < 52n && bits(entry, 51n, unit.hostAddressWidth) !== 0n)
    || (isLeaf ? bit(entry, 11n) && !unit.snoopControl : bit(entry, 11n) || bit(entry, 7n))
    || (isLeaf && level > 1n && bits(entry, region - 1n, 12n) !== 0n);
  const below = { level: level - 1n, table: bits(entry, 51n, 12n) * 4096n, readable, writable };
  // What may be kept of a table does not depend on the request that reached it (6.2.5).
  if (!isLeaf && !reserved && (bit(entry, 0n) || bit(entry, 1n))) passed(below);
  const missing = missingRight(unit, request.access, { readable, writable });
  if (missing !== undefined) return blocked(missing);
  if (reserved) return blocked(0xc);
  if (!isLeaf) return walkTables(unit, read, context, below, request, passed);
  const size = 2n ** region;
  const target = below.table + (request.address % size);
  return inInterruptRange(target) ? blocked(0xe) : { target, size, readable, writable };
}

/** What memory says at this instant. */
export function referenceWalk(unit: ReferenceUnit, read: Read, rootTable: bigint, request: Request): Page | Fault {
  const context = findContext(unit, read, rootTable, request.source);
  if (isFault(context)) return context;
  const start = enterTable(unit, context, request);
  if (isFault(start)) return start;
  return 'level' in start ? walkTables(unit, read, context, start, request) : start;
}

/** The blocked or translated request as one line, with whether a fault record must tell of it (7.1.1). */
export function outcomeText(what: Page | Fault): string {
  if (!isFault(what)) return `to 0x${what.target.toString(16)}`;
  const unqualified = [0x1, 0x8, 0x9, 0xa, 0x30].includes(what.reason);
  const hidden = what.faultDisabled && !unqualified;
  return `blocked 0x${what.reason.toString(16)}${hidden ? ' unrecorded' : ''}`;
}
