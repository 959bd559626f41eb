/** The position of a kernel as a cell. In fingerprints a position counts as the way that leads to it. */
import { assert } from '../base/assert.ts';
import type { Journal, Store } from '../base/journal.ts';
import type { Program } from '../linux/core/program.ts';

export class ProgramCounter implements Store {
  readonly name: string;
  readonly #journal: Journal;
  readonly #number: number;
  readonly #program: Program;
  #value = 0;

  constructor(journal: Journal, name: string, program: Program) {
    this.name = name;
    this.#journal = journal;
    this.#program = program;
    this.#number = journal.register(this);
  }

  get value(): number {
    this.#journal.accesses?.looked(this.#number, 0);
    return this.#value;
  }

  set(value: number): void {
    const before = this.#value;
    this.#value = value;
    this.#journal.record(this.#number, 0, before, value);
  }

  at(): number {
    return this.#value;
  }

  groupsOf(): readonly number[] {
    return [];
  }

  dependsOn(cell: number): readonly number[] {
    return [cell];
  }

  exchange(_cell: number, value: unknown): unknown {
    assert(typeof value === 'number', 'a position is a number');
    const before = this.#value;
    this.#value = value;
    return before;
  }

  weigh(value: unknown): number {
    assert(typeof value === 'number', 'a position is a number');
    return this.#program.weightOf(value);
  }

  visit(visit: (cell: number, value: unknown) => void): void {
    visit(0, this.#value);
  }

  describe(): string {
    return this.name;
  }
}
