/**
 * What the unit saw, one JSON array a line: `[seconds after the crash, kind, …]`. Kinds that nothing here
 * asks for are passed over.
 */
import { Malformed, countAt, listAt, parsedJson, textAt, wordAt } from '../../base/checked-json.ts';
import { sourceIdOf, wordOf, type SourceId, type Word64 } from '../../base/word.ts';
import { CaptureFault } from './problem.ts';

export type RecordedOperation = { readonly seconds: number } & (
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: 4 | 8; readonly value: Word64 }
  | { readonly kind: 'descriptor'; readonly low: Word64; readonly high: Word64 }
  | { readonly kind: 'context-fill'; readonly source: SourceId; readonly low: Word64; readonly high: Word64 }
  | { readonly kind: 'translation'; readonly source: SourceId; readonly address: Word64; readonly domain: number }
  | { readonly kind: 'fault'; readonly source: SourceId; readonly reason: number; readonly address: Word64 }
  | { readonly kind: 'mark'; readonly text: string });

const operationLimit = 2_000_000;
const registerEnd = 0x1000;

export function readOperations(file: string, text: string): readonly RecordedOperation[] {
  const lines = text.split('\n', operationLimit + 1);
  if (lines.length > operationLimit) throw new CaptureFault(file, null, `has more than ${operationLimit} lines`);
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    try {
      const operation = readOperation(listAt(parsedJson(line), 'the line'));
      return operation === undefined ? [] : [operation];
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      throw new CaptureFault(file, index + 1, error.message);
    }
  });
}

function readOperation(parts: readonly unknown[]): RecordedOperation | undefined {
  const [seconds, kind, first, second, third, fourth] = parts;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) throw new Malformed('the time is not a number');
  switch (textAt(kind, 16, 'the kind')) {
    case 'w': {
      const bytes = second === 4 || second === 8 ? second : undefined;
      const offset = countAt(first, registerEnd - 4, 'the offset');
      if (bytes === undefined || offset % 4 !== 0) throw new Malformed('the write is not of an aligned dword or qword');
      return { seconds, kind: 'write', offset, bytes, value: numberOrWord(third, 'the value') };
    }
    case 'd': return { seconds, kind: 'descriptor', low: wordAt(first, 'the low half'), high: wordAt(second, 'the high half') };
    case 'c': return {
      seconds, kind: 'context-fill', source: sourceAt(first), low: wordAt(second, 'the low half'),
      high: wordAt(third, 'the high half'),
    };
    case 'x': return {
      seconds, kind: 'translation', source: sourceAt(first), address: wordAt(second, 'the address'),
      domain: countAt(fourth, 0xffff, 'the domain id'),
    };
    case 'f': return {
      seconds, kind: 'fault', source: sourceAt(first), reason: countAt(second, 0xff, 'the reason'),
      address: wordAt(third, 'the address'),
    };
    case 'm': return { seconds, kind: 'mark', text: textAt(first, 4096, 'the mark') };
    default: return undefined;
  }
}

/** Values below 2^53 stand as numbers, larger ones in hexadecimal. */
function numberOrWord(value: unknown, where: string): Word64 {
  return typeof value === 'number' ? wordOf(countAt(value, Number.MAX_SAFE_INTEGER, where)) : wordAt(value, where);
}

function sourceAt(value: unknown): SourceId {
  const match = /^([0-9a-f]{2}):([01][0-9a-f])\.([0-7])$/i.exec(textAt(value, 7, 'the source'));
  if (match === null) throw new Malformed('the source is not bus:device.function');
  return sourceIdOf(parseInt(match[1] ?? '', 16) * 256 + parseInt(match[2] ?? '', 16) * 8 + Number(match[3]));
}
