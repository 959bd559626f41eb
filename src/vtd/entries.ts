/**
 * Root, context and second-level entries: formats and reserved bits (specification 9.1, 9.3, 9.8).
 * Which bits are reserved depends on the unit's capabilities, so they are worked out once for a unit.
 */
import {
  bit, domainIdOf, field, frameAt, get, isSet, maskOf, or, overlaps, overlapsHalves, upperField,
  word, zeroWord, type DomainId, type Frame, type Word64,
} from '../base/word.ts';
import type { Capability } from './capability.ts';

export const ROOT = { CTP: field(63, 12), P: bit(0) } as const;

export const CONTEXT = {
  SLPTPTR: field(63, 12), TT: field(3, 2), FPD: bit(1), P: bit(0),
} as const;

export const CONTEXT_UPPER = { DID: upperField(87, 72), AW: upperField(66, 64) } as const;

export const SECOND_LEVEL = {
  ADDR: field(51, 12), SNP: bit(11), PS: bit(7), W: bit(1), R: bit(0),
} as const;

/** Bit 62, which only a leaf of some units may set. */
const alwaysReservedInTable = word(0x4000_0000_0000_0000n);

export const TRANSLATION_TYPE = { untranslatedOnly: 0, deviceTlb: 1, passThrough: 2 } as const;

/** A present context entry, taken apart. */
export interface ContextFields {
  readonly faultDisabled: boolean;
  readonly translationType: number;
  readonly table: Frame;
  readonly addressWidth: number;
  /** Levels of the second-level table that AW selects. */
  readonly levels: number;
  readonly domain: DomainId;
}

export function contextFields(low: Word64, high: Word64): ContextFields {
  const addressWidth = get(CONTEXT_UPPER.AW, high);
  return {
    faultDisabled: isSet(CONTEXT.FPD, low),
    translationType: get(CONTEXT.TT, low),
    table: frameAt(get(CONTEXT.SLPTPTR, low)),
    addressWidth,
    levels: addressWidth + 2,
    domain: domainIdOf(get(CONTEXT_UPPER.DID, high)),
  };
}

/** What of the formats a unit chooses or departs in. */
export interface FormatRules {
  /** Whether bit 62 of a leaf means nothing (TM of older revisions); asked where one is set. */
  readonly ignoresLeafBit62: () => boolean;
  /** The table pointer of a pass-through entry has reserved bits like any other. */
  readonly passThroughPointerChecked: boolean;
}

/** Reserved bits of every format, and what an entry may ask of this unit. */
export class Formats {
  readonly #capability: Capability;
  readonly #rules: FormatRules;
  readonly #aboveHostWidth: Word64;
  readonly #contextUpperReserved: Word64;
  /** By level: which bits must be zero in an entry that leads to a table, and in a leaf. */
  readonly #tableReserved: Word64;
  readonly #leafReserved: readonly Word64[];
  /** The same without bit 62. */
  readonly #leafReservedElse: readonly Word64[];
  readonly #largeLeaf: readonly boolean[];

  constructor(capability: Capability, rules: FormatRules) {
    this.#capability = capability;
    this.#rules = rules;
    this.#aboveHostWidth = maskOf(field(63, capability.hostAddressWidth));
    const domainIdTop = 72 + capability.domainIdBits;
    this.#contextUpperReserved = maskOf(
      upperField(127, 88),
      upperField(71, 71),
      ...(domainIdTop <= 87 ? [upperField(87, domainIdTop)] : []),
    );
    const address = capability.hostAddressWidth < 52
      ? maskOf(field(51, capability.hostAddressWidth)) : zeroWord;
    // The page-size bit is reserved where it selects nothing.
    this.#tableReserved = or(or(alwaysReservedInTable, address), maskOf(SECOND_LEVEL.SNP, SECOND_LEVEL.PS));
    const snoop = capability.snoopControl ? zeroWord : maskOf(SECOND_LEVEL.SNP);
    const leaf = or(address, snoop);
    this.#leafReservedElse = [
      zeroWord, leaf, or(leaf, maskOf(field(20, 12))), or(leaf, maskOf(field(29, 12))),
    ];
    this.#leafReserved = this.#leafReservedElse.map((mask, level) => level === 0 ? mask : or(mask, alwaysReservedInTable));
    this.#largeLeaf = [0, 1, 2, 3, 4, 5].map((level) =>
      level > 1 && capability.superpageOrders.includes(9 * (level - 1)));
  }

  rootHasReservedBits(low: Word64, high: Word64): boolean {
    return overlaps(low, or(this.#aboveHostWidth, maskOf(field(11, 1))))
      || high.low !== 0 || high.high !== 0;
  }

  contextHasReservedBits(low: Word64, high: Word64): boolean {
    const pointerCounts = this.#rules.passThroughPointerChecked
      || get(CONTEXT.TT, low) !== TRANSLATION_TYPE.passThrough;
    return overlaps(low, maskOf(field(11, 4)))
      || (pointerCounts && overlaps(low, this.#aboveHostWidth))
      || overlaps(high, this.#contextUpperReserved);
  }

  /** Whether AW and TT name something that the unit has (reason 3 otherwise). */
  contextIsSupported(fields: ContextFields): boolean {
    const supported = this.#capability.levels;
    switch (fields.translationType) {
      case TRANSLATION_TYPE.untranslatedOnly:
        return supported.includes(fields.levels);
      case TRANSLATION_TYPE.deviceTlb:
        return this.#capability.deviceTlb && supported.includes(fields.levels);
      case TRANSLATION_TYPE.passThrough:
        return this.#capability.passThrough && supported.includes(fields.levels);
      default:
        return false;
    }
  }

  /** Whether an entry with the page-size bit is a leaf at this level: 2 MiB at 2, 1 GiB at 3. */
  hasLargeLeaf(level: number): boolean {
    return this.#largeLeaf[level] === true;
  }

  /** Reserved bits of an entry with R or W set. */
  tableEntryHasReservedBits(level: number, isLeaf: boolean, low: number, high: number): boolean {
    const mask = isLeaf ? this.#leafReserved[level] ?? this.#tableReserved : this.#tableReserved;
    if (!overlapsHalves(mask, low, high)) return false;
    const bit62Alone = isLeaf && !overlapsHalves(this.#leafReservedElse[level] ?? this.#tableReserved, low, high);
    return !(bit62Alone && this.#rules.ignoresLeafBit62());
  }
}
