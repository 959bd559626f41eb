/**
 * The canonical text of a scenario, for counterexamples that are to be mailed and kept.
 *
 * Reading it gives the same tree. Defaults are written out, since the reader of such a file may not
 * know them; only an empty command line is left out, and what a driver or model has by itself.
 */

import { hex } from '../../base/word.ts';
import { printHeadComment } from './head-comment.ts';
import { printAddress, printDuration, printSize } from '../quantities.ts';
import { printOrder } from './order-text.ts';
import { printSchedule } from './schedule-text.ts';
import type {
  AddressRange, CaptureStatement, Claim, CrashedStatement, DeviceDescription, DmaEnd,
  KernelDescription, PlatformDescription, ResetBehaviour, Scenario, UnitDescription,
} from '../scenario.ts';
import { printSourceId } from '../values.ts';

/** Ends with a newline. Comments other than the head comment are not part of a tree. */
export function printText(scenario: Scenario): string {
  const { schedule, order } = scenario;
  const blocks = [
    `DMAR ${scenario.name}`,
    printHeadComment(scenario),
    block('platform', platformLines(scenario.platform)),
    ...scenario.units.map((unit) => block(`unit ${unit.name}`, unitLines(unit))),
    ...scenario.bridges.map(({ name, sourceId, kind, buses }) =>
      block(`bridge ${name} ${printSourceId(sourceId)}`, [`kind ${kind}`, `buses ${rangeText(buses)}`])),
    ...scenario.devices.map((device) =>
      block(`device ${device.name} ${printSourceId(device.sourceId)}`, deviceLines(device))),
    block(`crashed ${scenario.crashed.release}${imageText(scenario.crashed.imageFile)}`,
      kernelLines(scenario.crashed)),
    block(`capture ${scenario.capture.release}`, kernelLines(scenario.capture)),
    scenario.claims.map(claimLine).join('\n'),
    schedule === null || schedule.length === 0 ? '' : `schedule ${printSchedule(schedule)}`,
    order === null || order.length === 0 ? '' : `order ${printOrder(order)}`,
  ];
  return `${blocks.filter((text) => text !== '').join('\n\n')}\n`;
}

function block(header: string, lines: readonly string[]): string {
  return [`${header} {`, ...lines.map((line) => `  ${line}`), '}'].join('\n');
}

function imageText(file: string | null): string {
  return file === null ? '' : ` ${stringText(file)}`;
}

function platformLines(platform: PlatformDescription): readonly string[] {
  return [
    `host-address-width ${platform.hostAddressWidth}`,
    ...platform.memory.map((range) => `memory ${rangeText(range)}`),
    `crash-kernel ${rangeText(platform.crashKernel)}`,
    ...platform.pciWindows.map((range) => `pci-window ${rangeText(range)}`),
    ...(platform.apic === 'xapic' ? [] : [`apic ${platform.apic}`]),
    ...platform.timings.map(({ name, valueNs }) => `timing ${name} ${printDuration(valueNs)}`),
  ];
}

function unitLines(unit: UnitDescription): readonly string[] {
  return [
    `profile ${unit.profile}`,
    ...(unit.capability === null ? [] : [`capability ${hex(unit.capability)}`]),
    ...(unit.extendedCapability === null ? [] : [`extended-capability ${hex(unit.extendedCapability)}`]),
    `base ${printAddress(unit.base)}`,
    ...(unit.buses === null ? [] : [`buses ${rangeText(unit.buses)}`]),
    ...unit.endpoints.map(({ sourceId }) => `endpoint ${printSourceId(sourceId)}`),
    ...(unit.scope === 'all' ? [] : [`scope ${unit.scope}`]),
    ...unit.ioapics.map(({ id, sourceId }) => `ioapic ${id} ${printSourceId(sourceId)}`),
    ...unit.choices.map(({ name, value }) => `choice ${name} ${value}`),
  ];
}

function deviceLines(device: DeviceDescription): readonly string[] {
  return [
    `model ${device.model}`,
    ...(device.alias === null ? [] : [`alias ${printSourceId(device.alias)}`]),
    ...(device.bar === null ? [] : [`bar ${rangeText(device.bar)}`]),
    ...device.reservedRegions.map((range) => `rmrr ${rangeText(range)}`),
    `reset ${resetText(device.reset)}`,
    ...(device.paceNs === null ? [] : [`pace ${printDuration(device.paceNs)}`]),
  ];
}

function resetText(reset: ResetBehaviour): string {
  switch (reset.kind) {
    case 'late': return `late ${printDuration(reset.afterNs)}`;
    case 'stops':
    case 'leaves-one':
    case 'ignored':
      return reset.kind;
  }
}

function kernelLines(
  kernel: KernelDescription<CrashedStatement | CaptureStatement>,
): readonly string[] {
  const { commandLine, config } = kernel;
  return [
    ...(commandLine === '' ? [] : [`command-line ${stringText(commandLine)}`]),
    ...config.map(({ word }) => `config ${word}`),
    ...kernel.statements.map(statementLine),
  ];
}

function statementLine(statement: CrashedStatement | CaptureStatement): string {
  switch (statement.kind) {
    case 'map': {
      const { buffer, bytes, direction, device } = statement;
      return `map ${buffer} ${printSize(bytes)} ${direction} on ${device}`;
    }
    case 'unmap': return `unmap ${statement.buffer}`;
    case 'buffer': {
      const { buffer, address, bytes, device } = statement;
      return `buffer ${buffer} ${printAddress(address)} ${printSize(bytes)} on ${device}`;
    }
    case 'dma': {
      const { access, buffer, periodNs, until } = statement;
      return `dma ${access} ${buffer} every ${printDuration(periodNs)} ${endText(until)}`;
    }
    case 'wait': return `wait ${printDuration(statement.durationNs)}`;
    case 'probe': {
      const { device, dmaMaskBits, order } = statement;
      return `probe ${device}${dmaMaskBits === null ? '' : ` dma-mask ${dmaMaskBits}`}`
        + (order === 'as-written' ? '' : ` order ${order}`);
    }
    case 'submit': {
      const { access, bytes, device, count } = statement;
      return `submit ${access} ${printSize(bytes)} on ${device} times ${count}`;
    }
    case 'panic': return 'panic';
  }
}

function endText(end: DmaEnd): string {
  switch (end.kind) {
    case 'reset': return 'until reset';
    case 'panic':
      return end.afterNs === 0 ? 'until panic' : `until panic + ${printDuration(end.afterNs)}`;
    case 'count': return `times ${end.count}`;
  }
}

/** The one spelling of a claim; reports name claims by it. */
export function claimLine({ quantifier, what, scope }: Claim): string {
  const words: string[] = [quantifier];
  if (what.kind === 'dma') words.push(what.outcome);
  else words.push('log', stringText(what.text));
  if (scope.device !== null) words.push('on', scope.device);
  if (scope.kernel !== null) words.push('of', scope.kernel);
  if (scope.after !== null) words.push('after', scope.after);
  if (scope.before !== null) words.push('before', scope.before);
  if (scope.reason !== null) words.push('reason', String(scope.reason));
  if (scope.address !== null) words.push('at', printAddress(scope.address));
  return words.join(' ');
}

function stringText(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function rangeText({ first, last }: AddressRange): string {
  return `${printAddress(first)}-${printAddress(last)}`;
}
