/**
 * Everything that a unit may hold in its caches: after each step of a program, the entries that some
 * hardware following the specification could have kept. Fills are what a walk may leave behind (6.1,
 * 6.2; with CM=0 nothing that leads to a fault), removals are only what a command must remove (6.5.1,
 * 6.5.2). An answer of a unit is allowed when it follows from some choice among these entries and the
 * values that memory had while the request was under way.
 */
import {
  bits, domainOf, enterTable, faultDisabledIn, findContext, isFault, missingRight, outcomeText, walkTables,
  type Context, type Fault, type Page, type Read, type ReferenceUnit, type Request, type TablePoint,
} from './reference-walk.ts';
import { everyBranch, type Choose } from './branches.ts';

interface CachedContext {
  readonly source: number;
  readonly context: Context;
}

interface CachedTable {
  readonly domain: bigint;
  readonly region: bigint;
  readonly regionSize: bigint;
  readonly point: TablePoint;
}

interface CachedPage {
  readonly source: number;
  readonly domain: bigint;
  readonly first: bigint;
  readonly faultDisabled: boolean;
  readonly page: Page;
}

/** Sets of entries by their content, so that equal ones are one. */
interface Contents {
  readonly contexts: ReadonlyMap<string, CachedContext>;
  readonly tables: ReadonlyMap<string, CachedTable>;
  readonly pages: ReadonlyMap<string, CachedPage>;
}

/** Whether a command removes the entry. */
type Guard = (kind: keyof Contents, entry: CachedContext | CachedTable | CachedPage) => boolean;

class Fills implements Contents {
  readonly contexts = new Map<string, CachedContext>();
  readonly tables = new Map<string, CachedTable>();
  readonly pages = new Map<string, CachedPage>();

  addAll(other: Contents): void {
    for (const [key, entry] of other.contexts) this.contexts.set(key, entry);
    for (const [key, entry] of other.tables) this.tables.set(key, entry);
    for (const [key, entry] of other.pages) this.pages.set(key, entry);
  }

  remove(guard: Guard): void {
    for (const kind of ['contexts', 'tables', 'pages'] as const) {
      for (const [key, entry] of this[kind]) if (guard(kind, entry)) this[kind].delete(key);
    }
  }

  addContext(source: number, context: Context): void {
    this.contexts.set(`${source} ${context.low} ${context.high}`, { source, context });
  }

  addTable(context: Context, address: bigint, point: TablePoint): void {
    const regionSize = 2n ** (12n + 9n * point.level);
    const [domain, region] = [domainOf(context), address / regionSize];
    const { level, table, readable, writable } = point;
    this.tables.set(`${domain} ${level} ${region} ${table} ${readable} ${writable}`,
      { domain, region, regionSize, point });
  }

  addPage(source: number, context: Context, address: bigint, page: Page): void {
    const offset = address % page.size;
    const whole = { ...page, target: page.target - offset };
    const [domain, first, faultDisabled] = [domainOf(context), address - offset, faultDisabledIn(context)];
    this.pages.set(`${source} ${domain} ${first} ${page.size} ${whole.target} ${page.readable} ${page.writable} `
      + `${faultDisabled}`, { source, domain, first, faultDisabled, page: whole });
  }
}

export interface ContextRemoval {
  /** 1 global, 2 domain, 3 device. */
  readonly granularity: number;
  readonly domain: number;
  readonly source: number;
  readonly functionMask: number;
}

export interface PageRemoval {
  /** 1 global, 2 domain, 3 page. */
  readonly granularity: number;
  readonly domain: number;
  readonly address: bigint;
  readonly order: number;
  /** IH: tables may stay. */
  readonly leavesTables: boolean;
}

/** What memory and caches held from some instant on, while a request was under way. */
interface Window {
  readonly held: Fills;
  /** Earlier values of what was written since. */
  readonly earlier: Map<bigint, (bigint | undefined)[]>;
  readonly earlierRoots: bigint[];
  /** Removals since: what they name may not be filled from what was read before them (6.5.2.3). */
  readonly guards: Guard[];
}

