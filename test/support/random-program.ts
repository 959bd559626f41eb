/**
 * Random programs for a unit: one step a line, so that a failing one can be kept as text. What they
 * write is mostly sound, so that requests get somewhere, and now and then wrong in each known way.
 */
import { Random } from '../../src/base/hash.ts';

/** 00:04.0, .1, .4 and 01:04.0: they differ in a function bit that FM masks, and in the bus. */
export const sources = [0x0020, 0x0021, 0x0024, 0x0120] as const;

/** Pages that share tables at each level, pages beyond 39 and 48 bits, and one beyond the host's 46. */
export const probes = [
  0x5000, 0x6abc, 0x20_5000, 0x20_6000, 0x4000_5000, 0x80_0000_5000, 0x80_4020_6000, 2 ** 46 + 0x5000,
  2 ** 48 + 0x5000,
] as const;

export const accesses = ['read', 'write', 'atomic', 'zero-length-read'] as const;

const rootTables = [0x1000, 0x5000] as const;
/** 0x101 is 1 to a unit with eight bits of domain-id. */
const domains = [1, 2, 3, 0x101] as const;
/** The first page of two trees: their tables of levels 1, 2, 3, 4 and 5 follow each other. */
const trees = [0x1_0000, 0x1_8000] as const;
const nowhere = 0xa000_0000n;

const hex = (value: bigint | number): string => `0x${value.toString(16)}`;

class Writer {
  readonly #random: Random;
  readonly #widths: readonly number[];

  /** `widths`: the AW values that the unit supports. */
  constructor(random: Random, widths: readonly number[]) {
    this.#random = random;
    this.#widths = widths;
  }

  below(limit: number): number {
    return this.#random.below(limit);
  }

  /** True `percent` times in a hundred. */
  chance(percent: number): boolean {
    return this.#random.below(100) < percent;
  }

