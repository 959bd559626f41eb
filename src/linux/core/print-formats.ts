/** Forms of printk that several parts of the kernel share. */
import { bareHex, bdf, type SourceId, type Word64 } from '../../base/word.ts';

/** `%#016Lx`: sixteen characters with the prefix. */
export function padded16(value: Word64): string {
  return `0x${bareHex(value).padStart(14, '0')}`;
}

/** `dev_name` of a PCI device: segment 0. */
export function pciName(source: SourceId): string {
  return `0000:${bdf(source)}`;
}
