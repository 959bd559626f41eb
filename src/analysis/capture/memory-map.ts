/** The memory of the captured machine, as its kernels found it (`BIOS-e820`), and what was set apart. */
import type { AddressRange } from '../../scenario/scenario.ts';
import type { KernelConsole } from './console.ts';

export interface MemoryMap {
  readonly memory: readonly AddressRange[];
  readonly crashKernel: AddressRange;
}

const usableLine = /BIOS-e820: \[mem 0x([0-9a-f]{16})-0x([0-9a-f]{16})\] usable$/;
const reservedLine = /Reserving (\d{1,6})MB of (?:low )?memory at (\d{1,7})MB for crashkernel/;
const mebibyte = 2 ** 20;
const rangeLimit = 64;
const addressEnd = 2 ** 52;

/** The map, or what is missing; the serial port may have lost a line of it. */
export function readMemoryMap(first: KernelConsole, memoryBytes: number): MemoryMap | string {
  const memory = wholePages(first.lines.flatMap((line) => {
    const match = usableLine.exec(line);
    if (match === null) return [];
    const [begin, end] = [match[1], match[2]].map((digits) => Number.parseInt(digits ?? '', 16));
    return begin !== undefined && end !== undefined && begin < end && end < addressEnd ? [{ first: begin, last: end }] : [];
  }).slice(0, rangeLimit));
  // Of `crashkernel=…,high` the smaller part is for what cannot use memory above 4 GiB.
  const reserved = first.lines.map((line) => reservedLine.exec(line)).filter((match) => match !== null)
    .sort((left, right) => Number(right[1]) - Number(left[1]))[0];
  if (reserved === undefined) return 'the first kernel does not say where it reserves memory for the capture kernel';
  const begin = Number(reserved[2]) * mebibyte;
  const crashKernel = { first: begin, last: begin + Number(reserved[1]) * mebibyte - 1 };
  const covered = memory.some((range) => range.first <= crashKernel.first && range.last >= crashKernel.last);
  // QEMU gives all of its memory below 2 GiB to the range from 1 MiB on, but for the firmware's tables.
  const whole = covered ? memory : [{ first: mebibyte, last: Math.min(memoryBytes, 2 ** 31) - mebibyte - 1 }];
  const fits = whole.some((range) => range.first <= crashKernel.first && range.last >= crashKernel.last);
  return fits ? { memory: whole, crashKernel } : 'the memory for the capture kernel is not in the machine\'s memory';
}

/** Without the pages that begin or end a range in their middle, and without what overlaps another range. */
function wholePages(ranges: readonly AddressRange[]): readonly AddressRange[] {
  const whole = ranges
    .map(({ first, last }) => ({ first: Math.ceil(first / 4096) * 4096, last: Math.floor((last + 1) / 4096) * 4096 - 1 }))
    .filter(({ first, last }) => first < last)
    .sort((left, right) => left.first - right.first);
  return whole.filter((range, index) => whole.slice(0, index).every(({ last }) => last < range.first));
}
