/**
 * The generic part of a register access: which bits change, which are cleared by writing one, which
 * read as zero. It knows rows, not names; what a write sets off is the unit's business.
 */
import { fail } from '../base/assert.ts';
import type { Journal } from '../base/journal.ts';
import { Numbers } from '../base/stores.ts';
import { and32, getHalves, or32, put, without32, type Field, type Word64 } from '../base/word.ts';
import type { Register } from './registers.ts';

export const registerSpaceBytes = 4096;

/** A dword of the register space: its row, and which half of it. */
interface Half {
  readonly register: Register;
  readonly part: 'low' | 'high';
}

export class RegisterFile {
  readonly #cells: Numbers;
  readonly #halves = new Map<number, Half>();
  readonly #rows = new Map<string, Register>();
  readonly table: readonly Register[];

  constructor(journal: Journal, name: string, table: readonly Register[]) {
    this.table = table;
    const labels: string[] = [];
    for (const register of table) {
      this.#rows.set(register.name, register);
      for (const part of register.bytes === 8 ? (['low', 'high'] as const) : (['low'] as const)) {
        const dword = register.offset / 4 + (part === 'high' ? 1 : 0);
        if (this.#halves.has(dword)) fail(`${register.name} overlaps another register`);
        this.#halves.set(dword, { register, part });
        labels[dword] = register.bytes === 8 ? `${register.name} (${part} half)` : register.name;
      }
    }
    this.#cells = new Numbers(journal, name, registerSpaceBytes / 4, labels);
    for (const [dword, half] of this.#halves) this.#cells.set(dword, half.register.reset[half.part]);
  }

  at(offset: number): Half | undefined {
    return this.#halves.get(Math.floor(offset / 4));
  }

  row(name: string): Register {
    const register = this.#rows.get(name);
    if (register === undefined) fail(`no register ${name}`);
    return register;
  }

  /** What software reads from an aligned dword. */
  read32(offset: number): number {
    const half = this.at(offset);
    if (half === undefined) return 0;
    return without32(this.#cells.get(offset / 4), half.register.writeOnly[half.part]);
  }

  /** Applies a software write to an aligned dword. */
  write32(offset: number, value: number): void {
    const half = this.at(offset);
    if (half === undefined) return;
    const { writable, clearedByOne } = half.register;
    const kept = without32(this.#cells.get(offset / 4), writable[half.part]);
    const taken = and32(value, writable[half.part]);
    const cleared = and32(value, clearedByOne[half.part]);
    this.#cells.set(offset / 4, without32(or32(kept, taken), cleared));
  }

  /** The bits as the unit holds them, write-only ones included. */
  value(name: string): Word64 {
    const register = this.row(name);
    return {
      low: this.#cells.get(register.offset / 4),
      high: register.bytes === 8 ? this.#cells.get(register.offset / 4 + 1) : 0,
    };
  }

  setValue(name: string, value: Word64): void {
    const register = this.row(name);
    this.#cells.set(register.offset / 4, value.low);
    if (register.bytes === 8) this.#cells.set(register.offset / 4 + 1, value.high);
  }

  field(name: string, part: Field): number {
    const register = this.row(name);
    const dword = register.offset / 4;
    return getHalves(part, this.#cells.get(dword), register.bytes === 8 ? this.#cells.get(dword + 1) : 0);
  }

  setField(name: string, part: Field, value: number): void {
    this.setValue(name, put(part, this.value(name), value));
  }
}
