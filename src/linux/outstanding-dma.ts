/**
 * The traffic of a scenario's crashed kernel. A real driver has commands outstanding when its kernel dies;
 * here the model of the controller takes the description of a buffer that it uses until its reset.
 */
import { bytesOf, offsetBy, wordOf, zeroWord, type Address } from '../base/word.ts';
import { routine, writel, writeq } from './bus.ts';
import type { Mapping } from './dma-ops.ts';
import type { PciDevice } from './firmware.ts';
import type { Routine } from './operation.ts';

/** The controller's ports for it; no real controller has them. */
const OUTSTANDING = {
  ADDRESS: 0x100, LENGTH: 0x108, COUNT: 0x10c, PERIOD: 0x110, AFTER_PANIC: 0x118, START: 0x120,
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

/** Hands the controller a buffer that it goes on using until it is reset. */
export function* startOutstandingDma(
  device: PciDevice, mapping: Mapping, bytes: number, what: OutstandingDma,
): Routine<void> {
  const at = (offset: number): Address => offsetBy(device.bar.first, offset);
  yield* routine('start_outstanding_dma', device.name, function* () {
    yield* writeq(at(OUTSTANDING.ADDRESS), wordOf(bytesOf(mapping.iova)));
    yield* writel(at(OUTSTANDING.LENGTH), Math.min(bytes, outstandingBytesMost));
    yield* writel(at(OUTSTANDING.COUNT), what.count);
    yield* writeq(at(OUTSTANDING.PERIOD), wordOf(what.periodNs));
    yield* writeq(at(OUTSTANDING.AFTER_PANIC),
      what.afterPanicNs === null ? zeroWord : wordOf(what.afterPanicNs + 1));
    yield* writel(at(OUTSTANDING.START), what.access === 'read' ? START_READ : START_WRITE);
  });
}
