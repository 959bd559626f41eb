/** A kernel's page allocator, as far as DMA remapping cares: which frames it hands out, in order. */
import { beyondModel } from '../../base/assert.ts';
import { addressOf, bytesOf, frameBytes, type Address } from '../../base/word.ts';

export class PageAllocator {
  #next: number;
  readonly #end: number;
  readonly #freed: Address[] = [];

  /** Pages from `first` up to (not including) `end`, both page-aligned. */
  constructor(first: Address, end: Address) {
    this.#next = bytesOf(first);
    this.#end = bytesOf(end);
  }

  /** One page; the last one freed comes first. */
  allocate(): Address {
    return this.#freed.pop() ?? this.allocateContiguous(1);
  }

  /** A block as the buddy allocator has it: `alignment` bytes is its size where that is a power of two. */
  allocateContiguous(pages: number, alignment: number = frameBytes): Address {
    this.#next = Math.ceil(this.#next / alignment) * alignment;
    const address = addressOf(this.#next);
    this.#next += pages * frameBytes;
    if (this.#next > this.#end) beyondModel('the memory of a kernel');
    return address;
  }

  free(page: Address): void {
    this.#freed.push(page);
  }
}
