/**
 * Commands of a device as values: a job is where a command stands between two steps, and the device's
 * own rules say what follows when the last step is done. Steps are DMA and delays; the engine carries
 * them out, several jobs beside each other, and forgets them when the device is reset.
 */
import type { Appointment } from '../../base/agenda-cells.ts';
import type { Owner } from '../../base/event.ts';
import { digest, digestBytes } from '../../base/hash.ts';
import { Numbers, Table } from '../../base/stores.ts';
import type { DmaClient, DmaResult } from '../fabric.ts';
import type { DeviceSettings, Surroundings } from './settings.ts';
import type { Activity } from './reset-line.ts';

export interface DmaPart {
  readonly access: 'read' | 'write';
  readonly address: number;
  readonly length: number;
  /** What a write writes. */
  readonly data: Uint8Array | null;
  readonly purpose: string;
}

export type Step<Job> =
  /** `job` takes the answer. */
  | { readonly kind: 'dma'; readonly part: DmaPart; readonly job: Job }
  | { readonly kind: 'delay'; readonly delayNs: number; readonly job: Job }
  | { readonly kind: 'end' };

export const end = { kind: 'end' } as const;

export interface JobRules<Job> {
  /** Called with the answer of the job's DMA, or with no data after a delay. */
  next(job: Job, kernel: Owner, result: DmaResult): Step<Job>;
  /** A number that stands for the job's content. */
  weigh(job: Job): number;
}

interface Running<Job> {
  readonly job: Job;
  readonly kernel: Owner;
  readonly cause: number;
  /** A request that the bus has not taken yet. */
  readonly waiting: DmaPart | null;
  /** After a reset that leaves one: the next request is its last. */
  readonly last: boolean;
}

export class JobEngine<Job extends object> implements DmaClient, Activity {
  readonly name: string;
  readonly #settings: DeviceSettings;
  readonly #surroundings: Surroundings;
  readonly #rules: JobRules<Job>;
  readonly #client: number;
  readonly #running: Table<Running<Job>>;
  readonly #actors: readonly Appointment[];
  /** Who acts for jobs of a kernel that is gone: with time set aside at any moment, or never. */
  readonly #leftBehind: readonly Appointment[];
  /** For each slot: answers to requests of a job that was stopped carry an older generation. */
  readonly #generations: Numbers;

