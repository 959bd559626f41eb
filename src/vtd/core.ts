/**
 * What the parts of one unit share: its registers, the values that a command latched, its view of
 * memory, and where it reports to. The parts (fault recording, translation, invalidation, commands)
 * know this and not each other.
 */
import type { Agenda } from '../base/agenda.ts';
import { noCause, type Happening, type Trace } from '../base/event.ts';
import type { Journal } from '../base/journal.ts';
import type { MemoryView } from '../base/memory-view.ts';
import type { PhysicalMemory } from '../base/memory.ts';
import { Numbers } from '../base/stores.ts';
import { frameAt, powerOfTwo, type Frame, type Word64 } from '../base/word.ts';
import { decodeCapability, type Capability } from './capability.ts';
import { ContextCache } from './context-cache.ts';
import { shapeOf, type HardwareChoices } from './choices.ts';
import type { DepartureName } from './departures.ts';
import { Formats } from './entries.ts';
import { Iotlb } from './iotlb.ts';
import { PagingStructureCache } from './paging-structure-cache.ts';
import type { UnitProfile } from './profiles/profiles.ts';
import { RegisterFile } from './register-file.ts';
import { registerTable } from './registers.ts';
import type { UnitTiming } from './timing.ts';
import type { WalkUnit } from './walk-state.ts';

/** Values that take effect by a command, not by the write of their register, and engine state. */
export const LATCHED = {
  rootTable: 0,
  tableMode: 1,
  queueBase: 2,
  queueOrder: 3,
  queueWide: 4,
  faultIndex: 5,
  pendingCommand: 6,
  commandCause: 7,
  queueCause: 8,
  queueDrains: 9,
  registerDrains: 10,
  interruptTable: 11,
  interruptOrder: 12,
  interruptMode: 13,
  protectedOn: 14,
  translationOn: 15,
  lastWasWait: 16,
  contextCommandCause: 17,
  iotlbCommandCause: 18,
  queueHeldUp: 19,
} as const;

export interface UnitSettings {
  readonly name: string;
  readonly profile: UnitProfile;
  readonly choices: HardwareChoices;
  readonly hostAddressWidth: number;
  readonly timing: UnitTiming;
  /** Where the unit's interrupt messages go: a write to the interrupt range. */
  readonly deliverMessage: (address: Word64, data: number, cause: number) => void;
  /** For whoever watches a unit without a trace. */
  readonly rootTableLatched?: () => void;
}

export class UnitCore implements WalkUnit {
  readonly name: string;
  readonly choices: HardwareChoices;
  readonly capability: Capability;
  readonly formats: Formats;
  readonly timing: UnitTiming;
  readonly registers: RegisterFile;
  readonly latched: Numbers;
  readonly contextCache: ContextCache;
  readonly iotlb: Iotlb;
  readonly structures: PagingStructureCache;
  readonly memory: PhysicalMemory;
  readonly tables: MemoryView;
  readonly agenda: Agenda;
  readonly trace: Trace;
  /** Somebody records what happens, or wants answers compared with memory. */
  readonly isObserved: boolean;
  readonly deliverMessage: UnitSettings['deliverMessage'];
  readonly rootTableLatched: UnitSettings['rootTableLatched'];
  readonly #departures: ReadonlySet<DepartureName>;

  constructor(
    settings: UnitSettings, journal: Journal, memory: PhysicalMemory, agenda: Agenda, trace: Trace,
  ) {
    const { profile } = settings;
    this.name = settings.name;
    this.choices = settings.choices;
    this.capability = decodeCapability(
      profile.version, profile.capability, profile.extendedCapability, settings.hostAddressWidth,
    );
    this.#departures = new Set(profile.departures);
    this.formats = new Formats(this.capability, {
      ignoresLeafBit62: () => this.capability.deviceTlb && settings.choices['leaf-bit-62'] === 'ignored-with-device-tlb',
      passThroughPointerChecked: this.departs('pass-through-pointer-checked'),
    });
    this.timing = settings.timing;
    this.registers = new RegisterFile(journal, settings.name, registerTable({
      version: profile.version,
      capability: profile.capability,
      extendedCapability: profile.extendedCapability,
      capabilities: this.capability,
      departures: this.#departures,
    }));
    this.latched = new Numbers(journal, `${settings.name} latched`, Object.keys(LATCHED).length,
      Object.keys(LATCHED).map((name) => `${settings.name} ${name}`));
    this.contextCache = new ContextCache(
      journal, settings.name, shapeOf(settings.choices, 'context-cache-entries'));
    this.iotlb = new Iotlb(journal, settings.name, shapeOf(settings.choices, 'iotlb-entries'));
    this.structures = new PagingStructureCache(journal, settings.name);
    this.memory = memory;
    // ECAP.C tells whether the walker snoops.
    this.tables = memory.view(this.capability.coherentWalk);
    this.agenda = agenda;
    this.trace = trace;
    this.isObserved = trace.recording || trace.judging;
    this.deliverMessage = settings.deliverMessage;
    this.rootTableLatched = settings.rootTableLatched;
  }

  /** Whether this unit breaks the given rule. */
  departs(name: DepartureName): boolean {
    return this.#departures.has(name);
  }

  emit(cause: number, what: Happening): number {
    return this.trace.recording ? this.trace.emit(this.name, cause, what) : noCause;
  }

  /** What a unit takes of a pointer that software wrote: some have no bits above the host's width. */
  pointer(frame: number): number {
    const implemented = frame % powerOfTwo(this.capability.hostAddressWidth - 12);
    return implemented === frame || this.choices['pointer-width'] === 'host-width' ? implemented : frame;
  }

  rootTable(): Frame {
    return frameAt(this.latched.get(LATCHED.rootTable));
  }

  /** Where there is a write buffer (CAP.RWBF), every invalidation flushes it before anything else (6.8). */
  flushWriteBufferFirst(): void {
    if (this.capability.requiresWriteBufferFlush) this.memory.flushWriteBuffer();
  }
}
