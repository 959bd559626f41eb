/**
 * The machine: memory, the DMAR units, devices, the CPU with its two kernels, put together from a
 * scenario. `step` lets one actor act; which one is the machine's only choice.
 */
import type { Accesses } from '../base/accesses.ts';
import { Agenda } from '../base/agenda.ts';
import { assert, fail } from '../base/assert.ts';
import { Trace, type Owner } from '../base/event.ts';
import { Journal } from '../base/journal.ts';
import { PhysicalMemory, frameRange } from '../base/memory.ts';
import {
  addressOf, bytesOf, sourceIdNumber, sourceIdOf, wordOf, zeroWord, type Address, type SourceId,
} from '../base/word.ts';
import { requesterIds, unitServing } from '../scenario/topology.ts';
import type { AddressRange, DeviceDescription, Scenario, UnitDescription } from '../scenario/scenario.ts';
import { decodeCapability } from '../vtd/capability.ts';
import { listenedTo } from '../vtd/choices.ts';
import type { UnitSettings } from '../vtd/core.ts';
import { profileNamed } from '../vtd/profiles/profiles.ts';
import { DmarUnit } from '../vtd/unit.ts';
import { AddressMap, type RegisterTarget } from './address-map.ts';
import { Cpu } from './cpu.ts';
import { ConfigSpace } from './devices/config-space.ts';
import type { Device } from './devices/device.ts';
import { deviceModels } from './devices/models.ts';
import { Fabric } from './fabric.ts';
import type { Observer } from './observer.ts';
import { barOf, configSpaceOf, kernelPrograms, outstandingPortsOf } from './kernels.ts';
import { choicesOf } from './unit-choices.ts';
import { timingWith, unitTiming, type Timing } from './timing.ts';

const unitBytes = 4096;
/** Interrupt messages are writes to the first mebibyte below 0xfef00000 (FEEx_xxxx). */
const interruptMessageRange = 0xfee00000;
export interface MachineOptions {
  /** Record events. */
  readonly trace: boolean;
  /** Record changes, to go back and forth. */
  readonly journal: boolean;
  /** Watches the machine in place of a trace. */
  readonly observe?: (journal: Journal) => Observer;
  /** Is told what is read and written. */
  readonly accesses?: Accesses;
  /** Is told the name of each hardware choice that a unit asks for. */
  readonly asksFor?: (choice: string) => void;
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
  readonly #configSpaces: readonly ConfigSpace[];
  readonly #fabric: Fabric;
  readonly cpu: Cpu;

  constructor(scenario: Scenario, options: MachineOptions) {
    const timing = timingWith(scenario.platform.timings);
    this.scenario = scenario;
    this.journal = new Journal(options.journal, options.accesses ?? null);
    this.agenda = new Agenda(this.journal);
    const observer = options.observe === undefined ? null : options.observe(this.journal);
    this.trace = new Trace(this.agenda, this.journal, options.trace, options.trace || observer?.judgesFreshness === true);
    const settings = scenario.units.map((unit) => this.#unitSettings(unit, timing, options.asksFor));
    const capabilities = settings.map(({ profile, hostAddressWidth }) => decodeCapability(profile.version,
      profile.capability, profile.extendedCapability, hostAddressWidth));
    this.memory = new PhysicalMemory(
      this.journal,
      // Reserved regions are memory too, of the firmware.
      [...scenario.platform.memory, ...scenario.devices.flatMap(({ reservedRegions }) => reservedRegions)]
        .map(({ first, last }) => frameRange(addressOf(first), addressOf(last))),
      capabilities.some(({ coherentWalk }) => !coherentWalk),
      capabilities.some(({ requiresWriteBufferFlush }) => requiresWriteBufferFlush),
    );
    this.units = settings.map((unit) =>
      new DmarUnit(unit, this.journal, this.memory, this.agenda, this.trace));
    this.#fabric = new Fabric({
      unitOf: (source) => this.unitOf(source), memory: this.memory, timing, ownerOf: (address) => this.ownerOf(address),
      observer,
      deliverInterrupt: (_address, data, cause) => this.cpu.interrupt(data % 256, cause),
    }, this.journal, this.agenda, this.trace);
    this.devices = scenario.devices.map((device) => this.#makeDevice(device, timing));
    this.#configSpaces = this.devices.map((device) => new ConfigSpace(device, this.journal, this));
    this.cpu = new Cpu(kernelPrograms(scenario), this.memory, this.#addressMap(), timing,
      (cause) => this.devices.forEach(({ outstanding }) => outstanding.afterPanic(cause)),
      observer, this.journal, this.agenda, this.trace);
    this.#placeImage();
  }

  /** The capture kernel has come to the end of its statements, and nothing is on the bus. */
  get hasEnded(): boolean {
    return this.cpu.hasEnded && this.#fabric.isIdle;
  }

  /** What accesses name the taking of a request from those that devices may issue of their own. */
  get spending(): number {
    return this.#fabric.inFlight.spending;
  }

  /** Who could act next, the one whose turn it is first. */
  choices(): readonly number[] {
    return this.agenda.pending();
  }

