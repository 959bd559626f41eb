/**
 * What is known of who touches what: for each actor and each of its progresses the cells that its move
 * read and wrote, whom it woke, and where it led. It grows while states are explored.
 */
import { ACCESS, accessKinds, type AccessList } from '../../base/accesses.ts';
import { NumberMap } from '../../base/number-map.ts';
import type { System } from './system.ts';

/** Whether an actor never comes back to a progress, may go on by itself for ever, or goes on while it is told to. */
export type Nature = 'advances' | 'repeats' | 'serves';

/** What moves of one actor at one progress have been seen to do. */
export class Entry {
  readonly actor: number;
  /** The progress by a name that is the same in every process. */
  readonly name: number;
  readonly region: number;
  readonly nature: Nature;
  /** Each of its moves that was seen uses up something that nothing gives back. */
  spends = true;
  /** Some move led back to it at once. */
  again = false;
  readonly accesses = new NumberMap<true>();
  /** Lists of accesses that were learned, by their print. */
  readonly lists = new NumberMap<true>();
  /** What comes next: of the same actor, and of those that the move woke. */
  readonly next = new Set<Entry>();

  constructor(actor: number, name: number, region: number, nature: Nature) {
    this.nature = nature;
    this.actor = actor;
    this.name = name;
    this.region = region;
  }
}

/** Entries as plain data; `next` are places in the list. */
export type ExportedKnowledge = readonly {
  readonly actor: number;
  readonly name: number;
  readonly region: number;
  readonly nature: Nature;
  readonly spends: boolean;
  readonly again: boolean;
  readonly accesses: readonly number[];
  readonly next: readonly number[];
}[];

export class Knowledge {
  /** By actor, then by the progress as this process numbers it. */
  readonly #here: NumberMap<Entry>[] = [];
  /** By actor, then by name. */
  readonly #byName: Map<number, Entry>[] = [];
  /** How often something new was learned. */
  news = 0;

  /** The entry of an actor at its present progress. */
  entry(system: System, actor: number): Entry {
    const progress = system.progressOf(actor);
    const known = this.#here[actor]?.get(progress);
    if (known !== undefined) return known;
    const name = system.nameOfProgress(actor);
    const entry = this.named(actor, name, system.regionOf(actor, name), natureOf(system, actor));
    // Its turn is its own: whoever takes that away or gives it contends with the move.
    this.add(entry, system.turnOf(actor) * accessKinds + ACCESS.written);
    (this.#here[actor] ??= new NumberMap()).set(progress, entry);
    return entry;
  }

  named(actor: number, name: number, region: number, nature: Nature): Entry {
    const names = this.#byName[actor] ??= new Map();
    let entry = names.get(name);
    if (entry === undefined) {
      entry = new Entry(actor, name, region, nature);
      names.set(name, entry);
      this.news += 1;
    }
    return entry;
  }

  add(entry: Entry, access: number): void {
    if (entry.accesses.get(access) === true) return;
    entry.accesses.set(access, true);
    this.news += 1;
  }

  addNext(entry: Entry, next: Entry): void {
    if (entry === next) return this.#comesAgain(entry);
    if (entry.next.has(next)) return;
    entry.next.add(next);
    this.news += 1;
  }

  #comesAgain(entry: Entry): void {
    if (entry.again) return;
    entry.again = true;
    this.news += 1;
  }

  #spendsNothing(entry: Entry): void {
    if (!entry.spends) return;
    entry.spends = false;
    this.news += 1;
  }

  /** Whether this was learned of an entry before. */
  knows(entry: Entry, { print }: AccessList): boolean {
    return entry.lists.get(print) === true;
  }

  /** Learns what was just looked at or done. */
  learn(entry: Entry, accesses: AccessList): void {
    const { list, print } = accesses;
    if (entry.lists.get(print) === true) return;
    entry.lists.set(print, true);
    for (let at = 0; at < accesses.count; at += 1) this.add(entry, list[at] ?? 0);
  }

  /** To be called behind a move: what it touched, and where it and those that it woke are now. */
  learnMove(system: System, entry: Entry): void {
    const { accesses } = system;
    if (entry.spends && !includes(accesses, system.spending)) this.#spendsNothing(entry);
    this.learn(entry, accesses);
    for (let at = 0; at < accesses.activatedCount; at += 1) {
      this.addNext(entry, this.entry(system, accesses.activated[at] ?? 0));
    }
  }

  // --- between threads ----------------------------------------------------------------------

  export(): ExportedKnowledge {
    const all = this.entries().flat();
    const numbers = new Map(all.map((entry, at) => [entry, at]));
    return all.map((entry) => {
      const accesses: number[] = [];
      entry.accesses.forEach((access) => accesses.push(access));
      return {
        actor: entry.actor, name: entry.name, region: entry.region, accesses,
        nature: entry.nature, spends: entry.spends, again: entry.again,
        next: [...entry.next].map((next) => numbers.get(next) ?? -1),
      };
    });
  }

  /** Adds what another thread has learned. */
  import(rows: ExportedKnowledge): void {
    const entries = rows.map(({ actor, name, region, nature }) => this.named(actor, name, region, nature));
    for (const [at, { accesses, next, spends, again }] of rows.entries()) {
      const entry = entries[at];
      if (entry === undefined) continue;
      if (!spends) this.#spendsNothing(entry);
      if (again) this.#comesAgain(entry);
      for (const access of accesses) this.add(entry, access);
      for (const number of next) {
        const other = entries[number];
        if (other !== undefined) this.addNext(entry, other);
      }
    }
  }

  /** Every entry, by actor; within one in no order. */
  entries(): readonly (readonly Entry[])[] {
    return Array.from(this.#byName, (names) => names === undefined ? [] : [...names.values()]);
  }
}

function includes({ list, count }: AccessList, access: number): boolean {
  for (let at = 0; at < count; at += 1) if (list[at] === access) return true;
  return false;
}

function natureOf(system: System, actor: number): Nature {
  if (system.advances(actor)) return 'advances';
  return system.repeats(actor) ? 'repeats' : 'serves';
}
