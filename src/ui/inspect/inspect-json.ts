/** An image's tables as one JSON document: what `dmarsim inspect` prints, for programs. */
import { ImageMemory } from '../../analysis/image/image-memory.ts';
import {
  contextsOf, hasTables, interruptEntriesOf, leavesOf, pageHex, rootTableOf, walkOf, type ImageContext, type Leaf,
} from '../../analysis/image/image-tables.ts';
import { bdf, get, hex, isSet, sourceIdNumber, zeroWord } from '../../base/word.ts';
import type { HardwareImage } from '../../scenario/image/hardware-image.ts';
import { SECOND_LEVEL } from '../../vtd/entries.ts';
import type { InspectSelection } from './inspect-selection.ts';

/** Leaves of one device that are listed. */
const leavesMost = 2_000_000;

export function imageDocument(image: HardwareImage, { frame, source }: InspectSelection): object {
  const memory = new ImageMemory(image);
  return {
    version: 1,
    name: image.name,
    registers: Object.fromEntries([...image.registers].map(([name, value]) => [name, hex(value)])),
    rootTable: pageHex(rootTableOf(image)),
    contexts: contextsOf(image).filter((context) => source === null || sourceIdNumber(context.source) === source)
      .map((context) => ({
        device: bdf(context.source), root: hex(context.root), low: hex(context.low), high: hex(context.high),
        domain: context.domain, passThrough: context.passThrough, table: pageHex(context.table), levels: context.levels,
        mappings: !hasTables(context) ? [] : mappingsOf(memory, context, frame),
      })),
    interruptTable: pageHex(interruptEntriesOf(image).table),
    interrupts: interruptEntriesOf(image).entries.map(({ index, low, high }) => ({ index, low: hex(low), high: hex(high) })),
  };
}

function mappingsOf(memory: ImageMemory, { table, levels }: ImageContext, frame: number | null): readonly object[] {
  if (frame !== null) {
    const { leaf } = walkOf(memory, table, levels, frame);
    return leaf === null ? [] : [mapping(leaf)];
  }
  const leaves: object[] = [];
  for (const visit of leavesOf(memory, table, levels, leavesMost)) if (visit.kind === 'leaf') leaves.push(mapping(visit.leaf));
  return leaves;
}

function mapping({ frame, path, level }: Leaf): object {
  const entry = path[5 - level] ?? zeroWord;
  return {
    iova: pageHex(frame), physical: pageHex(get(SECOND_LEVEL.ADDR, entry)), bytes: 4096 * 512 ** (level - 1),
    rights: `${isSet(SECOND_LEVEL.R, entry) ? 'r' : '-'}${isSet(SECOND_LEVEL.W, entry) ? 'w' : '-'}`,
  };
}
