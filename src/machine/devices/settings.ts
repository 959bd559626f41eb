/** What a model of a device is made from: what the scenario says of it, and what every device is connected to. */
import type { Agenda } from '../../base/agenda.ts';
import type { Trace } from '../../base/event.ts';
import type { Journal } from '../../base/journal.ts';
import type { SourceId } from '../../base/word.ts';
import type { AddressRange, ResetBehaviour } from '../../scenario/scenario.ts';
import type { Fabric } from '../fabric.ts';
import type { Timing } from '../timing.ts';

export interface DeviceSettings {
  readonly name: string;
  /** What its requests carry. */
  readonly requester: { readonly read: SourceId; readonly write: SourceId };
  readonly reset: ResetBehaviour;
  /** In the firmware's order. */
  readonly reservedRegions: readonly AddressRange[];
  /** How often the device does by itself what it does; null: as often as its model has it. */
  readonly paceNs: number | null;
  readonly timing: Timing;
}

/** What every device is connected to. */
export interface Surroundings {
  readonly fabric: Fabric;
  readonly journal: Journal;
  readonly agenda: Agenda;
  readonly trace: Trace;
}
