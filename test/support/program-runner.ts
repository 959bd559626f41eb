/**
 * Runs a program of `random-program.ts` on a unit and beside it on everything that its caches could
 * hold, and compares each answer. Lines that make no sense where they stand do nothing, so that a
 * failing program can be made shorter by leaving lines out.
 */
import type { Access } from '../../src/base/event.ts';
import { addressOf, frameNumber, word } from '../../src/base/word.ts';
import type { Answer } from '../../src/vtd/request.ts';
import { invalidateContext, invalidateIotlb } from './commands.ts';
import { PossibleCaches } from './possible-caches.ts';
import { accesses, probes, sources } from './random-program.ts';
import { describeUnit, outcomeText, referenceWalk, type ReferenceUnit, type Request } from './reference-walk.ts';
import { UnitDriver, type Settings } from './unit-driver.ts';

const hostAddressWidth = 46;

export class ProgramRunner {
  readonly #driver: UnitDriver;
  readonly #unit: ReferenceUnit;
  readonly #possible: PossibleCaches;
  readonly #memory = new Map<bigint, bigint>();
  readonly #underWay = new Map<number, Request>();
  #queue = false;
  #translating = false;
  /** The last answer, as the reference writes it. */
  #given = '';
  /** Requests answered so far, and how many of them were translated. */
  answers = 0;
  translated = 0;

