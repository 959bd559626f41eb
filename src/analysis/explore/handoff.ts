/** A scenario's machine as something to explore: brought to the window, with time set aside. */
import { Accesses } from '../../base/accesses.ts';
import { fail } from '../../base/assert.ts';
import { waysLimit } from '../../base/agenda.ts';
import { Machine } from '../../machine/machine.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { Monitor } from './monitor.ts';
import type { Counterexample } from './counterexample.ts';
import type { ClaimNumber, ExploredSystem } from './system.ts';
import type { Window } from './window.ts';

export class HandoffSystem implements ExploredSystem {
  readonly machine: Machine;
  readonly monitor: Monitor;
  /** Claims that the way to the window violates. */
  readonly violatedBefore: readonly ClaimNumber[];
  readonly accesses = new Accesses();
  readonly #scenario: Scenario;
  readonly #window: Window;

  constructor(
    scenario: Scenario, window: Window, inFlight: number, evictions = false,
    asksFor: (choice: string) => void = () => undefined,
  ) {
    this.#scenario = scenario;
    this.#window = window;
    let monitor: Monitor | undefined;
    this.machine = new Machine(scenario, {
      trace: false, journal: true, accesses: this.accesses, asksFor,
      observe: (journal) => {
        monitor = new Monitor(scenario, journal);
        return monitor;
      },
    });
    this.monitor = monitor ?? fail('the machine asks for its observer');
    const schedule = scenario.schedule ?? [];
    for (let step = 0; step < window.steps; step += 1) {
      const choice = schedule[step] ?? 0;
      const actor = choice === 0 ? this.machine.agenda.earliest() : this.machine.choices()[choice];
      if (actor === undefined) fail('the way to the window was gone before');
      this.machine.step(actor);
    }
    this.machine.setTimeAside(inFlight, false, evictions);
    this.violatedBefore = [...new Set(this.monitor.violations)];
    this.machine.journal.forgetHistory();
  }

  offers(into: number[], asked?: (actor: number) => void): number {
    this.accesses.clear();
    return this.machine.agenda.offers(into, asked === undefined ? undefined : (actor) => {
      asked(actor);
      this.accesses.clear();
    });
  }

  /** A machine alone remembers nothing. */
  foresee(): null {
    return null;
  }

  take(move: number): readonly ClaimNumber[] {
    this.monitor.clear();
    this.accesses.clear();
    this.machine.step(Math.floor(move / waysLimit), move % waysLimit);
    return this.monitor.violations;
  }

  get considered(): readonly boolean[] {
    return this.monitor.considered;
  }

  /** How often the fingerprint was compared with the state: only a checked system does. */
  get comparisons(): number {
    return 0;
  }

  mark(): number {
    return this.machine.journal.mark();
  }

  undo(mark: number, low: number, high: number): void {
    this.machine.journal.takeBack(mark, low, high);
  }

  get low(): number {
    return this.machine.journal.fingerprintLow;
  }

  get high(): number {
    return this.machine.journal.fingerprintHigh;
  }

  get hasEnded(): boolean {
    return this.machine.hasEnded;
  }

  isComplete(): boolean {
    return this.hasEnded || !this.machine.agenda.mustGoOn();
  }

  unmet(): readonly ClaimNumber[] {
    return this.monitor.unmet();
  }

  /** The scenario that makes these moves from the window on, and nothing behind them. */
  counterexample(moves: readonly number[], isShortest: boolean): Counterexample {
    const { agenda } = this.machine;
    const { schedule } = this.#scenario;
    return {
      scenario: {
        ...this.#scenario,
        schedule: Array.from({ length: this.#window.steps }, (_, step) => schedule?.[step] ?? 0),
        order: moves.map((move) => ({ actor: agenda.nameOf(this.actorOf(move)), way: move % waysLimit })),
      },
      moves: moves.length,
      switches: moves.filter((move, at) => at > 0 && this.actorOf(move) !== this.actorOf(moves[at - 1] ?? 0)).length,
      isShortest,
    };
  }

  actorOf(move: number): number {
    return Math.floor(move / waysLimit);
  }

  get active(): readonly number[] {
    return this.machine.agenda.active;
  }

  progressOf(actor: number): number {
    return this.machine.agenda.progressOf(actor);
  }

  nameOfProgress(actor: number): number {
    return this.advances(actor) ? this.machine.cpu.nameOfPosition : this.progressOf(actor);
  }

  regionOf(actor: number, name: number): number {
    return this.advances(actor) ? name : this.machine.agenda.regionOf(actor, name);
  }

  turnOf(actor: number): number {
    return this.machine.agenda.accessCellOf(actor);
  }

  advances(actor: number): boolean {
    return this.machine.cpu.isTurn(actor);
  }

  repeats(actor: number): boolean {
    return this.machine.agenda.repeats(actor);
  }

  get spending(): number {
    return this.machine.spending;
  }

  isOptional(actor: number): boolean {
    return this.machine.agenda.urgencyOf(actor) === 'optional';
  }

  isPrompt(actor: number): boolean {
    return this.machine.agenda.urgencyOf(actor) === 'prompt';
  }

  waitsForPrompt(actor: number): boolean {
    return this.machine.agenda.urgencyOf(actor) === 'timed'
      && (!this.advances(actor) || this.machine.cpu.waitsForPrompt);
  }
}
