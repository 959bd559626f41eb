/**
 * Benchmarks, printed and not asserted: `npm run bench`. Each says what it measured and against what.
 *
 * A figure is the median of several rounds in one process, with the least beside it, after rounds that are not
 * counted. Operations are counted in processor time, the collector's and the compiler's threads included: others who
 * use the machine make it slower, not longer. The whole command is timed from outside, by the clock, in turn with an
 * empty Node. Two fixed loops, first and last, tell how fast the host was: figures of different days compare through
 * them.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CompiledSystem } from '../src/analysis/explore/compiled/compiled-system.ts';
import { HandoffSystem } from '../src/analysis/explore/handoff.ts';
import { Knowledge } from '../src/analysis/explore/knowledge.ts';
import { Plan } from '../src/analysis/explore/plan.ts';
import { search, type Reduction } from '../src/analysis/explore/search.ts';
import { VisitedStates } from '../src/analysis/explore/visited.ts';
import { findWindow } from '../src/analysis/explore/window.ts';
import { Agenda } from '../src/base/agenda.ts';
import { Trace } from '../src/base/event.ts';
import { Random } from '../src/base/hash.ts';
import { Journal } from '../src/base/journal.ts';
import { PhysicalMemory, frameRange } from '../src/base/memory.ts';
import { addressOf, frameAt, sourceIdOf, type Frame } from '../src/base/word.ts';
import type { HardwareChoices } from '../src/vtd/choices.ts';
import { profileNamed } from '../src/vtd/profiles/profiles.ts';
import { defaultUnitTiming } from '../src/vtd/timing.ts';
import { DmarUnit } from '../src/vtd/unit.ts';
import { scenarioOf } from './support/handoff.ts';

const source = sourceIdOf(0x0200);
const rounds = 15;
/** Until the compiler of the host is done: so many rounds, and so long. */
const warmUps = 3;
const warmUpNs = 400_000_000;
const command = join(import.meta.dirname, '..', 'dmarsim.cjs');
const scenario = join('scenarios', 'hpsa-p420i.dmar');

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

interface Timing {
  readonly median: number;
  readonly least: number;
}

/** Nanoseconds of processor time so far. */
function processorNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

/** Nanoseconds that one of `count` operations takes. */
function perOperation(count: number, body: () => void): Timing {
  const begin = processorNs();
  for (let round = 0; round < warmUps || processorNs() - begin < warmUpNs; round += 1) body();
  const samples: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const start = processorNs();
    body();
    samples.push((processorNs() - start) / count);
  }
  return { median: median(samples), least: Math.min(...samples) };
}

interface Scene {
  readonly unit: DmarUnit;
  readonly memory: PhysicalMemory;
  readonly frames: readonly Frame[];
}

/** A unit with `pages` consecutive pages of one device mapped, each to a page of its own. */
function unitWithPages(pages: number, profileName: string, changes: Partial<HardwareChoices> = {}): Scene {
  const profile = profileNamed(profileName);
  if (profile === undefined) throw new Error(`no profile ${profileName}`);
  const journal = new Journal(false);
  const agenda = new Agenda(journal);
  const memory = new PhysicalMemory(
    journal, [frameRange(addressOf(0), addressOf(0x1f_ffff_ffff))], false);
  const unit = new DmarUnit({
    name: 'dmar0', profile, choices: { ...profile.choices, ...changes }, hostAddressWidth: 46, timing: defaultUnitTiming,
    deliverMessage: () => {},
  }, journal, memory, agenda, new Trace(agenda, journal, false));
  const put = (address: number, low: number, high = 0): void => {
    memory.store64(addressOf(address), { low, high });
  };
  put(0x1000 + 16 * 2, 0x2001);
  put(0x2000, 0x3001);
  put(0x2008, 0x102);
  put(0x3000, 0x4003);
  const firstTable = 0x10_0000;
  const frames = Array.from({ length: pages }, (_, page) => {
    const table = firstTable + Math.floor(page / 512) * 0x1000;
    const directory = 0x5000 + Math.floor(page / 262144) * 0x1000;
    put(0x4000 + 8 * Math.floor(page / 262144), directory + 3);
    put(directory + 8 * (Math.floor(page / 512) % 512), table + 3);
    put(table + 8 * (page % 512), 0x1000_0003 + (page % 65536) * 0x1000);
    return frameAt(page);
  });
  unit.writeRegister(0x20, 8, { low: 0x1000, high: 0 }, -1);
  unit.writeRegister(0x18, 4, { low: 0x4000_0000, high: 0 }, -1);
  agenda.settle();
  unit.writeRegister(0x18, 4, { low: 0x8000_0000, high: 0 }, -1);
  agenda.settle();
  return { unit, memory, frames };
}

function translateAll(unit: DmarUnit, frames: readonly Frame[], times: number): void {
  for (let time = 0; time < times; time += 1) {
    for (const frame of frames) {
      const answer = unit.translate({ source, frame, access: 'read', cause: -1 });
      if (answer.kind !== 'translated') throw new Error('the benchmark\'s own tables are wrong');
    }
  }
}

