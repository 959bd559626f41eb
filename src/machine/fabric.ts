/**
 * The way of a DMA from a device to memory: split at page boundaries, translated by the unit step by
 * step, then data. A transfer takes one of a few slots; a slot is an actor with a time of its own, so
 * that anything can fall between two steps.
 */
import { assert, fail } from '../base/assert.ts';
import type { Appointment } from '../base/agenda-cells.ts';
import type { Agenda } from '../base/agenda.ts';
import { noCause, type Access, type Freshness, type Owner, type Trace } from '../base/event.ts';
import { digest, digestBytes } from '../base/hash.ts';
import type { Journal } from '../base/journal.ts';
import type { PhysicalMemory } from '../base/memory.ts';
import { Table } from '../base/stores.ts';
import {
  addressIn, bdf, frameAt, frameBytes, frameNumber, sourceIdNumber, wordOf, type Address, type Frame,
  type SourceId, type Word64,
} from '../base/word.ts';
import type { Answer } from '../vtd/request.ts';
import type { DmarUnit } from '../vtd/unit.ts';
import { InFlight } from './in-flight.ts';
import type { ObservedDma, Observer } from './observer.ts';
import type { Timing } from './timing.ts';

const slotCount = 32;
/** With time set aside every request has a slot of its own, so that none depends on another's end. */
const slotsOfClient = 2;
const firstSlotInFlight = 16;
/** Clients beyond it share the numbers of others. */
const clientLimit = 64;
/** Beyond every level of a walk. */
const progressAtData = 15;

export interface DmaRequest {
  readonly source: SourceId;
  readonly access: Access;
  /** The address as the device puts it on the bus. */
  readonly address: number;
  readonly length: number;
  /** What a write writes. */
  readonly data: Uint8Array | null;
  /** Whose driver asked for it. */
  readonly kernel: Owner;
  readonly purpose: string;
  /** What the device knows the request by. */
  readonly tag: number;
}

/** What a device learns: the data of a read that was answered in full, and nothing of a posted write. */
export interface DmaResult {
  readonly data: Uint8Array | null;
  readonly cause: number;
}

export interface DmaClient {
  readonly name: string;
  dmaDone(tag: number, result: DmaResult): void;
}

interface Transfer {
  readonly request: DmaRequest;
  readonly client: number;
  /** Bytes of earlier pages, and what a read has collected. */
  readonly done: number;
  readonly collected: Uint8Array | null;
  readonly phase: 'translating' | 'data';
  readonly target: Frame | null;
  readonly failed: boolean;
  /** What an observer wants remembered. */
  readonly scope: number;
  readonly event: number;
}

function weigh(transfer: Transfer): number {
  const { request, done, phase, target, failed, scope } = transfer;
  return digest([sourceIdNumber(request.source), request.address, request.tag, done,
    phase === 'data' ? 1 : 0, target === null ? 0 : frameNumber(target) + 1, failed ? 1 : 0,
    request.access === 'read' ? 1 : 0, request.kernel === 'crashed' ? 1 : 0, scope,
    transfer.client, digestBytes(request.data), done === 0 ? 0 : digestBytes(transfer.collected)]);
}

export interface FabricSettings {
  readonly unitOf: (source: SourceId) => DmarUnit;
  readonly memory: PhysicalMemory;
  readonly timing: Timing;
  readonly ownerOf: (address: Address) => Owner | 'nobody';
  readonly observer: Observer | null;
  /** A compatibility-format message for the CPU. */
  readonly deliverInterrupt: (address: number, data: number, cause: number) => void;
}

export class Fabric {
  readonly #settings: FabricSettings;
  readonly #trace: Trace;
  readonly #transfers: Table<Transfer>;
  readonly #slots: readonly Appointment[];
  readonly #clients: DmaClient[] = [];
  readonly #agenda: Agenda;
  readonly inFlight: InFlight;
  /** Time being set aside: whether an entry that is looked for may be gone. */
  evictionsAreOpen = false;
  readonly observer: Observer | null;

