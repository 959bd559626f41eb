/**
 * Where a unit that software meets departs from the specification: each with the rule that it breaks.
 * What the specification leaves open is a choice (`choices.ts`) and not in this table. A unit departs
 * only where its profile says so, and the rules ask in one place each.
 */
export const departures = {
  'cached-denial-silent': {
    rule: '7.1, 7.2.1: a blocked request is reported as a fault',
    instead: 'a request that a cached IOTLB entry does not permit is blocked and nothing is recorded',
  },
  'context-reserved-bits-unqualified': {
    rule: '7.1.3, table 30: LCT.3 is a qualified fault',
    instead: 'reason B is recorded although the context entry has FPD set',
  },
  'all-ones-entry-unreadable': {
    rule: '7.1.3, table 30: reserved bits of a paging entry are LSS.2',
    instead: 'a paging entry of all ones is taken for one that could not be read',
  },
  'pass-through-latched': {
    rule: '3.9, 6.2.2: pass-through is a property of the (cached) context entry',
    instead: 'pass-through is latched for each device from the context entry in memory at a context-cache '
      + 'invalidation, SRTP, a change of TE, or its first pass-through DMA; then nothing is looked up',
  },
  'queue-error-waits-for-tail': {
    rule: '6.5.2.10: fetching resumes when software clears IQE',
    instead: 'after IQE the queue goes on at the next write of IQT',
  },
  'queue-disable-needs-wait': {
    rule: '11.4.4.1: QIES follows QIE once the queue is empty',
    instead: 'QIES stays set unless the last descriptor fetched, good or bad, was a wait',
  },
  'unsupported-descriptors-accepted': {
    rule: '6.5.2: a descriptor of a type that the unit does not have is an error',
    instead: 'interrupt-entry, device-TLB, PASID-based IOTLB and PASID-cache descriptors are taken without '
      + 'the capability, and but for device-TLB ones whatever their reserved fields hold',
  },
  'idle-wait-refused': {
    rule: '6.5.2.9: a wait descriptor may ask for neither status write nor interrupt',
    instead: 'such a wait is an error of the queue',
  },
  'pending-cleared-by-status-write': {
    rule: '7.3: IP is cleared when every condition has been served',
    instead: 'IP is looked at only when FSTS is written, not when the last record is cleared',
  },
  'queue-address-reads-latched': {
    rule: '11.4.9.3: IQA reads as written',
    instead: 'IQA reads the base that was latched when the queue was switched on, and QS as written',
  },
  'descriptor-width-ignored': {
    rule: '11.4.9.3: DW without scalable mode is an error of the queue',
    instead: 'DW is not looked at: descriptors have 128 bits',
  },
  'failed-status-write-stops-queue': {
    rule: '6.5.2.8: address bits of a wait above the host\'s width are ignored, and its status write is posted',
    instead: 'all 64 bits count, and a status write that nothing answers is an error of the queue',
  },
  'table-mode-ignored': {
    rule: '11.4.5, 7.1.3: a table mode that the unit does not have blocks every request with reason 30',
    instead: 'TTM is not looked at: tables are legacy ones',
  },
  'pass-through-pointer-checked': {
    rule: '9.3: the table pointer of a pass-through entry is ignored',
    instead: 'its bits above the host\'s width are reserved as in any other entry',
  },
  'pass-through-address-unchecked': {
    rule: '3.9: pass-through of an address above the host\'s width is reason 4',
    instead: 'any address passes',
  },
  'interrupt-range-by-leaf': {
    rule: '3.15: the translated address decides whether a request ends in the interrupt range',
    instead: 'a large page that overlaps the range is reason E for all of its addresses',
  },
  'completion-data-32-bits': {
    rule: '11.4.9.6: IEDATA has sixteen bits',
    instead: 'all 32 bits of IEDATA can be written',
  },
  'compatibility-interrupts-pass': {
    rule: '5.1.4: with remapping on, compatibility-format interrupts pass only while CFIS is set',
    instead: 'they pass whenever EIME is clear, and CFIS does not follow CFI',
  },
  'interrupt-reserved-before-source': {
    rule: '7.1.3: an entry whose source-id does not match is reason 26, reserved fields or not',
    instead: 'reserved fields of an interrupt-remapping entry are looked at before the source-id',
  },
  'interrupt-table-without-remapping': {
    rule: '11.4.4.1: SIRTP counts only in units with ECAP.IR',
    instead: 'IRTPS follows SIRTP in a unit without interrupt remapping',
  },
  'interrupt-bus-range-swapped': {
    rule: '9.10: SVT 10 takes SID 15:8 for the first bus and 7:0 for the last',
    instead: 'the two are taken the other way round',
  },
} as const;

export type DepartureName = keyof typeof departures;