function line(what: string, { median: ns, least }: Timing): void {
  console.log(`${what.padEnd(62)} ${ns.toFixed(1).padStart(7)} ns ${(1000 / ns).toFixed(2).padStart(7)} M/s, `
    + `least ${least.toFixed(1).padStart(7)} ns`);
}

const stepsOfCalibration = 100_000;

function multiply(start: number): number {
  let value = start;
  for (let step = 0; step < stepsOfCalibration; step += 1) value = Math.imul(value, 0x9e37_79b1) + 1;
  return value;
}

function lookUp(map: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (let step = 0; step < stepsOfCalibration; step += 1) sum += map.get(step % 1000) ?? 0;
  return sum;
}

/** Two loops that have nothing to do with the simulator: arithmetic, each step on the one before, and look-ups. */
function calibration(): void {
  const times = 40;
  let result = 1;
  line('host: a multiplication, each of the one before', perOperation(times * stepsOfCalibration, () => {
    for (let time = 0; time < times; time += 1) result = multiply(result);
  }));
  const map = new Map(Array.from({ length: 1000 }, (_, key) => [key, key]));
  line('host: a look-up in a Map of 1000 numbers', perOperation(times * stepsOfCalibration, () => {
    for (let time = 0; time < times; time += 1) result += lookUp(map);
  }));
  // So that nobody leaves the loops out.
  if (Number.isNaN(result)) throw new Error('no number');
}

/** Frames as they come, or in an order that no prefetcher of the host guesses. */
function inOrder(frames: readonly Frame[], order: 'ascending' | 'random'): readonly Frame[] {
  if (order === 'ascending') return frames;
  const random = new Random(1);
  const keyed = frames.map((frame) => [random.below(2 ** 31), frame] as const);
  return keyed.sort((left, right) => left[0] - right[0]).map(([, frame]) => frame);
}

function hits(pages: number, order: 'ascending' | 'random' = 'ascending'): void {
  const { unit, frames } = unitWithPages(pages, 'skylake-sp');
  const times = Math.max(1, Math.floor(262144 / pages));
  const asked = inOrder(frames, order);
  translateAll(unit, asked, 1);
  line(`translated DMA, IOTLB hit, ${pages} mapped pages${order === 'random' ? ' at random' : ''}`,
    perOperation(frames.length * times, () => translateAll(unit, asked, times)));
}

/** Each pass begins with a global invalidation by register, which is part of the time. */
function walks(pages: number, structures: 'none' | 'kept', order: 'ascending' | 'random' = 'ascending'): void {
  const { unit, frames } = unitWithPages(pages, 'skylake-sp', { 'paging-structure-cache': structures });
  const times = Math.max(1, Math.floor(65536 / pages));
  const asked = inOrder(frames, order);
  const pass = (): void => {
    for (let time = 0; time < times; time += 1) {
      unit.writeRegister(0x208, 8, { low: 0, high: 0x9000_0000 }, -1);
      unit.core.agenda.settle();
      translateAll(unit, asked, 1);
    }
  };
  line(`4-level walk, ${pages} pages${order === 'random' ? ' at random' : ''}, paging-structure caches: ${structures}`,
    perOperation(frames.length * times, pass));
}

/** Page-selective invalidations, each with its wait, through a queue of 256 entries. */
function descriptors(): void {
  const { unit, memory } = unitWithPages(512, 'skylake-sp');
  const queue = 0x8000;
  for (let index = 0; index < 256; index += 2) {
    memory.store64(addressOf(queue + 16 * index), { low: 0x1_0032, high: 0 });
    memory.store64(addressOf(queue + 16 * index + 8), { low: index * 0x1000, high: 0 });
    memory.store64(addressOf(queue + 16 * index + 16), { low: 0x25, high: 2 });
    memory.store64(addressOf(queue + 16 * index + 24), { low: 0x9000, high: 0 });
  }
  unit.writeRegister(0x90, 8, { low: queue, high: 0 }, -1);
  unit.writeRegister(0x18, 4, { low: 0x8400_0000, high: 0 }, -1);
  unit.core.agenda.settle();
  line('invalidation descriptor, fetched and executed', perOperation(256 * 64, () => {
    for (let time = 0; time < 128; time += 1) {
      unit.writeRegister(0x88, 4, { low: (time % 2 === 0 ? 254 : 128) * 16, high: 0 }, -1);
      unit.core.agenda.settle();
    }
  }));
}

/** Bytes that stay in use, with what was garbage collected; freed buffers are counted off a moment later. */
function bytesInUse(): number {
  let last = Infinity;
  for (;;) {
    globalThis.gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    if (heapUsed + arrayBuffers > last - 4096) return heapUsed + arrayBuffers;
    last = heapUsed + arrayBuffers;
  }
}