  constructor(settings: FabricSettings, journal: Journal, agenda: Agenda, trace: Trace) {
    this.#settings = settings;
    this.#trace = trace;
    this.#agenda = agenda;
    this.observer = settings.observer;
    this.inFlight = new InFlight(journal);
    this.#transfers = new Table(journal, 'transfers', weigh, ({ request }) => bdf(request.source));
    this.#slots = Array.from({ length: slotCount }, (_, slot) =>
      agenda.add((way) => this.#step(slot, way), {
        name: `dma${slot}`, urgency: 'prompt', progress: () => this.#progressOf(slot),
        regionSize: progressAtData + 1, ways: () => this.#ways(slot),
      }));
  }

  connect(client: DmaClient): number {
    this.#clients.push(client);
    return this.#clients.length - 1;
  }

  get isIdle(): boolean {
    return this.#transfers.size === 0;
  }

  /**
   * Time being set aside: whether the bus would take a request of this client now. Who waits for room does
   * not act until there is some: trying again and again would lead from a state back to itself.
   */
  hasRoom(client: number): boolean {
    return this.#freeSlot(client, false) >= 0;
  }

  /**
   * Puts a request on the bus; false when the bus is full and the device must try later. `inFlight`: it is
   * the last that was taken from the number that devices may issue of their own.
   */
  submit(client: number, request: DmaRequest, cause: number, inFlight = false): boolean {
    const slot = this.#freeSlot(client, inFlight);
    if (slot < 0) return false;
    const event = this.#emit(client, cause, {
      kind: 'dma-request', source: request.source, access: request.access,
      address: wordOf(request.address), length: request.length, kernel: request.kernel,
      purpose: request.purpose,
    });
    this.#transfers.set(slot, {
      request, client, done: 0, collected: request.access === 'read' ? new Uint8Array(request.length) : null,
      phase: 'translating', target: null, failed: false, event,
      scope: this.observer === null ? 0 : this.observer.requested(this.#nameOf(client)),
    });
    this.#beginPage(slot);
    return true;
  }

  /** With evictions open, one way for each that the unit's caches may have dropped what is needed next. */
  #ways(slot: number): number {
    const transfer = this.#transfer(slot);
    return this.evictionsAreOpen && transfer.phase === 'translating'
      ? this.#settings.unitOf(transfer.request.source).evictionWays(slot) : 1;
  }

  /** Whose it is, the page, and how far its translation has come. */
  #progressOf(slot: number): number {
    const transfer = this.#transfer(slot);
    const page = Math.floor(this.#addressNow(transfer) / frameBytes);
    const step = transfer.phase === 'data' ? progressAtData
      : this.#settings.unitOf(transfer.request.source).progressOf(slot);
    return (page * clientLimit + transfer.client % clientLimit) * (progressAtData + 1) + step;
  }

  #freeSlot(client: number, inFlight: boolean): number {
    if (!this.#agenda.timeIsAside) return this.#firstFree(0, slotCount);
    return inFlight
      ? this.#firstFree(firstSlotInFlight + this.inFlight.lastTaken % (slotCount - firstSlotInFlight), slotCount)
      : this.#firstFree(client * slotsOfClient % firstSlotInFlight, firstSlotInFlight);
  }

  #firstFree(from: number, to: number): number {
    for (let slot = from; slot < to; slot += 1) if (this.#transfers.get(slot) === undefined) return slot;
    return -1;
  }

  #nameOf(client: number): string {
    return this.#clients[client]?.name ?? 'device';
  }

  #emit(client: number, cause: number, what: Parameters<Trace['emit']>[2]): number {
    return this.#trace.recording ? this.#trace.emit(this.#nameOf(client), cause, what) : noCause;
  }

  #transfer(slot: number): Transfer {
    const transfer = this.#transfers.get(slot);
    if (transfer === undefined) fail(`slot ${slot} is empty`);
    return transfer;
  }

  #addressNow(transfer: Transfer): number {
    return transfer.request.address + transfer.done;
  }

  #beginPage(slot: number): void {
    const transfer = this.#transfer(slot);
    const delay = this.#settings.unitOf(transfer.request.source).begin(slot, {
      source: transfer.request.source,
      frame: frameAt(Math.floor(this.#addressNow(transfer) / frameBytes)),
      access: transfer.request.access,
      cause: transfer.event,
    });
    this.#appoint(slot, delay);
  }

  #appoint(slot: number, delayNs: number): void {
    const appointment = this.#slots[slot];
    if (appointment === undefined) fail(`no slot ${slot}`);
    appointment.in(delayNs);
  }

  #step(slot: number, way: number): void {
    const transfer = this.#transfer(slot);
    if (transfer.phase === 'data') return this.#moveData(slot, transfer);
    if (way > 0) this.#settings.unitOf(transfer.request.source).evict(slot, way);
    const answer = this.#settings.unitOf(transfer.request.source).advance(slot);
    if (typeof answer === 'number') return this.#appoint(slot, answer);
    this.#answered(slot, transfer, answer);
  }

  #answered(slot: number, transfer: Transfer, answer: Answer): void {
    const address: Word64 = wordOf(this.#addressNow(transfer));
    switch (answer.kind) {
      case 'translated': {
        const offset = this.#addressNow(transfer) % frameBytes;
        const { target, via, freshness, event: cause } = answer;
        const event = this.#emit(transfer.client, cause, {
          kind: 'dma-translated', address, target: addressIn(target, offset), via, freshness,
        });
        this.#observeAnswer(transfer, false, null, freshness);
        this.#transfers.set(slot, { ...transfer, phase: 'data', target, event });
        return this.#appoint(slot, this.#settings.timing.dma);
      }
      case 'blocked': {
        const { reason, freshness, event: cause } = answer;
        const event = this.#emit(transfer.client, cause, {
          kind: 'dma-blocked', address, reason: reason?.code ?? null, freshness,
        });
        this.#observeAnswer(transfer, true, reason?.code ?? null, freshness);
        return this.#endPage(slot, { ...transfer, failed: true, event });
      }
      case 'interrupt':
        this.#interruptRequest(transfer);
        return this.#endPage(slot, transfer);
    }
  }

  #observeAnswer(transfer: Transfer, blocked: boolean, reason: number | null, freshness: Freshness): void {
    this.observer?.answered(this.#observed(transfer), blocked, reason, freshness.kind === 'stale');
  }

  #observed(transfer: Transfer): ObservedDma {
    const { client, request: { kernel }, scope } = transfer;
    return { device: this.#nameOf(client), kernel, scope, address: this.#addressNow(transfer) };
  }

  /** A write to FEEx_xxxx: one aligned dword is an interrupt request, anything else goes nowhere (3.14). */
  #interruptRequest({ request, done, client, event }: Transfer): void {
    const { source, data, address, access } = request;
    if (access !== 'write' || data === null || data.length !== 4 || done !== 0 || address % 4 !== 0) return;
    const value = new DataView(data.buffer, data.byteOffset, 4).getUint32(0, true);
    const cause = this.#emit(client, event, {
      kind: 'message', purpose: 'interrupt', address: wordOf(address), data: value,
    });
    const answer = this.#settings.unitOf(source).interrupt({ source, address, data: value, cause });
    if (answer.kind === 'delivered') this.#settings.deliverInterrupt(answer.address, answer.data, cause);
  }

  #moveData(slot: number, transfer: Transfer): void {
    const { request, target: frame } = transfer;
    assert(frame !== null, 'data moves after translation');
    const address = this.#addressNow(transfer);
    const target = addressIn(frame, address % frameBytes);
    const length = this.#pageLength(transfer);
    const { memory, ownerOf, unitOf } = this.#settings;
    const answered = memory.isBacked(frame);
    const event = this.#emit(transfer.client, transfer.event, {
      kind: 'dma-data', access: request.access, target, length, kernel: request.kernel,
      owner: ownerOf(target), answered,
    });
    this.observer?.moved(this.#observed(transfer), ownerOf(target));
    let { collected } = transfer;
    if (answered && request.access === 'read') {
      const part = memory.read(target, length);
      assert(part !== undefined && collected !== null, 'backed memory answers');
      collected = collected.slice();
      collected.set(part, transfer.done);
    } else if (answered && request.data !== null) {
      memory.write(target, request.data.subarray(transfer.done, transfer.done + length));
    }
    unitOf(request.source).retire(slot);
    this.#endPage(slot, { ...transfer, collected, failed: transfer.failed || !answered, event });
  }

  #pageLength(transfer: Transfer): number {
    const room = frameBytes - (this.#addressNow(transfer) % frameBytes);
    return Math.min(transfer.request.length - transfer.done, room);
  }

  #endPage(slot: number, transfer: Transfer): void {
    const done = transfer.done + this.#pageLength(transfer);
    if (done < transfer.request.length) {
      this.#transfers.set(slot, { ...transfer, done, phase: 'translating', target: null });
      return this.#beginPage(slot);
    }
    this.#transfers.delete(slot);
    const data = transfer.failed ? null : transfer.collected;
    this.#clients[transfer.client]?.dmaDone(transfer.request.tag, { data, cause: transfer.event });
  }
}

