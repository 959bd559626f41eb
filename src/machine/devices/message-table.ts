/** A device's MSI-X table (PCI Express 7.7.2): where each of its interrupts is written to, and whether. */
import type { Appointment } from '../../base/agenda-cells.ts';
import type { Owner } from '../../base/event.ts';
import type { Journal } from '../../base/journal.ts';
import { Numbers } from '../../base/stores.ts';
import { and32 } from '../../base/word.ts';
import type { DmaClient } from '../fabric.ts';
import type { DeviceSettings, Surroundings } from './settings.ts';

export const messageEntryBytes = 16;
const dwords = messageEntryBytes / 4;
const ENTRY = { address: 0, data: 2, control: 3 } as const;
const maskBit = 1;
const entryNames = ['ADDRESS', 'UPPER_ADDRESS', 'DATA', 'CONTROL'] as const;

export class MessageTable implements DmaClient {
  readonly name: string;
  readonly bytes: number;
  readonly #settings: DeviceSettings;
  readonly #surroundings: Surroundings;
  readonly #client: number;
  /** The entries' dwords, then for each entry two more than the event whose message has not gone out yet, or 0. */
  readonly #cells: Numbers;
  /** The cell that says whose driver set the table up. */
  readonly #writer: number;
  readonly #retry: Appointment;

  constructor(settings: DeviceSettings, surroundings: Surroundings, entries: number) {
    this.name = settings.name;
    this.bytes = entries * messageEntryBytes;
    this.#writer = entries * (dwords + 1);
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.#client = surroundings.fabric.connect(this);
    this.#retry = surroundings.agenda.add(() => this.#sendWaiting(),
      {
        name: `${settings.name}.message`, urgency: 'prompt',
        ways: () => surroundings.fabric.hasRoom(this.#client) ? 1 : 0,
      });
    this.#cells = messageCells(surroundings.journal, settings.name, entries);
  }

  read(offset: number): number {
    return this.#cells.get(offset / 4);
  }

  write(offset: number, value: number, kernel: Owner): void {
    this.#cells.set(offset / 4, value);
    this.#cells.set(this.#writer, kernel === 'crashed' ? 0 : 1);
    this.#sendWaiting();
  }

  registerName(offset: number): string {
    return `MSIX${Math.floor(offset / messageEntryBytes)}_${entryNames[(offset / 4) % dwords] ?? ''}`;
  }

  /** Behind its mask a message waits, and only one. */
  signal(entry: number, cause: number): void {
    this.#cells.set(this.bytes / 4 + entry, cause + 2);
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    for (let entry = 0; entry < this.bytes / messageEntryBytes; entry += 1) {
      const waiting = this.#cells.get(this.bytes / 4 + entry);
      if (waiting === 0 || this.#isMasked(entry)) continue;
      if (!this.#send(entry, waiting - 2)) return this.#retry.in(this.#settings.timing.command);
      this.#cells.set(this.bytes / 4 + entry, 0);
    }
  }

  #send(entry: number, cause: number): boolean {
    const data = new Uint8Array(4);
    new DataView(data.buffer).setUint32(0, this.#cells.get(entry * dwords + ENTRY.data), true);
    return this.#surroundings.fabric.submit(this.#client, {
      source: this.#settings.requester.write, access: 'write', address: this.#cells.get(entry * dwords + ENTRY.address),
      length: 4, data, kernel: this.#cells.get(this.#writer) === 0 ? 'crashed' : 'capture', purpose: 'interrupt', tag: entry,
    }, cause);
  }

  #isMasked(entry: number): boolean {
    return and32(this.#cells.get(entry * dwords + ENTRY.control), maskBit) !== 0;
  }

  /** Interrupt messages bring nothing back. */
  dmaDone(): void {
    // A message goes past memory.
  }
}

/** Out of reset every entry is masked. */
function messageCells(journal: Journal, name: string, entries: number): Numbers {
  const cells = new Numbers(journal, `${name} message table`, entries * (dwords + 1) + 1);
  for (let entry = 0; entry < entries; entry += 1) cells.set(entry * dwords + ENTRY.control, maskBit);
  return cells;
}
