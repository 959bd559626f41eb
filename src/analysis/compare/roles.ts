/**
 * Addresses that an allocator chose say nothing by their value: what counts is that what was one thing on
 * one side is one thing on the other, wherever it is spoken of again.
 */
export class Roles {
  readonly #pairs: Map<string, number>;

  constructor(pairs: ReadonlyMap<string, number> = new Map()) {
    this.#pairs = new Map(pairs);
  }

  /** For a trial. */
  copy(): Roles {
    return new Roles(this.#pairs);
  }

  /** Whether `recorded` and `model` can be one thing of this kind; from now on they are. */
  agree(kind: string, recorded: number, model: number): boolean {
    const there = `${kind} > ${recorded}`;
    const back = `${kind} < ${model}`;
    const known = this.#pairs.get(there);
    const knownBack = this.#pairs.get(back);
    if (known === undefined && knownBack === undefined) {
      this.#pairs.set(there, model);
      this.#pairs.set(back, recorded);
      return true;
    }
    // Either is paired with something: with each other, or it is no match.
    return known === model;
  }
}
