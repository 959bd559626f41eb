/**
 * What the first kernel's drivers left in the memory that their devices use. Snapshots hold tables, not
 * what the tables lead to; but a kernel that is modelled had written the same commands to the same I/O
 * addresses, and a device that goes on through a stale entry reads them there.
 */
import { addressOf, frameAt, get, sourceIdNumber } from '../../base/word.ts';
import type { Machine } from '../../machine/machine.ts';
import type { HardwareImage, ImagePage } from '../../scenario/image/hardware-image.ts';
import { SECOND_LEVEL } from '../../vtd/entries.ts';
import { ImageMemory } from '../image/image-memory.ts';
import { machineContexts, machineMemory } from './machine-tables.ts';
import { contextsOf, hasTables, leavesOf, walkOf, type Leaf } from '../image/image-tables.ts';

/** More entries than the tables of a kernel that has just loaded its drivers have. */
const entriesMost = 1_000_000;

/** The image, with the pages that the crashed machine of the model has at the same I/O addresses. */
export function withLeftBehind(image: HardwareImage, machine: Machine): HardwareImage {
  const there = new ImageMemory(image);
  const memory = machineMemory(machine);
  const pages = new Map<number, ImagePage>(image.pages.map((page) => [page.address, page]));
  const captured = new Map(contextsOf(image).map((context) => [sourceIdNumber(context.source), context]));
  for (const context of machineContexts(machine)) {
    const other = captured.get(sourceIdNumber(context.source));
    if (other === undefined || !hasTables(context) || !hasTables(other)) continue;
    for (const visit of leavesOf(memory, context.table, context.levels, entriesMost)) {
      // What is mapped to itself is there for old devices, and nobody's queue.
      if (visit.kind !== 'leaf' || visit.leaf.level !== 1 || pageOf(visit.leaf) === visit.leaf.frame) continue;
      const { leaf } = walkOf(there, other.table, other.levels, visit.leaf.frame);
      if (leaf === null || leaf.level !== 1) continue;
      const address = pageOf(leaf) * 4096;
      const bytes = machine.memory.read(addressOf(pageOf(visit.leaf) * 4096), 4096);
      const backed = machine.memory.isBacked(frameAt(pageOf(leaf)));
      const holds = bytes?.some((byte) => byte !== 0) === true;
      if (bytes !== undefined && holds && backed && !pages.has(address)) pages.set(address, { address, kinds: ['left by a driver'], bytes });
    }
  }
  return { ...image, pages: [...pages.values()].sort((left, right) => left.address - right.address) };
}

function pageOf({ path }: Leaf): number {
  return get(SECOND_LEVEL.ADDR, path[4]);
}
