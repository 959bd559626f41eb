/** The canonical JSON of a scenario; `parse-json.ts` accepts exactly this. */

import { hex } from '../../base/word.ts';
import { printAddress } from '../quantities.ts';
import { printOrder } from '../text/order-text.ts';
import { printSchedule } from '../text/schedule-text.ts';
import type { AddressRange, ClaimScope, CrashedStatement, CaptureStatement, Scenario }
  from '../scenario.ts';
import { printSourceId } from '../values.ts';

/**
 * Ends with a newline. Every object is written out key by key, so that the order is this file's and
 * nothing that a caller's object carries besides is printed. A schedule keeps its run lengths, or a
 * long one would not fit into a file.
 */
export function printJson(scenario: Scenario): string {
  const { platform, schedule, order } = scenario;
  const document = {
    format: 'dmarsim-scenario/1',
    name: scenario.name,
    about: scenario.about,
    expectations: scenario.expectations.map(({ release, result }) => ({ release, result })),
    ...(scenario.explorations.length === 0 ? {}
      : { explorations: scenario.explorations.map(({ release, result }) => ({ release, result })) }),
    platform: {
      hostAddressWidth: platform.hostAddressWidth,
      memory: platform.memory.map(rangeJson),
      crashKernel: rangeJson(platform.crashKernel),
      pciWindows: platform.pciWindows.map(rangeJson),
      apic: platform.apic,
      timings: platform.timings.map(({ name, valueNs }) => ({ name, valueNs })),
    },
    units: scenario.units.map((unit) => ({
      name: unit.name, base: printAddress(unit.base), profile: unit.profile,
      ...(unit.capability === null ? {} : { capability: hex(unit.capability) }),
      ...(unit.extendedCapability === null ? {} : { extendedCapability: hex(unit.extendedCapability) }),
      buses: unit.buses === null ? null : rangeJson(unit.buses),
      endpoints: unit.endpoints.map(({ sourceId }) => ({ sourceId: printSourceId(sourceId) })), scope: unit.scope,
      ioapics: unit.ioapics.map(({ id, sourceId }) => ({ id, sourceId: printSourceId(sourceId) })),
      choices: unit.choices.map((choice) => ({ name: choice.name, value: choice.value })),
    })),
    bridges: scenario.bridges.map(({ name, sourceId, kind, buses }) =>
      ({ name, sourceId: printSourceId(sourceId), kind, buses: rangeJson(buses) })),
    devices: scenario.devices.map((device) => ({
      name: device.name,
      sourceId: printSourceId(device.sourceId),
      alias: device.alias === null ? null : printSourceId(device.alias),
      model: device.model,
      bar: device.bar === null ? null : rangeJson(device.bar),
      reservedRegions: device.reservedRegions.map(rangeJson),
      reset: device.reset.kind === 'late'
        ? { kind: device.reset.kind, afterNs: device.reset.afterNs } : { kind: device.reset.kind },
      paceNs: device.paceNs,
    })),
    crashed: {
      release: scenario.crashed.release,
      ...(scenario.crashed.imageFile === null ? {} : { imageFile: scenario.crashed.imageFile }),
      commandLine: scenario.crashed.commandLine,
      config: scenario.crashed.config.map(({ word }) => ({ word })),
      statements: scenario.crashed.statements.map(statementJson),
    },
    capture: {
      release: scenario.capture.release,
      commandLine: scenario.capture.commandLine,
      config: scenario.capture.config.map(({ word }) => ({ word })),
      statements: scenario.capture.statements.map(statementJson),
    },
    claims: scenario.claims.map(({ quantifier, what, scope }) => ({
      quantifier,
      what: what.kind === 'dma'
        ? { kind: what.kind, outcome: what.outcome } : { kind: what.kind, text: what.text },
      scope: scopeJson(scope),
    })),
    // An empty schedule takes no choice away from the default, and has no spelling.
    schedule: schedule === null || schedule.length === 0 ? null : printSchedule(schedule),
    ...(order === null ? {} : { order: printOrder(order) }),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function rangeJson(range: AddressRange): object {
  return { first: printAddress(range.first), last: printAddress(range.last) };
}

function scopeJson(scope: ClaimScope): object {
  return {
    device: scope.device, kernel: scope.kernel, after: scope.after, before: scope.before,
    reason: scope.reason,
    address: scope.address === null ? null : printAddress(scope.address),
  };
}

function statementJson(statement: CrashedStatement | CaptureStatement): object {
  const { kind } = statement;
  switch (statement.kind) {
    case 'map': return {
      kind, buffer: statement.buffer, bytes: statement.bytes, direction: statement.direction,
      device: statement.device,
    };
    case 'unmap': return { kind, buffer: statement.buffer };
    case 'buffer': return {
      kind, buffer: statement.buffer, address: printAddress(statement.address), bytes: statement.bytes,
      device: statement.device,
    };
    case 'dma': return {
      kind, access: statement.access, buffer: statement.buffer, periodNs: statement.periodNs,
      until: endJson(statement.until),
    };
    case 'wait': return { kind, durationNs: statement.durationNs };
    case 'probe': return {
      kind, device: statement.device, dmaMaskBits: statement.dmaMaskBits, order: statement.order,
    };
    case 'submit': return {
      kind, access: statement.access, bytes: statement.bytes, device: statement.device, count: statement.count,
    };
    case 'panic': return { kind };
  }
}

function endJson(end: Extract<CrashedStatement, { kind: 'dma' }>['until']): object {
  switch (end.kind) {
    case 'reset': return { kind: end.kind };
    case 'panic': return { kind: end.kind, afterNs: end.afterNs };
    case 'count': return { kind: end.kind, count: end.count };
  }
}
