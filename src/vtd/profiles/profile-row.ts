/** What is known of a kind of DMAR unit: what a unit is built from, and what only a reader wants. */
import { get, word, type Word64 } from '../../base/word.ts';
import { CAP } from '../capability.ts';
import { keepsTheMost, type HardwareChoices } from '../choices.ts';
import type { DepartureName } from '../departures.ts';

/** All that a unit is built from. */
export interface UnitProfile {
  readonly name: string;
  /** Where the registers were seen, in a few words: a list has a column for it. */
  readonly about: string;
  readonly version: number;
  readonly capability: Word64;
  readonly extendedCapability: Word64;
  readonly choices: HardwareChoices;
  /** Where the unit breaks the specification. */
  readonly departures: readonly DepartureName[];
}

/** A profile of the program, with what is known of the machines around such units. */
export interface KnownProfile extends UnitProfile {
  /** What the firmware of such machines says, in bits; the unit has no register that tells it. */
  readonly hostAddressWidths: readonly number[];
  /** How many units such a machine usually has; null where that was not seen. */
  readonly units: number | null;
  /** One fact each; what was not confirmed says so. */
  readonly notes: readonly string[];
}

/** The registers and what else differs from row to row; the registers as a kernel logs them. */
interface SiliconRow {
  readonly name: string;
  readonly about: string;
  readonly registers: readonly [version: number, capability: bigint, extendedCapability: bigint];
  readonly hostAddressWidths: readonly number[];
  readonly units: number | null;
  readonly choices?: Partial<HardwareChoices>;
  readonly notes?: readonly string[];
}

const compressionNote = 'UNCONFIRMED: that faults of a source collapse while one of them is pending; '
  + 'assumed of every unit with a single fault record';

/** First version of units built to a revision that has IQERCD (3.0 of 2018). */
const firstWithErrorCode = 0x20;

/**
 * A unit of silicon: the specification to the letter, but for what is known to be otherwise. Whether a
 * unit compresses the faults of one source (7.2.1) is not documented for any generation; units with
 * few records usually do. So those with one record do here, and those with eight do not.
 */
export function siliconUnit(row: SiliconRow): KnownProfile {
  const { name, about, registers: [version, capability, extendedCapability], hostAddressWidths, units } = row;
  const single = get(CAP.NFR, word(capability)) === 0;
  return {
    name, about, version, hostAddressWidths, units,
    capability: word(capability),
    extendedCapability: word(extendedCapability),
    choices: {
      ...keepsTheMost,
      'same-source-faults': single ? 'collapsed' : 'recorded',
      'queue-error-code': version < firstWithErrorCode ? 'none' : 'recorded',
      ...row.choices,
    },
    departures: [],
    notes: [...row.notes ?? [], ...single ? [compressionNote] : []],
  };
}
