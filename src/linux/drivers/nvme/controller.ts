/**
 * struct nvme_dev (drivers/nvme/host/pci.c and core.c, 6.1): commands of one controller, waiting for
 * them, and what a time-out leads to.
 */
import { fail } from '../../../base/assert.ts';
import { and32, offsetBy, wordOf, type Address } from '../../../base/word.ts';
import { clear, printk, readl, routine, waitFor, writel } from '../../core/bus.ts';
import { busAddress, dmaMapSingle, dmaUnmapSingle } from '../../core/dma-api.ts';
import type { Direction, DmaMapping } from '../../core/dma-ops.ts';
import type { PciDevice } from '../../core/firmware.ts';
import type { Kernel } from '../../core/kernel.ts';
import { pciFreeIrq, pciFreeIrqVectors, type MsixIrq } from '../../core/msix.ts';
import type { Routine } from '../../core/operation.ts';
import { addressDwords, type NvmeQueue, type Request } from './queue.ts';

export const NVME_REG = {
  CAP: 0x00, VS: 0x08, CC: 0x14, CSTS: 0x1c, AQA: 0x24, ASQ: 0x28, ACQ: 0x30,
} as const;
const NVME_CC_ENABLE = 1;
const NVME_CSTS_RDY = 1;
/** IOSQES 6, IOCQES 4, 4 KiB pages, round robin. */
const ccValue = 0x00460000;

const second = 1_000_000_000;
/** CAP.TO of the controller in steps of half a second; the driver reads it, the model of the driver does not. */
const readyTimeoutNs = 8 * second;
const NVME_ADMIN_ABORT = 0x08;
const EINTR = 4;
const EIO = 5;

/** A command's dwords 10 to 12, its data and what the data is called. */
export interface AdminCommand {
  readonly opcode: number;
  readonly dwords: ReadonlyMap<number, number>;
  readonly namespace?: number;
  readonly data?: { readonly bytes: number; readonly direction: Direction; readonly physical: Address };
}

/** The answered dword, or a negative errno, or a positive status of the controller. */
export type Answer = { readonly error: 0; readonly value: number } | { readonly error: number };

export class NvmeDevice {
  readonly kernel: Kernel;
  readonly device: PciDevice;
  /** `nvme nvme0`. */
  readonly name: string;
  readonly queues: NvmeQueue[] = [];
  interrupts: readonly MsixIrq[] = [];

  constructor(kernel: Kernel, device: PciDevice, instance: number) {
    this.kernel = kernel;
    this.device = device;
    this.name = `nvme nvme${instance}`;
  }

  register(offset: number): Address {
    return offsetBy(this.device.bar.first, offset);
  }

  get admin(): NvmeQueue {
    return this.queues[0] ?? fail('the admin queue is there before its commands');
  }

  /** `nvme_disable_ctrl`. */
  * disable(): Routine<void> {
    yield* routine('nvme_disable_ctrl', this.device.name, () => this.#setEnable(false));
  }

  /** `nvme_enable_ctrl`: the configuration first, then the bit. */
  * enable(): Routine<void> {
    yield* routine('nvme_enable_ctrl', this.device.name, () => this.#setEnable(true));
  }

  * #setEnable(on: boolean): Routine<void> {
    const control = this.register(NVME_REG.CC);
    if (on) {
      yield* writel(control, ccValue);
      yield* writel(control, ccValue + NVME_CC_ENABLE);
    } else {
      yield* writel(control, and32(yield* readl(control), 0xffffffff - NVME_CC_ENABLE));
    }
    yield* this.#waitReady(on ? NVME_CSTS_RDY : 0);
  }

  /** `nvme_wait_ready`. */
  * #waitReady(value: number): Routine<void> {
    const held = yield* waitFor('CSTS.RDY', readyTimeoutNs, {
      kind: 'register-equals', address: this.register(NVME_REG.CSTS), bytes: 4, mask: wordOf(NVME_CSTS_RDY),
      value: wordOf(value),
    });
    if (held < 0) yield* printk(`${this.name}: Device not ready; aborting ${value === 0 ? 'reset' : 'initialisation'}, CSTS=0x1`);
  }

