/**
 * The SATA driver (drivers/ata/ahci.c, libahci.c, libata-core.c, 4.9 to 6.1) for one port: HBA reset,
 * the port's one block of coherent memory, IDENTIFY and its retries, then reads for partitions.
 */
import { fail } from '../../base/assert.ts';
import { and32, hex, isZero, offsetBy, powerOfTwo, wordOf, type Address } from '../../base/word.ts';
import { clear, load64, printk, readl, routine, store32, store64, waitFor, writel } from '../core/bus.ts';
import {
  busAddress, dmaAllocCoherent, dmaMapSingle, dmaUnmapSingle, type CoherentMemory,
} from '../core/dma-api.ts';
import type { PciDevice } from '../core/firmware.ts';
import type { Kernel } from '../core/kernel.ts';
import { pciAllocIrqVectors, pciRequestIrq } from '../core/msix.ts';
import type { Routine } from '../core/operation.ts';
import { pciSetMaster } from '../core/pci.ts';
import { pciName } from '../core/print-formats.ts';
import type { ProbeOrder } from '../../scenario/scenario.ts';
import type { BlockDriver, BlockRequest } from './driver.ts';

const HOST = { CTL: 0x04, IRQ_STAT: 0x08 } as const;
const PORT = {
  LST_ADDR: 0x100, LST_ADDR_HI: 0x104, FIS_ADDR: 0x108, FIS_ADDR_HI: 0x10c, IRQ_STAT: 0x110, IRQ_MASK: 0x114,
  CMD: 0x118, CMD_ISSUE: 0x138,
} as const;
const HOST_RESET = 0x01;
const HOST_IRQ_EN = 0x02;
const HOST_AHCI_EN = 0x8000_0000;
const PORT_CMD_START = 0x01;
const PORT_CMD_FIS_RX = 0x10;

const ATA_CMD_ID_ATA = 0xec;
const ATA_CMD_READ_EXT = 0x25;
const ATA_CMD_WRITE_EXT = 0x35;

/** AHCI_PORT_PRIV_DMA_SZ: command list, received FISes, 32 command tables with 168 PRDs each. */
const listBytes = 0x400;
const receivedFisBytes = 0x100;
const tableBytes = 0x80 + 168 * 16;
const portBytes = listBytes + receivedFisBytes + 32 * tableBytes;
const fisOffset = 0x80;
const commandFisDwords = 5;

const identifyBytes = 512;
const sectorBytes = 512;
const dmaMaskBits = 64;
const second = 1_000_000_000;
/** `ata_eh_identify_timeouts`, and of everything else. */
const identifyTimeoutsNs = [5 * second, 10 * second, 30 * second] as const;
const readTimeoutNs = 30 * second;
const partitionReads = [0, 8, 0] as const;

interface AtaCommand {
  readonly opcode: number;
  readonly sector: number;
  readonly access: 'read' | 'write';
  readonly bytes: number;
}

interface Issued {
  /** Becomes true when the command is complete. */
  readonly isDone: () => boolean;
  readonly data: Address;
}

/** struct ata_port with its ahci_port_priv. */
class AhciPort {
  readonly kernel: Kernel;
  readonly device: PciDevice;
  readonly #memory: CoherentMemory;
  /** What ends a command of each slot. */
  readonly #busy = new Map<number, () => Routine<void>>();
  readonly #pages = new Map<number, Address[]>();

  constructor(kernel: Kernel, device: PciDevice, memory: CoherentMemory) {
    this.kernel = kernel;
    this.device = device;
    this.#memory = memory;
  }

  at(register: number): Address {
    return offsetBy(this.device.bar.first, register);
  }

