/** What the machine asks of a device: registers in its BAR, and what it had outstanding at the crash. */
import type { Owner } from '../../base/event.ts';
import type { OutstandingDma } from './outstanding-dma.ts';
import type { Activity } from './reset-line.ts';

export interface Device {
  readonly name: string;
  /** All that puts requests on the bus. */
  readonly activities: readonly Activity[];
  /** What it had outstanding when its kernel died. */
  readonly outstanding: OutstandingDma;
  /** Aligned dwords; the bus splits what is wider, the low half first. */
  readRegister(offset: number): number;
  /** `kernel`: which one is running, and so asks for whatever the write sets off. */
  writeRegister(offset: number, value: number, kernel: Owner, cause: number): void;
  registerName(offset: number): string;
}
