/** What the machine asks of a device: registers in its BAR, DMA as a client of the fabric. */
import type { Owner } from '../base/event.ts';
import type { Word64 } from '../base/word.ts';
import type { DmaClient } from './fabric.ts';

export interface Device extends DmaClient {
  readRegister(offset: number, bytes: 4 | 8): Word64;
  /** `kernel`: which one is running, and so asks for whatever the write sets off. */
  writeRegister(offset: number, bytes: 4 | 8, value: Word64, kernel: Owner, cause: number): void;
  registerName(offset: number): string;
  /** The kernel that drove it has panicked; a real device does not notice. */
  afterPanic(cause: number): void;
}
