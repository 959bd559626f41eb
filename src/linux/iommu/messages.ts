/**
 * The kernel's own words, byte for byte (drivers/iommu/dmar.c, intel-iommu.c, 4.6 to 5.4).
 */
import { bareHex, bdf, wordOf, type SourceId, type Word64 } from '../../base/word.ts';

/** `dma_remap_fault_reasons`, index 0 to 0xd. */
const dmaRemapFaultReasons: readonly string[] = [
  'Software',
  'Present bit in root entry is clear',
  'Present bit in context entry is clear',
  'Invalid context entry',
  'Access beyond MGAW',
  'PTE Write access is not set',
  'PTE Read access is not set',
  'Next page table ptr is invalid',
  'Root table address invalid',
  'Context table ptr is invalid',
  'non-zero reserved fields in RTP',
  'non-zero reserved fields in CTP',
  'non-zero reserved fields in PTE',
  'PCE for translation request specifies blocking',
];

/** `irq_remap_fault_reasons`, from 0x20. */
const irqRemapFaultReasons: readonly string[] = [
  'Detected reserved fields in the decoded interrupt-remapped request',
  'Interrupt index exceeded the interrupt-remapping table size',
  'Present field in the IRTE entry is clear',
  'Error accessing interrupt-remapping table pointed by IRTA_REG',
  'Detected reserved fields in the IRTE entry',
  'Blocked a compatibility format interrupt request',
  'Blocked an interrupt request due to source-id verification failure',
];

/** `dmar_get_fault_reason`: the text, and whether it is an interrupt-remapping fault. */
export function dmarGetFaultReason(reason: number): { text: string; interrupt: boolean } {
  const interrupt = irqRemapFaultReasons[reason - 0x20];
  if (interrupt !== undefined) return { text: interrupt, interrupt: true };
  return { text: dmaRemapFaultReasons[reason] ?? 'Unknown', interrupt: false };
}

/** The line of `dmar_fault_do_one` since 4.6: reason in decimal, address without 0x. */
export function faultLine(reason: number, read: boolean, source: SourceId, address: Word64): string {
  const { text, interrupt } = dmarGetFaultReason(reason);
  const number = String(reason).padStart(2, '0');
  if (interrupt) {
    const index = wordOf(Math.floor(address.high / 0x10000));
    return `DMAR: [INTR-REMAP] Request device [${bdf(source)}] fault index ${bareHex(index)} `
      + `[fault reason ${number}] ${text}`;
  }
  return `DMAR: [DMA ${read ? 'Read' : 'Write'}] Request device [${bdf(source)}] `
    + `fault addr ${bareHex(address)} [fault reason ${number}] ${text}`;
}
