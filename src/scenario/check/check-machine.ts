/** Checks of address ranges: the platform's memory, the unit's registers, a device's regions. */

import type { CheckContext } from './check-context.ts';
import { pageBytes } from '../limits.ts';
import { printAddress, printSize } from '../quantities.ts';
import type { ProblemText } from '../problems.ts';
import type { AddressRange, DeviceDescription, IoApic, UnitDescription } from '../scenario.ts';

const oneMebibyte = 0x100000;

export function checkPlatform(context: CheckContext): void {
  const { memory, crashKernel } = context.scenario.platform;
  const sound = memory.filter((range) => checkRange(context, range, 'a memory range'));
  checkOverlaps(context, sound);
  for (const window of context.scenario.platform.pciWindows) checkWindow(context, window, sound);
  if (!checkRange(context, crashKernel, 'the crash kernel')) return;
  if (!checkPages(context, crashKernel, 'the crash kernel')) return;
  if (crashKernel.first < oneMebibyte) {
    report(context, crashKernel, {
      code: 'S074', message: 'the crash kernel begins below 1 MiB', label: 'too low',
      help: `begin at ${printAddress(oneMebibyte)} or above`,
    });
    return;
  }
  // With a memory line misread, the line that holds the crash kernel may be that one.
  if (context.broken.has('platform')) return;
  if (memory.some((range) => range.first <= crashKernel.first && range.last >= crashKernel.last)) {
    return;
  }
  report(context, crashKernel, {
    code: 'S073', message: 'the crash kernel is not inside one memory range',
    label: 'not all of this is memory',
    help: memory.length === 0 ? 'the platform has no `memory`' : null,
  });
}

/** What the host bridge passes on to PCI is not memory. */
function checkWindow(context: CheckContext, window: AddressRange, memory: readonly AddressRange[]): void {
  if (!checkRange(context, window, 'a pci-window') || !checkPages(context, window, 'a pci-window')) return;
  const other = memory.find((range) => range.first <= window.last && range.last >= window.first);
  if (other === undefined) return;
  report(context, window, {
    code: 'S079', message: 'this window of the host bridge lies in memory', label: `overlaps ${printRange(other)}`,
  });
}

/** Sorted, each range can only overlap one that is still open, so the longest so far is enough. */
function checkOverlaps(context: CheckContext, ranges: readonly AddressRange[]): void {
  const sorted = [...ranges].sort((left, right) => left.first - right.first);
  let longest: AddressRange | null = null;
  for (const range of sorted) {
    if (longest !== null && range.first <= longest.last) {
      // The later of the two in the file is the one to look at.
      const later = startOf(context, range) > startOf(context, longest) ? range : longest;
      const other = later === range ? longest : range;
      report(context, later, {
        code: 'S072', message: 'this memory overlaps another range',
        label: `overlaps ${printRange(other)}`,
      });
    }
    if (longest === null || range.last > longest.last) longest = range;
  }
}

function startOf({ spans }: CheckContext, range: AddressRange): number {
  return spans.ofNode(range)?.start ?? 0;
}

export function checkUnit(context: CheckContext, unit: UnitDescription): void {
  const { spans, problems, scenario } = context;
  const span = spans.ofProperty(unit, 'base');
  if (span === null) return;
  if (unit.base % pageBytes !== 0) {
    problems.report(span, {
      code: 'S071', message: 'the base of a unit is the address of a page',
      label: 'not page aligned', help: alignedHelp(unit.base),
    });
    return;
  }
  const last = unit.base + pageBytes - 1;
  if (isBeyond(context, last)) {
    problems.report(span, beyond(context, 'the base of the unit'));
    return;
  }
  const around = scenario.platform.memory.find((range) =>
    range.first <= last && range.last >= unit.base);
  if (around === undefined) return;
  problems.report(span, {
    code: 'S075', message: 'the registers of the unit lie in memory',
    label: `inside ${printRange(around)}`,
  });
}

const lastBus = 0xff;

/**
 * Every device belongs to one unit: units with buses of their own, then one that takes the rest, as the
 * firmware's table must have it.
 */
