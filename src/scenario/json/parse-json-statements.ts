/** The statements of both kernels, from JSON. */

import { JsonShape, shapeOf } from './json-shape.ts';
import type { JsonContext } from './json-shape.ts';
import type { JsonValue } from './json-value.ts';
import { limits } from '../limits.ts';
import { accesses, directions } from '../text/parse-kernel.ts';
import { checkDuration, checkPositive, checkSize, readAddress } from '../quantities.ts';
import type {
  CaptureStatement, CrashedStatement, DmaEnd, ProbeStatement, SubmitStatement,
} from '../scenario.ts';
import { probeOrders } from '../scenario.ts';
import { checkInteger, readName, readWord } from '../values.ts';
import type { Reading } from '../values.ts';

const crashedKeys = {
  map: ['kind', 'buffer', 'bytes', 'direction', 'device'],
  unmap: ['kind', 'buffer'],
  buffer: ['kind', 'buffer', 'address', 'bytes', 'device'],
  dma: ['kind', 'access', 'buffer', 'periodNs', 'until'],
  wait: ['kind', 'durationNs'],
  probe: ['kind', 'device', 'dmaMaskBits', 'order'],
  submit: ['kind', 'access', 'bytes', 'device', 'count'],
  panic: ['kind'],
} as const satisfies Record<CrashedStatement['kind'], readonly string[]>;

const captureKeys = {
  wait: ['kind', 'durationNs'],
  probe: ['kind', 'device', 'dmaMaskBits', 'order'],
  submit: ['kind', 'access', 'bytes', 'device', 'count'],
} as const satisfies Record<CaptureStatement['kind'], readonly string[]>;

const endKeys = {
  reset: ['kind'],
  panic: ['kind', 'afterNs'],
  count: ['kind', 'count'],
} as const satisfies Record<DmaEnd['kind'], readonly string[]>;

interface Kinded<Kind> {
  readonly kind: Kind;
  readonly shape: JsonShape;
}

/** An object whose `kind` says which keys it has. */
export function kindedShape<Kind extends string>(
  context: JsonContext,
  json: JsonValue,
  what: string,
  keysOf: Readonly<Record<Kind, readonly string[]>>,
): Kinded<Kind> | null {
  const kinds = Object.keys(keysOf) as Kind[];
  const kind = json.kind !== 'object' ? null
    : new JsonShape(context, json, what).string('kind', (text) => readWord(text, kinds));
  // Without a kind, a key of any kind may be right.
  const keys = kind === null ? kinds.flatMap((each) => keysOf[each]) : keysOf[kind.value];
  const name = kind === null ? what : `${what} \`${kind.value}\``;
  const shape = shapeOf(context, json, name, keys);
  return shape === null || kind === null ? null : { kind: kind.value, shape };
}

export function readCrashedStatement(
  context: JsonContext,
  json: JsonValue,
): CrashedStatement | null {
  const kinded = kindedShape(context, json, 'the statement', crashedKeys);
  if (kinded === null) return null;
  const { kind, shape } = kinded;
  switch (kind) {
    case 'map': return readMap(shape);
    case 'unmap': {
      const buffer = shape.string('buffer', readName);
      return buffer === null ? null : shape.place({ kind, buffer: buffer.value });
    }
    case 'buffer': return readBuffer(shape);
    case 'dma': return readDma(context, shape);
    case 'wait': return readWait(shape);
    case 'probe': return readProbe(shape);
    case 'submit': return readSubmit(shape);
    case 'panic': return shape.place({ kind });
  }
}

export function readCaptureStatement(
  context: JsonContext,
  json: JsonValue,
): CaptureStatement | null {
  const kinded = kindedShape(context, json, 'the statement', captureKeys);
  if (kinded === null) return null;
  const { kind, shape } = kinded;
  switch (kind) {
    case 'wait': return readWait(shape);
    case 'probe': return readProbe(shape);
    case 'submit': return readSubmit(shape);
  }
}

