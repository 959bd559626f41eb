/**
 * What the specification leaves to the hardware, as named choices. A profile takes one value for each;
 * a scenario may take another (`choice NAME VALUE`). No rule of the unit has such a choice built in.
 *
 * A unit asks for a choice where its value makes a difference and not before: an exploration with open
 * hardware tries every value of those that are asked for.
 */
import type { CacheShape } from './cache-shape.ts';

export const hardwareChoices = {
  /**
   * Which entries a device-selective context-cache invalidation removes (6.5.1.1). By the specification
   * source-id and domain-id must match; Sandy Bridge-EP runs it by domain-id alone, QEMU by source-id.
   */
  'device-selective-context': ['by-source-and-domain', 'by-domain', 'by-source'],
  /** Hardware may do more than asked: QEMU runs a domain-selective one globally. */
  'domain-selective-context': ['by-domain', 'global'],
  /**
   * Whether SRTP empties context cache and IOTLB. Without CAP.ESRTPS it need not (6.6); Sandy Bridge-EP
   * and QEMU do it all the same.
   */
  'set-root-pointer': ['keeps-caches', 'empties-caches'],
  /** Whether switching translation on or off empties them. */
  'translation-enable': ['keeps-caches', 'empties-caches'],
  /** What an IOTLB entry does that lacks the right a request needs (6.2.4): fault at once or walk again. */
  'cached-denial': ['faults', 'walks-again'],
  /** Whether a second fault of a source whose record is still pending is recorded (7.2.1). */
  'same-source-faults': ['recorded', 'collapsed'],
  /** Whether a page-selective invalidation smaller than a cached large page removes it (6.5.1.2). */
  'partial-superpage-invalidation': ['removes', 'keeps'],
  /**
   * Which bits of the page number a page-selective invalidation compares. Removing more is allowed
   * (6.5.1.2); QEMU compares the low eight bits of the page number and no others.
   */
  'page-selective-invalidation': ['exact', 'low-eight-bits'],
  /** How many bits of a request's address a fault record keeps (11.4.7.6 asks for no more than AGAW). */
  'fault-address': ['as-requested', 'within-address-width'],
  /** Whether an index-selective interrupt-entry-cache invalidation removes more: Sandy Bridge-EP, all. */
  'interrupt-entry-invalidation': ['by-index', 'global'],
  /**
   * How many bits of a table or queue pointer a unit implements: the registers have all 64, and those
   * above the host's width need not be there (11.4.5).
   */
  'pointer-width': ['as-written', 'host-width'],
  /** What bit 62 of a leaf is with ECAP.DT: reserved, or TM of the revisions before 3.0, which means nothing here. */
  'leaf-bit-62': ['reserved', 'ignored-with-device-tlb'],
  /** Whether IQERCD tells why the queue stopped (11.4.9.9); before revision 3.0 there was no such register. */
  'queue-error-code': ['recorded', 'none'],
  /** What an access to FEEx_xxxx that is no interrupt becomes (revision 5.10: reason 29). */
  'interrupt-range-access': ['blocked-silently', 'faults'],
  /** Which DMA protected regions block while translation is on: all, from Skylake on. */
  'protected-memory-with-translation': ['all-blocked', 'remapped-passes'],
  /** What CCMD and IOTLB do while the invalidation queue is on (6.5.1; undefined by the specification). */
  'register-invalidation-with-queue': ['executes', 'ignored'],
  /** Whether entries that lead to tables are cached (6.2.5). */
  'paging-structure-cache': ['none', 'kept'],
  /** Whether a fill of a 4 KiB page brings in the page behind it in the same table, unasked (6.2 does not exclude it). */
  'speculative-fill': ['none', 'next-page'],
  'context-cache-entries': ['unlimited', '16', '64', '256'],
  'iotlb-entries': ['unlimited', '32', '64', '256', '1024'],
  /** What makes room in a full cache. */
  'when-full': ['oldest', 'all'],
} as const satisfies Record<string, readonly string[]>;

