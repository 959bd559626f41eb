/**
 * What may differ between a capture and the model, with the reason of each. Nothing else may.
 *
 * The first part says how things are matched that are not matched by value and place; the second, what
 * remains: differences that the model knows of and has a reason for.
 */
export const matchingRules = {
  'roles': 'pages of the kernel\'s tables, its vectors and its I/O addresses come from allocators: one thing on one '
    + 'side is one thing on the other, whatever its number',
  'interrupt-entries': 'interrupts are set up by all drivers of a system, of which the model has those of the devices: '
    + 'invalidations of entries by index match as runs',
  'lazy-queue': 'the lazy queue flushes its domain 10 ms after something was unmapped: how often depends on how long '
    + 'the reads take',
  'fault-runs': 'a fault is handled the same way each time: how often depends on how often the device tries again',
  'page-runs': 'a strict kernel flushes a page each time that it maps and unmaps it: how many commands a device is '
    + 'sent one after the other is its own business',
} as const;

export const explainedDifferences = {
  'readers': 'a strict kernel flushes for each read, and until the first one is done user space reads what it likes; the '
    + 'model reads what a scan for partitions does',
  'interrupt-places': 'drivers are loaded side by side: where among flushes of pages an interrupt of another device is '
    + 'set up is chance',
  'network-buffers': 'a network card\'s driver maps a buffer for each of its descriptors, of one page or of two: where '
    + 'they lie is the memory allocator\'s choice, and a strict kernel flushes for each',
  'repeated-faults': 'a line about a fault that came before: how often depends on how often the device tries again',
  'lost-characters': 'the serial port lost characters of this line',
} as const;

export type ExplainedDifference = keyof typeof explainedDifferences;
