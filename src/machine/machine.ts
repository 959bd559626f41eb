/**
 * The machine: memory, the DMAR units, devices, the CPU with its two kernels, put together from a
 * scenario. `step` lets one actor act; which one is the machine's only choice.
 */
import { Agenda } from '../base/agenda.ts';
import { assert, fail } from '../base/assert.ts';
import { Trace, type Owner } from '../base/event.ts';
import { Journal } from '../base/journal.ts';
import { PhysicalMemory, frameRange } from '../base/memory.ts';
import {
  addressOf, busOf, bytesOf, sourceIdOf, zeroWord, type Address, type SourceId, type Word64,
} from '../base/word.ts';
import { captureKernel } from '../linux/capture.ts';
import { crashedKernel } from '../linux/crashed.ts';
import type { FirmwareTable, PciDevice } from '../linux/firmware.ts';
import type { KernelSettings } from '../linux/kernel.ts';
import { Program } from '../linux/program.ts';
import { releaseNamed } from '../linux/releases.ts';
import type { AddressRange, DeviceDescription, Scenario, UnitDescription } from '../scenario/scenario.ts';
import { decodeCapability } from '../vtd/capability.ts';
import { withChoice } from '../vtd/choices.ts';
import type { UnitSettings } from '../vtd/core.ts';
import { profileNamed } from '../vtd/profiles.ts';
import { DmarUnit } from '../vtd/unit.ts';
import { Cpu, type KernelProgram, type RegisterBus } from './cpu.ts';
import type { Device } from './device.ts';
import { Fabric } from './fabric.ts';
import { HpsaController } from './hpsa-controller.ts';
import { timingWith, unitTiming, type Timing } from './timing.ts';

const unitBytes = 4096;
/** Interrupt messages are writes to the first mebibyte below 0xfef00000 (FEEx_xxxx). */
const interruptMessageRange = 0xfee00000;
/** Where the kernels' page allocators begin: behind what kernel and initrd take. */
const kernelImageBytes = 16 * 1024 * 1024;

export interface MachineOptions {
  /** Record events. */
  readonly trace: boolean;
  /** Record changes, to go back and forth. */
  readonly journal: boolean;
}

export class Machine {
  readonly scenario: Scenario;
  readonly journal: Journal;
  readonly agenda: Agenda;
  readonly trace: Trace;
  readonly memory: PhysicalMemory;
  /** In the order of the scenario: the last one takes the devices that are left. */
  readonly units: readonly DmarUnit[];
  readonly devices: readonly Device[];
  readonly #fabric: Fabric;
  readonly #cpu: Cpu;