export type ChoiceName = keyof typeof hardwareChoices;
export type HardwareChoices = { readonly [Name in ChoiceName]: (typeof hardwareChoices)[Name][number] };

/** The specification to the letter: removes what it must and nothing else, forgets nothing. */
export const keepsTheMost: HardwareChoices = {
  'device-selective-context': 'by-source-and-domain',
  'domain-selective-context': 'by-domain',
  'set-root-pointer': 'keeps-caches',
  'translation-enable': 'keeps-caches',
  'cached-denial': 'faults',
  'same-source-faults': 'recorded',
  'partial-superpage-invalidation': 'keeps',
  'page-selective-invalidation': 'exact',
  'fault-address': 'as-requested',
  'interrupt-entry-invalidation': 'by-index',
  'pointer-width': 'as-written',
  'leaf-bit-62': 'reserved',
  'queue-error-code': 'recorded',
  'interrupt-range-access': 'blocked-silently',
  'protected-memory-with-translation': 'all-blocked',
  'register-invalidation-with-queue': 'executes',
  'paging-structure-cache': 'none',
  'speculative-fill': 'none',
  'context-cache-entries': 'unlimited',
  'iotlb-entries': 'unlimited',
  'when-full': 'oldest',
};

/**
 * The other end: removes with every command, and forgets on its own, as much as these choices let it.
 * Two of them are not simply more or less. A device-selective invalidation by domain-id takes every
 * device of the domain, by source-id at most the eight functions of one device; neither takes all that
 * the other does. And a denial that is not answered from the cache depends on nothing remembered.
 */
export const keepsTheLeast: HardwareChoices = {
  'device-selective-context': 'by-domain',
  'domain-selective-context': 'global',
  'set-root-pointer': 'empties-caches',
  'translation-enable': 'empties-caches',
  'cached-denial': 'walks-again',
  'same-source-faults': 'collapsed',
  'partial-superpage-invalidation': 'removes',
  'page-selective-invalidation': 'low-eight-bits',
  'fault-address': 'within-address-width',
  'interrupt-entry-invalidation': 'global',
  'pointer-width': 'as-written',
  'leaf-bit-62': 'reserved',
  'queue-error-code': 'recorded',
  'interrupt-range-access': 'faults',
  'protected-memory-with-translation': 'all-blocked',
  // A command that is ignored removes nothing.
  'register-invalidation-with-queue': 'executes',
  'paging-structure-cache': 'none',
  'speculative-fill': 'none',
  'context-cache-entries': '16',
  'iotlb-entries': '32',
  'when-full': 'all',
};

export function isChoiceName(name: string): name is ChoiceName {
  return Object.hasOwn(hardwareChoices, name);
}

/** The choices with one of them replaced; undefined when there is no such choice or value. */
export function withChoice(
  choices: HardwareChoices, name: string, value: string,
): HardwareChoices | undefined {
  if (!isChoiceName(name)) return undefined;
  const allowed: readonly string[] = hardwareChoices[name];
  return allowed.includes(value) ? { ...choices, [name]: value } : undefined;
}

export function shapeOf(choices: HardwareChoices, cache: 'context-cache-entries' | 'iotlb-entries'): CacheShape {
  const entries = choices[cache];
  return {
    limit: entries === 'unlimited' ? Infinity : Number(entries),
    whenFull: choices['when-full'],
  };
}

/** The same choices, telling each time which is asked for. */
export function listenedTo(choices: HardwareChoices, asksFor: (name: string) => void): HardwareChoices {
  const rows = Object.entries(choices).map(([name, value]) => [name, {
    enumerable: true,
    get: (): string => {
      asksFor(name);
      return value;
    },
  }] as const);
  return Object.defineProperties({ ...choices }, Object.fromEntries(rows));
}
