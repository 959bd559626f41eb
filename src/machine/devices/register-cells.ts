/** The dword registers of a device that keep what is written to them, by offset. */
import type { Journal } from '../../base/journal.ts';
import { Numbers } from '../../base/stores.ts';

export class RegisterCells {
  readonly #cells: Numbers;
  readonly #places: ReadonlyMap<number, number>;
  readonly #names: ReadonlyMap<number, string>;

  /** `registers`: name to offset. */
  constructor(journal: Journal, name: string, registers: Readonly<Record<string, number>>) {
    const rows = Object.entries(registers);
    this.#places = new Map(rows.map(([, offset], index) => [offset, index]));
    this.#names = new Map(rows.map(([register, offset]) => [offset, register]));
    this.#cells = new Numbers(journal, `${name} registers`, rows.length, rows.map(([register]) => register));
  }

  /** What is not there reads as zero. */
  read(offset: number): number {
    const place = this.#places.get(offset);
    return place === undefined ? 0 : this.#cells.get(place);
  }

  write(offset: number, value: number): void {
    const place = this.#places.get(offset);
    if (place !== undefined) this.#cells.set(place, value);
  }

  /** An address in two dwords, the low one first. */
  address(low: number): number {
    return this.read(low) + this.read(low + 4) * 0x1_0000_0000;
  }

  clear(): void {
    for (const place of this.#places.values()) this.#cells.set(place, 0);
  }

  nameAt(offset: number): string {
    return this.#names.get(offset) ?? 'reserved';
  }
}
