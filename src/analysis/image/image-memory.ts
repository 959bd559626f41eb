/** The memory of an image: its pages by number, nothing in between. */
import type { Word64 } from '../../base/word.ts';
import type { HardwareImage } from '../../scenario/image/hardware-image.ts';

const pageBytes = 4096;

/** Tables are read from it word by word. */
export interface TableMemory {
  has(page: number): boolean;
  /** The 64-bit word at `index` of a page; undefined where there is no such page. */
  word(page: number, index: number): Word64 | undefined;
}

export class ImageMemory implements TableMemory {
  readonly #pages: ReadonlyMap<number, DataView>;

  constructor(image: HardwareImage) {
    this.#pages = new Map(image.pages.map(({ address, bytes }) =>
      [address / pageBytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)]));
  }

  has(page: number): boolean {
    return this.#pages.has(page);
  }

  word(page: number, index: number): Word64 | undefined {
    const view = this.#pages.get(page);
    if (view === undefined) return undefined;
    return { low: view.getUint32(8 * index, true), high: view.getUint32(8 * index + 4, true) };
  }
}
