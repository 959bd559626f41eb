/**
 * The claims of a scenario, judged while a machine runs without a trace: what `judge` reads from the events
 * of one run, kept as flags that go back with the machine.
 */
import { unreachable } from '../../base/assert.ts';
import type { Owner } from '../../base/event.ts';
import type { Journal } from '../../base/journal.ts';
import { Numbers } from '../../base/stores.ts';
import { bdf, sourceIdOf } from '../../base/word.ts';
import type { ObservedDma, Observer } from '../../machine/observer.ts';
import { phases, type Claim, type ClaimScope, type DmaProperty, type Phase, type Scenario } from '../../scenario/scenario.ts';

/** `dmar` kernels enter this routine at the handoff of a device. */
const handoffRoutine = 'domain_context_mapping_one';
const KERNEL = { runs: 0, mapping: 1 } as const;

interface Watched {
  readonly claim: Claim;
  readonly number: number;
  readonly after: number | null;
  readonly before: number | null;
}

export class Monitor implements Observer {
  /** Claims that the steps since the last `clear` violated. */
  readonly violations: number[] = [];
  /** Claims that ever had something in their scope; nothing takes that back. */
  readonly considered: boolean[];
  readonly judgesFreshness: boolean;
  readonly #watched: readonly Watched[];
  readonly #handoffs: ReadonlyMap<string, number>;
  readonly #devices: ReadonlyMap<string, number>;
  /** One cell for each phase that a claim speaks of, and device: whether it has begun. */
  readonly #phases: Numbers;
  readonly #phaseCells = new Map<string, number>();
  /** For each claim that something happens: whether it has. */
  readonly #witnessed: Numbers;
  /** Whether the capture kernel runs; then the device whose context entry it is at, plus one. */
  readonly #kernel: Numbers;

