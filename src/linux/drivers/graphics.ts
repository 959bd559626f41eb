/**
 * A graphics driver as far as DMA goes (drivers/gpu/drm/i915, 4.9): the scratch page is mapped with the
 * address table, before anything is reset; then the framebuffer, and the plane is pointed at it. No
 * crash kernel loads it: what the crashed kernel's plane reads, it reads until the machine is reset.
 */
import { offsetBy, wordOf } from '../../base/word.ts';
import { printk, routine, writel, writeq } from '../core/bus.ts';
import { busAddress, dmaMapSingle } from '../core/dma-api.ts';
import type { PciDevice } from '../core/firmware.ts';
import type { Kernel } from '../core/kernel.ts';
import type { Routine } from '../core/operation.ts';
import { pciSetMaster } from '../core/pci.ts';
import { pciName } from '../core/print-formats.ts';
import type { ProbeOrder } from '../../scenario/scenario.ts';
import type { PciDriver } from './driver.ts';

const REGISTER = { GDRST: 0x941c, DSPACNTR: 0x70180, DSPASIZE: 0x70190, DSPASURF: 0x7019c } as const;
const DISPLAY_PLANE_ENABLE = 0x8000_0000;
/** Of the framebuffer, as much as shows where its pages are. */
const framebufferBytes = 16 * 4096;
const dmaMaskBits = 39;

export class GraphicsDriver implements PciDriver {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** `i915_driver_load`. */
  * probe(device: PciDevice, order: ProbeOrder): Routine<void> {
    const kernel = this.#kernel;
    kernel.setDmaMaskUnlessGiven(device, dmaMaskBits);
    yield* routine('i915_driver_load', device.name, function* () {
      yield* pciSetMaster(device);
      if (order === 'reset-then-map') yield* gpuReset(device);
      yield* dmaMapSingle(kernel, device, kernel.pages.allocate(), 4096, 'bidirectional');
      if (order !== 'reset-then-map') yield* gpuReset(device);
      const pages = kernel.pages.allocateContiguous(framebufferBytes / 4096);
      const framebuffer = yield* dmaMapSingle(kernel, device, pages, framebufferBytes, 'bidirectional');
      yield* writel(offsetBy(device.bar.first, REGISTER.DSPASIZE), framebufferBytes);
      yield* writeq(offsetBy(device.bar.first, REGISTER.DSPASURF), wordOf(busAddress(framebuffer)));
      yield* writel(offsetBy(device.bar.first, REGISTER.DSPACNTR), DISPLAY_PLANE_ENABLE);
      yield* printk(`[drm] Initialized i915 1.6.0 for ${pciName(device.source)} on minor 0`);
    });
  }
}

/** `intel_gpu_reset`, with the planes off. */
function* gpuReset(device: PciDevice): Routine<void> {
  yield* routine('intel_gpu_reset', device.name, function* () {
    yield* writel(offsetBy(device.bar.first, REGISTER.GDRST), 1);
  });
}
