/** Requests of the disk (`nvme_queue_rq`, drivers/nvme/host/pci.c, 6.1): data, PRP list, command. */
import { frameBytes, offsetBy, wordOf, type Address } from '../../../base/word.ts';
import { routine, store64 } from '../../core/bus.ts';
import { busAddress, dmaAllocCoherent, dmaMapSingle, dmaUnmapSingle } from '../../core/dma-api.ts';
import type { Routine } from '../../core/operation.ts';
import type { BlockRequest } from '../driver.ts';
import type { Answer, NvmeDevice } from './controller.ts';
import { addressDwords, type NvmeQueue, type Request } from './queue.ts';

const IO = { write: 0x01, read: 0x02 } as const;
const sectorBytes = 512;
/** Blocks of the pool for short PRP lists. */
const listBytes = 256;

interface ListBlock {
  readonly physical: Address;
  readonly bus: number;
}

/** Memory of the disk's requests: pages by how many, and the DMA pool "prp list 256". */
export class RequestMemory {
  readonly #device: NvmeDevice;
  readonly #pages = new Map<number, Address[]>();
  readonly #lists: ListBlock[] = [];

  constructor(device: NvmeDevice) {
    this.#device = device;
  }

  takePages(count: number): Address {
    const { pages } = this.#device.kernel;
    return this.#pages.get(count)?.pop() ?? (count === 1 ? pages.allocate() : pages.allocateContiguous(count));
  }

  givePages(count: number, address: Address): void {
    const free = this.#pages.get(count) ?? [];
    free.push(address);
    this.#pages.set(count, free);
  }

  /** `dma_pool_alloc`: a page more when the pool is empty. */
  * takeList(): Routine<ListBlock> {
    const free = this.#lists.pop();
    if (free !== undefined) return free;
    const { kernel, device } = this.#device;
    const page = yield* dmaAllocCoherent(kernel, device, frameBytes);
    const bus = busAddress(page.mapping);
    for (let at = frameBytes - listBytes; at > 0; at -= listBytes) {
      this.#lists.push({ physical: offsetBy(page.physical, at), bus: bus + at });
    }
    return { physical: page.physical, bus };
  }

  giveList(list: ListBlock): void {
    this.#lists.push(list);
  }
}

/** `nvme_queue_rq`. The handler of the completion unmaps and frees, so that nobody needs to wait. */
export function* nvmeQueueRequest(
  device: NvmeDevice, queue: NvmeQueue, memory: RequestMemory, { access, bytes }: BlockRequest, sector: number,
): Routine<Request> {
  const { kernel } = device;
  return yield* routine('nvme_queue_rq', `${device.device.name} ${access} ${bytes}`, function* () {
    const pages = Math.ceil(bytes / frameBytes);
    const physical = memory.takePages(pages);
    const direction = access === 'read' ? 'from-device' : 'to-device';
    const mapping = yield* dmaMapSingle(kernel, device.device, physical, bytes, direction);
    const first = busAddress(mapping);
    const list = pages > 2 ? yield* memory.takeList() : null;
    if (list !== null) yield* writeList(list, first, pages);
    const second = list !== null ? list.bus : pages === 2 ? first + frameBytes : 0;
    const request: Request = {
      tag: queue.freeTag(), mapping, result: null,
      * release() {
        yield* dmaUnmapSingle(kernel, mapping);
        memory.givePages(pages, physical);
        if (list !== null) memory.giveList(list);
      },
    };
    yield* queue.submit(new Map([
      [0, IO[access] + request.tag * 0x1_0000], [1, 1], ...addressDwords(6, first),
      ...addressDwords(8, second), [10, sector], [12, bytes / sectorBytes - 1],
    ]), request);
    return request;
  });
}

/** The pages behind the first one. */
function* writeList(list: ListBlock, first: number, pages: number): Routine<void> {
  for (let page = 1; page < pages; page += 1) {
    yield* store64(offsetBy(list.physical, 8 * (page - 1)), wordOf(first + page * frameBytes));
  }
}

/** A read that somebody waits for. */
export function* nvmeRead(
  device: NvmeDevice, queue: NvmeQueue, memory: RequestMemory, bytes: number, sector: number,
): Routine<Answer> {
  const request = yield* nvmeQueueRequest(device, queue, memory, { access: 'read', bytes }, sector);
  return yield* device.wait(queue, request);
}
