/** Whether CAP and ECAP can be those of a unit at all: they may come from a file. */
import type { Word64 } from '../base/word.ts';
import { decodeCapability } from './capability.ts';
import { registerSpaceBytes } from './register-file.ts';

/** Behind IRTA: the registers that a unit cannot be without have fixed places up to there (11.4). */
const firstPlacedOffset = 0xc0;
const recordBytes = 16;
/** What two and five levels of tables translate; MGAW may be less than the narrowest width in SAGAW. */
const fewestAddressBits = 30;
const mostAddressBits = 57;

export function capabilityProblem(
  registers: { readonly capability: Word64; readonly extendedCapability: Word64 },
): string | undefined {
  const known = decodeCapability(0x10, registers.capability, registers.extendedCapability, 52);
  const iotlb = { first: known.iotlbOffset, end: known.iotlbOffset + recordBytes };
  const records = { first: known.faultOffset, end: known.faultOffset + recordBytes * known.faultRecords };
  if (known.levels.length === 0) return 'CAP.SAGAW names no width of tables';
  if (known.addressBits < fewestAddressBits || known.addressBits > mostAddressBits) {
    return `CAP.MGAW is ${known.addressBits} bits, not ${fewestAddressBits} to ${mostAddressBits}`;
  }
  for (const [name, place] of [['ECAP.IRO', iotlb], ['CAP.FRO', records]] as const) {
    if (place.first < firstPlacedOffset) return `${name} is too small`;
    if (place.end > registerSpaceBytes) return `${name} is beyond the page of the unit`;
  }
  if (iotlb.first < records.end && records.first < iotlb.end) return 'CAP.FRO and ECAP.IRO overlap';
  return undefined;
}