  step(actor: number, way = 0): void {
    this.agenda.act(actor, way);
    this.cpu.recheck();
  }

  /**
   * From here on order alone counts, and devices issue at most `inFlight` requests of their own, each of
   * one page, at any time. `counting`: events go on to carry different times. `evictions`: a cached entry
   * may be gone when it is looked for.
   */
  setTimeAside(inFlight: number, counting: boolean, evictions = true): void {
    this.#fabric.inFlight.limitTo(inFlight);
    this.#fabric.evictionsAreOpen = evictions;
    this.agenda.setTimeAside(counting);
    this.cpu.timeSetAside();
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
    const index = unitServing(this.scenario.units, sourceIdNumber(source));
    const unit = this.units[index];
    assert(unit !== undefined, 'the scenario was checked: the last unit takes every device that is left');
    return unit;
  }

  #unitSettings(unit: UnitDescription, timing: Timing, asksFor?: (choice: string) => void): UnitSettings {
    const known = profileNamed(unit.profile);
    if (known === undefined) fail(`the scenario was checked: profile ${unit.profile}`);
    const profile = {
      ...known, capability: unit.capability ?? known.capability,
      extendedCapability: unit.extendedCapability ?? known.extendedCapability,
    };
    const choices = choicesOf(unit);
    return {
      name: unit.name, profile, choices: asksFor === undefined ? choices : listenedTo(choices, asksFor), timing: unitTiming(timing),
      hostAddressWidth: this.scenario.platform.hostAddressWidth,
      rootTableLatched: () => this.#fabric.observer?.rootTableLatched(),
      deliverMessage: (address, data, cause) => {
        const isInterrupt = address.high === 0 && address.low >= interruptMessageRange
          && address.low < interruptMessageRange + 0x100000;
        if (isInterrupt) this.cpu.interrupt(data % 256, cause);
      },
    };
  }

  /** What an image says stood in memory and in the unit, before anything runs. */
  #placeImage(): void {
    const { image } = this.scenario;
    if (image === null) return;
    for (const { address, bytes } of image.pages) this.memory.write(addressOf(address), bytes);
    for (const unit of this.units) unit.standAs(image.registers);
  }

  #makeDevice(device: DeviceDescription, timing: Timing): Device {
    const model = deviceModels.get(device.model) ?? fail(`the scenario was checked: model ${device.model}`);
    const { read, write } = requesterIds(this.scenario, device);
    return model.make(
      { name: device.name, requester: { read: sourceIdOf(read), write: sourceIdOf(write) }, reset: device.reset, reservedRegions: device.reservedRegions,
        paceNs: device.paceNs, timing },
      { fabric: this.#fabric, journal: this.journal, agenda: this.agenda, trace: this.trace });
  }

  /** The memory map of the registers: each unit's page, then each device's BAR, then what a workload uses. */
  #addressMap(): AddressMap {
    return new AddressMap([
      ...this.units.map((unit, index) => {
        const base = this.scenario.units[index]?.base ?? fail(`unit ${index} is described`);
        return { first: base, last: base + unitBytes - 1, target: unitRegisters(unit) };
      }),
      ...this.devices.map((device, index) => ({ ...this.#barOf(index), target: deviceRegisters(device) })),
      ...this.devices.map((device, index) => ({ ...outstandingPortsOf(index), target: outstandingPorts(device) })),
      ...this.#configSpaces.map((space, index) =>
        ({ ...configSpaceOf(index), target: configRegisters(this.devices[index]?.name ?? '', space) })),
    ]);
  }

  #barOf(index: number): AddressRange {
    return barOf(this.scenario.devices[index] ?? fail(`device ${index} is described`), index);
  }
}

function unitRegisters(unit: DmarUnit): RegisterTarget {
  return {
    name: unit.core.name,
    read: (offset, bytes, cause) => unit.readRegister(offset, bytes, cause),
    write: (offset, bytes, value, _kernel, cause) => unit.writeRegister(offset, bytes, value, cause),
    registerName: (offset) => unit.registerName(offset),
  };
}

function deviceRegisters(device: Device): RegisterTarget {
  return {
    name: device.name,
    read: (offset, bytes) => ({
      low: device.readRegister(offset), high: bytes === 8 ? device.readRegister(offset + 4) : 0,
    }),
    write: (offset, bytes, value, kernel, cause) => {
      device.writeRegister(offset, value.low, kernel, cause);
      if (bytes === 8) device.writeRegister(offset + 4, value.high, kernel, cause);
    },
    registerName: (offset) => device.registerName(offset),
  };
}

function outstandingPorts({ name, outstanding }: Device): RegisterTarget {
  return {
    name,
    read: () => zeroWord,
    write: (offset, _bytes, value, kernel, cause) => outstanding.writePort(offset, value, kernel, cause),
    registerName: (offset) => outstanding.portName(offset),
  };
}

function configRegisters(name: string, space: ConfigSpace): RegisterTarget {
  return {
    name,
    read: (offset) => wordOf(space.read(offset)),
    write: (offset, _bytes, value, _kernel, cause) => space.write(offset, value.low, cause),
    registerName: (offset) => space.registerName(offset),
  };
}
