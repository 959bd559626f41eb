/**
 * The NVMe driver (drivers/nvme/host, 6.1): probe of a controller with one I/O queue, as a kernel with
 * nr_cpus=1 does it, in the order of its DMA mappings, up to the reads that look for partitions. That
 * order is held against a recorded handoff of a unit in caching mode, which shows every one of them.
 */
import { fail } from '../../../base/assert.ts';
import { wordOf } from '../../../base/word.ts';
import { printk, readl, readq, routine, writel, writeq } from '../../core/bus.ts';
import { busAddress, dmaAllocCoherent } from '../../core/dma-api.ts';
import type { PciDevice } from '../../core/firmware.ts';
import type { Kernel } from '../../core/kernel.ts';
import { pciAllocIrqVectors, pciRequestIrq } from '../../core/msix.ts';
import type { Routine } from '../../core/operation.ts';
import { pciSetMaster } from '../../core/pci.ts';
import { pciName } from '../../core/print-formats.ts';
import type { ProbeOrder } from '../../../scenario/scenario.ts';
import type { BlockDriver, BlockRequest } from '../driver.ts';
import {
  ADMIN, nvmeEnableAsyncEvents, nvmeIdentifyCtrl, nvmeInitCtrlFinish, nvmeScan, nvmeSetQueueCount, type Abilities,
} from './admin.ts';
import { NVME_REG, NvmeDevice, type Answer } from './controller.ts';
import { addressDwords, nvmeAllocQueue, type NvmeQueue } from './queue.ts';
import { nvmeQueueRequest, nvmeRead, RequestMemory } from './requests.ts';

const NVME_AQ_DEPTH = 32;
/** io_queue_depth, by default. */
const ioQueueDepth = 1024;
const dmaMaskBits = 64;
const NVME_QUEUE_PHYS_CONTIG = 1;
const NVME_CQ_IRQ_ENABLED = 2;

/** Sectors where the block layer looks for partition tables: the first page, the last, and one more. */
const partitionReads = [0, 8, 0] as const;
const blockBytes = 4096;

interface Disk {
  readonly device: NvmeDevice;
  readonly queue: NvmeQueue;
  readonly memory: RequestMemory;
}