/** Memory of one unit with what it has in memory, as the mean of `count` that are there together. */
function memoryOf(what: string, count: number, make: () => Scene): void {
  const unitAlone = (): Pick<Scene, 'unit' | 'memory'> => {
    const { unit, memory } = make();
    return { unit, memory };
  };
  // What the first one brings in for all (compiled code, shapes) is not counted.
  unitAlone();
  const before = bytesInUse();
  const scenes = Array.from({ length: count }, unitAlone);
  const bytes = (bytesInUse() - before) / count;
  console.log(`memory of ${what}`.padEnd(62) + ` ${(bytes / 1024).toFixed(0).padStart(7)} KiB`);
  if (scenes.some(({ unit }) => unit.core.name === '')) throw new Error('units are kept until they were measured');
}

function unitWithCachedPages(pages: number): Scene {
  const scene = unitWithPages(pages, 'skylake-sp');
  translateAll(scene.unit, scene.frames, 1);
  return scene;
}

function wholeCommand(): void {
  const time = (words: readonly string[]): number => {
    const start = process.hrtime.bigint();
    spawnSync(process.execPath, words, { stdio: 'ignore' });
    return Number(process.hrtime.bigint() - start) / 1e6;
  };
  const run = [command, 'run', scenario, '--capture', 'linux-4.9-rc5'];
  const empty = ['-e', '0'];
  const pairs = Array.from({ length: 21 }, () => [time(run), time(empty)] as const);
  const ratio = median(pairs.map(([ours, node]) => ours / node));
  console.log(`dmarsim run ${scenario}, whole process`.padEnd(62)
    + ` ${median(pairs.map(([ours]) => ours)).toFixed(0).padStart(7)} ms ${ratio.toFixed(2).padStart(8)} `
    + `times node -e 0 (${median(pairs.map(([, node]) => node)).toFixed(0)} ms)`);
}

interface Round {
  readonly states: number;
  readonly moves: number;
  readonly seconds: number;
}

/** Of so many rounds in which nothing new is met the quickest counts. */
const explorations = 3;
/** More states than this are explored once. */
const exploredAgain = 1_000_000;

/**
 * Every state of a cell of the grid, then with the reduction, in processor time of all threads: the first
 * time, when the machine is asked where each move leads; and again, when that is known.
 */
function exploration(path: string, inFlight: number): void {
  const subject = scenarioOf(readFileSync(path, 'utf8'));
  const window = findWindow(subject, null);
  const before = bytesInUse();
  const system = new CompiledSystem(new HandoffSystem(subject, window, inFlight));
  const { low, high } = system;
  let visited = new VisitedStates();
  const round = (reduction: Reduction | null): Round => {
    system.undo(0, low, high);
    visited = new VisitedStates();
    const start = process.cpuUsage();
    const { states, transitions } = search(system, visited, { states: Infinity, stop: () => false }, reduction);
    return { states, moves: transitions, seconds: process.cpuUsage(start).user / 1e6 };
  };
  const quickest = (reduction: Reduction | null): Round => Array.from({ length: explorations }, () => round(reduction))
    .reduce((best, other) => other.seconds < best.seconds ? other : best);
  const rates = ({ states, moves, seconds }: Round): string =>
    `${(states / seconds / 1000).toFixed(0)} thousand states and ${(moves / seconds / 1000).toFixed(0)} thousand moves a second`;
  const first = round(null);
  const bytes = bytesInUse() - before;
  console.log(`${path}, ${inFlight} in flight, every order: ${first.states} states, ${first.moves} moves`);
  console.log(`  the first time ${rates(first)}`);
  if (first.states <= exploredAgain) console.log(`  again          ${rates(quickest(null))}`);
  console.log(`  memory a state: ${(visited.bytes / first.states).toFixed(1)} bytes of table, `
    + `${(bytes / first.states).toFixed(1)} with all else (the machine, ${system.remembered.moves} moves that are remembered)`);
  if (first.states > exploredAgain) return;
  const knowledge = new Knowledge();
  const reduction = (): Reduction => ({ plan: new Plan(knowledge), knowledge });
  for (let news = -1; news !== knowledge.news;) {
    news = knowledge.news;
    round(reduction());
  }
  const reduced = quickest(reduction());
  console.log(`  reduced by ${(100 * (1 - reduced.states / first.states)).toFixed(1)} % to ${reduced.states} states, `
    + `${reduced.moves} moves: again ${rates(reduced)}`);
}

console.log(`Node ${process.version}, medians; one core unless the command starts its own threads`);
calibration();
memoryOf('an idle unit with one mapped page', 64, () => unitWithPages(1, 'skylake-sp'));
memoryOf('a unit with a million mapped pages', 1, () => unitWithPages(1_000_000, 'skylake-sp'));
memoryOf('a unit with a million pages in its IOTLB', 1, () => unitWithCachedPages(1_000_000));
hits(1_000);
hits(1_000_000);
hits(1_000_000, 'random');
walks(1_000, 'none');
walks(1_000_000, 'none');
walks(1_000_000, 'none', 'random');
walks(1_000, 'kept');
walks(1_000_000, 'kept');
descriptors();
calibration();
wholeCommand();
for (const inFlight of [1, 2, 3]) exploration(join('scenarios', 'grid', 'imperfect-same-two-psc.dmar'), inFlight);
