/**
 * The text of a scenario to its tree.
 *
 * After a fault the parser goes on at the next statement, so that one run reports all of them.
 */

import { Cursor } from './cursor.ts';
import { parseHeadComment } from './head-comment.ts';
import type { HeadComment } from './head-comment.ts';
import { reportRepeated, topLevelWords } from './parse-block.ts';
import { parseClaim, quantifiers } from './parse-claim.ts';
import { parseCapture, parseCrashed } from './parse-kernel.ts';
import { parseBridge, parseDevice, parsePlatform, parseUnit } from './parse-machine.ts';
import type { ParsedBlock } from './parse-machine.ts';
import type { BrokenPart, ParsedScenario } from '../parsed.ts';
import { quote } from '../printable.ts';
import type { Problems } from '../problems.ts';
import { readOrder } from './order-text.ts';
import { readSchedule } from './schedule-text.ts';
import type {
  BridgeDescription, CaptureStatement, Claim, CrashedStatement, DeviceDescription, KernelDescription,
  OrderedAct, PlatformDescription, Scenario, UnitDescription,
} from '../scenario.ts';
import { SpanTable } from '../span.ts';
import type { Span } from '../span.ts';
import { suggestion } from '../suggest.ts';
import { readName } from '../values.ts';

/** Null when the file does not look like a scenario at all; that is reported. */
export function parseText(source: string, problems: Problems): ParsedScenario | null {
  return new TextParser(source, problems).parse();
}

const blockWords: ReadonlySet<string> = new Set(
  ['platform', 'unit', 'bridge', 'device', 'crashed', 'capture'],
);

class TextParser {
  readonly #source: string;
  readonly #cursor: Cursor;
  readonly #problems: Problems;
  readonly #spans = new SpanTable();
  readonly #broken = new Set<BrokenPart>();
  readonly #seen = new Set<string>();
  readonly #units: UnitDescription[] = [];
  readonly #bridges: BridgeDescription[] = [];
  readonly #devices: DeviceDescription[] = [];
  readonly #claims: Claim[] = [];
  #platform: PlatformDescription | null = null;
  #crashed: KernelDescription<CrashedStatement> | null = null;
  #capture: KernelDescription<CaptureStatement> | null = null;
  #schedule: readonly number[] | null = null;
  #order: readonly OrderedAct[] | null = null;

  constructor(source: string, problems: Problems) {
    this.#source = source;
    this.#problems = problems;
    this.#cursor = new Cursor(source, problems, this.#spans);
  }

