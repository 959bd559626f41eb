/**
 * struct nvme_queue (drivers/nvme/host/pci.c, 6.1): a pair of queues in coherent memory, doorbells with
 * their shadows, and the handler of their interrupt.
 */
import { and32, bytesOf, offsetBy, wordOf, type Address, type Word64 } from '../../../base/word.ts';
import { clear, load64, store32, store64, writel } from '../../core/bus.ts';
import {
  busAddress, dmaAllocCoherent, dmaFreeCoherent, dmaUnmapSingle, type CoherentMemory,
} from '../../core/dma-api.ts';
import type { DmaMapping } from '../../core/dma-ops.ts';
import type { PciDevice } from '../../core/firmware.ts';
import type { Kernel } from '../../core/kernel.ts';
import type { MsixIrq } from '../../core/msix.ts';
import type { Routine } from '../../core/operation.ts';

const completionBytes = 16;
const submissionBytes = 64;
const NVME_REG_DBS = 0x1000;

/** Sixteen dwords of a submission entry, from dword 0 on; those left out are zero. */
export type SubmissionEntry = ReadonlyMap<number, number>;

/** struct request: a command that the controller has. */
export interface Request {
  readonly tag: number;
  readonly mapping: DmaMapping | null;
  /** NVME status with the dword that the command answered, once it is complete. */
  result: { readonly status: number; readonly value: number } | null;
  /** What its pages are given back to, when nobody waits for it. */
  readonly release: (() => Routine<void>) | null;
}

/** The pages of shadow doorbells and event indices. */
export interface DoorbellBuffers {
  readonly shadows: CoherentMemory;
  readonly events: CoherentMemory;
}

export class NvmeQueue {
  readonly kernel: Kernel;
  readonly device: PciDevice;
  readonly id: number;
  readonly depth: number;
  readonly completions: CoherentMemory;
  readonly submissions: CoherentMemory;
  interrupt: MsixIrq | null = null;
  buffers: DoorbellBuffers | null = null;
  readonly #requests = new Map<number, Request>();
  #tail = 0;
  #head = 0;
  #phase: 0 | 1 = 1;

  constructor(
    kernel: Kernel, device: PciDevice, id: number, depth: number, memory: {
      readonly completions: CoherentMemory; readonly submissions: CoherentMemory;
    },
  ) {
    this.kernel = kernel;
    this.device = device;
    this.id = id;
    this.depth = depth;
    this.completions = memory.completions;
    this.submissions = memory.submissions;
  }

  get sqAddress(): number {
    return busAddress(this.submissions.mapping);
  }

  get cqAddress(): number {
    return busAddress(this.completions.mapping);
  }

  /** The lowest tag that no request has. */
  freeTag(): number {
    let tag = 0;
    while (this.#requests.has(tag)) tag += 1;
    return tag;
  }

  /** `nvme_submit_cmd`: the entry, then the doorbell. */
  * submit(entry: SubmissionEntry, request: Request): Routine<void> {
    this.#requests.set(request.tag, request);
    const place = offsetBy(this.submissions.physical, submissionBytes * this.#tail);
    yield* clear(place, submissionBytes);
    for (let dword = 0; dword < submissionBytes / 4; dword += 2) {
      const value: Word64 = { low: entry.get(dword) ?? 0, high: entry.get(dword + 1) ?? 0 };
      if (value.low !== 0 || value.high !== 0) yield* store64(offsetBy(place, 4 * dword), value);
    }
    this.#tail = (this.#tail + 1) % this.depth;
    yield* this.#ring(0, this.#tail);
  }

  /** `nvme_irq` and `nvme_poll_cq`: takes every completion whose phase is this round's. */
  * irq(): Routine<void> {
    const found: Request[] = [];
    for (;;) {
      const place = offsetBy(this.completions.physical, completionBytes * this.#head);
      const second = yield* load64(offsetBy(place, 8));
      if (Math.floor(second.high / 0x1_0000) % 2 !== this.#phase) break;
      const tag = and32(second.high, 0xffff);
      const request = this.#requests.get(tag);
      if (request !== undefined) {
        const first = yield* load64(place);
        request.result = { status: Math.floor(second.high / 0x2_0000), value: first.low };
        this.#requests.delete(tag);
        found.push(request);
      }
      this.#head += 1;
      if (this.#head === this.depth) {
        this.#head = 0;
        this.#phase = this.#phase === 1 ? 0 : 1;
      }
      yield* this.#ring(1, this.#head);
    }
    for (const request of found) {
      if (request.release !== null) yield* request.release();
    }
  }

  /** nvme_cancel_request: what the controller still had is over. */
  * cancel(): Routine<void> {
    const left = [...this.#requests.values()];
    this.#requests.clear();
    for (const { mapping } of left) {
      if (mapping !== null) yield* dmaUnmapSingle(this.kernel, mapping);
    }
  }

  /** `nvme_free_queue`. */
  * free(): Routine<void> {
    yield* dmaFreeCoherent(this.kernel, this.completions);
    yield* dmaFreeCoherent(this.kernel, this.submissions);
  }

  /** `nvme_write_sq_db` and `nvme_ring_cq_doorbell`: the register only if the event index asks for it. */
  * #ring(which: 0 | 1, value: number): Routine<void> {
    const index = 2 * this.id + which;
    const register = offsetBy(this.device.bar.first, NVME_REG_DBS + 4 * index);
    const { buffers } = this;
    if (buffers === null) return yield* writel(register, value);
    const shadow = offsetBy(buffers.shadows.physical, 4 * index);
    const old = yield* this.#loadDword(shadow);
    yield* store32(shadow, value);
    const event = yield* this.#loadDword(offsetBy(buffers.events.physical, 4 * index));
    if (dbbufNeedEvent(event, value, old)) yield* writel(register, value);
  }

  * #loadDword(address: Address): Routine<number> {
    const isHigh = bytesOf(address) % 8 === 4;
    const value = yield* load64(offsetBy(address, isHigh ? -4 : 0));
    return isHigh ? value.high : value.low;
  }
}

/** `nvme_dbbuf_need_event`, in sixteen bits. */
function dbbufNeedEvent(event: number, value: number, old: number): boolean {
  const sixteen = (number: number): number => ((number % 0x1_0000) + 0x1_0000) % 0x1_0000;
  return sixteen(value - event - 1) < sixteen(value - old);
}

/** `nvme_alloc_queue`: completions first. */
export function* nvmeAllocQueue(kernel: Kernel, device: PciDevice, id: number, depth: number): Routine<NvmeQueue> {
  const completions = yield* dmaAllocCoherent(kernel, device, completionBytes * depth);
  const submissions = yield* dmaAllocCoherent(kernel, device, submissionBytes * depth);
  return new NvmeQueue(kernel, device, id, depth, { completions, submissions });
}

/** Both dwords of an address in an entry, from `dword` on. */
export function addressDwords(dword: number, address: number): readonly (readonly [number, number])[] {
  const value = wordOf(address);
  return [[dword, value.low], [dword + 1, value.high]];
}