export class NvmeDriver implements BlockDriver {
  readonly #kernel: Kernel;
  readonly #disks = new Map<string, Disk>();
  #instances = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** `nvme_probe`, and what it leaves to `nvme_reset_work` and `nvme_scan_work`. */
  * probe(device: PciDevice, order: ProbeOrder): Routine<void> {
    const kernel = this.#kernel;
    const dev = new NvmeDevice(kernel, device, this.#instances);
    this.#instances += 1;
    const disk = yield* routine('nvme_probe', device.name, function* () {
      yield* printk(`${dev.name}: pci function ${pciName(device.source)}`);
      return yield* nvmeResetWork(dev, order);
    });
    if (disk === null) yield* dev.removeDead();
    else this.#disks.set(device.name, disk);
  }

  * submit(device: PciDevice, request: BlockRequest): Routine<void> {
    const disk = this.#disks.get(device.name);
    // The probe may have failed; then there is no disk to read, and nobody to tell.
    if (disk === undefined) return yield* printk(`Buffer I/O error on dev ${device.name}, logical block 0, async page read`);
    yield* nvmeQueueRequest(disk.device, disk.queue, disk.memory, request, 0);
  }
}

/** `nvme_reset_work`; null when the controller could not be brought up. */
function* nvmeResetWork(dev: NvmeDevice, order: ProbeOrder): Routine<Disk | null> {
  return yield* routine('nvme_reset_work', dev.device.name, function* () {
    yield* nvmePciEnable(dev, dmaMaskBits);
    yield* nvmePciConfigureAdminQueue(dev, order);
    const abilities = yield* nvmeIdentifyCtrl(dev);
    if ('error' in abilities) return null;
    if (isFatal(yield* nvmeInitCtrlFinish(dev, abilities))) return null;
    const queue = yield* nvmeSetupIoQueues(dev, abilities);
    if (queue === null) return null;
    if (isFatal(yield* nvmeEnableAsyncEvents(dev))) return null;
    if (isFatal(yield* nvmeScan(dev, abilities))) return null;
    const memory = new RequestMemory(dev);
    for (const sector of partitionReads) {
      const answer = yield* nvmeRead(dev, queue, memory, blockBytes, sector);
      if (isFatal(answer)) return null;
    }
    return { device: dev, queue, memory };
  });
}

/** Only what ended the controller ends the probe; a command that was refused does not. */
function isFatal(answer: Answer): boolean {
  return answer.error < 0;
}

/** `nvme_pci_enable`: one interrupt until the number of queues is known. */
function* nvmePciEnable(dev: NvmeDevice, mask: number): Routine<void> {
  const { kernel, device } = dev;
  yield* routine('nvme_pci_enable', device.name, function* () {
    kernel.setDmaMaskUnlessGiven(device, mask);
    yield* pciSetMaster(device);
    yield* readl(dev.register(NVME_REG.CSTS));
    dev.interrupts = yield* pciAllocIrqVectors(kernel, device, 1);
    yield* readq(dev.register(NVME_REG.CAP));
  });
}

/** `nvme_pci_configure_admin_queue`: the controller is disabled, whatever it did, before its first mapping. */
function* nvmePciConfigureAdminQueue(dev: NvmeDevice, order: ProbeOrder): Routine<void> {
  const { kernel, device } = dev;
  yield* routine('nvme_pci_configure_admin_queue', device.name, function* () {
    if (order !== 'map-then-reset') yield* dev.disable();
    const queue = yield* nvmeAllocQueue(kernel, device, 0, NVME_AQ_DEPTH);
    if (order === 'map-then-reset') yield* dev.disable();
    dev.queues.push(queue);
    const size = NVME_AQ_DEPTH - 1;
    yield* writel(dev.register(NVME_REG.AQA), size + size * 0x1_0000);
    yield* writeq(dev.register(NVME_REG.ASQ), wordOf(queue.sqAddress));
    yield* writeq(dev.register(NVME_REG.ACQ), wordOf(queue.cqAddress));
    yield* dev.enable();
    yield* queueRequestIrq(dev, queue, 0);
  });
}

/** `queue_request_irq`. */
function* queueRequestIrq(dev: NvmeDevice, queue: NvmeQueue, index: number): Routine<void> {
  queue.interrupt = dev.interrupts[index] ?? fail(`interrupt ${index} was allocated`);
  yield* pciRequestIrq(dev.kernel, queue.interrupt, () => queue.irq());
}

/** `nvme_dbbuf_dma_alloc`, then `nvme_setup_io_queues`: the vectors are allocated again, now for both queues. */
function* nvmeSetupIoQueues(dev: NvmeDevice, abilities: Abilities): Routine<NvmeQueue | null> {
  const { kernel, device } = dev;
  return yield* routine('nvme_setup_io_queues', device.name, function* () {
    const buffers = !abilities.doorbellBuffers ? null : {
      shadows: yield* dmaAllocCoherent(kernel, device, 4096), events: yield* dmaAllocCoherent(kernel, device, 4096),
    };
    if (isFatal(yield* nvmeSetQueueCount(dev, 1))) return null;
    yield* dev.freeInterrupts();
    dev.interrupts = yield* pciAllocIrqVectors(kernel, device, 2);
    yield* queueRequestIrq(dev, dev.admin, 0);
    const queue = yield* nvmeAllocQueue(kernel, device, 1, ioQueueDepth);
    dev.queues.push(queue);
    if (!(yield* nvmeCreateQueue(dev, queue))) return null;
    yield* printk(`${dev.name}: 1/0/0 default/read/poll queues`);
    if (buffers === null) return queue;
    const answer = yield* dev.adminCommand('doorbell buffer config', {
      opcode: ADMIN.DBBUF,
      dwords: new Map([
        ...addressDwords(6, busAddress(buffers.shadows.mapping)), ...addressDwords(8, busAddress(buffers.events.mapping)),
      ]),
    });
    if (isFatal(answer)) return null;
    if (answer.error === 0) for (const each of dev.queues) each.buffers = buffers;
    return queue;
  });
}

/** `nvme_create_queue`. */
function* nvmeCreateQueue(dev: NvmeDevice, queue: NvmeQueue): Routine<boolean> {
  const size = queue.id + (queue.depth - 1) * 0x1_0000;
  const interrupt = NVME_QUEUE_PHYS_CONTIG + NVME_CQ_IRQ_ENABLED + queue.id * 0x1_0000;
  const completions = yield* dev.adminCommand('create completion queue', {
    opcode: ADMIN.CREATE_CQ, dwords: new Map([...addressDwords(6, queue.cqAddress), [10, size], [11, interrupt]]),
  });
  if (completions.error !== 0) return false;
  const submissions = yield* dev.adminCommand('create submission queue', {
    opcode: ADMIN.CREATE_SQ,
    dwords: new Map([...addressDwords(6, queue.sqAddress), [10, size], [11, NVME_QUEUE_PHYS_CONTIG + queue.id * 0x1_0000]]),
  });
  if (submissions.error !== 0) return false;
  yield* queueRequestIrq(dev, queue, queue.id);
  return true;
}
