/**
 * Fault reasons of a unit in legacy mode (specification 7.1.3, table 30), by the number that
 * the FR field of a fault record holds.
 *
 * A *qualified* fault is not recorded when the context entry has FPD set; the request is
 * blocked all the same (7.1.1).
 */
export interface FaultReason {
  readonly code: number;
  /** The specification's name of the condition. */
  readonly condition: string;
  readonly qualified: boolean;
  readonly meaning: string;
}

function reason(code: number, condition: string, qualified: boolean, meaning: string): FaultReason {
  return { code, condition, qualified, meaning };
}

export const REASON = {
  rootNotPresent: reason(0x01, 'LRT.2', false, 'the root entry is not present'),
  contextNotPresent: reason(0x02, 'LCT.2', true, 'the context entry is not present'),
  contextInvalid: reason(0x03, 'LCT.4', true,
    'the context entry asks for what the unit cannot do, or its top table cannot be read'),
  beyondAddressWidth: reason(0x04, 'LGN.1', true, 'the address is beyond the width the unit translates'),
  noWriteRight: reason(0x05, 'LGN.2', true, 'no entry grants the write'),
  noReadRight: reason(0x06, 'LGN.3', true, 'no entry grants the read'),
  tableUnreadable: reason(0x07, 'LSS.1', true, 'a lower paging table cannot be read'),
  rootUnreadable: reason(0x08, 'LRT.1', false, 'the root table cannot be read'),
  contextUnreadable: reason(0x09, 'LCT.1', false, 'the context table cannot be read'),
  rootReserved: reason(0x0a, 'LRT.3', false, 'a reserved bit is set in the root entry'),
  contextReserved: reason(0x0b, 'LCT.3', true, 'a reserved bit is set in the context entry'),
  tableReserved: reason(0x0c, 'LSS.2', true, 'a reserved bit is set in a paging entry'),
  translationTypeBlocks: reason(0x0d, 'LCT.5', true,
    'the context entry blocks translation and translated requests'),
  outputInInterruptRange: reason(0x0e, 'LGN.4', true, 'the translation ends in the interrupt range'),
  rootAddressInvalid: reason(0x30, 'RTA.1', false, 'the root-table address register asks for a mode '
    + 'that the unit does not have'),
  abortMode: reason(0x33, 'RTA.4', false, 'the root-table address register has every request aborted'),
  interruptRequestReserved: reason(0x20, 'IRT.1', false, 'a reserved field of the interrupt request is set'),
  interruptIndex: reason(0x21, 'IRT.2', false, 'the index is beyond the interrupt-remapping table'),
  interruptNotPresent: reason(0x22, 'IRT.3', true, 'the interrupt-remapping entry is not present'),
  interruptEntryUnreadable: reason(0x23, 'IRT.4', false, 'the interrupt-remapping entry cannot be read'),
  interruptEntryReserved: reason(0x24, 'IRT.5', true,
    'a reserved field of the interrupt-remapping entry is set'),
  interruptCompatibility: reason(0x25, 'IRT.6', false, 'an interrupt in compatibility format is blocked'),
  interruptSource: reason(0x26, 'IRT.7', true, 'the source-id of the interrupt is not the one expected'),
  interruptRangeAccess: reason(0x29, 'IRT.10', false, 'an access to the interrupt range is no interrupt'),
} as const satisfies Record<string, FaultReason>;

const byCode = new Map<number, FaultReason>(
  Object.values(REASON).map((known) => [known.code, known]),
);

export function reasonOf(code: number): FaultReason | undefined {
  return byCode.get(code);
}
