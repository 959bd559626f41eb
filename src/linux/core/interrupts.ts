/**
 * Interrupts as drivers know them (kernel/irq, drivers/pci/msi): a vector is allocated for a device, then
 * requested with a handler, freed and given back. What the device is told to write comes from the chip
 * behind it: the local APIC, or interrupt remapping in front of it.
 */
import { assert, beyondModel, fail } from '../../base/assert.ts';
import type { SourceId } from '../../base/word.ts';
import type { PciDevice } from './firmware.ts';
import { firstTimerVector, type Routine } from './operation.ts';
import type { VectorOrder } from '../releases/release.ts';

/** What a device writes, and where. */
export interface InterruptMessage {
  readonly address: number;
  readonly data: number;
}

/** What an interrupt has of its chip (struct irq_data with its irq_chip). */
export interface IrqLine {
  /** Directs it to a vector; answers what the device is to write. */
  activate(vector: number): Routine<InterruptMessage>;
  deactivate(): Routine<void>;
  free(): Routine<void>;
}

/** irq_domain_alloc_irqs for one interrupt of a device. */
export interface IrqChip {
  allocate(source: SourceId): Routine<IrqLine>;
}

/** Tells the device: an entry of its MSI-X table, or its MSI capability (`pci_write_msg_msi`). */
export type WriteMessage = (message: InterruptMessage) => Routine<void>;

export interface Irq {
  readonly device: PciDevice;
  readonly line: IrqLine;
  readonly writeMessage: WriteMessage;
  /** null: it has not been requested. */
  vector: number | null;
}

/**
 * X86_MSI_BASE_ADDRESS_LOW with the one CPU as its destination: logical id 1, as the flat and the clustered
 * APIC drivers have it.
 */
export const msiAddress = 0xfee01004;

/** `apic_chip` alone: the device writes the vector itself. */
export const localApicChip: IrqChip = {
  * allocate() {
    return {
      * activate(vector) {
        return { address: msiAddress, data: vector };
      },
      * deactivate() {
        // The vector is the CPU's, and goes back there.
      },
      * free() {
        // Nothing was set up.
      },
    };
  },
};

/** Where an interrupt points that nobody has requested yet (MANAGED_IRQ_SHUTDOWN_VECTOR, since 4.15). */
const shutdownVector = 0xef;
/** ISA_IRQ_VECTOR of the sixteen legacy interrupts. */
const legacyVectors = { first: 0x30, last: 0x3f };
/** The first that is given out: FIRST_EXTERNAL_VECTOR itself is the legacy IDT's. */
const firstVector = 0x21;
/** Vectors of one priority class: `__assign_irq_vector` to 4.14 puts each into the next class. */
const classSize = 16;

/** Vectors of the one CPU with what they lead to. */
export class InterruptVectors {
  readonly #order: VectorOrder;
  readonly #handlers = new Map<number, () => Routine<void>>();
  #lastSpread = firstVector;

  constructor(order: VectorOrder) {
    this.#order = order;
  }

  allocate(handler: () => Routine<void>): number {
    const vector = this.#order === 'matrix' ? this.#lowestFree() : this.#nextClass();
    this.#handlers.set(vector, handler);
    return vector;
  }

  #lowestFree(): number {
    let vector = firstVector;
    while (this.#handlers.has(vector) || (vector >= legacyVectors.first && vector <= legacyVectors.last)) vector += 1;
    if (vector >= firstTimerVector) beyondModel('the interrupt vectors of a CPU');
    return vector;
  }

  #nextClass(): number {
    let vector = this.#lastSpread + classSize;
    if (vector >= firstTimerVector) vector = firstVector + (vector % classSize);
    if (this.#handlers.has(vector)) beyondModel('the interrupt vectors of a CPU');
    this.#lastSpread = vector;
    return vector;
  }

  set(vector: number, handler: () => Routine<void>): void {
    this.#handlers.set(vector, handler);
  }

  free(vector: number): void {
    this.#handlers.delete(vector);
  }

  handler(vector: number): (() => Routine<void>) | undefined {
    return this.#handlers.get(vector);
  }
}

/** What a kernel needs to give out interrupts. */
export interface InterruptHost {
  readonly vectors: InterruptVectors;
  readonly irqChip: IrqChip;
}

/** `pci_alloc_irq_vectors` for one vector: activated early, and pointed nowhere. */
export function* allocIrqVector(
  host: InterruptHost, device: PciDevice, writeMessage: WriteMessage,
): Routine<Irq> {
  // set_msi_sid: by the last alias, since that is what the message carries.
  const line = yield* host.irqChip.allocate(device.aliases.at(-1) ?? device.source);
  yield* writeMessage(yield* line.activate(shutdownVector));
  return { device, line, writeMessage, vector: null };
}

/** `request_irq`: activation with a vector of its own, then the affinity of the start-up. */
export function* requestIrq(host: InterruptHost, irq: Irq, handler: () => Routine<void>): Routine<void> {
  assert(irq.vector === null, 'an interrupt is requested once');
  const vector = host.vectors.allocate(handler);
  irq.vector = vector;
  yield* irq.line.activate(vector);
  yield* irq.writeMessage(yield* irq.line.activate(vector));
}

/** `free_irq`: the last handler is gone, and the interrupt points nowhere. */
export function* freeIrq(host: InterruptHost, irq: Irq): Routine<void> {
  if (irq.vector === null) fail(`${irq.device.name} frees an interrupt that it has not requested`);
  host.vectors.free(irq.vector);
  irq.vector = null;
  yield* irq.line.deactivate();
}

/** `pci_free_irq_vectors` for one of them. */
export function* freeIrqVector(irq: Irq): Routine<void> {
  assert(irq.vector === null, 'an interrupt is freed before its vector');
  yield* irq.line.free();
}
