/**
 * Physical memory in sparse 4 KiB pages, byte-exact and journalled, as two views:
 *
 * - the *coherent* view: what the CPU and every snooping agent sees (DMA data, the invalidation
 *   queue, wait status writes);
 * - the *RAM* view: what an agent sees that does not snoop CPU caches (the page walker of a unit with
 *   ECAP.C = 0; specification 6.2 and 11.4.3).
 *
 * The two differ in exactly the lines that the CPU has stored to and not written back. A machine whose
 * units all snoop has one view only. Where a chipset has a write buffer (CAP.RWBF, 6.8), what is written
 * back waits there until the buffer is flushed.
 */
import { fail } from './assert.ts';
import type { Journal } from './journal.ts';
import { MemoryView, untouched, wordsInFrame, type FrameRange } from './memory-view.ts';
import {
  addressIn, addressOf, bytesOf, frameAt, frameBytes, frameNumber, frameOf, hexAddress, offsetBy, offsetInFrame,
  type Address, type Frame, type Word64,
} from './word.ts';

export const cacheLineBytes = 64;

export class PhysicalMemory {
  readonly #journal: Journal;
  readonly #coherent: MemoryView;
  /** The same object as `#coherent` where every unit snoops. */
  readonly #ram: MemoryView;
  /** RAM as it will be when the write buffer is flushed; the same object as `#ram` without one. */
  readonly #behindBuffer: MemoryView;

  /**
   * `twoViews`: some unit of the machine walks its tables without snooping. `buffersWrites`: the chipset
   * has a write buffer in front of RAM; it counts only where there are two views.
   */
  constructor(journal: Journal, ranges: readonly FrameRange[], twoViews: boolean, buffersWrites = false) {
    this.#journal = journal;
    this.#coherent = new MemoryView('memory', journal, ranges);
    if (twoViews) {
      this.#ram = new MemoryView('ram', journal, ranges, buffersWrites);
    } else {
      this.#ram = this.#coherent;
    }
    if (twoViews && buffersWrites) {
      this.#behindBuffer = new MemoryView('write buffer', journal, ranges, true);
    } else {
      this.#behindBuffer = this.#ram;
    }
  }

  /** What an agent sees that snoops, or one that does not; for reading. */
  view(snoops: boolean): MemoryView {
    return snoops ? this.#coherent : this.#ram;
  }

  isBacked(frame: Frame): boolean {
    return this.#coherent.isBacked(frame);
  }

  /** What the CPU reads; memory that does not answer reads as all ones. */
  read32(address: Address): number {
    this.#coherent.noteRead(frameOf(address), offsetInFrame(address), 4);
    return this.#coherent.page(frameOf(address))?.getUint32(offsetInFrame(address), true) ?? 0xffffffff;
  }

  read64(address: Address): Word64 {
    return { low: this.read32(address), high: this.read32(addressOf(bytesOf(address) + 4)) };
  }

  /** A CPU store: reaches RAM only when its line is written back. */
  store32(address: Address, value: number): void {
    this.#change(this.#coherent, frameOf(address), offsetInFrame(address), value);
  }

  store64(address: Address, value: Word64): void {
    this.store32(address, value.low);
    this.store32(addressOf(bytesOf(address) + 4), value.high);
  }

  /** CPU stores of zero to whole words. */
  clear(address: Address, length: number): void {
    forEachFrame(address, length, (frame, offset, count) => {
      this.#coherent.noteWrite(frame, offset, count);
      if (this.#coherent.holds(frame)) {
        this.#copyWords(this.#coherent, frame, offset, untouched, 0, count);
      }
    });
  }

