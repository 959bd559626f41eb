/**
 * The tables of an image as Linux prints them in /sys/kernel/debug/iommu/intel (6.1): iommu_regset,
 * dmar_translation_struct, domain_translation_struct and ir_translation_struct, with runs of pages folded.
 */
import { ImageMemory } from '../../analysis/image/image-memory.ts';
import {
  INTERRUPT_ENTRY, hasTables, interruptEntriesOf, isOn, leavesOf, pageHex, rootTableOf, walkOf, type ImageContext, type Leaf,
} from '../../analysis/image/image-tables.ts';
import {
  bareHex, bdf, get, isSet, sourceIdOf, wideHex, zeroWord, type SourceId, type Word64,
} from '../../base/word.ts';
import type { HardwareImage } from '../../scenario/image/hardware-image.ts';
import { SECOND_LEVEL } from '../../vtd/entries.ts';

/** In the kernel's order: registers of 32 bits, then of 64; what it does not print comes last. */
const registerOffsets: readonly (readonly [name: string, offset: number])[] = [
  ['VER', 0x00], ['GCMD', 0x18], ['GSTS', 0x1c], ['FSTS', 0x34], ['FECTL', 0x38], ['FEDATA', 0x3c],
  ['FEADDR', 0x40], ['FEUADDR', 0x44], ['PMEN', 0x64], ['PLMBASE', 0x68], ['PLMLIMIT', 0x6c], ['ICS', 0x9c],
  ['PRS', 0xdc], ['PECTL', 0xe0], ['PEDATA', 0xe4], ['PEADDR', 0xe8], ['PEUADDR', 0xec], ['CAP', 0x08],
  ['ECAP', 0x10], ['RTADDR', 0x20], ['CCMD', 0x28], ['AFLOG', 0x58], ['PHMBASE', 0x70], ['PHMLIMIT', 0x78],
  ['IQH', 0x80], ['IQT', 0x88], ['IQA', 0x90], ['IRTA', 0xb8], ['IECTL', 0xa0], ['IEDATA', 0xa4], ['IEADDR', 0xa8],
  ['IEUADDR', 0xac],
];

/** Entries of one device's tables that are looked at: four gigabytes in small pages are a million. */
const entriesMost = 16_000_000;
/** Runs of one device that are printed. */
const runsMost = 10_000;

export function registerLines(image: HardwareImage): readonly string[] {
  const rows = registerOffsets.flatMap(([name, offset]) => {
    const value = image.registers.get(name);
    return value === undefined ? [] : [`${name.padEnd(16)}\t0x${offset.toString(16).padStart(2, '0')}\t\t${wideHex(value)}`];
  });
  const records = [...image.registers].filter(([name]) => name.startsWith('FRCD'))
    .map(([name, value]) => `${name.padEnd(16)}\t\t\t${wideHex(value)}`);
  return ['IOMMU: dmar0 Register Base Address: not recorded', 'Name\t\t\tOffset\t\tContents', ...rows, ...records, ''];
}

export function contextLines(image: HardwareImage, contexts: readonly ImageContext[]): readonly string[] {
  const noPasid = `${'-1'.padEnd(6)}\t${wideHex(zeroWord)}:${wideHex(zeroWord)}:${wideHex(zeroWord)}`;
  return [
    `IOMMU dmar0: Root Table Address: ${pageHex(rootTableOf(image))}`,
    'B.D.F\tRoot_entry\t\t\t\tContext_entry\t\t\t\tPASID\tPASID_table_entry',
    ...contexts.map(({ source, root, low, high }) =>
      `${bdf(source)}\t${wideHex(zeroWord)}:${wideHex(root)}\t${wideHex(high)}:${wideHex(low)}\t${noPasid}`),
    '',
  ];
}

