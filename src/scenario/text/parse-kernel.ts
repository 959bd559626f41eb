/** The two blocks of a scenario's text that say what a kernel does: crashed and capture. */

import type { Cursor, Located } from './cursor.ts';
import { limits } from '../limits.ts';
import { parseBlock } from './parse-block.ts';
import type { StatementRule } from './parse-block.ts';
import { parseRestOfHeader, placeValue } from './parse-machine.ts';
import type { ParsedBlock } from './parse-machine.ts';
import { readAddress, readDuration, readPeriod, readSize } from '../quantities.ts';
import { imageRelease } from '../scenario.ts';
import type {
  CaptureStatement, ConfigWord, CrashedStatement, DataDirection, DmaEnd, KernelDescription, ProbeOrder, ProbeStatement,
  SubmitStatement,
} from '../scenario.ts';
import { probeOrders } from '../scenario.ts';
import type { Span } from '../span.ts';
import { readInteger, readName, readWord } from '../values.ts';

export const directions: readonly DataDirection[] = ['to-device', 'from-device', 'bidirectional'];
export const accesses: readonly ('read' | 'write')[] = ['read', 'write'];

export function parseCrashed(
  cursor: Cursor,
  header: Span,
): ParsedBlock<KernelDescription<CrashedStatement>> {
  return parseKernel(cursor, 'crashed', header, new Map<string, StatementParser<CrashedStatement>>([
    ['map', parseMap], ['unmap', parseUnmap], ['buffer', parseBuffer], ['dma', parseDma],
    ['probe', parseProbe], ['submit', parseSubmit], ['wait', parseWait], ['panic', () => ({ kind: 'panic' })],
  ]));
}

export function parseCapture(
  cursor: Cursor,
  header: Span,
): ParsedBlock<KernelDescription<CaptureStatement>> {
  return parseKernel(cursor, 'capture', header, new Map<string, StatementParser<CaptureStatement>>([
    ['wait', parseWait], ['probe', parseProbe], ['submit', parseSubmit],
  ]));
}

type StatementParser<Statement> = (cursor: Cursor) => Statement | null;

function parseKernel<Statement extends object>(
  cursor: Cursor,
  block: 'crashed' | 'capture',
  header: Span,
  parsers: ReadonlyMap<string, StatementParser<Statement>>,
): ParsedBlock<KernelDescription<Statement>> {
  const release = cursor.value('the name of a kernel release', readName);
  const isImage = block === 'crashed' && release?.value === imageRelease;
  const imageFile = isImage ? cursor.text('the name of an image', false) : null;
  const headed = parseRestOfHeader(cursor, release !== null && (!isImage || imageFile !== null));
  const headerSpan = cursor.since(header);
  const fields: { commandLine: Located<string> | null } = { commandLine: null };
  const config: ConfigWord[] = [];
  const statements: Statement[] = [];
  const rules = new Map<string, StatementRule>([
    ['command-line', { occurs: 'at most once', parse: () => {
      fields.commandLine = cursor.text('a command line', true);
      return fields.commandLine !== null;
    } }],
    ['config', { occurs: 'repeatedly', parse: (keyword) => {
      const word = cursor.value('an option of the build', readName);
      if (word === null) return false;
      const node = { word: word.value };
      config.push(cursor.spans.place(node, cursor.since(keyword)));
      cursor.spans.placeProperty(node, 'word', word.span);
      return true;
    } }],
  ]);
  for (const [word, parser] of parsers) {
    // `panic` may stand once, but the check that counts it knows how to say so.
    rules.set(word, { occurs: 'repeatedly', parse: (keyword) => {
      const statement = parser(cursor);
      if (statement !== null) statements.push(cursor.spans.place(statement, cursor.since(keyword)));
      return statement !== null;
    } });
  }
  const whole = parseBlock(cursor, block, headerSpan, rules);
  const node = {
    release: release?.value ?? '', imageFile: imageFile?.value ?? null, commandLine: fields.commandLine?.value ?? '', config,
    statements,
  };
  cursor.spans.place(node, headerSpan);
  placeValue(cursor, node, 'release', release);
  placeValue(cursor, node, 'imageFile', imageFile);
  placeValue(cursor, node, 'commandLine', fields.commandLine);
  return { node, whole: whole && headed };
}

function parseMap(cursor: Cursor): CrashedStatement | null {
  const buffer = cursor.value('the name of a buffer', readName);
  const bytes = buffer === null ? null : cursor.value('a size', readSize);
  const direction = bytes === null
    ? null : cursor.value('a direction', (text) => readWord(text, directions));
  if (buffer === null || bytes === null || direction === null) return null;
  if (!cursor.expectWord('on')) return null;
  const device = cursor.value('the name of a device', readName);
  if (device === null) return null;
  const node = {
    kind: 'map' as const, buffer: buffer.value, bytes: bytes.value, direction: direction.value,
    device: device.value,
  };
  placeValue(cursor, node, 'buffer', buffer);
  placeValue(cursor, node, 'bytes', bytes);
  placeValue(cursor, node, 'device', device);
  return node;
}

