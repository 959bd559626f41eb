/**
 * Entries of the interrupt-remapping table and messages that point at them, as Linux writes them
 * (include/linux/dmar.h, drivers/iommu/intel/irq_remapping.c).
 */
import {
  bit, compose, field, get, put, sourceIdNumber, upperField, wordOfAddress, zeroWord, type Address,
  type SourceId, type Word64,
} from '../../base/word.ts';
import type { InterruptMessage } from '../core/interrupts.ts';

/** INTR_REMAP_TABLE_ENTRIES, and the size field of IRTA that stands for it. */
export const irteCount = 65536;
export const irteBytes = 16;
export const irTableBytes = irteCount * irteBytes;
const INTR_REMAP_TABLE_REG_SIZE = 0xf;

const IRTE = {
  PRESENT: bit(0), DST_MODE: bit(2), REDIR_HINT: bit(3), VECTOR: field(23, 16), DEST_ID: field(63, 32),
  XAPIC_DEST: field(47, 40),
} as const;
const IRTE_HIGH = { SID: upperField(79, 64), SVT: upperField(83, 82) } as const;
/** SVT_VERIFY_SID_SQ; SQ_ALL_16 is 0. */
const SVT_VERIFY_SID_SQ = 1;

/** The bit of the first word that makes an entry present. */
export const irtePresentMask = 1;

/** Logical id of the one CPU. */
const destination = 1;

export interface Irte {
  readonly low: Word64;
  readonly high: Word64;
}

export const emptyIrte: Irte = { low: zeroWord, high: zeroWord };

/** `prepare_irte` and `set_irte_sid`: fixed delivery, edge, logical destination. */
export function irteFor(vector: number, source: SourceId, x2apic: boolean): Irte {
  return {
    low: compose([IRTE.PRESENT, 1], [IRTE.DST_MODE, 1], [IRTE.REDIR_HINT, 1], [IRTE.VECTOR, vector],
      x2apic ? [IRTE.DEST_ID, destination] : [IRTE.XAPIC_DEST, destination]),
    high: compose([IRTE_HIGH.SID, sourceIdNumber(source)], [IRTE_HIGH.SVT, SVT_VERIFY_SID_SQ]),
  };
}

/** IRTA with the table, its size, and the mode of the APIC. */
export function irtaValue(table: Address, x2apic: boolean): Word64 {
  return put(field(3, 0), put(bit(11), wordOfAddress(table), x2apic ? 1 : 0), INTR_REMAP_TABLE_REG_SIZE);
}

/** Whether an old table has as many entries as this kernel's. */
export function irtaHasOurSize(irta: Word64): boolean {
  return get(field(3, 0), irta) === INTR_REMAP_TABLE_REG_SIZE;
}

const MESSAGE = { INDEX_LOW: field(19, 5), FORMAT: bit(4), SHV: bit(3), INDEX_HIGH: bit(2) } as const;

/** `fill_msi_msg`: the remappable format, with a subhandle of 0. */
export function remappableMessage(index: number): InterruptMessage {
  const address = compose([field(31, 20), 0xfee], [MESSAGE.INDEX_LOW, index % 0x8000], [MESSAGE.FORMAT, 1],
    [MESSAGE.SHV, 1], [MESSAGE.INDEX_HIGH, Math.floor(index / 0x8000)]);
  return { address: address.low, data: 0 };
}
