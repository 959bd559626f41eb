/**
 * The legacy interrupts of a PC: with interrupt remapping their pins of the I/O APIC have table entries from the
 * start, and the kernel's own drivers ask for some of them whatever else happens, which takes vectors
 * (arch/x86/kernel/apic/io_apic.c and the drivers named).
 */
import { assert } from '../../base/assert.ts';
import { sourceIdOf, type SourceId } from '../../base/word.ts';
import { localApicChip, type IrqLine } from '../core/interrupts.ts';
import type { Kernel } from '../core/kernel.ts';
import type { Routine } from '../core/operation.ts';
import { irqRemappingAlloc, type IrTable } from './ir-table.ts';

/** ISA interrupts in the order of the pins: the timer stands at pin 2, where the cascade would be. */
const pins = [1, 0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const TIMER = 0;
const KEYBOARD = 1;
const SERIAL = 4;
const CLOCK = 8;
const SCI = 9;
const MOUSE = 12;
/** The timer keeps its legacy vector (ISA_IRQ_VECTOR). */
const timerVector = 0x30;

function* nothing(): Routine<void> {
  // None of these comes in a simulation.
}

export class LegacyIrqs {
  readonly #kernel: Kernel;
  readonly #lines = new Map<number, IrqLine>();

  /** `setup_IO_APIC`, then the timer: `check_timer` and its clock event. */
  static* setUp(kernel: Kernel, tables: readonly IrTable[]): Routine<LegacyIrqs> {
    const irqs = new LegacyIrqs(kernel);
    const remapped = tables.length === 0 ? null : firstIoApic(kernel, tables);
    for (const irq of pins) {
      irqs.#lines.set(irq, remapped === null ? yield* localApicChip.allocate(sourceIdOf(0))
        : irqRemappingAlloc(remapped.table, remapped.source));
    }
    yield* irqs.#activate(TIMER, timerVector);
    return irqs;
  }

  private constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Before PCI devices are looked for: the interrupt of ACPI (`acpi_os_install_interrupt_handler`). */
  * beforeDevices(): Routine<void> {
    yield* this.#request(SCI);
  }

  /** With the first drivers: `i8042_check_aux` tries the mouse's, then mouse, keyboard, clock and console. */
  * withDrivers(): Routine<void> {
    yield* this.#request(MOUSE);
    yield* this.#line(MOUSE).deactivate();
    for (const irq of [MOUSE, KEYBOARD, CLOCK, SERIAL]) yield* this.#request(irq);
  }

  #line(irq: number): IrqLine {
    const line = this.#lines.get(irq);
    assert(line !== undefined, 'every legacy interrupt has a pin');
    return line;
  }

  * #request(irq: number): Routine<void> {
    yield* this.#activate(irq, this.#kernel.vectors.allocate(nothing));
  }

  /** Activation, and the affinity of the start-up. */
  * #activate(irq: number, vector: number): Routine<void> {
    yield* this.#line(irq).activate(vector);
    yield* this.#line(irq).activate(vector);
  }
}

/** The I/O APIC with the legacy pins: the one with the lowest id, as the firmware numbers them. */
function firstIoApic(kernel: Kernel, tables: readonly IrTable[]): { table: IrTable; source: SourceId } {
  const known = kernel.settings.firmware.units.flatMap(({ ioapics }, unit) =>
    ioapics.map(({ id, source }) => ({ id, source, table: tables[unit] })));
  const [first] = known.sort((left, right) => left.id - right.id);
  assert(first?.table !== undefined, 'interrupts are remapped where a unit has an I/O APIC');
  return { table: first.table, source: first.source };
}