  parse(): ParsedScenario | null {
    const cursor = this.#cursor;
    cursor.skipEnds();
    const start = cursor.peek().span;
    const name = this.#parseHeader();
    if (name === null) return null;
    const header = cursor.since(start);
    const head = this.#parseHead();
    for (cursor.skipEnds(); cursor.peek().kind !== 'eof'; cursor.skipEnds()) this.#parseItem();
    this.#requireBlocks(header);
    const scenario = this.#scenario(name, head);
    this.#spans.place(scenario, header);
    return { scenario, spans: this.#spans, broken: this.#broken };
  }

  /** The name, empty if it was not understood; null if this is no scenario. */
  #parseHeader(): string | null {
    const cursor = this.#cursor;
    if (cursor.takeWord('DMAR') !== null) {
      const name = cursor.value('the name of the scenario', readName);
      if (name === null) {
        // Only the rest of this line: a comment may follow it.
        cursor.skipStatement();
        return '';
      }
      return name.value;
    }
    const token = cursor.peek();
    this.#problems.report(token.span, {
      code: 'S020', message: 'a scenario begins with `DMAR` and its name',
      label: 'expected `DMAR`', help: 'for example `DMAR hpsa-p420i`',
    });
    // Going on in a file of another kind would only heap up errors.
    if (token.kind === 'word' && topLevelWords.includes(token.text)) return '';
    if (token.kind !== 'word' || token.text.toLowerCase() !== 'dmar') return null;
    cursor.skipStatement();
    return '';
  }

  #parseHead(): HeadComment {
    const cursor = this.#cursor;
    const inside = cursor.passToHeadComment();
    if (inside === null) return { about: '', expectations: [], explorations: [] };
    return parseHeadComment(this.#source, inside, this.#problems, this.#spans);
  }

  #parseItem(): void {
    const cursor = this.#cursor;
    const token = cursor.peek();
    if (token.kind === 'close') {
      cursor.next();
      this.#problems.report(token.span, {
        code: 'S025', message: 'this `}` closes nothing', label: 'no block is open',
      });
      return;
    }
    if (token.kind !== 'word') {
      cursor.reportFound('a block or a claim');
      cursor.skipStatement();
      return;
    }
    cursor.next();
    if (!this.#parseKnown(token.text, token.span)) {
      this.#problems.report(token.span, {
        code: 'S021', message: `${quote(token.text)} begins no block or claim`,
        label: 'unknown', help: () => suggestion(token.text, topLevelWords),
      });
      cursor.skipStatement();
    }
  }

  /** False when the word begins nothing. */
  #parseKnown(word: string, keyword: Span): boolean {
    const cursor = this.#cursor;
    switch (word) {
      case 'platform':
        this.#platform = this.#once(word, keyword, this.#platform, () =>
          this.#block('platform', parsePlatform(cursor, keyword)));
        break;
      case 'crashed':
        this.#crashed = this.#once(word, keyword, this.#crashed, () =>
          this.#block('crashed', parseCrashed(cursor, keyword)));
        break;
      case 'capture':
        this.#capture = this.#once(word, keyword, this.#capture, () =>
          this.#block('capture', parseCapture(cursor, keyword)));
        break;
      case 'unit':
        this.#units.push(this.#block('units', parseUnit(cursor, keyword)));
        break;
      case 'bridge':
        this.#bridges.push(this.#block('bridges', parseBridge(cursor, keyword)));
        break;
      case 'device':
        this.#devices.push(this.#block('devices', parseDevice(cursor, keyword)));
        break;
      case 'schedule':
        this.#schedule = this.#once(word, keyword, this.#schedule, () => this.#parseSchedule());
        break;
      case 'order':
        this.#order = this.#once(word, keyword, this.#order, () => this.#parseOrder());
        break;
      default: {
        const quantifier = quantifiers.find((known) => known === word);
        if (quantifier === undefined) return false;
        const claim = parseClaim(cursor, quantifier, keyword);
        if (claim !== null) {
          this.#claims.push(claim);
          break;
        }
        this.#broken.add('claims');
        cursor.skipStatement();
      }
    }
    // Braces end a block as well as a line does, and a missing `}` is reported once only.
    const next = cursor.peek();
    const blockFollows = next.kind === 'word' && topLevelWords.includes(next.text);
    if (!blockFollows || !blockWords.has(word)) cursor.endStatement();
    return true;
  }

  /** The first of them counts; another is parsed all the same, for the faults in it. */
  #once<Node>(word: string, keyword: Span, first: Node, parse: () => Node): Node {
    const repeated = this.#seen.has(word);
    this.#seen.add(word);
    if (repeated) reportRepeated(this.#cursor, word, keyword);
    const node = parse();
    return repeated ? first : node;
  }

  #block<Node>(part: BrokenPart, { node, whole }: ParsedBlock<Node>): Node {
    if (!whole) this.#broken.add(part);
    return node;
  }

  #parseSchedule(): readonly number[] | null {
    const schedule = this.#cursor.value('a schedule', readSchedule);
    if (schedule === null) this.#cursor.skipStatement();
    return schedule?.value ?? null;
  }

  #parseOrder(): readonly OrderedAct[] | null {
    const order = this.#cursor.value('an order', readOrder);
    if (order === null) this.#cursor.skipStatement();
    return order?.value ?? null;
  }

  /** Units and devices, which may be several, are counted by the checks. */
  #requireBlocks(header: Span): void {
    for (const word of ['platform', 'crashed', 'capture'] as const) {
      if (this.#seen.has(word)) continue;
      this.#broken.add(word);
      this.#problems.report(header, {
        code: 'S027', message: `the scenario has no block \`${word}\``, label: `needs \`${word}\``,
      });
    }
  }

  #scenario(name: string, head: HeadComment): Scenario {
    return {
      name, about: head.about, expectations: head.expectations, explorations: head.explorations,
      platform: this.#platform
        ?? {
          hostAddressWidth: 64, memory: [], crashKernel: { first: 0, last: 0 }, pciWindows: [], apic: 'xapic',
          timings: [],
        },
      units: this.#units, bridges: this.#bridges, devices: this.#devices,
      crashed: this.#crashed ?? { release: '', imageFile: null, commandLine: '', config: [], statements: [] },
      capture: this.#capture ?? { release: '', imageFile: null, commandLine: '', config: [], statements: [] },
      claims: this.#claims, image: null, schedule: this.#schedule, order: this.#order,
    };
  }
}
