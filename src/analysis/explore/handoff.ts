/** A scenario's machine as something to explore: brought to the window, with time set aside. */
import { fail } from '../../base/assert.ts';
import { waysLimit } from '../../base/agenda.ts';
import { Machine } from '../../machine/machine.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { Monitor } from './monitor.ts';
import type { ClaimNumber, System } from './system.ts';
import type { Window } from './window.ts';

export class HandoffSystem implements System {
  readonly machine: Machine;
  readonly monitor: Monitor;
  /** Claims that the way to the window violates. */
  readonly violatedBefore: readonly ClaimNumber[];

  constructor(scenario: Scenario, window: Window, inFlight: number) {
    let monitor: Monitor | undefined;
    this.machine = new Machine(scenario, {
      trace: false, journal: true,
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
    this.machine.setTimeAside(inFlight, false);
    this.violatedBefore = [...new Set(this.monitor.violations)];
    this.machine.journal.forgetHistory();
  }

  offers(into: number[]): number {
    return this.machine.agenda.offers(into);
  }

  take(move: number): readonly ClaimNumber[] {
    this.monitor.clear();
    this.machine.step(Math.floor(move / waysLimit), move % waysLimit);
    return this.monitor.violations;
  }

  mark(): number {
    return this.machine.journal.mark();
  }

  undo(mark: number): void {
    this.machine.journal.moveTo(mark);
  }

  fingerprint(): { readonly low: number; readonly high: number } {
    return this.machine.journal.fingerprint();
  }

  isComplete(): boolean {
    return this.machine.hasEnded || !this.machine.agenda.mustGoOn();
  }

  unmet(): readonly ClaimNumber[] {
    return this.monitor.unmet();
  }

  actorOf(move: number): number {
    return Math.floor(move / waysLimit);
  }
}
