/**
 * The scenarios of a capture: its machine, once with the first kernel simulated from its start to the
 * crash, once with the capture kernel on what the snapshots show. They are written as text and read like
 * any other, so that they can be printed, kept and stepped through.
 */
import { bdf, hex, sourceIdNumber, type SourceId } from '../../base/word.ts';
import { configOfVersion } from '../../linux/releases/builds.ts';
import { readScenario } from '../../scenario/read.ts';
import type { HardwareImage } from '../../scenario/image/hardware-image.ts';
import type { Diagnostic } from '../../scenario/diagnostic.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import type { Capture } from '../capture/capture.ts';
import { vocabulary } from '../vocabulary.ts';
import type { RecordedHandoff } from './recorded-handoff.ts';

/** How often a device goes on with each of the pages it was seen to use. */
const inFlightPeriod = '10ms';
/** From the start of the units to the drivers: long enough for each device to go on with all of its pages. */
const bootTime = '100ms';
/** As long as the lazy queue takes to flush what the last read has unmapped. */
const lazyTime = '20ms';

/** Models of QEMU's devices; of others it is known only that they are there. */
const models: ReadonlyMap<string, string> = new Map([
  ['nvme', 'nvme'], ['e1000e', 'e1000e'], ['ich9-ahci', 'ahci'], ['ahci', 'ahci'], ['mch', 'host-bridge'],
  ['ICH9-LPC', 'isa-bridge'], ['ICH9-SMB', 'smbus'],
]);
const passive = 'smbus';

export interface Releases {
  readonly first: string;
  readonly capture: string;
}

export function firstKernelText(capture: Capture, handoff: RecordedHandoff, releases: Releases): string {
  return `${machineText('first-kernel', capture)}
crashed ${releases.first} {
  command-line ${quoted(capture.commandLines.first)}
${configOf(capture.consoles.first.version)}${probes(capture, handoff)}  panic
}

capture ${releases.capture} {
}

never dma
`;
}

/** `name`: of the scenario; its image is NAME.json. */
export function captureKernelText(
  name: string, capture: Capture, handoff: RecordedHandoff, releases: Releases,
): string {
  const buffers = handoff.inFlight.flatMap(({ source, pages }) => pages.map((page, index) => ({
    buffer: `${deviceName(capture, source)}-${index + 1}`, address: page * 4096, device: deviceName(capture, source),
  })));
  return `${machineText(name, capture)}
crashed image "${name}.json" {
${buffers.map(({ buffer, address, device }) => `  buffer ${buffer} 0x${address.toString(16)} 64 on ${device}
  dma read ${buffer} every ${inFlightPeriod} until reset\n`).join('')}  panic
}

capture ${releases.capture} {
  command-line ${quoted(capture.commandLines.capture)}
${configOf(capture.consoles.capture.version)}  wait ${bootTime}
${probes(capture, handoff)}  wait ${lazyTime}
}

never fault
never stale
`;
}

function configOf(version: string): string {
  return configOfVersion(version).map((word) => `  config ${word}\n`).join('');
}

function probes(capture: Capture, { takenOver }: RecordedHandoff): string {
  return takenOver.map((source) => `  probe ${deviceName(capture, source)}\n`).join('');
}

function machineText(name: string, capture: Capture): string {
  const { memoryMap, machine, image, consoles } = capture;
  const register = (name: string): string => {
    const value = image.registers.get(name);
    return value === undefined ? '' : hex(value);
  };
  const { memory, crashKernel } = memoryMap;
  const lines = consoles.first.lines;
  const remaps = lines.some((line) => line.startsWith('DMAR-IR: '));
  const base = /^DMAR: dmar0: reg_base_addr ([0-9a-f]{1,13}) /;
  const unitBase = lines.map((line) => base.exec(line)?.[1]).find((found) => found !== undefined) ?? 'fed90000';
  return `DMAR ${name}

platform {
  host-address-width ${machine.unit.addressBits}
${memory.map(({ first, last }) => `  memory ${range(first, last)}\n`).join('')}  crash-kernel ${range(crashKernel.first, crashKernel.last)}
${windowsOf(lines).map(([first, last]) => `  pci-window ${range(first, last)}\n`).join('')}${
    lines.some((line) => /^DMAR-IR: Enabled IRQ remapping in x2apic mode/.test(line)) ? '  apic x2apic\n' : ''}}

unit dmar0 {
  profile ${machine.unit.addressBits === 48 ? 'qemu-48' : 'qemu-39'}
  capability ${register('CAP')}
  extended-capability ${register('ECAP')}
  base 0x${unitBase}
  scope listed
${remaps ? '  ioapic 0 ff:00.0\n' : ''}}

${machine.devices.map(({ source, type }) => `device ${deviceName(capture, source)} ${bdf(source)} {
  model ${modelOf(type)}
}
`).join('\n')}`;
}

function modelOf(type: string): string {
  const model = models.get(type);
  return model !== undefined && vocabulary.models.has(model) ? model : passive;
}

function range(first: number, last: number): string {
  return `0x${first.toString(16)}-0x${last.toString(16)}`;
}

const windowLine = /root bus resource \[mem 0x([0-9a-f]{8,13})-0x([0-9a-f]{8,13}) window\]$/;

/** Windows of the host bridge, whole pages. */
function windowsOf(lines: readonly string[]): readonly (readonly [number, number])[] {
  return lines.flatMap((line) => {
    const match = windowLine.exec(line);
    const [first = 1, last = 0] = match === null ? [] : match.slice(1).map((digits) => Number.parseInt(digits, 16));
    return first < last && first % 4096 === 0 && last % 4096 === 4095 ? [[first, last] as const] : [];
  });
}

/** `nvme`, or `nvme-05.0` where there are several of a kind. */
function deviceName({ machine }: Capture, source: SourceId): string {
  const found = machine.devices.find((device) => sourceIdNumber(device.source) === sourceIdNumber(source));
  const type = (found?.type ?? 'device').toLowerCase().replace(/[^a-z0-9-]/g, '-').replace(/^-+/, '');
  const alike = machine.devices.filter((device) => device.type === found?.type).length;
  return alike > 1 ? `${type}-${bdf(source).slice(3)}` : type;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

export type CapturedScenario =
  | { readonly ok: true; readonly scenario: Scenario }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export function scenarioFrom(text: string, image: HardwareImage): CapturedScenario {
  const reading = readScenario('captured.dmar', text, vocabulary, () => ({ image }));
  return reading.ok ? { ok: true, scenario: reading.scenario } : { ok: false, diagnostics: reading.diagnostics };
}
