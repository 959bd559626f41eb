/** What a kernel does to unit and tables in a canonical handoff, in order, each operation as a line of words. */
import { noCause, type Event, type Happening } from '../../base/event.ts';
import {
  addressOf, addressOfWord, bit, bytesOf, equalWords, field, get, hex, isSet, upperField, wordOf,
  zeroWord, type Address, type Word64,
} from '../../base/word.ts';
import type { Machine } from '../../machine/machine.ts';
import { asCapture, asCrashed, canonicalRun, type CanonicalUnit } from './canonical-handoff.ts';

export interface OrderedOperations {
  /** By the release as the crashed kernel, between its last statement and the jump. */
  readonly crash: readonly string[];
  /** By the release as the capture kernel, until its drivers' time comes. */
  readonly start: readonly string[];
  /** From the device's first mapping to its first DMA, in the context entry and around it. */
  readonly handoff: readonly string[];
}

const routinesOfHandoff = ['domain_context_mapping_one', 'domain_context_clear_one'];

export function orderedOperations(release: string, unit: CanonicalUnit): OrderedOperations {
  const crashed = canonicalRun(asCrashed(release), unit);
  const done = canonicalRun(asCapture(release), unit);
  const first = (what: Happening['kind']): number =>
    done.events.find((event) => event.actor === 'capture' && event.what.kind === what)?.number ?? done.events.length;
  const begin = first('kernel-start');
  const driversTime = first('sleep');
  return {
    crash: lines(crashed.machine, atCrash(crashed.events)),
    start: lines(done.machine, done.events.slice(begin, driversTime)),
    handoff: [...lines(done.machine, within(routinesOfHandoff, done.events.slice(driversTime))),
      ...firstRequest(done.machine, done.events)],
  };
}

/** Which address the driver gave its device first. */
function firstRequest(machine: Machine, events: readonly Event[]): readonly string[] {
  const request = events.map(({ what }) => what)
    .find((what) => what.kind === 'dma-request' && what.kernel === 'capture');
  if (request?.kind !== 'dma-request') return [];
  const isPhysical = machine.ownerOf(addressOfWord(request.address)) === 'capture';
  return [`first DMA at ${isPhysical ? 'a physical address' : hex(request.address)}`];
}

function atCrash(events: readonly Event[]): readonly Event[] {
  const panic = events.findIndex(({ what }) => what.kind === 'panic');
  const before = events.slice(0, panic);
  return before.slice(before.findLastIndex(({ actor, what }) => actor === 'crashed' && what.kind === 'sleep') + 1);
}

/** The events inside the routines, up to the first DMA that is asked for behind them. */
function within(routines: readonly string[], events: readonly Event[]): readonly Event[] {
  let depth = 0;
  const inside: Event[] = [];
  for (const event of events) {
    const { what } = event;
    if (what.kind === 'dma-request') break;
    if (what.kind === 'routine-enter' && routines.includes(what.routine)) depth += 1;
    if (depth > 0) inside.push(event);
    if (what.kind === 'routine-leave' && routines.includes(what.routine)) depth -= 1;
  }
  return inside;
}

// --- one event, one line or none ------------------------------------------------------------------

function lines(machine: Machine, events: readonly Event[]): readonly string[] {
  const places = new Places(machine);
  return events.flatMap(({ what }) => {
    switch (what.kind) {
      case 'store': return places.storeLine(what.address, what.value) ?? [];
      case 'write-back': {
        const name = places.nameOf(what.address);
        return name === undefined ? [] : [`write back ${name}`];
      }
      case 'register-write': return registerLine(what) ?? [];
      case 'descriptor': return what.text === 'wait' ? [] : [`flush ${what.text.replace(' invalidation', '')}`
        + drains(what.text, what.low)];
      default: return [];
    }
  });
}

function drains(text: string, low: Word64): string {
  if (!text.startsWith('IOTLB')) return '';
  const asked = [...(isSet(bit(7), low) ? ['reads'] : []), ...(isSet(bit(6), low) ? ['writes'] : [])];
  return asked.length === 0 ? '' : `, draining ${asked.join(' and ')}`;
}