export function checkScopes({ scenario, spans, problems, broken }: CheckContext): void {
  if (broken.has('units')) return;
  const report = (unit: UnitDescription, message: string, label: string, help: string): void => {
    const span = spans.ofNode(unit);
    if (span !== null) problems.report(span, { code: 'S068', message, label, help });
  };
  for (const [index, unit] of scenario.units.entries()) {
    const { buses } = unit;
    const takesTheRest = buses === null && unit.endpoints.length === 0;
    const isLast = index === scenario.units.length - 1;
    const earlier = scenario.units.slice(0, index);
    if (earlier.some(({ base }) => base === unit.base)) {
      report(unit, 'two units have their registers at one address', 'the second of them',
        'give each unit a page of its own');
    } else if (takesTheRest && !isLast) {
      report(unit, 'a unit without `buses` takes every device that is left', 'not the last unit',
        'put it behind the others, or give it `buses 0x20-0x3f` or `endpoint 00:02.0`');
    } else if (!takesTheRest && isLast) {
      report(unit, 'no unit takes the devices that are left', 'the last unit',
        'leave `buses` and `endpoint` out of one unit, and put it last');
    } else if (buses !== null && (buses.first > buses.last || buses.last > lastBus)) {
      report(unit, 'these are not the numbers of buses', 'beyond 0xff, or the wrong way round',
        'a segment has the buses 0x0 to 0xff');
    } else if (buses !== null && earlier.some((other) => other.buses !== null
      && other.buses.first <= buses.last && other.buses.last >= buses.first)) {
      report(unit, 'two units have one bus', 'the second of them', 'let the buses of units not overlap');
    }
  }
}

/** Interrupts are told apart by the I/O APIC's id in the firmware's table, and by its source-id at the unit. */
export function checkIoApics({ scenario, spans, problems }: CheckContext): void {
  const seen: IoApic[] = [];
  for (const ioapic of scenario.units.flatMap(({ ioapics }) => ioapics)) {
    const span = spans.ofNode(ioapic);
    const twin = seen.find(({ id, sourceId }) => id === ioapic.id || sourceId === ioapic.sourceId);
    seen.push(ioapic);
    if (twin === undefined || span === null) continue;
    const what = twin.id === ioapic.id ? 'id' : 'source id';
    problems.report(span, {
      code: 'S069', message: `two I/O APICs have one ${what}`, label: 'the second of them',
      help: `give each I/O APIC ${what === 'id' ? 'an id' : 'a source id'} of its own`,
    });
  }
}

export function checkDeviceRanges(context: CheckContext, device: DeviceDescription): void {
  if (device.bar !== null) checkRange(context, device.bar, 'a bar');
  for (const region of device.reservedRegions) {
    if (checkRange(context, region, 'an rmrr')) checkPages(context, region, 'an rmrr');
  }
}

/** A model's registers must lie inside the BAR that the file gives it. */
export function checkBar(context: CheckContext, device: DeviceDescription): void {
  const needed = context.vocabulary.models.get(device.model)?.barBytes;
  const { bar } = device;
  if (bar === null || needed === undefined || bar.last < bar.first) return;
  if (bar.last - bar.first + 1 >= needed) return;
  report(context, bar, {
    code: 'S094', message: `the registers of the model do not fit into this bar`, label: 'too small',
    help: `\`${device.model}\` needs ${printSize(needed)}: up to ${printAddress(bar.first + needed - 1)}`,
  });
}

/** Whether a range runs upwards and ends below the host address width; false: reported or unknown. */
function checkRange(context: CheckContext, range: AddressRange, what: string): boolean {
  if (context.spans.ofNode(range) === null) return false;
  if (range.last < range.first) {
    report(context, range, {
      code: 'S070', message: `${what} ends before it begins`, label: 'last is below first',
    });
    return false;
  }
  if (!isBeyond(context, range.last)) return true;
  report(context, range, beyond(context, what));
  return false;
}

function checkPages(context: CheckContext, range: AddressRange, what: string): boolean {
  if (range.first % pageBytes !== 0) {
    report(context, range, {
      code: 'S071', message: `${what} does not begin at a page`, label: 'first is not page aligned',
      help: alignedHelp(range.first),
    });
    return false;
  }
  if (range.last % pageBytes === pageBytes - 1) return true;
  report(context, range, {
    code: 'S071', message: `${what} does not end with a page`,
    label: 'last is not the last byte of a page',
    help: `the page ends at ${printAddress(range.last - range.last % pageBytes + pageBytes - 1)}`,
  });
  return false;
}

export function alignedHelp(address: number): string {
  return `the page begins at ${printAddress(address - address % pageBytes)}`;
}

function isBeyond({ scenario }: CheckContext, address: number): boolean {
  return address >= 2 ** scenario.platform.hostAddressWidth;
}

function beyond({ scenario }: CheckContext, what: string): ProblemText {
  const width = scenario.platform.hostAddressWidth;
  return {
    code: 'S076', message: `${what} is beyond the host address width`, label: 'too high',
    help: `with ${width} bits, addresses are below ${printAddress(2 ** width)}`,
  };
}

function report({ spans, problems }: CheckContext, node: object, problem: ProblemText): void {
  const span = spans.ofNode(node);
  if (span !== null) problems.report(span, problem);
}

function printRange({ first, last }: AddressRange): string {
  return `${printAddress(first)}-${printAddress(last)}`;
}