  constructor(scenario: Scenario, journal: Journal) {
    this.#devices = new Map(scenario.devices.map(({ name }, index) => [name, index]));
    this.#handoffs = new Map(scenario.devices.map(({ sourceId }, index) => [bdf(sourceIdOf(sourceId)), index]));
    this.#watched = scenario.claims.map((claim, number) => ({
      claim, number,
      after: this.#cellFor(claim.scope.after, claim.scope),
      before: this.#cellFor(claim.scope.before, claim.scope),
    }));
    this.judgesFreshness = scenario.claims.some(({ what }) =>
      what.kind === 'dma' && (what.outcome === 'stale' || what.outcome === 'fresh'));
    this.considered = scenario.claims.map(() => false);
    this.#phases = new Numbers(journal, 'phases', this.#phaseCells.size);
    this.#witnessed = new Numbers(journal, 'witnesses', scenario.claims.length);
    this.#kernel = new Numbers(journal, 'capture kernel as claims see it', 2);
  }

  clear(): void {
    this.violations.length = 0;
  }

  /** Claims that something happens which it did not, if the run ended here. */
  unmet(): readonly number[] {
    return this.#watched.filter(({ claim, number }) =>
      claim.quantifier === 'sometimes' && this.#witnessed.get(number) === 0).map(({ number }) => number);
  }

  // --- what the machine tells ---------------------------------------------------------------

  requested(): number {
    let scope = 0;
    let bit = 1;
    for (const { after, before } of this.#watched) {
      if (after !== null || before !== null) {
        if (this.#isInTime(after, before)) scope += bit;
        bit *= 2;
      }
    }
    return scope;
  }

  answered(dma: ObservedDma, blocked: boolean, reason: number | null, stale: boolean): void {
    this.#eachInScope(dma, (watched) => {
      const { what, scope } = watched.claim;
      if (what.kind !== 'dma') return;
      this.considered[watched.number] = true;
      const answer = propertyOfAnswer(what.outcome, scope, blocked, reason, stale);
      if (answer !== undefined) this.#saw(watched, answer);
      else if (blocked) this.#saw(watched, false);
    });
  }

  moved(dma: ObservedDma, owner: Owner | 'nobody'): void {
    this.#eachInScope(dma, (watched) => {
      const { what } = watched.claim;
      if (what.kind === 'dma' && what.outcome === 'foreign') {
        this.#saw(watched, owner !== 'nobody' && owner !== dma.kernel);
      }
    });
  }

  logged(text: string): void {
    for (const watched of this.#watched) {
      const { what } = watched.claim;
      if (what.kind !== 'log' || !this.#isInTime(watched.after, watched.before)) continue;
      this.considered[watched.number] = true;
      this.#saw(watched, text.includes(what.text));
    }
  }

  routineEntered(kernel: Owner, routine: string, detail: string): void {
    if (kernel !== 'capture' || routine !== handoffRoutine) return;
    // Of a source that is no device's own: a handoff, but none that a claim about a device waits for.
    this.#kernel.set(KERNEL.mapping, (this.#handoffs.get(detail) ?? this.#handoffs.size) + 1);
  }

  routineLeft(kernel: Owner, routine: string): void {
    if (kernel !== 'capture' || routine !== handoffRoutine) return;
    const device = this.#kernel.get(KERNEL.mapping) - 1;
    if (device < 0) return;
    this.#kernel.set(KERNEL.mapping, 0);
    this.#begins('handoff', device);
  }

  panicked(): void {
    this.#begins('crash', null);
  }

  kernelStarted(kernel: Owner): void {
    if (kernel !== 'capture') return;
    this.#kernel.set(KERNEL.runs, 1);
    this.#begins('capture-start', null);
  }

  deviceReset(device: string): void {
    this.#begins('reset', this.#devices.get(device) ?? null);
  }

  rootTableLatched(): void {
    if (this.#kernel.get(KERNEL.runs) !== 0) this.#begins('root-switch', null);
  }

  // --- judging ------------------------------------------------------------------------------

  #saw({ claim, number }: Watched, hit: boolean): void {
    switch (claim.quantifier) {
      case 'never':
        if (hit) this.violations.push(number);
        return;
      case 'always':
        if (!hit) this.violations.push(number);
        return;
      case 'sometimes':
        if (hit) this.#witnessed.raise(number);
        return;
      default:
        return unreachable(claim.quantifier);
    }
  }

  #eachInScope(dma: ObservedDma, visit: (watched: Watched) => void): void {
    let scopes = dma.scope;
    for (const watched of this.#watched) {
      const { scope } = watched.claim;
      let inTime = true;
      if (watched.after !== null || watched.before !== null) {
        inTime = scopes % 2 === 1;
        scopes = Math.floor(scopes / 2);
      }
      if (inTime && (scope.device === null || scope.device === dma.device)
        && (scope.kernel === null || scope.kernel === dma.kernel)
        && (scope.address === null
          || Math.floor(scope.address / 4096) === Math.floor(dma.address / 4096))) visit(watched);
    }
  }

  #isInTime(after: number | null, before: number | null): boolean {
    return (after === null || this.#phases.get(after) !== 0) && (before === null || this.#phases.get(before) === 0);
  }

  #begins(phase: Phase, device: number | null): void {
    for (const key of device === null ? [`${phase} any`] : [`${phase} any`, `${phase} ${device}`]) {
      const cell = this.#phaseCells.get(key);
      if (cell !== undefined) this.#phases.set(cell, 1);
    }
  }

  #cellFor(phase: Phase | null, scope: ClaimScope): number | null {
    if (phase === null || !phases.includes(phase)) return null;
    const device = phase === 'reset' || phase === 'handoff' ? scope.device : null;
    const key = `${phase} ${device === null ? 'any' : this.#devices.get(device) ?? 'any'}`;
    const cell = this.#phaseCells.get(key) ?? this.#phaseCells.size;
    this.#phaseCells.set(key, cell);
    return cell;
  }
}

/** Undefined where only the data can tell. */
function propertyOfAnswer(
  property: DmaProperty, scope: ClaimScope, blocked: boolean, reason: number | null, stale: boolean,
): boolean | undefined {
  switch (property) {
    case 'dma': return true;
    case 'fault': return reason !== null && (scope.reason === null || scope.reason === reason);
    case 'stale': return stale;
    case 'translated': return !blocked;
    case 'fresh': return !blocked && !stale;
    case 'foreign': return undefined;
    default: return unreachable(property);
  }
}
