/** What a tree needs: stores that reach RAM, and room for another table. */
interface TableMemory {
  poke(address: number, value: bigint): void;
  newTable(): number;
}

/** A second-level tree in memory; tables come into being as they are needed (specification 3.7). */
export class Tree {
  readonly top: number;
  readonly #memory: TableMemory;
  readonly #levels: number;
  readonly #tables = new Map<string, number>();

  constructor(memory: TableMemory, levels: number, top: number) {
    this.#memory = memory;
    this.#levels = levels;
    this.top = top;
  }

  /** SLPTPTR as the low half of a present context entry has it (TT 0). */
  get pointer(): bigint {
    return BigInt(this.top) + 1n;
  }

  /** Where the entry for `address` at `level` lies; every table above it comes into being. */
  entryAddress(address: number, level: number): number {
    let table = this.top;
    for (let at = this.#levels; at > level; at -= 1) {
      const region = Math.floor(address / 2 ** (12 + 9 * (at - 1)));
      const key = `${at} ${region}`;
      const known = this.#tables.get(key);
      const next = known ?? this.#memory.newTable();
      // Read and write are both granted by everything above the leaf.
      if (known === undefined) this.#memory.poke(table + 8 * (region % 512), BigInt(next) + 3n);
      this.#tables.set(key, next);
      table = next;
    }
    return table + 8 * (Math.floor(address / 2 ** (12 + 9 * (level - 1))) % 512);
  }

  /** Writes the raw entry for `address` at `level`. */
  map(address: number, entry: bigint, level = 1): void {
    this.#memory.poke(this.entryAddress(address, level), entry);
  }
}
