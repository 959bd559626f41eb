/**
 * Which races of the handoff follow from an order of operations, read from the lines of a
 * release alone: what is flushed and when, against when the old entry goes and is seen to go.
 */
export interface Races {
  /** R0, the old translation stays in force: no; the IOTLB part of it; yes; or for ever, without any new entry. */
  readonly R0: 'no' | 'only with IOTLB hits' | 'yes' | 'for ever';
  /** R1, refill behind the flush from the entry that is still valid, on a coherent unit. */
  readonly R1: 'no' | 'yes' | '-';
  /** R1', the same where the walker sees the entry until it is written back. */
  readonly R1prime: 'no' | 'yes' | '-';
  /** R2, an entry that was fetched torn can mix old and new. */
  readonly R2: 'no' | 'yes' | '-';
  /** R3, no entry at all: for an instant, or as long as flushes take. */
  readonly R3: 'tiny' | 'flushes' | '-';
}

const oldDomain = 'domain 1';

export function racesOf(lines: readonly string[]): Races {
  const stores = lines.flatMap((line, at) => (line.startsWith('store ') ? [at] : []));
  if (stores.length === 0) return { R0: 'for ever', R1: '-', R1prime: '-', R2: '-', R3: '-' };
  const flushes = lines.flatMap((line, at) => (line.startsWith('flush ') ? [at] : []));
  const contextFlushed = lines.some((line) => line.startsWith('flush context-cache') && line.endsWith(oldDomain));
  const iotlbFlushed = lines.some((line) => line.startsWith('flush IOTLB') && line.includes(`${oldDomain},`));
  const isPresent = (line: string): boolean => line.startsWith('store low half') && line.endsWith(', P');
  // Present until the first store of the low half that is without P; an entry that is overwritten never goes.
  const gone = lines.findIndex((line) => line.startsWith('store low half') && !isPresent(line));
  const back = lines.findIndex(isPresent);
  const written = lines.findIndex((line, at) => at > gone && line === 'write back context entry');
  const last = flushes.at(-1) ?? -1;
  const entryReplaced = gone < 0 ? back : gone;
  return {
    R0: contextFlushed ? (iotlbFlushed ? 'no' : 'only with IOTLB hits') : 'yes',
    R1: last < 0 ? '-' : last < entryReplaced ? 'yes' : 'no',
    R1prime: last < 0 ? '-' : last < written ? 'yes' : 'no',
    R2: tornIn(lines, gone) ? 'yes' : 'no',
    R3: gone < 0 ? '-' : flushes.some((at) => at > gone && at < back) ? 'flushes' : 'tiny',
  };
}

/** Whether any store but the one that takes P alone changes the entry while caches may be filled from it. */
function tornIn(lines: readonly string[], gone: number): boolean {
  if (gone < 0) return true;
  const takesPAlone = lines[gone]?.includes("crashed's page table") === true;
  const writtenBack = lines[gone + 1] === 'write back context entry' || lines[gone + 1]?.startsWith('flush') === true;
  return !(takesPAlone && writtenBack);
}