function readProbe(shape: JsonShape): ProbeStatement | null {
  const { lowest, highest } = limits.dmaMaskBits;
  const device = shape.string('device', readName);
  const asDriver = shape.isNull('dmaMaskBits');
  const bits = asDriver ? null : shape.number('dmaMaskBits', (value) =>
    checkInteger(value, 'the DMA mask', lowest, highest));
  const order = shape.string('order', (text) => readWord(text, probeOrders));
  if (device === null || order === null || (bits === null && !asDriver)) return null;
  return shape.place({
    kind: 'probe', device: device.value, dmaMaskBits: bits?.value ?? null, order: order.value,
  });
}

function readSubmit(shape: JsonShape): SubmitStatement | null {
  const access = shape.string('access', (text) => readWord(text, accesses));
  const bytes = shape.number('bytes', checkSize);
  const device = shape.string('device', readName);
  const count = shape.number('count', (value) => checkInteger(value, 'the count', 1, limits.requests));
  if (access === null || bytes === null || device === null || count === null) return null;
  return shape.place({
    kind: 'submit', access: access.value, bytes: bytes.value, device: device.value, count: count.value,
  });
}

function readMap(shape: JsonShape): CrashedStatement | null {
  const buffer = shape.string('buffer', readName);
  const bytes = shape.number('bytes', checkSize);
  const direction = shape.string('direction', (text) => readWord(text, directions));
  const device = shape.string('device', readName);
  if (buffer === null || bytes === null || direction === null || device === null) return null;
  return shape.place({
    kind: 'map', buffer: buffer.value, bytes: bytes.value, direction: direction.value,
    device: device.value,
  });
}

function readBuffer(shape: JsonShape): CrashedStatement | null {
  const buffer = shape.string('buffer', readName);
  const address = shape.string('address', readAddress);
  const bytes = shape.number('bytes', checkSize);
  const device = shape.string('device', readName);
  if (buffer === null || address === null || bytes === null || device === null) return null;
  return shape.place({
    kind: 'buffer', buffer: buffer.value, address: address.value, bytes: bytes.value,
    device: device.value,
  });
}

function readDma(context: JsonContext, shape: JsonShape): CrashedStatement | null {
  const access = shape.string('access', (text) => readWord(text, accesses));
  const buffer = shape.string('buffer', readName);
  const period = shape.number('periodNs', readPeriodNs);
  const untilJson = shape.member('until');
  const until = untilJson === null ? null : readDmaEnd(context, untilJson);
  if (access === null || buffer === null || period === null || until === null) return null;
  return shape.place({
    kind: 'dma', access: access.value, buffer: buffer.value, periodNs: period.value, until,
  });
}

function readDmaEnd(context: JsonContext, json: JsonValue): DmaEnd | null {
  const kinded = kindedShape(context, json, 'the end', endKeys);
  if (kinded === null) return null;
  const { kind, shape } = kinded;
  switch (kind) {
    case 'reset': return shape.place({ kind });
    case 'panic': {
      const after = shape.number('afterNs', readDurationNs);
      return after === null ? null : shape.place({ kind, afterNs: after.value });
    }
    case 'count': {
      const count = shape.number('count', (value) =>
        checkInteger(value, 'the count', 1, limits.dmaCount));
      return count === null ? null : shape.place({ kind, count: count.value });
    }
  }
}

function readWait(
  shape: JsonShape,
): { readonly kind: 'wait'; readonly durationNs: number } | null {
  const duration = shape.number('durationNs', readDurationNs);
  return duration === null ? null : shape.place({ kind: 'wait', durationNs: duration.value });
}

export function readDurationNs(value: number): Reading<number> {
  return checkDuration(value, `${value} ns`);
}

export function readPeriodNs(value: number): Reading<number> {
  const duration = readDurationNs(value);
  return duration.ok ? checkPositive(duration.value) : duration;
}
