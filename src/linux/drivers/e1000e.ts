/**
 * The gigabit network driver (drivers/net/ethernet/intel/e1000e/netdev.c, 6.1): probe, which resets the
 * card, and open, which allocates both rings, maps a buffer for every receive descriptor and starts
 * receiving. The handler takes frames and gives their descriptors new buffers.
 */
import { and32, offsetBy, wordOf, type Address } from '../../base/word.ts';
import { load64, printk, readl, routine, store64, writel } from '../core/bus.ts';
import {
  busAddress, dmaAllocCoherent, dmaMapSingle, dmaUnmapSingle, type CoherentMemory,
} from '../core/dma-api.ts';
import type { DmaMapping } from '../core/dma-ops.ts';
import type { PciDevice } from '../core/firmware.ts';
import type { Kernel } from '../core/kernel.ts';
import { pciAllocIrqVectors, pciRequestIrq } from '../core/msix.ts';
import type { Routine } from '../core/operation.ts';
import { pciSetMaster } from '../core/pci.ts';
import { pciName } from '../core/print-formats.ts';
import type { ProbeOrder } from '../../scenario/scenario.ts';
import type { PciDriver } from './driver.ts';

const E1000 = {
  CTRL: 0x0000, ICR: 0x00c0, IMS: 0x00d0, RCTL: 0x0100, TCTL: 0x0400,
  RDBAL: 0x2800, RDLEN: 0x2808, RDH: 0x2810, RDT: 0x2818, TDBAL: 0x3800, TDLEN: 0x3808, TDH: 0x3810, TDT: 0x3818,
} as const;
const E1000_CTRL_RST = 0x0400_0000;
const E1000_RCTL_EN = 0x02;
const E1000_RXD_STAT_DD = 0x01;
/** E1000_DEFAULT_RXD and _TXD. */
const ringEntries = 256;
const descriptorBytes = 16;
/** rx_buffer_len of frames of 1500 bytes; each has a page to itself, and its headroom is left out. */
const bufferBytes = 1522;
/** E1000_RX_BUFFER_WRITE: as many new buffers before the tail is written. */
const bufferWrite = 16;
const millisecond = 1_000_000;
const dmaMaskBits = 64;

interface RxBuffer {
  readonly page: Address;
  readonly mapping: DmaMapping;
}

/** struct e1000_ring of the receive side. */
class RxRing {
  readonly #kernel: Kernel;
  readonly #device: PciDevice;
  readonly #memory: CoherentMemory;
  readonly #buffers: (RxBuffer | null)[] = Array.from({ length: ringEntries }, () => null);
  #nextToClean = 0;
  #nextToUse = 0;

  constructor(kernel: Kernel, device: PciDevice, memory: CoherentMemory) {
    this.#kernel = kernel;
    this.#device = device;
    this.#memory = memory;
  }

