/** An image as `hardware-image.ts` reads it; zeros at the ends of pages are left out. */
import { hex } from '../../base/word.ts';
import type { HardwareImage, ImagePage } from './hardware-image.ts';

/** One page a line, ends with a newline. */
export function printHardwareImage({ name, registers, pages }: HardwareImage): string {
  const regs = Object.fromEntries([...registers].map(([register, value]) => [register, hex(value)]));
  return `{"name":${JSON.stringify(name)},\n"regs":${JSON.stringify(regs)},\n"pages":{\n${pages.map(pageText).join(',\n')}\n}}\n`;
}

function pageText({ address, kinds, bytes }: ImagePage): string {
  const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
  const digits = Array.from(bytes.subarray(0, end), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `"0x${address.toString(16)}":${JSON.stringify({ kind: kinds, hex: digits })}`;
}
