/** Sets of the cells that actors contend for, one for each way of touching a cell. */
import { ACCESS, accessKinds } from '../../base/accesses.ts';
import { and32, or32 } from '../../base/word.ts';

const bitsOfWord = 32;

export class CellBits {
  readonly #words: Uint32Array;
  readonly #length: number;

  constructor(cells: number) {
    this.#length = Math.ceil(cells / bitsOfWord);
    this.#words = new Uint32Array(this.#length * accessKinds);
  }

  add(cell: number, kind: number): void {
    const at = kind * this.#length + Math.floor(cell / bitsOfWord);
    this.#words[at] = or32(this.#words[at] ?? 0, 2 ** (cell % bitsOfWord));
  }

  join(other: CellBits): void {
    for (let at = 0; at < this.#words.length; at += 1) {
      this.#words[at] = or32(this.#words[at] ?? 0, other.#words[at] ?? 0);
    }
  }

  get isEmpty(): boolean {
    return this.#words.every((word) => word === 0);
  }

  includes(other: CellBits): boolean {
    return this.#words.every((word, at) => or32(word, other.#words[at] ?? 0) === word);
  }

  copy(): CellBits {
    const same = new CellBits(this.#length * bitsOfWord);
    same.#words.set(this.#words);
    return same;
  }

  /** Whether some cell is touched by both in ways that do not go together. */
  conflictsWith(other: CellBits): boolean {
    const { read, written, joined } = ACCESS;
    const length = this.#length;
    const mine = this.#words;
    const theirs = other.#words;
    for (let at = 0; at < length; at += 1) {
      const myRead = mine[read * length + at] ?? 0;
      const myWritten = mine[written * length + at] ?? 0;
      const myJoined = mine[joined * length + at] ?? 0;
      const itsRead = theirs[read * length + at] ?? 0;
      const itsWritten = theirs[written * length + at] ?? 0;
      const itsJoined = theirs[joined * length + at] ?? 0;
      if (and32(myWritten, or32(itsRead, or32(itsWritten, itsJoined))) !== 0
        || and32(itsWritten, or32(myRead, myJoined)) !== 0
        || and32(myRead, itsJoined) !== 0 || and32(myJoined, itsRead) !== 0) return true;
    }
    return false;
  }
}
