/**
 * The USB 2 host controller driver (drivers/usb/host/ehci-hcd.c, ehci-pci.c and pci-quirks.c, 4.9 to
 * 6.1): the hand-over from the firmware that every kernel does at its PCI scan, and the probe. As
 * written, the probe allocates its schedules before it resets the controller (`ehci_setup`).
 */
import { and32, bytesOf, offsetBy, wordOf, type Address } from '../../base/word.ts';
import { printk, readl, routine, store32, waitFor, writel } from '../core/bus.ts';
import { busAddress, dmaAllocCoherent, type CoherentMemory } from '../core/dma-api.ts';
import type { PciDevice } from '../core/firmware.ts';
import type { Kernel } from '../core/kernel.ts';
import type { Routine } from '../core/operation.ts';
import { pciSetMaster } from '../core/pci.ts';
import { pciName } from '../core/print-formats.ts';
import type { ProbeOrder } from '../../scenario/scenario.ts';
import type { PciDriver } from './driver.ts';

const EHCI = {
  USBCMD: 0x20, USBSTS: 0x24, USBINTR: 0x28, CTRLDSSEGMENT: 0x30, PERIODICLISTBASE: 0x34, ASYNCLISTADDR: 0x38,
  CONFIGFLAG: 0x60,
} as const;
const CMD_RUN = 0x01;
const CMD_RESET = 0x02;
const CMD_PSE = 0x10;
const STS_HALT = 0x1000;
const EHCI_LIST_END = 1;
const Q_TYPE_QH = 2;
const periodicSize = 1024;
/** A keyboard is asked every eight frames. */
const interruptInterval = 8;
const millisecond = 1_000_000;

function at(device: PciDevice, register: number): Address {
  return offsetBy(device.bar.first, register);
}

/** `ehci_halt`: 16 frames at most. */
function* ehciHalt(device: PciDevice): Routine<void> {
  const command = yield* readl(at(device, EHCI.USBCMD));
  yield* writel(at(device, EHCI.USBCMD), and32(command, 0xffffffff - CMD_RUN - CMD_PSE));
  yield* waitFor('the controller to halt', 16 * millisecond, {
    kind: 'register-any', address: at(device, EHCI.USBSTS), mask: STS_HALT,
  });
}

/**
 * `quirk_usb_disable_ehci`, a PCI fixup: it runs with the other final ones before the IOMMU driver
 * starts, so that whatever firmware or a crashed kernel left running is halted by then.
 */
export function* quirkUsbEarlyHandoff(kernel: Kernel): Routine<void> {
  for (const device of kernel.settings.devices.filter(({ model }) => model === 'ehci')) {
    yield* routine('quirk_usb_early_handoff', device.name, function* () {
      const status = yield* readl(at(device, EHCI.USBSTS));
      if (and32(status, STS_HALT) === 0) yield* ehciHalt(device);
    });
  }
}

export class EhciDriver implements PciDriver {
  readonly #kernel: Kernel;
  #buses = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** `ehci_pci_probe` and `usb_add_hcd`. */
  * probe(device: PciDevice, order: ProbeOrder): Routine<void> {
    const kernel = this.#kernel;
    const name = `ehci-pci ${pciName(device.source)}`;
    this.#buses += 1;
    const bus = this.#buses;
    yield* routine('ehci_pci_probe', device.name, function* () {
      yield* pciSetMaster(device);
      yield* printk(`${name}: EHCI Host Controller`);
      yield* printk(`${name}: new USB bus registered, assigned bus number ${bus}`);
      if (order === 'reset-then-map') yield* ehciReset(device);
      const periodic = yield* ehciMemInit(kernel, device);
      if (order !== 'reset-then-map') yield* ehciReset(device);
      yield* ehciRun(device, periodic);
      yield* printk(`${name}: USB 2.0 started, EHCI 1.00`);
    });
  }
}

/** `ehci_reset`, behind its `ehci_halt`. */
function* ehciReset(device: PciDevice): Routine<void> {
  yield* routine('ehci_reset', device.name, function* () {
    yield* ehciHalt(device);
    yield* writel(at(device, EHCI.USBCMD), CMD_RESET);
    yield* waitFor('the controller\'s reset', 250 * millisecond, {
      kind: 'register-equals', address: at(device, EHCI.USBCMD), bytes: 4, mask: wordOf(CMD_RESET), value: wordOf(0),
    });
  });
}

/** `ehci_mem_init`: pages for queue heads and transfer descriptors, then the frame list. */
function* ehciMemInit(kernel: Kernel, device: PciDevice): Routine<CoherentMemory> {
  return yield* routine('ehci_mem_init', device.name, function* () {
    const heads = yield* dmaAllocCoherent(kernel, device, 4096);
    yield* dmaAllocCoherent(kernel, device, 4096);
    const periodic = yield* dmaAllocCoherent(kernel, device, 4 * periodicSize);
    const keyboard = busAddress(heads.mapping) + 0x80 + Q_TYPE_QH;
    for (let frame = 0; frame < periodicSize; frame += 1) {
      const entry = frame % interruptInterval === 0 ? keyboard : EHCI_LIST_END;
      yield* store32(offsetBy(periodic.physical, 4 * frame), entry);
    }
    return periodic;
  });
}

/** `ehci_run`. */
function* ehciRun(device: PciDevice, periodic: CoherentMemory): Routine<void> {
  yield* routine('ehci_run', device.name, function* () {
    yield* writel(at(device, EHCI.PERIODICLISTBASE), bytesOf(periodic.mapping.address));
    yield* writel(at(device, EHCI.CTRLDSSEGMENT), 0);
    yield* writel(at(device, EHCI.USBCMD), CMD_RUN + CMD_PSE);
    yield* writel(at(device, EHCI.CONFIGFLAG), 1);
  });
}
