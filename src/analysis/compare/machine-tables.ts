/** The translation structures of a machine of the model, read from its memory as an image's are. */
import { addressOf, frameAt, type Word64 } from '../../base/word.ts';
import type { Machine } from '../../machine/machine.ts';
import { LATCHED } from '../../vtd/core.ts';
import type { TableMemory } from '../image/image-memory.ts';
import { contextsIn, type ImageContext } from '../image/image-tables.ts';

/** Memory as software sees it. */
export function machineMemory({ memory }: Machine): TableMemory {
  return {
    has: (page) => memory.isBacked(frameAt(page)),
    word: (page, index): Word64 | undefined =>
      (memory.isBacked(frameAt(page)) ? memory.read64(addressOf(page * 4096 + 8 * index)) : undefined),
  };
}

/** What the first unit's root table leads to. */
export function machineContexts(machine: Machine): readonly ImageContext[] {
  const [unit] = machine.units;
  return unit === undefined ? [] : contextsIn(machineMemory(machine), unit.core.latched.get(LATCHED.rootTable));
}
