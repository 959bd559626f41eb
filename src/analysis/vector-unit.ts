/** Whether the registers that a vector file names are those of a unit that can be built. */
import type { Word64 } from '../base/word.ts';
import { decodeCapability } from '../vtd/capability.ts';
import { registerSpaceBytes } from '../vtd/register-file.ts';

/** What a vector file says of its unit. */
export interface VectorUnit {
  /** Both of what a device may address and of the host. */
  readonly addressBits: number;
  readonly version: number;
  readonly capability: Word64;
  readonly extendedCapability: Word64;
}

/** Registers that every unit has lie below this; IVA, IOTLB and the fault records lie where CAP and ECAP say. */
const firstPlaceable = 0xc0;
const recordBytes = 16;

interface Block {
  readonly name: string;
  readonly first: number;
  readonly end: number;
}

/** What is impossible about the unit; undefined where nothing is. */
export function impossibleUnit(unit: VectorUnit): string | undefined {
  const { version, capability, extendedCapability, addressBits } = unit;
  const decoded = decodeCapability(version, capability, extendedCapability, addressBits);
  if (decoded.levels.length === 0) return 'registersAtReset.CAP has no address width in SAGAW';
  const narrowest = 12 + 9 * Math.min(...decoded.levels);
  if (decoded.addressBits < narrowest || decoded.addressBits > 57) {
    return `registersAtReset.CAP has an MGAW of ${decoded.addressBits} bits, not ${narrowest} to 57`;
  }
  const records: Block = {
    name: 'FRO', first: decoded.faultOffset, end: decoded.faultOffset + recordBytes * decoded.faultRecords,
  };
  const iotlb: Block = { name: 'IRO', first: decoded.iotlbOffset, end: decoded.iotlbOffset + recordBytes };
  for (const { name, first, end } of [records, iotlb]) {
    if (first < firstPlaceable || end > registerSpaceBytes) {
      return `${name} places registers at 0x${first.toString(16)} to 0x${(end - 1).toString(16)}, not within `
        + `0x${firstPlaceable.toString(16)} to 0x${(registerSpaceBytes - 1).toString(16)}`;
    }
  }
  return records.first < iotlb.end && iotlb.first < records.end ? 'FRO and IRO overlap' : undefined;
}