/** The commands of GCMD (11.4.4.1), as they stand in a word. */
const commands = [
  ['TE', 31], ['SRTP', 30], ['SFL', 29], ['EAFL', 28], ['WBF', 27], ['QIE', 26], ['IRE', 25], ['SIRTP', 24], ['CFI', 23],
] as const;

/** Registers whose value is where something new lies. */
const newThings: ReadonlyMap<string, string> = new Map([
  ['RTADDR', 'the new root table'], ['IQA', 'the new queue'], ['IRTA', 'the new interrupt-remapping table'],
]);

function registerLine(what: Extract<Happening, { kind: 'register-write' }>): readonly string[] | undefined {
  const { target, register, value } = what;
  if (target !== 'dmar0') return target === 'nobody' ? undefined : [`${target} ${register} = ${hex(value)}`];
  // The tail moves with each flush, which has a line of its own.
  if (register === 'IQT') return equalWords(value, zeroWord) ? ['IQT = 0'] : undefined;
  if (register === 'GCMD') {
    const set = commands.filter(([, position]) => isSet(bit(position), value)).map(([name]) => name);
    return [`GCMD = ${set.length === 0 ? '0' : set.join(' ')}`];
  }
  return [`${register} = ${newThings.get(register) ?? hex(value)}`];
}

const CONTEXT = {
  P: bit(0), FPD: bit(1), TT: field(3, 2), ADDRESS: field(63, 12), AW: upperField(66, 64), COPIED: upperField(67, 67),
  DID: upperField(87, 72),
} as const;
const pageBytes = 4096;
const translationTypes = ['', 'device-TLB', 'pass-through', 'reserved type'];

/** Where the tables of the one device lie when all is over: they are allocated once. */
class Places {
  readonly #machine: Machine;
  readonly #root: number;
  readonly #table: number;
  readonly #entry: number;

  constructor(machine: Machine) {
    this.#machine = machine;
    const unit = machine.units[0];
    const rootWord = unit === undefined ? zeroWord : unit.readRegister(0x20, 8, noCause);
    this.#root = pageOf(rootWord);
    const source = machine.scenario.devices[0]?.sourceId ?? 0;
    const entryOfBus = addressOf(this.#root + 16 * Math.floor(source / 256));
    this.#table = this.#root === 0 ? 0 : pageOf(machine.memory.read64(entryOfBus));
    this.#entry = this.#table + 16 * (source % 256);
  }

  /** Undefined for what is neither a root nor a context table. */
  nameOf(address: Address): string | undefined {
    const at = bytesOf(address);
    if (this.#table !== 0 && at === this.#entry) return 'context entry';
    if (this.#table !== 0 && at === this.#table) return 'context table';
    return this.#root !== 0 && at >= this.#root && at < this.#root + pageBytes ? 'root table' : undefined;
  }

  storeLine(address: Address, value: Word64): readonly string[] | undefined {
    const at = bytesOf(address);
    if (this.#table !== 0 && at === this.#entry) return [`store low half: ${this.#lowText(value)}`];
    if (this.#table !== 0 && at === this.#entry + 8) return [`store high half: ${highText(value)}`];
    if (this.#root === 0 || at < this.#root || at >= this.#root + pageBytes) return undefined;
    return [`store root entry of bus ${hex(wordOf(Math.floor((at - this.#root) / 16)))}`];
  }

  #lowText(value: Word64): string {
    if (equalWords(value, zeroWord)) return '0';
    const page = addressOfWord({ low: value.low - (value.low % pageBytes), high: value.high });
    const table = pageOf(value) === 0 ? [] : [`${this.#machine.ownerOf(page)}'s page table`];
    const type = translationTypes[get(CONTEXT.TT, value)] ?? '';
    return [...table, ...(type === '' ? [] : [type]), ...(isSet(CONTEXT.FPD, value) ? ['FPD'] : []),
      ...(isSet(CONTEXT.P, value) ? ['P'] : [])].join(', ');
  }
}

function pageOf(value: Word64): number {
  return get(CONTEXT.ADDRESS, value) * pageBytes;
}

function highText(value: Word64): string {
  if (equalWords(value, zeroWord)) return '0';
  return [`domain ${get(CONTEXT.DID, value)}`, `AW ${get(CONTEXT.AW, value)}`,
    ...(isSet(CONTEXT.COPIED, value) ? ['marked as copied'] : [])].join(', ');
}