interface Flight {
  readonly request: Request;
  /** From the beginning, and from each removal on. */
  readonly windows: Window[];
}

export class PossibleCaches {
  readonly #unit: ReferenceUnit;
  readonly #read: Read;
  readonly #deniesAtOnce: boolean;
  readonly #fillsAhead: boolean;
  readonly #now = new Fills();
  readonly #flights = new Map<number, Flight>();
  rootTable = 0n;

  /**
   * `deniesAtOnce`: an IOTLB entry that lacks a right may answer with a fault (6.2.4). `fillsAhead`: a
   * request may bring in the page behind its own.
   */
  constructor(unit: ReferenceUnit, read: Read, deniesAtOnce: boolean, fillsAhead: boolean) {
    this.#unit = unit;
    this.#read = read;
    this.#deniesAtOnce = deniesAtOnce;
    this.#fillsAhead = fillsAhead;
  }

  setRoot(rootTable: bigint): void {
    for (const window of this.#windows()) window.earlierRoots.push(this.rootTable);
    this.rootTable = rootTable;
  }

  /** Before memory changes at these addresses. */
  willWrite(...addresses: readonly bigint[]): void {
    for (const { earlier } of this.#windows()) {
      for (const address of addresses) {
        earlier.set(address, [...(earlier.get(address) ?? []), this.#read(address)]);
      }
    }
  }

  begin(slot: number, request: Request): void {
    this.#flights.set(slot, { request, windows: [this.#newWindow()] });
  }

  /** The outcomes that the request in `slot` may have; what it may leave in the caches is then there. */
  finish(slot: number): ReadonlySet<string> {
    const flight = this.#flights.get(slot);
    if (flight === undefined) throw new Error(`nothing is under way in slot ${slot}`);
    const outcomes = this.#explore(flight);
    this.#flights.delete(slot);
    return outcomes;
  }

  removeContexts(removal: ContextRemoval): void {
    const domain = BigInt(removal.domain) % 2n ** this.#unit.domainIdWidth;
    // Function bits that a mask of 0, 1, 2 or 3 ignores: none, bit 2, bits 2:1, bits 2:0.
    const ignored = [[], [4], [4, 2], [4, 2, 1]][removal.functionMask] ?? [];
    const masked = (source: number): number =>
      ignored.reduce((left, part) => (Math.floor(left / part) % 2 === 1 ? left - part : left), source);
    const goes = ({ source, context }: CachedContext): boolean =>
      removal.granularity === 1 || (domainOf(context) === domain
        && (removal.granularity === 2 || masked(source) === masked(removal.source)));
    // A root entry that was read before may still be followed, unless everything goes (table 28).
    this.#remove((kind, entry) => kind === 'contexts' && goes(entry as CachedContext), removal.granularity !== 1);
  }

  removePages(removal: PageRemoval): void {
    const domain = BigInt(removal.domain) % 2n ** this.#unit.domainIdWidth;
    const size = 4096n * 2n ** BigInt(removal.order);
    const address = bits(removal.address, this.#unit.guestAddressWidth - 1n, 0n);
    const start = address - (address % size);
    const goes = (entry: { readonly domain: bigint }, first: bigint, length: bigint): boolean =>
      removal.granularity === 1 || (entry.domain === domain
        && (removal.granularity === 2 || (first < start + size && start < first + length)));
    this.#remove((kind, entry) => {
      if (kind === 'pages') {
        const cached = entry as CachedPage;
        // A command smaller than a page need not remove it (6.5.1.2).
        return (removal.granularity !== 3 || cached.page.size <= size)
          && goes(cached, cached.first, cached.page.size);
      }
      if (kind !== 'tables' || (removal.granularity === 3 && removal.leavesTables)) return false;
      const cached = entry as CachedTable;
      return goes(cached, cached.region * cached.regionSize, cached.regionSize);
    }, false);
  }

  #windows(): readonly Window[] {
    return [...this.#flights.values()].flatMap((flight) => flight.windows);
  }

  #newWindow(): Window {
    const held = new Fills();
    held.addAll(this.#now);
    return { held, earlier: new Map(), earlierRoots: [], guards: [] };
  }

  /** A request under way may have filled a cache before a command removes from it, or will after. */
  #remove(guard: Guard, rootsStay: boolean): void {
    for (const flight of this.#flights.values()) this.#explore(flight);
    this.#now.remove(guard);
    for (const { windows } of this.#flights.values()) {
      const fresh = this.#newWindow();
      const before = windows.at(-1);
      if (rootsStay && before !== undefined) {
        fresh.earlierRoots.push(...before.earlierRoots);
        const roots = [this.rootTable, ...before.earlierRoots];
        for (const [address, values] of before.earlier) {
          if (roots.includes(address - (address % 4096n))) fresh.earlier.set(address, values);
        }
      }
      for (const { guards } of windows) guards.push(guard);
      windows.push(fresh);
    }
  }

  #explore({ request, windows }: Flight): ReadonlySet<string> {
    const all = windows.map((window) => {
      const { held, earlier, earlierRoots, guards } = window;
      held.addAll(this.#now);
      const fills = new Fills();
      const answers = (asked: Request): ReadonlySet<string> => {
        const given = new Set<string>();
        everyBranch((choose) => {
          const read: Read = (address) => {
            const before = earlier.get(address);
            return before === undefined ? this.#read(address) : choose([this.#read(address), ...before]);
          };
          const root = earlierRoots.length === 0 ? this.rootTable : choose([this.rootTable, ...earlierRoots]);
          given.add(outcomeText(this.#oneWay(asked, held, fills, choose, read, root)));
        });
        return given;
      };
      const outcomes = answers(request);
      if (this.#fillsAhead) {
        for (const access of ['read', 'write'] as const) {
          answers({ ...request, address: request.address + 4096n, access });
        }
      }
      for (const guard of guards) fills.remove(guard);
      return { outcomes, fills };
    });
    for (const { fills } of all) this.#now.addAll(fills);
    return all[0]?.outcomes ?? new Set();
  }

  /** One way of answering, by the entries chosen. */
  #oneWay(
    request: Request, held: Contents, fills: Fills, choose: Choose,
    read: Read, root: bigint,
  ): Page | Fault {
    const unit = this.#unit;
    const { source, address, access } = request;
    const pages = [...held.pages.values()].filter((entry) => entry.source === source
      && entry.first <= address && address < entry.first + entry.page.size);
    const cachedPage = choose([undefined, ...pages]);
    if (cachedPage !== undefined) {
      const { page, first, faultDisabled } = cachedPage;
      const missing = missingRight(unit, access, page);
      if (missing === undefined) return { ...page, target: page.target + (address - first) };
      if (this.#deniesAtOnce) return { reason: missing, faultDisabled };
    }
    const contexts = [...held.contexts.values()].filter((entry) => entry.source === source);
    const context = choose([undefined, ...contexts])?.context ?? findContext(unit, read, root, source);
    if (isFault(context)) return context;
    fills.addContext(source, context);
    const start = enterTable(unit, context, request);
    if (isFault(start)) return start;
    const reached = 'level' in start ? this.#walk(request, held, fills, choose, read, context, start) : start;
    if (!isFault(reached)) fills.addPage(source, context, address, reached);
    return reached;
  }

  /** The walk from the top, or behind a table that is known for this domain and address (6.2.5). */
  #walk(
    request: Request, held: Contents, fills: Fills, choose: Choose,
    read: Read, context: Context, top: TablePoint,
  ): Page | Fault {
    const known = [...held.tables.values()].filter(({ domain, region, regionSize, point }) =>
      domain === domainOf(context) && region === request.address / regionSize && point.level < top.level);
    const chosen = choose([undefined, ...known]);
    if (chosen !== undefined) {
      // The rights of the levels above are seen before anything is read.
      const missing = missingRight(this.#unit, request.access, chosen.point);
      if (missing !== undefined) return { reason: missing, faultDisabled: faultDisabledIn(context) };
    }
    return walkTables(this.#unit, read, context, chosen?.point ?? top, request,
      (below) => fills.addTable(context, request.address, below));
  }
}
