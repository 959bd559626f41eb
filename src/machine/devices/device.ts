/** What the machine asks of a device: registers in its BAR, DMA as a client of the fabric. */
import type { Agenda } from '../../base/agenda.ts';
import type { Owner, Trace } from '../../base/event.ts';
import type { Journal } from '../../base/journal.ts';
import type { SourceId, Word64 } from '../../base/word.ts';
import type { ResetBehaviour } from '../../scenario/scenario.ts';
import type { DmaClient, Fabric } from '../fabric.ts';
import type { Timing } from '../timing.ts';
import type { OutstandingDma } from './outstanding-dma.ts';

export interface Device extends DmaClient {
  /** What it had outstanding when its kernel died. */
  readonly outstanding: OutstandingDma;
  readRegister(offset: number, bytes: 4 | 8): Word64;
  /** `kernel`: which one is running, and so asks for whatever the write sets off. */
  writeRegister(offset: number, bytes: 4 | 8, value: Word64, kernel: Owner, cause: number): void;
  registerName(offset: number): string;
}

export interface DeviceSettings {
  readonly name: string;
  readonly source: SourceId;
  readonly reset: ResetBehaviour;
  readonly timing: Timing;
}

/** What every device is connected to. */
export interface Surroundings {
  readonly fabric: Fabric;
  readonly journal: Journal;
  readonly agenda: Agenda;
  readonly trace: Trace;
}