  /** A CPU's copy of whole words; pages that hold nothing on either side cost nothing. */
  copy(to: Address, from: Address, length: number): void {
    forEachFrame(to, length, (frame, offset, count) => {
      for (let done = 0; done < count;) {
        const source = offsetBy(from, bytesOf(addressIn(frame, offset + done)) - bytesOf(to));
        const part = Math.min(count - done, frameBytes - offsetInFrame(source));
        const page = this.#coherent.pages.get(frameNumber(frameOf(source)));
        this.#coherent.noteRead(frameOf(source), offsetInFrame(source), part);
        this.#coherent.noteWrite(frame, offset + done, part);
        if (page !== undefined || this.#coherent.holds(frame)) {
          this.#copyWords(this.#coherent, frame, offset + done, page ?? untouched, offsetInFrame(source), part);
        }
        done += part;
      }
    });
  }

  /** Writes back every cache line that touches the range (CLFLUSH of each). */
  writeBack(address: Address, bytes: number): void {
    if (this.#ram === this.#coherent || bytes === 0) return;
    const start = Math.floor(bytesOf(address) / cacheLineBytes) * cacheLineBytes;
    const end = Math.ceil((bytesOf(address) + bytes) / cacheLineBytes) * cacheLineBytes;
    forEachFrame(addressOf(start), end - start, (frame, offset, count) => {
      const page = this.#coherent.pages.get(frameNumber(frame));
      this.#coherent.noteRead(frame, offset, count);
      if (page !== undefined) this.#copyWords(this.#behindBuffer, frame, offset, page, offset, count);
    });
  }

  /** Everything that was written back is in RAM. */
  flushWriteBuffer(): void {
    if (this.#behindBuffer === this.#ram) return;
    this.#behindBuffer.noteReadWhole();
    this.#ram.noteReadWhole();
    const numbers: number[] = [];
    this.#behindBuffer.pages.forEach((number) => numbers.push(number));
    for (const number of numbers.sort((left, right) => left - right)) {
      const page = this.#behindBuffer.pages.get(number);
      if (page !== undefined) this.#copyWords(this.#ram, frameAt(number), 0, page, 0, frameBytes);
    }
  }

  /** Whether some line of the range holds something that RAM does not. */
  isDirty(address: Address, bytes: number): boolean {
    if (this.#ram === this.#coherent) return false;
    const start = Math.floor(bytesOf(address) / cacheLineBytes) * cacheLineBytes;
    const end = Math.ceil((bytesOf(address) + bytes) / cacheLineBytes) * cacheLineBytes;
    for (let at = start; at < end; at += 4) {
      const where = addressOf(at);
      const seen = this.#ram.page(frameOf(where))?.getUint32(offsetInFrame(where), true);
      if (seen !== undefined && seen !== this.read32(where)) return true;
    }
    return false;
  }

  /** A coherent write by a device or by the unit; false, and no effect, where nothing answers. */
  write(address: Address, bytes: Uint8Array): boolean {
    const end = bytesOf(address) + bytes.length;
    for (let at = bytesOf(address); at < end; at = (Math.floor(at / frameBytes) + 1) * frameBytes) {
      if (!this.isBacked(frameOf(addressOf(at)))) return false;
    }
    this.writeBack(address, bytes.length);
    const words = this.#wholeWords(address, bytes);
    const first = Math.floor(bytesOf(address) / 4) * 4;
    let done = 0;
    forEachFrame(addressOf(first), words.byteLength, (frame, offset, count) => {
      this.#copyWords(this.#coherent, frame, offset, words, done, count);
      if (this.#ram !== this.#coherent) this.#copyWords(this.#ram, frame, offset, words, done, count);
      if (this.#behindBuffer !== this.#ram) {
        this.#copyWords(this.#behindBuffer, frame, offset, words, done, count);
      }
      done += count;
    });
    return true;
  }

  /** The same of one aligned word. */
  write32(address: Address, value: number): boolean {
    const frame = frameOf(address);
    const offset = offsetInFrame(address);
    if (!this.isBacked(frame)) return false;
    this.writeBack(address, 4);
    this.#change(this.#coherent, frame, offset, value);
    if (this.#ram !== this.#coherent) this.#change(this.#ram, frame, offset, value);
    if (this.#behindBuffer !== this.#ram) this.#change(this.#behindBuffer, frame, offset, value);
    return true;
  }

  /** A coherent read by a device; undefined where nothing answers. */
  read(address: Address, length: number): Uint8Array | undefined {
    const result = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const where = addressOf(bytesOf(address) + done);
      const page = this.#coherent.page(frameOf(where));
      if (page === undefined) return undefined;
      const offset = offsetInFrame(where);
      const count = Math.min(length - done, frameBytes - offset);
      this.#coherent.noteRead(frameOf(where), offset, count);
      result.set(new Uint8Array(page.buffer, offset, count), done);
      done += count;
    }
    return result;
  }

  /** `bytes` widened to whole words with what memory holds around them. */
  #wholeWords(address: Address, bytes: Uint8Array): DataView {
    const before = bytesOf(address) % 4;
    const length = Math.ceil((before + bytes.length) / 4) * 4;
    if (before === 0 && length === bytes.length) {
      return new DataView(bytes.buffer, bytes.byteOffset, length);
    }
    const widened = new DataView(new ArrayBuffer(length));
    const first = addressOf(bytesOf(address) - before);
    const last = addressOf(bytesOf(first) + length - 4);
    widened.setUint32(length - 4, this.read32(last), true);
    widened.setUint32(0, this.read32(first), true);
    new Uint8Array(widened.buffer).set(bytes, before);
    return widened;
  }

  #change(view: MemoryView, frame: Frame, offset: number, value: number): void {
    if (!(offset % 4 === 0)) fail(`a store to ${hexAddress(addressIn(frame, offset))} is not aligned`);
    view.noteWrite(frame, offset, 4);
    if (!view.holds(frame) && (value === 0 || !this.isBacked(frame))) return;
    const page = view.pageToChange(frameNumber(frame));
    const before = page.getUint32(offset, true);
    if (before === value) return;
    page.setUint32(offset, value, true);
    this.#journal.record(view.number, frameNumber(frame) * wordsInFrame + offset / 4, before, value);
  }

  /** Copies `length` bytes, whole words, into one frame of a view. */
  #copyWords(
    view: MemoryView, frame: Frame, offset: number, source: DataView, sourceOffset: number, length: number,
  ): void {
    view.noteWrite(frame, offset, length);
    if (!view.holds(frame) && !this.isBacked(frame)) return;
    const page = view.pageToChange(frameNumber(frame));
    if (!this.#journal.recording) {
      const bytes = new Uint8Array(source.buffer, source.byteOffset + sourceOffset, length);
      new Uint8Array(page.buffer, offset, length).set(bytes);
      return;
    }
    const firstCell = frameNumber(frame) * wordsInFrame;
    for (let at = 0; at < length; at += 4) {
      const value = source.getUint32(sourceOffset + at, true);
      const before = page.getUint32(offset + at, true);
      if (before === value) continue;
      page.setUint32(offset + at, value, true);
      this.#journal.record(view.number, firstCell + (offset + at) / 4, before, value);
    }
  }
}

/** Calls `visit` with each frame of a range, the offset in it and the number of bytes. */
function forEachFrame(
  address: Address, length: number, visit: (frame: Frame, offset: number, count: number) => void,
): void {
  for (let done = 0; done < length;) {
    const where = addressOf(bytesOf(address) + done);
    const offset = offsetInFrame(where);
    const count = Math.min(length - done, frameBytes - offset);
    visit(frameOf(where), offset, count);
    done += count;
  }
}

export function frameRange(first: Address, last: Address): FrameRange {
  const start = Math.ceil(bytesOf(first) / frameBytes);
  const end = Math.floor((bytesOf(last) + 1) / frameBytes);
  return end > start ? { first: frameAt(start), last: frameAt(end - 1) } : { first: frameAt(1), last: frameAt(0) };
}