  constructor(settings: Settings) {
    this.#driver = new UnitDriver({ recording: false, ...settings, hostAddressWidth });
    this.#unit = describeUnit(this.#driver.read64(0x08), this.#driver.read64(0x10), hostAddressWidth,
      settings.choices?.['leaf-bit-62'] === 'ignored-with-device-tlb');
    this.#possible = new PossibleCaches(
      this.#unit, (address) => this.#read(address), settings.choices?.['cached-denial'] !== 'walks-again',
      settings.choices?.['speculative-fill'] === 'next-page');
  }

  /** What the unit's caches hold, and its last answer, but for the numbers of events. */
  get shown(): string {
    const { core } = this.#driver.unit;
    const entries = [...core.contextCache.entries(), ...core.structures.entries(), ...core.iotlb.entries()];
    const { last } = this.#driver;
    const answer = last?.kind === 'translated' ? last.target : last?.kind === 'blocked' ? last.reason : last?.kind;
    return JSON.stringify([answer, ...entries.map((entry) => ({ ...entry, filledBy: 0 }))]);
  }

  /** What went wrong at this line; undefined where nothing did. */
  run(line: string): string | undefined {
    const [what = '', ...rest] = line.split(' ');
    const [first = 0, second = 0, third = 0, fourth = 0, fifth = 0] = rest.map(Number);
    switch (what) {
      case 'registers': return undefined;
      case 'queue': return this.#startQueue();
      case 'store': return this.#store([first, rest[1]]);
      case 'entry': return this.#store([first, rest[1]], [first + 8, rest[2]]);
      case 'root': return this.#setRoot(first);
      case 'translation': return this.#translate(rest[0] === 'on');
      case 'context': return this.#invalidateContext(first, second, third, fourth);
      case 'iotlb': return this.#invalidatePages(first, second, third, fourth, fifth === 1);
      case 'dma':
      case 'at-once':
        return this.#request(0, what === 'at-once', first, second, rest[2]);
      case 'begin': return this.#begin(first, second, third, rest[3]);
      case 'step': return this.#advance(first);
      case 'finish': return this.#finish(first);
      case 'agree': return this.#agree();
      default: throw new Error(`no step ${line}`);
    }
  }

  #read(address: bigint): bigint | undefined {
    const backed = address < 0x8000_0000n || (address >= 0x1_0000_0000n && address < 0x1_8000_0000n);
    return backed ? this.#memory.get(address) ?? 0n : undefined;
  }

  #startQueue(): undefined {
    this.#queue = true;
    this.#driver.startQueue();
  }

  /** Both halves of an entry change at once (9.3). */
  #store(...words: readonly (readonly [address: number, value: string | undefined])[]): undefined {
    this.#possible.willWrite(...words.map(([address]) => BigInt(address)));
    for (const [address, value = '0'] of words) {
      this.#memory.set(BigInt(address), BigInt(value));
      this.#driver.memory.store64(addressOf(address), word(BigInt(value)));
    }
  }

  #setRoot(table: number): undefined {
    this.#driver.setRoot(BigInt(table));
    this.#possible.setRoot(BigInt(table));
    // ESRTPS: the unit empties its caches by itself (11.4.2, bit 63).
    if (this.#driver.read64(0x08) >= 2n ** 63n) this.#removeEverything();
  }

  #removeEverything(): void {
    this.#possible.removeContexts({ granularity: 1, domain: 0, source: 0, functionMask: 0 });
    this.#possible.removePages({ granularity: 1, domain: 0, address: 0n, order: 0, leavesTables: false });
  }

  #translate(on: boolean): string | undefined {
    const wrong = this.#finishAll();
    this.#translating = on;
    this.#driver.levels((on ? 0x8000_0000 : 0) + (this.#queue ? 0x0400_0000 : 0));
    return wrong;
  }

  get #way(): 'queue' | 'registers' {
    return this.#queue ? 'queue' : 'registers';
  }

  #invalidateContext(granularity: number, domain: number, source: number, functionMask: number): undefined {
    const command = { granularity, domain, source, functionMask };
    invalidateContext(this.#driver, this.#way, command);
    this.#possible.removeContexts(command);
  }

  #invalidatePages(granularity: number, domain: number, address: number, order: number, keep: boolean): undefined {
    // PSI, bit 39 of CAP: without it a page-selective descriptor is an error of the queue.
    const pageSelective = Math.floor(Number(this.#driver.read64(0x08) / 2n ** 39n)) % 2 === 1;
    if (granularity === 3 && !pageSelective && this.#queue) return;
    // AM and IH lie side by side below the address.
    const mask = order + (keep ? 64 : 0);
    invalidateIotlb(this.#driver, this.#way, { granularity, domain, address, mask });
    this.#possible.removePages({ granularity, domain, address: BigInt(address), order, leavesTables: keep });
  }

  #request(slot: number, atOnce: boolean, source: number, address: number, access = ''): string | undefined {
    const wrong = this.#begin(slot, source, address, access, atOnce);
    return wrong ?? (atOnce ? undefined : this.#finish(slot));
  }

  #begin(slot: number, source: number, address: number, name = '', atOnce = false): string | undefined {
    if (this.#underWay.has(slot)) return undefined;
    const access: Access = accesses.find((known) => known === name) ?? 'read';
    const request = { source, address: BigInt(address), access };
    this.#possible.begin(slot, request);
    if (atOnce) {
      this.#driver.dmaAtOnce(source, address, access);
      return this.#driver.last === undefined ? 'no answer' : this.#check(slot, request, this.#driver.last);
    }
    this.#underWay.set(slot, request);
    this.#driver.begin(slot, source, address, access);
    return undefined;
  }

  #advance(slot: number): string | undefined {
    const request = this.#underWay.get(slot);
    if (request === undefined) return undefined;
    const answer = this.#driver.unit.advance(slot);
    if (typeof answer === 'number') return undefined;
    this.#underWay.delete(slot);
    this.#driver.unit.retire(slot);
    return this.#check(slot, request, answer);
  }

  #finish(slot: number): string | undefined {
    let wrong: string | undefined;
    while (this.#underWay.has(slot) && wrong === undefined) wrong = this.#advance(slot);
    return wrong;
  }

  #finishAll(): string | undefined {
    return [...this.#underWay.keys()].map((slot) => this.#finish(slot)).find((wrong) => wrong !== undefined);
  }

  #check(slot: number, request: Request, answer: Answer): string | undefined {
    const possible = this.#possible.finish(slot);
    const allowed = this.#translating ? possible : new Set([`to 0x${request.address.toString(16)}`]);
    const given = this.#observed(request, answer);
    this.#given = given;
    this.answers += 1;
    if (answer.kind === 'translated') this.translated += 1;
    return allowed.has(given) ? undefined
      : `the unit answers ${given}; allowed is ${[...allowed].join(', ')}`;
  }

  /** The answer as the reference writes it, with what the fault records tell of it. */
  #observed(request: Request, answer: Answer): string {
    const status = this.#driver.read32(0x34);
    const pending = Math.floor(status / 2) % 2 === 1;
    if (answer.kind === 'translated') {
      const target = BigInt(frameNumber(answer.target)) * 4096n + (request.address % 4096n);
      return `to 0x${target.toString(16)}${pending ? ', and a record is pending' : ''}`;
    }
    if (answer.kind === 'interrupt' || answer.reason === null) return answer.kind;
    const blocked = `blocked 0x${answer.reason.code.toString(16)}`;
    if (!pending) return `${blocked} unrecorded`;
    // FRI, bits 15:8 of FSTS, names the record: F 127, T1 126, FR 103:96, SID 79:64, FI 63:12.
    const index = Math.floor(status / 256) % 256;
    const at = this.#driver.faultOffset + 16 * index;
    const [high, low] = [this.#driver.read64(at + 8), this.#driver.read64(at)];
    this.#driver.clearRecord(index);
    const told = { reason: (high / 2n ** 32n) % 256n, source: high % 2n ** 16n, page: low };
    const isRead = (high / 2n ** 62n) % 2n === 1n;
    const page = request.address - (request.address % 4096n);
    const right = told.reason === BigInt(answer.reason.code) && told.source === BigInt(request.source)
      && told.page % 2n ** 48n === page % 2n ** 48n
      && (request.access === 'atomic' || isRead === (request.access !== 'write'));
    return right ? blocked : `${blocked}, recorded as 0x${high.toString(16)} 0x${low.toString(16)}`;
  }

  /** After a complete invalidation the unit answers what memory says, whatever came before. */
  #agree(): string | undefined {
    const unfinished = this.#finishAll();
    if (unfinished !== undefined) return unfinished;
    for (const [turn, source] of sources.entries()) {
      this.#invalidateContext(1, 0, 0, 0);
      this.#invalidatePages(1, 0, 0, 0, false);
      for (const [index, address] of probes.entries()) {
        const access = accesses[(turn + index + this.answers) % accesses.length] ?? 'read';
        const request = { source, address: BigInt(address), access };
        const memory = outcomeText(
          referenceWalk(this.#unit, (at) => this.#read(at), this.#possible.rootTable, request));
        const wrong = this.#request(0, index % 2 === 0, source, address, access);
        const name = `0x${source.toString(16)} ${access} 0x${address.toString(16)}`;
        if (wrong !== undefined) return `${name}: ${wrong}`;
        if (this.#translating && this.#given !== memory) {
          return `${name}: the unit answers ${this.#given}, memory says ${memory}`;
        }
      }
    }
    return undefined;
  }

  /** Runs a whole program; the first line that goes wrong, and why. */
  static failureOf(program: readonly string[], settings: Settings): string | undefined {
    const runner = new ProgramRunner(settings);
    for (const [index, line] of program.entries()) {
      const wrong = runner.run(line);
      if (wrong !== undefined) return `line ${index + 1}, ${line}: ${wrong}`;
    }
    return undefined;
  }

  /** The program without the lines that it also fails without. */
  static shortened(program: readonly string[], settings: Settings): readonly string[] {
    let kept = program;
    for (let size = Math.floor(program.length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let at = kept.length - size; at >= 0; at -= size) {
        const without = [...kept.slice(0, at), ...kept.slice(at + size)];
        if (ProgramRunner.failureOf(without, settings) !== undefined) kept = without;
      }
    }
    return kept;
  }
}
