/**
 * The bounds of a scenario file. A file may come from a stranger's mail, so each bound exists to keep
 * some later loop short; each has a diagnostic.
 */
export const limits = {
  fileBytes: 1_048_576,
  /** Diagnostics printed for one file; the rest is only counted. */
  diagnostics: 100,
  nameLength: 64,
  /** As long as the longest command line an x86 kernel keeps. */
  textLength: 2048,
  devices: 64,
  units: 16,
  statementsPerKernel: 4096,
  claims: 1024,
  /** Of each statement that may be repeated in a platform, unit or device block. */
  repetitions: 256,
  scheduleChoices: 1_000_000,
  /** The largest index that one step of a schedule may choose. */
  choiceIndex: 999_999,
  jsonDepth: 32,
  /** Addresses lie below this; a VT-d unit's host address width is at most 52 bits. */
  addressEnd: 2 ** 52,
  durationNs: 3_600_000_000_000,
  bufferBytes: 16 * 1024 * 1024,
  dmaCount: 1_000_000,
  faultReason: 0xff,
  ioapicId: 0xff,
  hostAddressWidth: { lowest: 32, highest: 52 },
  /** A command's address goes through a register of 32 bits. */
  dmaMaskBits: { lowest: 24, highest: 32 },
  /** Buffers that one controller can go on using after the crash. */
  outstandingBuffers: 16,
  /** Requests that one `submit` hands to a device, and what each of them moves. */
  requests: 32,
  requestBytes: 64 * 1024,
} as const;

export const pageBytes = 4096;
export const sectorBytes = 512;
