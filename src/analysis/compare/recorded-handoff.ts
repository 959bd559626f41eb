/** The part of a capture that is compared: from the capture kernel's start to its drivers' first reads. */
import { field, get, sourceIdNumber, sourceIdOf, type SourceId, type Word64 } from '../../base/word.ts';
import type { Capture } from '../capture/capture.ts';
import type { RecordedOperation } from '../capture/operations.ts';
import { contextsOf } from '../image/image-tables.ts';
import type { RawOperation } from './step.ts';

/** A device that went on with what the crashed kernel had given it when the caches were empty again. */
export interface InFlight {
  readonly source: SourceId;
  /** Page numbers, as the device used them. */
  readonly pages: readonly number[];
}

export interface RecordedHandoff {
  readonly operations: readonly RawOperation[];
  readonly inFlight: readonly InFlight[];
  /** Devices in the order in which the capture kernel's drivers took them over. */
  readonly takenOver: readonly SourceId[];
  /** What was heard last. */
  readonly end: string;
}

const startMark = /^--- kernel 2\b|Linux version/;
/** What user space says when a driver works, or when there is nothing to read. */
const endMark = /RIG\[kdump\] (\S+ first read done|\S+ up, carrier|no disk\b)/;
const laterEnds = [/RIG\[kdump\] read done/, /RIG\[kdump\] checkpoint readdone/, /RIG\[kdump\] poweroff/];
/** How many pages of a device are gone on with: as many as a device of the model has outstanding. */
const pagesMost = 16;

const ROOT_TABLE_ADDRESS = 0x20;
const TABLE_MODE = field(11, 10);
const PAGE_NUMBER = field(63, 12);
const DESCRIPTOR = { type: field(3, 0), granularity: field(5, 4), source: field(47, 32) } as const;
const contextDevice = { type: 1, granularity: 3 } as const;

export function recordedHandoff(capture: Capture): RecordedHandoff {
  const { operations } = capture;
  const marked = operations.findIndex((operation) =>
    operation.seconds >= 0 && operation.kind === 'mark' && startMark.test(operation.text));
  const first = marked >= 0 ? marked : operations.findIndex(({ seconds }) => seconds >= 0);
  const after = first < 0 ? [] : operations.slice(first);
  const { index, text } = endOf(after);
  const seen = after.slice(0, index);
  return { operations: seen.filter(isRaw), inFlight: inFlightOf(seen, capture), takenOver: takenOver(seen, capture), end: text };
}

function endOf(operations: readonly RecordedOperation[]): { readonly index: number; readonly text: string } {
  const marks = operations.flatMap((operation, index) =>
    (operation.kind === 'mark' ? [{ index, text: operation.text }] : []));
  for (const pattern of [endMark, ...laterEnds]) {
    const last = marks.filter(({ text }) => pattern.test(text)).at(-1);
    if (last !== undefined) return last;
  }
  return { index: operations.length, text: 'the end of the recording' };
}

function isRaw(operation: RecordedOperation): operation is RecordedOperation & RawOperation {
  return operation.kind === 'write' || operation.kind === 'descriptor';
}

/** Whether the unit was ever told to use tables of scalable mode. */
export function usesScalableMode({ operations, image }: Capture): boolean {
  const written = operations.flatMap((operation) =>
    (operation.kind === 'write' && operation.offset === ROOT_TABLE_ADDRESS ? [operation.value] : []));
  const found: Word64 = image.registers.get('RTADDR') ?? { low: 0, high: 0 };
  return [...written, found].some((value) => get(TABLE_MODE, value) !== 0);
}

/** The source that a device-selective invalidation of the context cache names. */
function flushedSource(operation: RecordedOperation): SourceId | undefined {
  if (operation.kind !== 'descriptor') return undefined;
  const { low } = operation;
  return get(DESCRIPTOR.type, low) === contextDevice.type && get(DESCRIPTOR.granularity, low) === contextDevice.granularity
    ? sourceIdOf(get(DESCRIPTOR.source, low)) : undefined;
}

/** After the global flush: the caches were filled again from the copied entries, until the driver came. */
function inFlightOf(operations: readonly RecordedOperation[], { image, machine }: Capture): readonly InFlight[] {
  const root = operations.findLastIndex((operation) =>
    operation.kind === 'write' && operation.offset === ROOT_TABLE_ADDRESS);
  const after = operations.slice(root + 1);
  const known = new Set(machine.devices.map(({ source }) => sourceIdNumber(source)));
  return contextsOf(image).filter(({ source }) => known.has(sourceIdNumber(source))).flatMap(({ source, domain }) => {
    const end = after.findIndex((operation) => flushedSource(operation) === source);
    const before = end < 0 ? after : after.slice(0, end);
    const pages = new Set(before.flatMap((operation) =>
      (operation.kind === 'translation' && operation.source === source && operation.domain === domain
        ? [get(PAGE_NUMBER, operation.address)] : [])));
    return pages.size === 0 ? []
      : [{ source, pages: [...pages].sort((left, right) => left - right).slice(0, pagesMost) }];
  });
}

const mappedLine = /DMAR: Set context mapping for ([0-9a-f]{2}):([01][0-9a-f])\.([0-7])$/;
const driverLine = /^(?:nvme|ahci|e1000e)\b.*\b0000:([0-9a-f]{2}):([01][0-9a-f])\.([0-7])\b/;

/** Those whose entries were replaced, in that order, and then those whose drivers are heard of. */
function takenOver(operations: readonly RecordedOperation[], { consoles, machine }: Capture): readonly SourceId[] {
  const known = new Set(machine.devices.map(({ source }) => sourceIdNumber(source)));
  const flushed = operations.flatMap((operation) => flushedSource(operation) ?? []);
  const named = (pattern: RegExp): readonly SourceId[] => consoles.captureSerial.flatMap((line) => {
    const match = pattern.exec(line);
    if (match === null) return [];
    const [bus = 0, device = 0, number = 0] = match.slice(1).map((digits) => Number.parseInt(digits, 16));
    return [sourceIdOf(bus * 256 + device * 8 + number)];
  });
  const all = [...flushed, ...named(mappedLine), ...named(driverLine)];
  return [...new Map(all.map((source) => [sourceIdNumber(source), source])).values()]
    .filter((source) => known.has(sourceIdNumber(source)));
}