  /** `ahci_start_port`. */
  * start(): Routine<void> {
    const bus = busAddress(this.#memory.mapping);
    const write = (register: number, value: number): Routine<void> => writel(this.at(register), value);
    yield* write(PORT.LST_ADDR_HI, Math.floor(bus / 0x1_0000_0000));
    yield* write(PORT.LST_ADDR, bus % 0x1_0000_0000);
    yield* write(PORT.FIS_ADDR_HI, Math.floor((bus + listBytes) / 0x1_0000_0000));
    yield* write(PORT.FIS_ADDR, (bus + listBytes) % 0x1_0000_0000);
    yield* write(PORT.CMD, PORT_CMD_FIS_RX);
    yield* write(PORT.CMD, PORT_CMD_FIS_RX + PORT_CMD_START);
    yield* write(PORT.IRQ_MASK, 0x01);
  }

  /** `ahci_qc_prep` and `ahci_qc_issue`. */
  * issue({ opcode, sector, access, bytes }: AtaCommand): Routine<Issued> {
    const slot = this.#freeSlot();
    const pages = Math.ceil(bytes / 4096);
    const physical = this.#pages.get(pages)?.pop() ?? this.kernel.pages.allocateContiguous(pages);
    yield* clear(physical, 4096);
    const mapping = yield* dmaMapSingle(this.kernel, this.device, physical, bytes, access === 'read' ? 'from-device' : 'to-device');
    const tableAt = listBytes + receivedFisBytes + tableBytes * slot;
    const table = offsetBy(this.#memory.physical, tableAt);
    yield* clear(table, fisOffset);
    yield* store32(table, 0x8027 + opcode * 0x1_0000);
    yield* store32(offsetBy(table, 4), 0x4000_0000 + (sector % 0x100_0000));
    yield* store32(offsetBy(table, 12), bytes / sectorBytes);
    yield* store64(offsetBy(table, fisOffset), wordOf(busAddress(mapping)));
    yield* store32(offsetBy(table, fisOffset + 12), bytes - 1);
    const header = offsetBy(this.#memory.physical, 32 * slot);
    yield* store32(header, commandFisDwords + 0x1_0000 + (access === 'write' ? 0x40 : 0));
    yield* store32(offsetBy(header, 4), 0);
    yield* store64(offsetBy(header, 8), wordOf(busAddress(this.#memory.mapping) + tableAt));
    const { kernel } = this;
    const free = this.#pages;
    this.#busy.set(slot, function* () {
      yield* dmaUnmapSingle(kernel, mapping);
      free.set(pages, [...free.get(pages) ?? [], physical]);
    });
    yield* writel(this.at(PORT.CMD_ISSUE), powerOfTwo(slot));
    return { isDone: () => !this.#busy.has(slot), data: physical };
  }

  /** `ahci_port_intr`: what is no longer issued is complete. */
  * interrupt(): Routine<void> {
    yield* writel(this.at(PORT.IRQ_STAT), yield* readl(this.at(PORT.IRQ_STAT)));
    yield* writel(this.at(HOST.IRQ_STAT), 1);
    const issued = yield* readl(this.at(PORT.CMD_ISSUE));
    for (const [slot, end] of [...this.#busy]) {
      if (and32(issued, powerOfTwo(slot)) !== 0) continue;
      this.#busy.delete(slot);
      yield* end();
    }
  }

  /** `ata_eh_freeze_port` and the reset of the port: what was issued is over. */
  * recover(): Routine<void> {
    yield* writel(this.at(PORT.CMD), 0);
    for (const [slot, end] of [...this.#busy]) {
      this.#busy.delete(slot);
      yield* end();
    }
    yield* this.start();
  }

  #freeSlot(): number {
    let slot = 0;
    while (this.#busy.has(slot)) slot += 1;
    return slot;
  }
}

export class AhciDriver implements BlockDriver {
  readonly #kernel: Kernel;
  readonly #ports = new Map<string, AhciPort>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** `ahci_init_one`, and the probe of the port's disk. */
  * probe(device: PciDevice, order: ProbeOrder): Routine<void> {
    const kernel = this.#kernel;
    const name = `ata${this.#ports.size + 1}`;
    kernel.setDmaMaskUnlessGiven(device, dmaMaskBits);
    const port = yield* routine('ahci_init_one', device.name, function* () {
      if (order !== 'map-then-reset') yield* ahciResetController(device);
      const early = order === 'map-then-reset' ? yield* dmaAllocCoherent(kernel, device, portBytes) : null;
      if (early !== null) yield* ahciResetController(device);
      const [interrupt] = yield* pciAllocIrqVectors(kernel, device, 1);
      yield* pciSetMaster(device);
      yield* printk(`ahci ${pciName(device.source)}: AHCI 0001.0300 32 slots 1 ports 6 Gbps 0x1 impl SATA mode`);
      const made = new AhciPort(kernel, device, early ?? (yield* dmaAllocCoherent(kernel, device, portBytes)));
      if (interrupt !== undefined) yield* pciRequestIrq(kernel, interrupt, () => made.interrupt());
      yield* writel(made.at(HOST.CTL), HOST_AHCI_EN + HOST_IRQ_EN);
      yield* printk(`scsi host0: ahci`);
      yield* made.start();
      return made;
    });
    this.#ports.set(device.name, port);
    yield* ataPortProbe(port, name);
  }

  * submit(device: PciDevice, { access, bytes }: BlockRequest): Routine<void> {
    const opcode = access === 'read' ? ATA_CMD_READ_EXT : ATA_CMD_WRITE_EXT;
    const port = this.#ports.get(device.name) ?? fail(`the scenario was checked: ${device.name} was probed`);
    yield* port.issue({ opcode, sector: 0, access, bytes });
  }
}

/** `ahci_reset_controller`: a second at most. */
function* ahciResetController(device: PciDevice): Routine<void> {
  const control = offsetBy(device.bar.first, HOST.CTL);
  yield* routine('ahci_reset_controller', device.name, function* () {
    yield* writel(control, HOST_AHCI_EN + HOST_RESET);
    yield* waitFor('the HBA\'s reset', second, {
      kind: 'register-equals', address: control, bytes: 4, mask: wordOf(HOST_RESET), value: wordOf(0),
    });
  });
}

/** `ata_port_probe`: error handling with its IDENTIFYs, then the block layer's first reads. */
function* ataPortProbe(port: AhciPort, name: string): Routine<void> {
  const { kernel, device } = port;
  yield* routine('ata_port_probe', device.name, function* () {
    yield* printk(`${name}: SATA link up 6.0 Gbps (SStatus 123 SControl 300)`);
    for (const [attempt, timeoutNs] of identifyTimeoutsNs.entries()) {
      const identify = yield* port.issue({ opcode: ATA_CMD_ID_ATA, sector: 0, access: 'read', bytes: identifyBytes });
      const isDone = yield* kernel.sleepUntil(identify.isDone, timeoutNs);
      // What nobody wrote is no identification, whatever the controller says.
      if (isDone && !isZero(yield* load64(identify.data))) return yield* readPartitions(port, name);
      if (!isDone) yield* printk(`${name}.00: qc timeout (cmd ${hex(ATA_CMD_ID_ATA)})`);
      yield* printk(`${name}.00: failed to IDENTIFY (${isDone ? 'device reports invalid type, err_mask=0x0'
        : 'I/O error, err_mask=0x4'})`);
      yield* port.recover();
      const isLast = attempt === identifyTimeoutsNs.length - 1;
      if (!isLast) yield* printk(`${name}: SATA link up 6.0 Gbps (SStatus 123 SControl 300)`);
    }
  });
}

function* readPartitions(port: AhciPort, name: string): Routine<void> {
  yield* printk(`${name}.00: ATA-8, max UDMA/133`);
  yield* printk(`${name}.00: configured for UDMA/133`);
  for (const sector of partitionReads) {
    const { isDone } = yield* port.issue({ opcode: ATA_CMD_READ_EXT, sector, access: 'read', bytes: 4096 });
    if (yield* port.kernel.sleepUntil(isDone, readTimeoutNs)) continue;
    yield* printk(`${name}.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x6 frozen`);
    yield* printk(`${name}.00: failed command: READ DMA EXT`);
    return yield* port.recover();
  }
}