  constructor(scenario: Scenario, options: MachineOptions) {
    const timing = timingWith(scenario.platform.timings);
    this.scenario = scenario;
    this.journal = new Journal(options.journal);
    this.agenda = new Agenda(this.journal);
    this.trace = new Trace(this.agenda, this.journal, options.trace);
    const settings = scenario.units.map((unit) => this.#unitSettings(unit, timing));
    const capabilities = settings.map(({ profile, hostAddressWidth }) => decodeCapability(profile.version,
      profile.capability, profile.extendedCapability, hostAddressWidth));
    this.memory = new PhysicalMemory(
      this.journal,
      scenario.platform.memory.map(({ first, last }) => frameRange(addressOf(first), addressOf(last))),
      capabilities.some(({ coherentWalk }) => !coherentWalk),
      capabilities.some(({ requiresWriteBufferFlush }) => requiresWriteBufferFlush),
    );
    this.units = settings.map((unit) =>
      new DmarUnit(unit, this.journal, this.memory, this.agenda, this.trace));
    this.#fabric = new Fabric({
      unitOf: (source) => this.unitOf(source), memory: this.memory, timing, ownerOf: (address) => this.ownerOf(address),
    }, this.journal, this.agenda, this.trace);
    this.devices = scenario.devices.map((device) => this.#makeDevice(device, timing));
    this.#cpu = new Cpu(kernelPrograms(scenario), this.memory, this.#registerBus(), timing,
      (cause) => this.devices.forEach((device) => device.afterPanic(cause)),
      this.journal, this.agenda, this.trace);
  }

  /** The capture kernel has come to the end of its statements, and nothing is on the bus. */
  get hasEnded(): boolean {
    return this.#cpu.hasEnded && this.#fabric.isIdle;
  }

  /** Who could act next, the one whose turn it is first. */
  choices(): readonly number[] {
    return this.agenda.pending();
  }

  step(actor: number): void {
    this.agenda.act(actor);
    this.#cpu.recheck();
  }

  /** Whose memory it is: the reserved range is the capture kernel's, the rest the crashed kernel's. */
  ownerOf(address: Address): Owner | 'nobody' {
    const { crashKernel, memory } = this.scenario.platform;
    const within = (range: AddressRange): boolean =>
      bytesOf(address) >= range.first && bytesOf(address) <= range.last;
    if (within(crashKernel)) return 'capture';
    return memory.some(within) ? 'crashed' : 'nobody';
  }

  /** The unit that a device's requests go through. */
  unitOf(source: SourceId): DmarUnit {
    const index = this.scenario.units.findIndex(({ buses }) => buses === null
      || (busOf(source) >= buses.first && busOf(source) <= buses.last));
    const unit = this.units[index];
    assert(unit !== undefined, 'the scenario was checked: the last unit takes every device that is left');
    return unit;
  }

  #unitSettings(unit: UnitDescription, timing: Timing): UnitSettings {
    const profile = profileNamed(unit.profile);
    if (profile === undefined) fail(`the scenario was checked: profile ${unit.profile}`);
    const choices = unit.choices.reduce((known, { name, value }) => {
      const next = withChoice(known, name, value);
      if (next === undefined) fail(`the scenario was checked: choice ${name} ${value}`);
      return next;
    }, profile.choices);
    return {
      name: unit.name, profile, choices, timing: unitTiming(timing),
      hostAddressWidth: this.scenario.platform.hostAddressWidth,
      deliverMessage: (address, data, cause) => {
        const isInterrupt = address.high === 0 && address.low >= interruptMessageRange
          && address.low < interruptMessageRange + 0x100000;
        if (isInterrupt) this.#cpu.interrupt(data % 256, cause);
      },
    };
  }

  #makeDevice(device: DeviceDescription, timing: Timing): Device {
    // The only model so far; the scenario was checked against the list of models.
    return new HpsaController({
      name: device.name, source: sourceIdOf(device.sourceId), reset: device.reset, timing,
    }, this.#fabric, this.journal, this.agenda, this.trace);
  }

  /** The memory map of the registers: each unit's page, then each device's BAR. */
  #registerBus(): RegisterBus {
    const deviceAt = (address: Address): { device: Device; offset: number } | undefined => {
      for (const [index, description] of this.scenario.devices.entries()) {
        const bar = barOf(description, index);
        const device = this.devices[index];
        if (device !== undefined && bytesOf(address) >= bar.first && bytesOf(address) <= bar.last) {
          return { device, offset: bytesOf(address) - bar.first };
        }
      }
      return undefined;
    };
    const unitAt = (address: Address): { unit: DmarUnit; offset: number } | undefined => {
      for (const [index, { base }] of this.scenario.units.entries()) {
        const unit = this.units[index];
        const offset = bytesOf(address) - base;
        if (unit !== undefined && offset >= 0 && offset < unitBytes) return { unit, offset };
      }
      return undefined;
    };
    return {
      read: (address: Address, bytes: 4 | 8, cause: number): Word64 => {
        const here = unitAt(address);
        if (here !== undefined) return here.unit.readRegister(here.offset, bytes, cause);
        const found = deviceAt(address);
        return found === undefined ? zeroWord : found.device.readRegister(found.offset, bytes);
      },
      write: (address: Address, bytes: 4 | 8, value: Word64, kernel: Owner, cause: number): void => {
        const here = unitAt(address);
        if (here !== undefined) return here.unit.writeRegister(here.offset, bytes, value, cause);
        const found = deviceAt(address);
        found?.device.writeRegister(found.offset, bytes, value, kernel, cause);
      },
      name: (address: Address) => {
        const here = unitAt(address);
        if (here !== undefined) {
          const { unit, offset } = here;
          return { target: unit.core.name, register: unit.registerName(offset), offset };
        }
        const found = deviceAt(address);
        if (found === undefined) return { target: 'nobody', register: 'nothing', offset: bytesOf(address) };
        const { device, offset: place } = found;
        return { target: device.name, register: device.registerName(place), offset: place };
      },
    };
  }
}

