/**
 * Memory as one kind of agent sees it: pages by frame, as a store of the journal. A page stays the object
 * that it is once it is there.
 */
import { ACCESS, wholeStore, type AccessKind, type Accesses } from './accesses.ts';
import { assert } from './assert.ts';
import { addFingerprint, toggle, type Fingerprint } from './hash.ts';
import type { Journal, Store } from './journal.ts';
import { NumberMap } from './number-map.ts';
import { addressOf, frameAt, frameBytes, frameNumber, hexAddress, type Frame } from './word.ts';

export const wordsInFrame = frameBytes / 4;

/** Reads and writes are told apart by the eight bytes: an entry of a table. */
const accessBytes = 8;

/** So many bytes of a page at once count as the page: what touches any of it is told by its page cell. */
const bulkBytes = 512;

function pageCell(frame: Frame): number {
  return -2 - frameNumber(frame);
}

function accessCell(frame: Frame, offset: number): number {
  return frameNumber(frame) * (frameBytes / accessBytes) + Math.floor(offset / accessBytes);
}

/** Inclusive range of frames that have memory behind them. */
export interface FrameRange {
  readonly first: Frame;
  readonly last: Frame;
}

export const untouched: DataView = new DataView(new ArrayBuffer(frameBytes));

export class MemoryView implements Store {
  readonly name: string;
  readonly pages = new NumberMap<DataView>();
  readonly number: number;
  readonly #ranges: readonly FrameRange[];
  readonly #sums = new Map<number, Fingerprint & { readonly words: Int32Array }>();
  readonly #isReadWhole: boolean;
  /** Who wants to be told what is read and written; nobody in a plain run. */
  readonly #accesses: Accesses | null;

  /** `isReadWhole`: somebody may look at all of it at once. */
  constructor(name: string, journal: Journal, ranges: readonly FrameRange[], isReadWhole = false) {
    this.name = name;
    this.#isReadWhole = isReadWhole;
    this.#ranges = ranges;
    this.#accesses = journal.accesses;
    this.number = journal.register(this);
  }

  isBacked(frame: Frame): boolean {
    const number = frameNumber(frame);
    return this.#ranges.some(
      (range) => number >= frameNumber(range.first) && number <= frameNumber(range.last),
    );
  }

  /** For reading; undefined where nothing answers. What is read is to be told by `noteRead`. */
  page(frame: Frame): DataView | undefined {
    return this.pages.get(frameNumber(frame)) ?? this.#untouchedPage(frame);
  }

  #untouchedPage(frame: Frame): DataView | undefined {
    return this.isBacked(frame) ? untouched : undefined;
  }

  /** Whether anything was ever written to the frame. */
  holds(frame: Frame): boolean {
    return this.pages.get(frameNumber(frame)) !== undefined;
  }

  pageToChange(frame: number): DataView {
    const present = this.pages.get(frame);
    if (present !== undefined) return present;
    const fresh = new DataView(new ArrayBuffer(frameBytes));
    this.pages.set(frame, fresh);
    return fresh;
  }

  /** To be told of what is read from a page that was given out: `bytes` at an offset. */
  noteRead(frame: Frame, offset: number, bytes: number): void {
    if (this.#accesses !== null) this.#tellRead(this.#accesses, frame, offset, bytes);
  }

  #tellRead(accesses: Accesses, frame: Frame, offset: number, bytes: number): void {
    if (bytes >= bulkBytes) return accesses.written(this.number, pageCell(frame));
    for (let at = offset; at < offset + bytes; at += accessBytes) accesses.read(this.number, accessCell(frame, at));
    accesses.read(this.number, pageCell(frame));
  }

  /** To be told that it matters what all of it holds. */
  noteReadWhole(): void {
    this.#accesses?.read(this.number, wholeStore);
  }

  /** The same of what is written. */
  noteWrite(frame: Frame, offset: number, bytes: number): void {
    if (this.#accesses !== null) this.#tellWrite(this.#accesses, frame, offset, bytes);
  }

  #tellWrite(accesses: Accesses, frame: Frame, offset: number, bytes: number): void {
    if (this.#isReadWhole) accesses.joined(this.number, wholeStore);
    if (bytes >= bulkBytes) return accesses.written(this.number, pageCell(frame));
    for (let at = offset; at < offset + bytes; at += accessBytes) accesses.written(this.number, accessCell(frame, at));
    accesses.read(this.number, pageCell(frame));
  }

  at(cell: number): number {
    return this.pages.get(Math.floor(cell / wordsInFrame))?.getUint32((cell % wordsInFrame) * 4, true) ?? 0;
  }

  groupsOf(cell: number): readonly number[] {
    return [pageCell(frameAt(Math.floor(cell / wordsInFrame))), wholeStore];
  }

  dependsOn(cell: number, kind: AccessKind): readonly number[] {
    if (cell >= 0) return [2 * cell, 2 * cell + 1];
    // A page is written as a whole where many of its bytes are touched, and read where few are.
    const isLookedAt = cell === wholeStore ? kind !== ACCESS.joined : kind === ACCESS.written;
    return isLookedAt ? [cell] : [];
  }

  exchange(cell: number, value: unknown): unknown {
    assert(typeof value === 'number', 'a memory word is a number');
    const page = this.pageToChange(Math.floor(cell / wordsInFrame));
    const offset = (cell % wordsInFrame) * 4;
    const before = page.getUint32(offset, true);
    page.setUint32(offset, value, true);
    return before;
  }

  weigh(value: unknown): number {
    assert(typeof value === 'number', 'a memory word is a number');
    return value;
  }

  /** A page that holds what it held when it was added up last is not added up again. */
  sum(number: number): Fingerprint {
    const sum: Fingerprint = { low: 0, high: 0 };
    this.pages.forEach((frame, page) => {
      const words = new Int32Array(page.buffer);
      let known = this.#sums.get(frame);
      if (known === undefined || !known.words.every((word, index) => word === words[index])) {
        known = { words: words.slice(), low: 0, high: 0 };
        for (let index = 0; index < wordsInFrame; index += 1) {
          toggle(known, number, frame * wordsInFrame + index, page.getUint32(index * 4, true));
        }
        this.#sums.set(frame, known);
      }
      addFingerprint(sum, known);
    });
    return sum;
  }

  visit(visit: (cell: number, value: unknown) => void): void {
    this.pages.forEach((frame, page) => {
      for (let index = 0; index < wordsInFrame; index += 1) {
        const value = page.getUint32(index * 4, true);
        if (value !== 0) visit(frame * wordsInFrame + index, value);
      }
    });
  }

  describe(cell: number): string {
    return `${this.name} ${hexAddress(addressOf(cell * 4))}`;
  }
}
