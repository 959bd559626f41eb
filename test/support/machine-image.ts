/** An image of a machine's unit and tables, as a recorder would take it: read from outside, page by page. */
import type { Machine } from '../../src/machine/machine.ts';
import { addressOf, hex, toBigInt } from '../../src/base/word.ts';

const registers: readonly (readonly [string, number, 4 | 8])[] = [
  ['VER', 0x00, 4], ['CAP', 0x08, 8], ['ECAP', 0x10, 8], ['GSTS', 0x1c, 4], ['RTADDR', 0x20, 8],
  ['FSTS', 0x34, 4], ['FECTL', 0x38, 4], ['FEDATA', 0x3c, 4], ['FEADDR', 0x40, 4], ['IQH', 0x80, 8],
  ['IQT', 0x88, 8], ['IQA', 0x90, 8], ['IRTA', 0xb8, 8],
];

interface RecordedPage {
  readonly kind: readonly string[];
  readonly hex: string;
}

export function imageOf(machine: Machine): string {
  const [unit] = machine.units;
  if (unit === undefined) throw new Error('no unit');
  const regs = Object.fromEntries(registers.map(([name, offset, bytes]) =>
    [name, hex(unit.readRegister(offset, bytes, -1))]));
  const pages = new Map<string, RecordedPage>();
  const take = (address: number, kind: string): readonly bigint[] => {
    const bytes = machine.memory.read(addressOf(address), 4096);
    if (bytes === undefined) throw new Error(`no memory at ${address}`);
    pages.set(`0x${address.toString(16)}`, { kind: [kind], hex: [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('') });
    return Array.from({ length: 512 }, (_, index) => toBigInt(machine.memory.read64(addressOf(address + 8 * index))));
  };
  const tableOf = (entry: bigint): number => Number(entry / 4096n % 2n ** 40n) * 4096;
  const level = (address: number, depth: number): void => {
    for (const entry of take(address, `SL${depth}`)) {
      if (depth > 1 && entry % 4n !== 0n && entry / 128n % 2n === 0n) level(tableOf(entry), depth - 1);
    }
  };
  take(Number(BigInt(regs['IQA'] ?? '0x0') / 4096n) * 4096, 'IQ');
  for (const [bus, entry] of take(Number(BigInt(regs['RTADDR'] ?? '0x0')), 'root').entries()) {
    if (bus % 2 !== 0 || entry % 2n === 0n) continue;
    const table = take(tableOf(entry), 'context');
    for (let at = 0; at < 512; at += 2) {
      const low = table[at] ?? 0n;
      if (low % 2n === 1n) level(tableOf(low), Number((table[at + 1] ?? 0n) % 8n) + 2);
    }
  }
  return JSON.stringify({ name: 'at the panic', regs, pages: Object.fromEntries(pages) });
}