  /** `module_param admin_timeout`, `io_timeout`. */
  #timeoutNs(queue: NvmeQueue): number {
    const name = queue.id === 0 ? 'admin_timeout' : 'io_timeout';
    const seconds = Number(this.kernel.commandLine.values(`nvme_core.${name}`).at(-1) ?? (queue.id === 0 ? 60 : 30));
    return (Number.isInteger(seconds) && seconds > 0 ? Math.min(seconds, 3600) : 60) * second;
  }

  // --- commands -------------------------------------------------------------------------------

  /** `__nvme_submit_sync_cmd` on the admin queue. */
  * adminCommand(what: string, command: AdminCommand): Routine<Answer> {
    return yield* routine('__nvme_submit_sync_cmd', what, () => this.#submitAndWait(command));
  }

  * #submitAndWait(command: AdminCommand): Routine<Answer> {
    const mapping = command.data === undefined ? null : yield* this.#map(command.data);
    const request = yield* this.#submitAdmin(command, mapping);
    const answer = yield* this.wait(this.admin, request);
    // What was cancelled is unmapped already.
    if (mapping !== null && answer.error !== -EINTR) yield* dmaUnmapSingle(this.kernel, mapping);
    return answer;
  }

  /** A command that is left with the controller: the asynchronous event request. */
  * adminCommandNowait(command: AdminCommand): Routine<void> {
    yield* this.#submitAdmin(command, null);
  }

  * #map({ physical, bytes, direction }: NonNullable<AdminCommand['data']>): Routine<DmaMapping> {
    yield* clear(physical, 4096);
    return yield* dmaMapSingle(this.kernel, this.device, physical, bytes, direction);
  }

  * #submitAdmin(command: AdminCommand, mapping: DmaMapping | null): Routine<Request> {
    const tag = this.admin.freeTag();
    const request: Request = { tag, mapping, result: null, release: null };
    yield* this.admin.submit(new Map([
      [0, command.opcode + tag * 0x1_0000], [1, command.namespace ?? 0],
      ...(mapping === null ? [] : addressDwords(6, busAddress(mapping))), ...command.dwords,
    ]), request);
    return request;
  }

  /** Sleeps until the request is complete; `nvme_timeout` when it is not in time. */
  * wait(queue: NvmeQueue, request: Request): Routine<Answer> {
    const isDone = (): boolean => request.result !== null;
    if (!(yield* this.kernel.sleepUntil(isDone, this.#timeoutNs(queue)))) {
      // The completion may be there without its interrupt.
      yield* queue.irq();
      if (isDone()) {
        yield* printk(`${this.name}: I/O ${request.tag} QID ${queue.id} timeout, completion polled`);
      }
    }
    if (request.result === null) return yield* this.#timeout(queue, request);
    const { status, value } = request.result;
    return status === 0 ? { error: 0, value } : { error: status };
  }

  /** `nvme_timeout`: while the controller is being set up, its end; of a disk's request, an abort first. */
  * #timeout(queue: NvmeQueue, request: Request): Routine<Answer> {
    const io = `${this.name}: I/O ${request.tag} QID ${queue.id} timeout`;
    if (queue.id > 0) {
      yield* printk(`${io}, aborting`);
      yield* this.adminCommandNowait({ opcode: NVME_ADMIN_ABORT, dwords: new Map([[10, queue.id + request.tag * 0x1_0000]]) });
      if (yield* this.kernel.sleepUntil(() => request.result !== null, this.#timeoutNs(queue))) return { error: EIO };
    }
    yield* printk(`${io}, ${queue.id > 0 ? 'reset' : 'disable'} controller`);
    yield* this.shutDown();
    return { error: -EINTR };
  }

  /** `nvme_dev_disable`: the controller first, then interrupts, then what it still had. */
  * shutDown(): Routine<void> {
    yield* this.disable();
    yield* this.freeInterrupts();
    for (const queue of this.queues) yield* queue.cancel();
  }

  /** The queues' interrupts, then all vectors. */
  * freeInterrupts(): Routine<void> {
    for (const queue of this.queues) {
      if (queue.interrupt !== null) yield* pciFreeIrq(this.kernel, queue.interrupt);
      queue.interrupt = null;
    }
    yield* pciFreeIrqVectors(this.interrupts);
    this.interrupts = [];
  }

  /** `nvme_remove_dead_ctrl`. */
  * removeDead(): Routine<void> {
    yield* printk(`${this.name}: Removing after probe failure status: -${EIO}`);
    for (const queue of [...this.queues].reverse()) yield* queue.free();
  }
}