  constructor(settings: DeviceSettings, surroundings: Surroundings, slots: number, rules: JobRules<Job>) {
    const { fabric, journal, agenda } = surroundings;
    this.name = settings.name;
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.#rules = rules;
    this.#client = fabric.connect(this);
    this.#running = new Table(journal, `${settings.name} jobs`, (running) => this.#weigh(running), () => settings.name);
    this.#actors = Array.from({ length: slots }, (_, slot) => agenda.add(() => this.#act(slot),
      {
      name: `${settings.name}.job${slot}`, urgency: 'prompt', ways: () => this.#ways(slot), progress: () => this.#progressOf(slot),
      repeats: true,
    }));
    this.#leftBehind = this.#actors.map((_, slot) => agenda.add(() => this.#act(slot), {
      name: `${settings.name}.left${slot}`, urgency: 'optional', ways: () => fabric.inFlight.left > 0 ? 1 : 0,
      progress: () => this.#progressOf(slot), repeats: true,
    }));
    this.#generations = new Numbers(journal, `${settings.name} job generation`, slots);
  }

  /** Begins a job after a delay; false when as many are running as the device can have. */
  start(job: Job, delayNs: number, kernel: Owner, cause: number): boolean {
    const slot = this.#actors.findIndex((_, index) => this.#running.get(index) === undefined);
    if (slot < 0) return false;
    this.#running.set(slot, { job, kernel, cause, waiting: null, last: false });
    this.#actorOf(slot, kernel)?.in(delayNs);
    return true;
  }

  get isActive(): boolean {
    return this.#running.size > 0;
  }

  stop(): void {
    for (const [slot] of this.#running.entries()) this.#drop(slot);
  }

  stopAfterOne(): void {
    const [first, ...others] = this.#running.entries();
    for (const [slot] of others) this.#drop(slot);
    if (first !== undefined) this.#running.set(first[0], { ...first[1], last: true });
  }

  #drop(slot: number): void {
    this.#running.delete(slot);
    this.#actors[slot]?.cancel();
    this.#leftBehind[slot]?.cancel();
    this.#generations.set(slot, this.#generations.get(slot) + 1);
  }

  #weigh({ job, kernel, waiting, last }: Running<Job>): number {
    return digest([this.#rules.weigh(job), kernel === 'crashed' ? 1 : 0, last ? 1 : 0,
      ...(waiting === null ? [] : [waiting.address, waiting.length, waiting.access === 'read' ? 1 : 0, digestBytes(waiting.data)])]);
  }

  #act(slot: number): void {
    const running = this.#running.get(slot);
    if (running === undefined) return;
    if (running.waiting !== null) return this.#submit(slot, running, running.waiting);
    this.#goOn(slot, running, { data: null, cause: running.cause });
  }

  #goOn(slot: number, running: Running<Job>, result: DmaResult): void {
    const step = this.#rules.next(running.job, running.kernel, result);
    // The rules may have reset the device, and with it this job.
    if (this.#running.get(slot) !== running) return;
    switch (step.kind) {
      case 'end':
        return this.#running.delete(slot);
      case 'delay':
        this.#running.set(slot, { ...running, job: step.job, cause: result.cause });
        return this.#actorOf(slot, running.kernel)?.in(step.delayNs);
      case 'dma':
        return this.#request(slot, { ...running, job: step.job, cause: result.cause }, step.part);
    }
  }

  #request(slot: number, running: Running<Job>, part: DmaPart): void {
    if (!this.#isInFlight(running)) return this.#submit(slot, running, part);
    // When it comes, and whether at all, is open.
    this.#running.set(slot, { ...running, waiting: part });
    this.#leftBehind[slot]?.in(0);
  }

  /** Counts among the requests that devices may still issue of their own. */
  #isInFlight({ kernel }: Running<Job>): boolean {
    return kernel === 'crashed' && this.#surroundings.agenda.timeIsAside;
  }

  #ways(slot: number): number {
    return (this.#running.get(slot)?.waiting ?? null) === null || this.#surroundings.fabric.hasRoom(this.#client) ? 1 : 0;
  }

  /** Where its job stands. */
  #progressOf(slot: number): number {
    const running = this.#running.get(slot);
    return running === undefined ? 0 : this.#weigh(running);
  }

  #actorOf(slot: number, kernel: Owner): Appointment | undefined {
    return kernel === 'crashed' ? this.#leftBehind[slot] : this.#actors[slot];
  }

  #submit(slot: number, running: Running<Job>, part: DmaPart): void {
    const inFlight = this.#isInFlight(running);
    if (inFlight) this.#surroundings.fabric.inFlight.take();
    const tag = slot + this.#actors.length * this.#generations.get(slot);
    const request = { ...part, source: this.#settings.requester[part.access], kernel: running.kernel, tag };
    const taken = this.#surroundings.fabric.submit(this.#client, request, running.cause, inFlight);
    this.#running.set(slot, { ...running, waiting: taken ? null : part });
    if (!taken) this.#actorOf(slot, running.kernel)?.in(this.#settings.timing.command);
  }

  dmaDone(tag: number, result: DmaResult): void {
    const slots = this.#actors.length;
    const slot = tag % slots;
    const running = this.#running.get(slot);
    if (running === undefined || Math.floor(tag / slots) !== this.#generations.get(slot)) return;
    if (running.last) return this.#running.delete(slot);
    this.#goOn(slot, running, result);
  }
}
