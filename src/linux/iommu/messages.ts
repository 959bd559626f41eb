/** The lines of a fault, byte for byte and by era (`dmar_fault_do_one` of drivers/iommu/dmar.c). */
import { unreachable } from '../../base/assert.ts';
import {
  bareHex, bdf, busOf, devfnOf, wordOf, type SourceId, type Word64,
} from '../../base/word.ts';
import type { FaultLine } from '../releases/release.ts';

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

/** One record, as the handler reads it. */
export interface FaultRecord {
  readonly reason: number;
  readonly read: boolean;
  readonly source: SourceId;
  readonly address: Word64;
}

/** `[0x02:0x00.0]`: the device of 5.14, whose number has the prefix and whose function has not. */
function prefixedDevice(source: SourceId): string {
  const pair = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;
  return `${pair(busOf(source))}:${pair(Math.floor(devfnOf(source) / 8))}.${devfnOf(source) % 8}`;
}

/** No request here carries a PASID. */
export function faultLines(era: FaultLine, { reason, read, source, address }: FaultRecord): readonly string[] {
  const { text, interrupt } = dmarGetFaultReason(reason);
  const decimal = `[fault reason ${String(reason).padStart(2, '0')}] ${text}`;
  const hexadecimal = `[fault reason 0x${reason.toString(16).padStart(2, '0')}] ${text}`;
  const direction = read ? 'DMA Read' : 'DMA Write';
  const index = bareHex(wordOf(Math.floor(address.high / 0x10000)));
  const device = bdf(source);
  const page = bareHex(address);
  switch (era) {
    case 'two-lines':
    case 'two-lines-with-prefix': {
      const prefix = era === 'two-lines' ? 'dmar: ' : 'DMAR: ';
      // The bracket is doubled in the source, too.
      return interrupt
        ? [`${prefix}INTR-REMAP: Request device [[${device}] fault index ${index}`, `INTR-REMAP:${decimal}`]
        : [`${prefix}DMAR:[${direction}] Request device [${device}] fault addr ${page} `, `DMAR:${decimal}`];
    }
    case 'one-line':
    case 'with-pasid': {
      if (interrupt) return [`DMAR: [INTR-REMAP] Request device [${device}] fault index ${index} ${decimal}`];
      const pasid = era === 'with-pasid' ? ' PASID ffffffff' : '';
      return [`DMAR: [${direction}] Request device [${device}]${pasid} fault addr ${page} ${decimal}`];
    }
    case 'hexadecimal-throughout':
    case 'hexadecimal': {
      const shown = era === 'hexadecimal' ? device : prefixedDevice(source);
      return [interrupt
        ? `DMAR: [INTR-REMAP] Request device [${shown}] fault index 0x${index} ${hexadecimal}`
        : `DMAR: [${direction} NO_PASID] Request device [${shown}] fault addr 0x${page} ${hexadecimal}`];
    }
    default: return unreachable(era);
  }
}
