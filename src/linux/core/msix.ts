/** A device's MSI-X table (drivers/pci/msi/msi.c): one entry an interrupt, written through its BAR. */
import { offsetBy } from '../../base/word.ts';
import { readl, routine, writel } from './bus.ts';
import type { PciDevice } from './firmware.ts';
import { allocIrqVector, freeIrq, freeIrqVector, requestIrq, type Irq, type InterruptHost } from './interrupts.ts';
import type { Routine } from './operation.ts';

/** PCI_MSIX_ENTRY_*: offsets in an entry, and its mask bit. */
const ENTRY = { LOWER_ADDR: 0x0, UPPER_ADDR: 0x4, DATA: 0x8, VECTOR_CTRL: 0xc } as const;
const entryBytes = 16;
const ENTRY_CTRL_MASKBIT = 1;

/** An interrupt and its place in the table. */
export interface MsixIrq {
  readonly irq: Irq;
  readonly index: number;
}

/** `pci_alloc_irq_vectors`: the entries are written, and stay masked. */
export function* pciAllocIrqVectors(host: InterruptHost, device: PciDevice, count: number): Routine<readonly MsixIrq[]> {
  return yield* routine('pci_alloc_irq_vectors', `${device.name} ${count}`, function* () {
    const interrupts: MsixIrq[] = [];
    for (let index = 0; index < count; index += 1) {
      const entry = offsetBy(device.messageTable, entryBytes * index);
      const irq = yield* allocIrqVector(host, device, function* ({ address, data }) {
        yield* writel(offsetBy(entry, ENTRY.LOWER_ADDR), address);
        yield* writel(offsetBy(entry, ENTRY.UPPER_ADDR), 0);
        yield* writel(offsetBy(entry, ENTRY.DATA), data);
      });
      interrupts.push({ irq, index });
    }
    return interrupts;
  });
}

/** `pci_request_irq`: a vector of its own, then the mask off. */
export function* pciRequestIrq(host: InterruptHost, { irq, index }: MsixIrq, handler: () => Routine<void>): Routine<void> {
  yield* routine('request_irq', irq.device.name, function* () {
    yield* requestIrq(host, irq, handler);
    yield* writel(offsetBy(irq.device.messageTable, entryBytes * index + ENTRY.VECTOR_CTRL), 0);
  });
}

/** `pci_free_irq`: masked, and read back, so that no message is on its way when the handler goes. */
export function* pciFreeIrq(host: InterruptHost, { irq, index }: MsixIrq): Routine<void> {
  const control = offsetBy(irq.device.messageTable, entryBytes * index + ENTRY.VECTOR_CTRL);
  yield* routine('free_irq', irq.device.name, function* () {
    yield* writel(control, ENTRY_CTRL_MASKBIT);
    yield* readl(control);
    yield* freeIrq(host, irq);
  });
}

/** `pci_free_irq_vectors`. */
export function* pciFreeIrqVectors(interrupts: readonly MsixIrq[]): Routine<void> {
  for (const { irq } of interrupts) yield* freeIrqVector(irq);
}