  /** `e1000_alloc_rx_buffers`: up to `count`; the tail is written now and then. */
  * refill(count: number): Routine<void> {
    for (let filled = 0; filled < count; filled += 1) {
      const page = this.#kernel.pages.allocate();
      const mapping = yield* dmaMapSingle(this.#kernel, this.#device, page, bufferBytes, 'from-device');
      const index = this.#nextToUse;
      this.#buffers[index] = { page, mapping };
      yield* store64(this.#descriptor(index), wordOf(busAddress(mapping)));
      yield* store64(offsetBy(this.#descriptor(index), 8), wordOf(0));
      this.#nextToUse = (index + 1) % ringEntries;
      if (this.#nextToUse % bufferWrite === 0 || filled === count - 1) {
        yield* writel(offsetBy(this.#device.bar.first, E1000.RDT), this.#nextToUse);
      }
    }
  }

  /** `e1000_clean_rx_irq`: how many frames there were. */
  * clean(): Routine<number> {
    let count = 0;
    for (;;) {
      const status = yield* load64(offsetBy(this.#descriptor(this.#nextToClean), 8));
      const buffer = this.#buffers[this.#nextToClean];
      if (and32(status.low, E1000_RXD_STAT_DD) === 0 || buffer === null || buffer === undefined) return count;
      yield* dmaUnmapSingle(this.#kernel, buffer.mapping);
      this.#kernel.pages.free(buffer.page);
      this.#buffers[this.#nextToClean] = null;
      this.#nextToClean = (this.#nextToClean + 1) % ringEntries;
      count += 1;
    }
  }

  #descriptor(index: number): Address {
    return offsetBy(this.#memory.physical, descriptorBytes * index);
  }
}

export class E1000eDriver implements PciDriver {
  readonly #kernel: Kernel;
  #cards = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** `e1000_probe`, then `e1000e_open` as `ip link set up` brings it about. */
  * probe(device: PciDevice, order: ProbeOrder): Routine<void> {
    const kernel = this.#kernel;
    const isFirst = this.#cards === 0;
    const name = `e1000e ${pciName(device.source)} eth${this.#cards}`;
    this.#cards += 1;
    kernel.setDmaMaskUnlessGiven(device, dmaMaskBits);
    yield* routine('e1000_probe', device.name, function* () {
      if (isFirst) {
        yield* printk('e1000e: Intel(R) PRO/1000 Network Driver');
        yield* printk('e1000e: Copyright(c) 1999 - 2015 Intel Corporation.');
      }
      yield* pciSetMaster(device);
      if (order !== 'map-then-reset') yield* e1000ResetHw(kernel, device);
      yield* printk(`${name}: Intel(R) PRO/1000 Network Connection`);
      yield* e1000eOpen(kernel, device, order);
      yield* printk(`${name}: NIC Link is Up 1000 Mbps Full Duplex, Flow Control: Rx/Tx`);
    });
  }
}

/** `e1000_reset_hw_82571`: the reset ends receiving too, and its bit goes by itself. */
function* e1000ResetHw(kernel: Kernel, device: PciDevice): Routine<void> {
  yield* routine('e1000_reset_hw', device.name, function* () {
    yield* writel(offsetBy(device.bar.first, E1000.CTRL), E1000_CTRL_RST);
    yield* kernel.sleep(20 * millisecond);
  });
}

function* e1000eOpen(kernel: Kernel, device: PciDevice, order: ProbeOrder): Routine<void> {
  const at = (register: number): Address => offsetBy(device.bar.first, register);
  yield* routine('e1000e_open', device.name, function* () {
    const transmit = yield* dmaAllocCoherent(kernel, device, ringEntries * descriptorBytes);
    const receive = yield* dmaAllocCoherent(kernel, device, ringEntries * descriptorBytes);
    if (order === 'map-then-reset') yield* e1000ResetHw(kernel, device);
    const interrupts = yield* pciAllocIrqVectors(kernel, device, 3);
    for (const [base, memory] of [[E1000.TDBAL, transmit], [E1000.RDBAL, receive]] as const) {
      yield* writel(at(base), busAddress(memory.mapping) % 0x1_0000_0000);
      yield* writel(at(base + 4), Math.floor(busAddress(memory.mapping) / 0x1_0000_0000));
      yield* writel(at(base + 8), ringEntries * descriptorBytes);
      yield* writel(at(base + 0x10), 0);
      yield* writel(at(base + 0x18), 0);
    }
    const ring = new RxRing(kernel, device, receive);
    // One stays free: a full ring looks like an empty one.
    yield* ring.refill(ringEntries - 1);
    for (const interrupt of interrupts) yield* pciRequestIrq(kernel, interrupt, () => e1000Intr(device, ring));
    yield* writel(at(E1000.RCTL), E1000_RCTL_EN);
    yield* writel(at(E1000.IMS), 0x1f);
  });
}

/** `e1000_intr_msix_rx` and its poll. */
function* e1000Intr(device: PciDevice, ring: RxRing): Routine<void> {
  yield* routine('e1000e_poll', device.name, function* () {
    yield* readl(offsetBy(device.bar.first, E1000.ICR));
    const count = yield* ring.clean();
    if (count > 0) yield* ring.refill(count);
  });
}