/** Devices without a stated BAR get a page each, below the I/O APIC. */
function barOf(device: DeviceDescription, index: number): AddressRange {
  return device.bar ?? { first: 0xfe000000 + index * 0x1000, last: 0xfe000fff + index * 0x1000 };
}

function kernelPrograms(scenario: Scenario): readonly [KernelProgram, KernelProgram] {
  const { crashed, capture } = scenario;
  const { crashKernel } = scenario.platform;
  const low = crashedMemory(scenario);
  const crashedSettings = kernelSettings(scenario, crashed.release, crashed.commandLine, low);
  const captureSettings = kernelSettings(scenario, capture.release, capture.commandLine, crashKernel);
  return [
    { release: crashed.release, commandLine: crashed.commandLine,
      program: new Program(() => crashedKernel(crashedSettings, crashed.statements)) },
    { release: capture.release, commandLine: capture.commandLine,
      program: new Program(() => captureKernel(captureSettings, capture.statements)) },
  ];
}

/** The largest range below 4 GiB, without what is reserved for the capture kernel. */
function crashedMemory(scenario: Scenario): AddressRange {
  const { memory, crashKernel } = scenario.platform;
  const pieces = memory.flatMap(({ first, last }) => [
    { first, last: Math.min(last, crashKernel.first - 1) },
    { first: Math.max(first, crashKernel.last + 1), last },
  ].filter((piece) => piece.first <= piece.last));
  const largest = pieces
    .filter((piece) => piece.first < 2 ** 32)
    .sort((left, right) => (right.last - right.first) - (left.last - left.first))[0];
  assert(largest !== undefined, 'the crashed kernel has memory outside the reserved range');
  return largest;
}

function kernelSettings(
  scenario: Scenario, releaseName: string, commandLine: string, memory: AddressRange,
): KernelSettings {
  const release = releaseNamed(releaseName);
  if (release === undefined) fail(`the scenario was checked: release ${releaseName}`);
  const devices: readonly PciDevice[] = scenario.devices.map((device, index) => {
    const { first, last } = barOf(device, index);
    const bar = { first: addressOf(first), last: addressOf(last) };
    return { name: device.name, source: sourceOf(device), model: device.model, bar };
  });
  const image = Math.min(kernelImageBytes, Math.floor((memory.last - memory.first) / 2));
  return {
    release, commandLine, devices, firmware: firmwareTable(scenario),
    pages: {
      first: addressOf(Math.ceil((memory.first + image) / 4096) * 4096),
      end: addressOf(Math.floor((memory.last + 1) / 4096) * 4096),
    },
  };
}

function sourceOf(device: DeviceDescription): SourceId {
  return sourceIdOf(device.sourceId);
}

function firmwareTable(scenario: Scenario): FirmwareTable {
  return {
    hostAddressWidth: scenario.platform.hostAddressWidth,
    units: scenario.units.map(({ base, buses }) => ({ base: addressOf(base), buses })),
    reservedRegions: scenario.devices.flatMap((device) =>
      device.reservedRegions.map(({ first, last }) =>
        ({ first: addressOf(first), last: addressOf(last), device: sourceOf(device) }))),
  };
}