function parseUnmap(cursor: Cursor): CrashedStatement | null {
  const buffer = cursor.value('the name of a buffer', readName);
  if (buffer === null) return null;
  const node = { kind: 'unmap' as const, buffer: buffer.value };
  placeValue(cursor, node, 'buffer', buffer);
  return node;
}

function parseBuffer(cursor: Cursor): CrashedStatement | null {
  const buffer = cursor.value('the name of a buffer', readName);
  const address = buffer === null ? null : cursor.value('an address', readAddress);
  const bytes = address === null ? null : cursor.value('a size', readSize);
  if (buffer === null || address === null || bytes === null || !cursor.expectWord('on')) return null;
  const device = cursor.value('the name of a device', readName);
  if (device === null) return null;
  const node = {
    kind: 'buffer' as const, buffer: buffer.value, address: address.value, bytes: bytes.value,
    device: device.value,
  };
  placeValue(cursor, node, 'buffer', buffer);
  placeValue(cursor, node, 'bytes', bytes);
  placeValue(cursor, node, 'device', device);
  return node;
}

function parseDma(cursor: Cursor): CrashedStatement | null {
  const access = cursor.value('`read` or `write`', (text) => readWord(text, accesses));
  const buffer = access === null ? null : cursor.value('the name of a buffer', readName);
  if (access === null || buffer === null || !cursor.expectWord('every')) return null;
  const period = cursor.value('a duration', readPeriod);
  const until = period === null ? null : parseDmaEnd(cursor);
  if (period === null || until === null) return null;
  const node = {
    kind: 'dma' as const, access: access.value, buffer: buffer.value, periodNs: period.value, until,
  };
  placeValue(cursor, node, 'buffer', buffer);
  placeValue(cursor, node, 'periodNs', period);
  return node;
}

/** Nothing at all means `until reset`. */
function parseDmaEnd(cursor: Cursor): DmaEnd | null {
  if (cursor.takeWord('times') !== null) {
    const count = cursor.value('a count', readCount);
    return count === null ? null : { kind: 'count', count: count.value };
  }
  if (cursor.takeWord('until') === null) return { kind: 'reset' };
  const end = cursor.value('`reset` or `panic`', (text) => readWord(text, dmaEnds));
  if (end === null) return null;
  if (end.value === 'reset') return { kind: 'reset' };
  if (cursor.peek().kind !== 'plus') return { kind: 'panic', afterNs: 0 };
  cursor.next();
  const after = cursor.value('a duration', readDuration);
  return after === null ? null : { kind: 'panic', afterNs: after.value };
}

const dmaEnds: readonly ('reset' | 'panic')[] = ['reset', 'panic'];

function readCount(text: string): ReturnType<typeof readInteger> {
  return readInteger(text, 'the count', 1, limits.dmaCount);
}

function parseWait(
  cursor: Cursor,
): { readonly kind: 'wait'; readonly durationNs: number } | null {
  const duration = cursor.value('a duration', readDuration);
  return duration === null ? null : { kind: 'wait', durationNs: duration.value };
}

/** `probe DEVICE`, then in any order and each at most once `dma-mask BITS` and `order ORDER`. */
function parseProbe(cursor: Cursor): ProbeStatement | null {
  const device = cursor.value('the name of a device', readName);
  if (device === null) return null;
  let mask: Located<number> | null = null;
  let order: ProbeOrder | null = null;
  for (;;) {
    if (mask === null && cursor.takeWord('dma-mask') !== null) {
      mask = cursor.value('a number of bits', readMaskBits);
      if (mask === null) return null;
    } else if (order === null && cursor.takeWord('order') !== null) {
      order = cursor.value('the order of a probe', (text) => readWord(text, probeOrders))?.value ?? null;
      if (order === null) return null;
    } else {
      break;
    }
  }
  const node = {
    kind: 'probe' as const, device: device.value, dmaMaskBits: mask?.value ?? null, order: order ?? 'as-written',
  };
  placeValue(cursor, node, 'device', device);
  return node;
}

function readMaskBits(text: string): ReturnType<typeof readInteger> {
  const { lowest, highest } = limits.dmaMaskBits;
  return readInteger(text, 'the DMA mask', lowest, highest);
}

function parseSubmit(cursor: Cursor): SubmitStatement | null {
  const access = cursor.value('`read` or `write`', (text) => readWord(text, accesses));
  const bytes = access === null ? null : cursor.value('a size', readSize);
  if (access === null || bytes === null || !cursor.expectWord('on')) return null;
  const device = cursor.value('the name of a device', readName);
  if (device === null) return null;
  let count = 1;
  if (cursor.takeWord('times') !== null) {
    const times = cursor.value('a count', readRequestCount);
    if (times === null) return null;
    count = times.value;
  }
  const node = { kind: 'submit' as const, access: access.value, bytes: bytes.value, device: device.value, count };
  placeValue(cursor, node, 'bytes', bytes);
  placeValue(cursor, node, 'device', device);
  return node;
}

function readRequestCount(text: string): ReturnType<typeof readInteger> {
  return readInteger(text, 'the count', 1, limits.requests);
}
