/** What the two kernels of a scenario are told of their machine, and their programs. */
import { assert, fail } from '../base/assert.ts';
import { addressOf, sourceIdOf, type Address, type SourceId } from '../base/word.ts';
import { captureKernel } from '../linux/capture.ts';
import type { FirmwareTable, PciDevice, PlatformTable } from '../linux/core/firmware.ts';
import type { KernelSettings } from '../linux/core/kernel.ts';
import { Program } from '../linux/core/program.ts';
import { crashedImage } from '../linux/crashed-image.ts';
import { crashedKernel } from '../linux/crashed.ts';
import { kernelConfig } from '../linux/releases/builds.ts';
import { releaseNamed } from '../linux/releases/releases.ts';
import { crashedReleaseOf, type AddressRange, type DeviceDescription, type Scenario } from '../scenario/scenario.ts';
import { dmaAliases } from '../scenario/topology.ts';
import type { KernelProgram } from './cpu.ts';
import { deviceModels } from './devices/models.ts';

/** Where the kernels' page allocators begin: behind what kernel and initrd take. */
const kernelImageBytes = 16 * 1024 * 1024;

/** Devices without a stated BAR get as much as the largest needs, below the unit's usual place. */
const barBytes = 0x80000;

export function barOf(device: DeviceDescription, index: number): AddressRange {
  const first = 0xf8000000 + index * barBytes;
  return device.bar ?? { first, last: first + barBytes - 1 };
}

/** Where a workload describes what the device has outstanding; no real machine has anything there. */
export function outstandingPortsOf(index: number): AddressRange {
  return { first: 0xfd000000 + index * 0x1000, last: 0xfd000fff + index * 0x1000 };
}

/** Configuration space of each device; where a machine has MMCONFIG is nothing that a kernel here looks at. */
export function configSpaceOf(index: number): AddressRange {
  return { first: 0xfd800000 + index * 0x1000, last: 0xfd800fff + index * 0x1000 };
}

export function kernelPrograms(given: Scenario): readonly [KernelProgram, KernelProgram] {
  const scenario = { ...given, crashed: { ...given.crashed, release: crashedReleaseOf(given) } };
  const { crashed, capture } = scenario;
  const { crashKernel } = scenario.platform;
  const endsOrderly = releaseNamed(crashed.release)?.atCrash === 'orderly';
  const captureSettings = kernelSettings(scenario, capture, !endsOrderly,
    { known: [crashKernel], own: crashKernel });
  return [
    { release: crashed.release, commandLine: wholeCommandLine(crashed), endsOrderly,
      program: crashedProgram(scenario) },
    { release: capture.release, commandLine: wholeCommandLine(capture), endsOrderly: false,
      program: new Program(() => captureKernel(captureSettings, capture.statements)) },
  ];
}

function crashedProgram(scenario: Scenario): Program {
  const { crashed, image } = scenario;
  if (image !== null) {
    const devices = pciDevices(scenario);
    return new Program(() => crashedImage(devices, crashed.statements));
  }
  const settings = kernelSettings(scenario, crashed, false,
    { known: scenario.platform.memory, own: crashedMemory(scenario) });
  return new Program(() => crashedKernel(settings, crashed.statements));
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

type NamedKernel = Pick<Scenario['capture'], 'release' | 'commandLine' | 'config'>;

/** The scenario's, and what belongs to the release. */
function wholeCommandLine({ release, commandLine }: NamedKernel): string {
  return [commandLine, releaseNamed(release)?.commandLine ?? ''].filter((words) => words !== '').join(' ');
}

interface KernelMemory {
  /** All that the memory map tells it. */
  readonly known: readonly AddressRange[];
  /** What it may use. */
  readonly own: AddressRange;
}

function kernelSettings(
  scenario: Scenario, kernel: NamedKernel, isKdump: boolean, { known, own: memory }: KernelMemory,
): KernelSettings {
  const release = releaseNamed(kernel.release);
  if (release === undefined) fail(`the scenario was checked: release ${kernel.release}`);
  const config = kernelConfig(kernel.config.map(({ word }) => word));
  const image = Math.min(kernelImageBytes, Math.floor((memory.last - memory.first) / 2));
  return {
    release: config.copiedIds === null ? release : { ...release, reservesCopiedIds: config.copiedIds === 'reserved' },
    isKdump, commandLine: wholeCommandLine(kernel), devices: pciDevices(scenario), firmware: firmwareTable(scenario),
    memory: known.map(({ first, last }) => ({ first: addressOf(first), last: addressOf(last) })),
    platform: platformTable(scenario), config,
    pages: {
      first: addressOf(Math.ceil((memory.first + image) / 4096) * 4096),
      end: addressOf(Math.floor((memory.last + 1) / 4096) * 4096),
    },
  };
}

function pciDevices(scenario: Scenario): readonly PciDevice[] {
  return scenario.devices.map((device, index) => {
    const { first, last } = barOf(device, index);
    const bar = { first: addressOf(first), last: addressOf(last) };
    const { messageTable } = deviceModels.get(device.model) ?? fail(`the scenario was checked: ${device.model}`);
    return {
      name: device.name, source: sourceOf(device), aliases: dmaAliases(scenario, device).map(sourceIdOf),
      config: addressOf(configSpaceOf(index).first), model: device.model,
      isIsaBridge: device.model === 'isa-bridge', bar,
      messageTable: addressOf(first + messageTable),
      outstandingPorts: addressOf(outstandingPortsOf(index).first),
    };
  });
}

function sourceOf(device: DeviceDescription): SourceId {
  return sourceIdOf(device.sourceId);
}

function platformTable({ platform }: Scenario): PlatformTable {
  return {
    pciWindows: platform.pciWindows.map(({ first, last }) => ({ first: addressOf(first), last: addressOf(last) })),
    x2apic: platform.apic === 'x2apic',
  };
}

function firmwareTable(scenario: Scenario): FirmwareTable {
  return {
    hostAddressWidth: scenario.platform.hostAddressWidth,
    units: scenario.units.map(({ base, buses, endpoints, scope, ioapics }) => ({
      base: addressOf(base), buses, endpoints: endpoints.map(({ sourceId }) => sourceIdOf(sourceId)),
      isListed: scope === 'listed',
      ioapics: ioapics.map(({ id, sourceId }) => ({ id, source: sourceIdOf(sourceId) })),
    })),
    reservedRegions: reservedRegions(scenario),
  };
}

/** An RMRR each, with the devices in its scope: those whose blocks name the same range. */
function reservedRegions({ devices }: Scenario): FirmwareTable['reservedRegions'] {
  const regions = new Map<string, { first: Address; last: Address; devices: SourceId[] }>();
  for (const device of devices) {
    for (const { first, last } of device.reservedRegions) {
      const known = regions.get(`${first}-${last}`);
      if (known !== undefined) known.devices.push(sourceOf(device));
      else regions.set(`${first}-${last}`, { first: addressOf(first), last: addressOf(last), devices: [sourceOf(device)] });
    }
  }
  return [...regions.values()];
}
