/** The DMA API as drivers know it (include/linux/dma-mapping.h). */
import { bytesOf, frameBytes, type Address } from '../../base/word.ts';
import { clear } from './bus.ts';
import type { Direction, DmaMapping } from './dma-ops.ts';
import type { PciDevice } from './firmware.ts';
import type { Kernel } from './kernel.ts';
import type { Routine } from './operation.ts';

/** Memory that both sides use, and where each finds it. */
export interface CoherentMemory {
  readonly physical: Address;
  readonly mapping: DmaMapping;
}

export function* dmaMapSingle(
  kernel: Kernel, device: PciDevice, physical: Address, bytes: number, direction: Direction,
): Routine<DmaMapping> {
  return yield* kernel.dmaOps.map(device, physical, bytes, direction);
}

export function* dmaUnmapSingle(kernel: Kernel, mapping: DmaMapping): Routine<void> {
  yield* kernel.dmaOps.unmap(mapping);
}

/** Zeroed memory, mapped for both directions. */
export function* dmaAllocCoherent(kernel: Kernel, device: PciDevice, bytes: number): Routine<CoherentMemory> {
  const pages = Math.ceil(bytes / frameBytes);
  const physical = pages === 1 ? kernel.pages.allocate() : kernel.pages.allocateContiguous(pages);
  yield* clear(physical, pages * frameBytes);
  const mapping = yield* kernel.dmaOps.map(device, physical, pages * frameBytes, 'bidirectional');
  return { physical, mapping };
}

export function* dmaFreeCoherent(kernel: Kernel, memory: CoherentMemory): Routine<void> {
  yield* kernel.dmaOps.unmap(memory.mapping);
  // Larger blocks are not put together again; nothing here frees them.
  if (memory.mapping.bytes === frameBytes) kernel.pages.free(memory.physical);
}

/** The address as a driver writes it to a register. */
export function busAddress(mapping: DmaMapping): number {
  return bytesOf(mapping.address);
}
