/**
 * The traffic of a scenario's crashed kernel. A real driver has commands outstanding when its kernel dies;
 * here the model of the device takes the description of a buffer that it uses until its reset.
 */
import { bytesOf, offsetBy, wordOf, zeroWord, type Address } from '../../base/word.ts';
import { routine, writel, writeq } from '../core/bus.ts';
import type { DmaMapping } from '../core/dma-ops.ts';
import type { Routine } from '../core/operation.ts';

/** Ports beside the device's own registers; no real device has them. */
const OUTSTANDING = {
  ADDRESS: 0x00, LENGTH: 0x08, COUNT: 0x0c, PERIOD: 0x10, AFTER_PANIC: 0x18, START: 0x20,
} as const;
/** The most that one outstanding command moves. */
const outstandingBytesMost = 64 * 1024;
const START_READ = 1;
const START_WRITE = 2;

export interface OutstandingDma {
  readonly access: 'read' | 'write';
  readonly periodNs: number;
  /** 0: as often as it can. */
  readonly count: number;
  /** How long after the panic it ends by itself; null: it does not. */
  readonly afterPanicNs: number | null;
}

/** Hands the device a buffer that it goes on using until it is reset. */
export function* startOutstandingDma(mapping: DmaMapping, what: OutstandingDma): Routine<void> {
  const { device } = mapping;
  const at = (offset: number): Address => offsetBy(device.outstandingPorts, offset);
  yield* routine('start_outstanding_dma', device.name, function* () {
    yield* writeq(at(OUTSTANDING.ADDRESS), wordOf(bytesOf(mapping.address)));
    yield* writel(at(OUTSTANDING.LENGTH), Math.min(mapping.bytes, outstandingBytesMost));
    yield* writel(at(OUTSTANDING.COUNT), what.count);
    yield* writeq(at(OUTSTANDING.PERIOD), wordOf(what.periodNs));
    yield* writeq(at(OUTSTANDING.AFTER_PANIC),
      what.afterPanicNs === null ? zeroWord : wordOf(what.afterPanicNs + 1));
    yield* writel(at(OUTSTANDING.START), what.access === 'read' ? START_READ : START_WRITE);
  });
}