  oneOf<Item>(items: readonly Item[]): Item {
    const item = items[this.#random.below(items.length)];
    if (item === undefined) throw new Error('nothing to choose from');
    return item;
  }

  root(table: number, bus: number, sound: boolean): string {
    const contextTable = BigInt(table + 0x1000 * (bus + 1));
    const [low, high] = sound || this.chance(70) ? [contextTable + 1n, 0n] : this.oneOf([
      [contextTable, 0n], [contextTable + 1n + 2n ** BigInt(1 + this.below(11)), 0n], [contextTable + 1n, 1n],
      [contextTable + 1n + 2n ** 46n, 0n], [nowhere + 1n, 0n], [contextTable + 0x1001n, 0n],
    ] as const);
    return `entry ${hex(table + 16 * bus)} ${hex(low)} ${hex(high)}`;
  }

  context(table: number, source: number, sound: boolean): string {
    const at = table + 0x1000 * (Math.floor(source / 256) + 1) + 16 * (source % 256);
    const width = this.oneOf(this.#widths);
    const top = BigInt(this.oneOf(trees) + 0x1000 * (width + 2));
    let low = top + 1n + (this.chance(15) ? 2n : 0n);
    let high = BigInt(width) + BigInt(this.oneOf(domains)) * 256n + (this.chance(20) ? 0x50n : 0n);
    if (!sound) {
      switch (this.below(14)) {
        case 0: low -= 1n; break;
        case 1: low = 0n; break;
        case 2: low += 4n; break;
        case 3: low += 8n; break;
        case 4: low += 12n; break;
        case 5: low += 2n ** BigInt(4 + this.below(8)); break;
        case 6: high += 2n ** this.oneOf([7n, 24n, 40n, 63n]); break;
        case 7: high = 0x100n + BigInt(this.below(8)); break;
        case 8: low += 2n ** this.oneOf([46n, 63n]); break;
        case 9: low = nowhere + 1n; break;
        default:
      }
    }
    return `entry ${hex(at)} ${hex(low)} ${hex(high)}`;
  }

  /** The entry at this level that one of the probes goes through, in a tree. */
  table(tree: number, level: number, address: number, sound: boolean): string {
    const at = tree + 0x1000 * level + 8 * (Math.floor(address / 2 ** (12 + 9 * (level - 1))) % 512);
    const rights = this.chance(sound ? 100 : 60) ? 3n : BigInt(1 + this.below(2));
    const frame = BigInt(0x20_0000 + 0x1000 * this.below(16));
    const below = BigInt(tree + 0x1000 * (level - 1));
    let value = (level === 1 ? frame : below) + rights;
    if (!sound) {
      switch (this.below(20)) {
        case 0: case 1: case 2: value = 0n; break;
        case 3: value -= rights; break;
        case 4: value = this.#large(level) + rights; break;
        case 5: value = this.#large(level) + rights; break;
        case 6: value += 2n ** this.oneOf([7n, 11n, 46n, 51n, 62n]); break;
        case 7: value += 2n ** this.oneOf([2n, 8n, 9n, 10n, 52n, 60n, 61n, 63n]); break;
        case 8: value = nowhere + rights; break;
        case 9: value = 0xfee0_0000n + rights + (level === 2 ? 0x80n : 0n); break;
        case 10: value = BigInt(this.oneOf(trees) + 0x1000 * (level - 1)) + rights; break;
        default:
      }
    }
    return `store ${hex(at)} ${hex(value)}`;
  }

  #large(level: number): bigint {
    const base = level === 3 ? this.oneOf([0x4000_0000n, 0x1_4000_0000n]) : this.oneOf([0x40_0000n, 0x60_0000n]);
    // An address bit inside a large page is reserved.
    return base + 0x80n + (this.chance(35) ? 2n ** BigInt(12 + this.below(9 * (level - 1) + 1)) : 0n);
  }

  request(): string {
    const access = this.chance(50) ? 'read' : this.oneOf(accesses);
    return `${hex(this.oneOf(sources))} ${hex(this.chance(60) ? this.oneOf(probes.slice(0, 4)) : this.oneOf(probes))} `
      + access;
  }

  change(): string {
    if (this.chance(8)) return this.root(this.oneOf(rootTables), this.below(2), false);
    if (this.chance(30)) return this.context(this.oneOf(rootTables), this.oneOf(sources), false);
    return this.table(this.oneOf(trees), 1 + this.below(5), this.oneOf(probes), false);
  }

  invalidation(): string {
    const granularity = this.chance(15) ? 1 : 2 + this.below(2);
    const domain = this.oneOf(domains);
    if (this.chance(45)) {
      return `context ${granularity} ${domain} ${hex(this.oneOf(sources))} ${this.oneOf([0, 0, 1, 2, 3])}`;
    }
    const order = this.oneOf([0, 0, 1, 9, 18]);
    const address = this.oneOf(probes);
    return `iotlb ${granularity} ${domain} ${hex(address - (address % 4096))} ${order} ${this.below(2)}`;
  }
}

/** The tables as sound software would have them: every source in a domain, some pages mapped. */
function prologue(writer: Writer): readonly string[] {
  const lines: string[] = [];
  for (const table of rootTables) {
    for (const bus of [0, 1]) lines.push(writer.root(table, bus, true));
    for (const source of sources) lines.push(writer.context(table, source, true));
  }
  for (const tree of trees) {
    for (let level = 5; level >= 1; level -= 1) {
      for (const address of level === 1 ? [0x5000, 0x6000] : [0x5000]) {
        lines.push(writer.table(tree, level, address, true));
      }
    }
    lines.push(writer.table(tree, 2, 0x20_5000, true), writer.table(tree, 3, 0x4000_5000, false));
  }
  return lines;
}

/** A program of about `length` steps behind its prologue; the same seed gives the same program. */
export function randomProgram(seed: number, length: number, widths: readonly number[]): readonly string[] {
  const writer = new Writer(new Random(seed), widths);
  const lines = [writer.chance(50) ? 'queue' : 'registers', ...prologue(writer), 'root 0x1000', 'translation on'];
  for (let step = 0; step < length; step += 1) {
    const kind = writer.below(100);
    if (kind < 40) lines.push(`${writer.chance(50) ? 'dma' : 'at-once'} ${writer.request()}`);
    else if (kind < 62) lines.push(writer.change());
    else if (kind < 78) lines.push(writer.invalidation());
    else if (kind < 84) lines.push(`begin ${1 + writer.below(2)} ${writer.request()}`);
    else if (kind < 91) lines.push(`step ${1 + writer.below(2)}`);
    else if (kind < 95) lines.push(`finish ${1 + writer.below(2)}`);
    else if (kind < 97) lines.push(`root ${hex(writer.chance(90) ? writer.oneOf(rootTables) : nowhere)}`);
    else if (kind < 98) lines.push('translation off', `dma ${writer.request()}`, 'translation on');
    else lines.push('agree');
  }
  return [...lines, 'agree'];
}