export function domainLines(image: HardwareImage, context: ImageContext, frame: number | null): readonly string[] {
  const { source, table, levels, passThrough, domain } = context;
  if (!hasTables(context)) {
    const why = passThrough ? 'pass-through, no table' : `no tables have ${levels} levels`;
    return [`Device ${pciName(source)} domain ${domain}: ${why}`, ''];
  }
  const memory = new ImageMemory(image);
  const head = [
    `Device ${pciName(source)} @${pageHex(table)}`,
    'IOVA_PFN\t\tPML5E\t\t\tPML4E\t\t\tPDPE\t\t\tPDE\t\t\tPTE',
  ];
  if (frame !== null) {
    const { leaf, missing } = walkOf(memory, table, levels, frame);
    if (leaf !== null) return [...head, leafLine(leaf), ''];
    const why = missing === null ? 'not mapped' : `the image has no page ${pageHex(missing)}`;
    return [...head, `0x${frame.toString(16).padStart(13, '0')} |\t${why}`, ''];
  }
  return [...head, ...runLines(memory, table, levels), ''];
}

/** A run: pages one behind the other, in both spaces, with the same rights. */
interface Run {
  readonly first: Leaf;
  last: Leaf;
  pages: number;
}

function runLines(memory: ImageMemory, table: number, levels: number): readonly string[] {
  const lines: string[] = [];
  let run: Run | null = null;
  let runs = 0;
  let visited = 0;
  const close = (): void => {
    if (run === null) return;
    lines.push(leafLine(run.first));
    if (run.pages > 2) lines.push(`\t\t\t... ${run.pages - 2} more, each for the page behind`);
    if (run.pages > 1) lines.push(leafLine(run.last));
  };
  for (const visit of leavesOf(memory, table, levels, entriesMost)) {
    if (visit.kind === 'missing') {
      lines.push(`the image has no page ${pageHex(visit.page)}, a table of level ${visit.level}`);
      continue;
    }
    visited += 1;
    const { leaf } = visit;
    if (run !== null && follows(run.last, leaf)) {
      run.last = leaf;
      run.pages += 1;
      continue;
    }
    close();
    run = { first: leaf, last: leaf, pages: 1 };
    runs += 1;
    if (runs > runsMost) return [...lines, `... and more: ${visited} entries so far`];
  }
  close();
  return lines;
}

function follows(before: Leaf, leaf: Leaf): boolean {
  if (before.level !== leaf.level) return false;
  const span = 512 ** (leaf.level - 1);
  const [entry, next] = [leafEntry(before), leafEntry(leaf)];
  return leaf.frame === before.frame + span && get(SECOND_LEVEL.ADDR, next) === get(SECOND_LEVEL.ADDR, entry) + span
    && isSet(SECOND_LEVEL.R, entry) === isSet(SECOND_LEVEL.R, next) && isSet(SECOND_LEVEL.W, entry) === isSet(SECOND_LEVEL.W, next);
}

function leafEntry({ path, level }: Leaf): Word64 {
  return path[5 - level] ?? zeroWord;
}

function leafLine({ frame, path }: Leaf): string {
  return `0x${frame.toString(16).padStart(13, '0')} |\t${path.map(wideHex).join('\t')}`;
}

export function interruptLines(image: HardwareImage): readonly string[] {
  if (!isOn(image, 'IRES')) return ['Interrupt Remapping is not enabled on dmar0', ''];
  const { table, entries } = interruptEntriesOf(image);
  return [
    'Remapped Interrupt supported on IOMMU: dmar0',
    ` IR table address:${(table * 4096).toString(16)}`,
    ' Entry SrcID   DstID    Vct IRTE_high\t\tIRTE_low',
    ...entries.map(({ index, low, high }) => {
      const destination = get(INTERRUPT_ENTRY.DESTINATION, low).toString(16).padStart(8, '0');
      const vector = get(INTERRUPT_ENTRY.VECTOR, low).toString(16).padStart(2, '0');
      return ` ${String(index).padEnd(5)} ${bdf(sourceIdOf(get(INTERRUPT_ENTRY.SID, high)))} ${destination} ${vector}  `
        + `${bare16(high)}\t${bare16(low)}`;
    }),
    '****',
    '',
  ];
}

function bare16(value: Word64): string {
  return bareHex(value).padStart(16, '0');
}

function pciName(source: SourceId): string {
  return `0000:${bdf(source)}`;
}
