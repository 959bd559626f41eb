/**
 * A machine whose fingerprint is worked out anew from its state behind every move and every undo, and that
 * is held against what another one remembers of it: a cell that is changed without its journal, not put
 * back, or looked at without being noted, is found where it happens.
 */
import { fail } from '../../base/assert.ts';
import type { AccessList } from '../../base/accesses.ts';
import type { Fingerprint } from '../../base/hash.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { CompiledSystem } from './compiled/compiled-system.ts';
import type { Counterexample } from './counterexample.ts';
import { HandoffSystem } from './handoff.ts';
import type { ExploreOptions } from './options.ts';
import type { ClaimNumber, ExploredSystem } from './system.ts';
import type { Window } from './window.ts';

export function handoffSystem(
  scenario: Scenario, window: Window,
  { inFlight, open, checkFingerprints }: Pick<ExploreOptions, 'inFlight' | 'open' | 'checkFingerprints'>,
  asksFor: (choice: string) => void,
): ExploredSystem {
  const machine = (): HandoffSystem => new HandoffSystem(scenario, window, inFlight, open.evictions, asksFor);
  const system = new CompiledSystem(machine());
  return checkFingerprints ? new CheckedSystem(machine(), system) : system;
}

export class CheckedSystem implements ExploredSystem {
  readonly #machine: HandoffSystem;
  readonly #compiled: CompiledSystem;
  /** For each mark of the present way: what each store was, and the mark of the other system. */
  readonly #marked = new Map<number, { readonly stores: readonly Fingerprint[]; readonly compiled: number }>();
  #comparisons = 0;

  constructor(machine: HandoffSystem, compiled: CompiledSystem) {
    this.#machine = machine;
    this.#compiled = compiled;
  }

  get comparisons(): number {
    return this.#comparisons;
  }

  offers(into: number[], asked?: (actor: number) => void): number {
    const others: number[] = [];
    const expected = this.#machine.offers(others);
    const count = this.#compiled.offers(into, asked);
    if (count !== expected || others.some((move, at) => move !== into[at])) {
      fail(`the machine offers ${listOf(others)}, what is remembered says ${listOf(into.slice(0, count))}`);
    }
    return count;
  }

  take(move: number): readonly ClaimNumber[] {
    const mark = this.#machine.mark();
    const foreseen = this.#compiled.foresee(move);
    const expected = foreseen === null ? null : { ...foreseen };
    const violated = this.#machine.take(move);
    this.#compiled.take(move);
    const { journal, agenda } = this.#machine.machine;
    const actor = agenda.nameOf(this.actorOf(move));
    if (!this.#isSame(journal.rehash())) {
      const recorded = [...new Set(journal.changesBetween(mark, this.#machine.mark()).map(({ store, cell }) => store.describe(cell)))];
      fail(`behind a move of ${actor} the fingerprint is not that of the state; `
        + `recorded were changes of ${recorded.join(', ') || 'nothing'}`);
    }
    if (!this.#isSame(this.#compiled) || (expected !== null && !this.#isSame(expected))) {
      fail(`a move of ${actor} led to another state than it is remembered to: it depends on something that was not noted`);
    }
    if (expected !== null && listOf(expected.violated) !== listOf(violated)) {
      fail(`a move of ${actor} violates claims ${listOf(violated)}, and was remembered to violate ${listOf(expected.violated)}`);
    }
    return violated;
  }

  /** Nothing is left out: every move is made. */
  foresee(): null {
    return null;
  }

  mark(): number {
    const mark = this.#machine.mark();
    this.#marked.set(mark, { stores: this.#machine.machine.journal.rehashEach(), compiled: this.#compiled.mark() });
    return mark;
  }

  undo(mark: number, low: number, high: number): void {
    const marked = this.#marked.get(mark) ?? fail('an undo goes to a mark');
    this.#machine.undo(mark, low, high);
    this.#compiled.undo(marked.compiled, low, high);
    const { journal } = this.#machine.machine;
    if (this.#isSame(journal.rehash())) return;
    const different = journal.rehashEach().flatMap((sum, store) =>
      sum.low === marked.stores[store]?.low && sum.high === marked.stores[store]?.high ? [] : [journal.nameOf(store)]);
    fail(different.length === 0 ? 'an undo was given a fingerprint that is not that of the state'
      : `an undo did not put back ${different.join(', ')}`);
  }

  #isSame({ low, high }: { readonly low: number; readonly high: number }): boolean {
    this.#comparisons += 1;
    return low === this.low && high === this.high;
  }

  /** Both give the same answer. */
  #agreed<Answer extends number | boolean>(what: string, machine: Answer, compiled: Answer): Answer {
    if (machine !== compiled) fail(`${what}: the machine says ${machine}, what is remembered ${compiled}`);
    return machine;
  }

  get low(): number {
    return this.#machine.low;
  }

  get high(): number {
    return this.#machine.high;
  }

  get hasEnded(): boolean {
    return this.#agreed('the end', this.#machine.hasEnded, this.#compiled.hasEnded);
  }

  isComplete(): boolean {
    return this.#agreed('completeness', this.#machine.isComplete(), this.#compiled.isComplete());
  }

  unmet(): readonly ClaimNumber[] {
    const claims = this.#machine.unmet();
    if (listOf(claims) !== listOf(this.#compiled.unmet())) fail('it is remembered that other claims are unmet');
    return claims;
  }

  actorOf(move: number): number {
    return this.#machine.actorOf(move);
  }

  get active(): readonly number[] {
    return this.#compiled.active;
  }

  /** As they are remembered: what a machine notes goes on while it is asked. */
  get accesses(): AccessList {
    return this.#compiled.accesses;
  }

  progressOf(actor: number): number {
    return this.#agreed('progress', this.#machine.progressOf(actor), this.#compiled.progressOf(actor));
  }

  nameOfProgress(actor: number): number {
    return this.#machine.nameOfProgress(actor);
  }

  regionOf(actor: number, name: number): number {
    return this.#machine.regionOf(actor, name);
  }

  turnOf(actor: number): number {
    return this.#machine.turnOf(actor);
  }

  repeats(actor: number): boolean {
    return this.#machine.repeats(actor);
  }

  get spending(): number {
    return this.#machine.spending;
  }

  advances(actor: number): boolean {
    return this.#machine.advances(actor);
  }

  isOptional(actor: number): boolean {
    return this.#machine.isOptional(actor);
  }

  waitsForPrompt(actor: number): boolean {
    return this.#agreed('waiting', this.#machine.waitsForPrompt(actor), this.#compiled.waitsForPrompt(actor));
  }

  isPrompt(actor: number): boolean {
    return this.#machine.isPrompt(actor);
  }

  get violatedBefore(): readonly ClaimNumber[] {
    return this.#machine.violatedBefore;
  }

  get considered(): readonly boolean[] {
    return this.#machine.considered;
  }

  counterexample(moves: readonly number[], isShortest: boolean): Counterexample {
    return this.#machine.counterexample(moves, isShortest);
  }
}

function listOf(numbers: readonly number[]): string {
  return numbers.join(' ');
}
