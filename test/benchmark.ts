/**
 * Benchmarks, printed and not asserted: `npm run bench`. Each says what it measured and against what.
 *
 * A figure is the median of several rounds in one process, after rounds that are not counted; the whole
 * command is timed from outside, in turn with an empty Node.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Agenda } from '../src/base/agenda.ts';
import { Trace } from '../src/base/event.ts';
import { Journal } from '../src/base/journal.ts';
import { PhysicalMemory, frameRange } from '../src/base/memory.ts';
import { addressOf, frameAt, sourceIdOf, type Frame } from '../src/base/word.ts';
import { profileNamed } from '../src/vtd/profiles.ts';
import { defaultUnitTiming } from '../src/vtd/timing.ts';
import { DmarUnit } from '../src/vtd/unit.ts';

const source = sourceIdOf(0x0200);
const rounds = 9;
const warmUps = 3;
const command = join(import.meta.dirname, '..', 'dmarsim.cjs');
const scenario = join('scenarios', 'hpsa-p420i.dmar');

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Nanoseconds that one of `count` operations takes. */
function perOperation(count: number, body: () => void): number {
  const samples: number[] = [];
  for (let round = 0; round < warmUps + rounds; round += 1) {
    const start = process.hrtime.bigint();
    body();
    if (round >= warmUps) samples.push(Number(process.hrtime.bigint() - start) / count);
  }
  return median(samples);
}

/** A unit with `pages` consecutive pages of one device mapped, each to a page of its own. */
function unitWithPages(pages: number, profileName: string): { unit: DmarUnit; frames: readonly Frame[] } {
  const profile = profileNamed(profileName);
  if (profile === undefined) throw new Error(`no profile ${profileName}`);
  const journal = new Journal(false);
  const agenda = new Agenda(journal);
  const memory = new PhysicalMemory(
    journal, [frameRange(addressOf(0), addressOf(0x1f_ffff_ffff))], false);
  const unit = new DmarUnit({
    name: 'dmar0', profile, choices: profile.choices, hostAddressWidth: 46, timing: defaultUnitTiming,
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
  return { unit, frames };
}

function translateAll(unit: DmarUnit, frames: readonly Frame[], times: number): void {
  for (let time = 0; time < times; time += 1) {
    for (const frame of frames) {
      const answer = unit.translate({ source, frame, access: 'read', cause: -1 });
      if (answer.kind !== 'translated') throw new Error('the benchmark\'s own tables are wrong');
    }
  }
}

function line(what: string, ns: number): void {
  console.log(`${what.padEnd(58)} ${ns.toFixed(0).padStart(7)} ns ${(1000 / ns).toFixed(2).padStart(8)} M/s`);
}

function hits(): void {
  const { unit, frames } = unitWithPages(4096, 'skylake-sp');
  translateAll(unit, frames, 1);
  line('translated DMA, IOTLB hit, 4096 pages', perOperation(frames.length * 64,
    () => translateAll(unit, frames, 64)));
}

function walks(): void {
  const { unit, frames } = unitWithPages(4096, 'skylake-sp');
  const samples: number[] = [];
  for (let round = 0; round < warmUps + rounds; round += 1) {
    const start = process.hrtime.bigint();
    for (let pass = 0; pass < 8; pass += 1) {
      // A global invalidation by register; it is part of the time, one for 4096 walks.
      unit.writeRegister(0x208, 8, { low: 0, high: 0x9000_0000 }, -1);
      unit.core.agenda.settle();
      translateAll(unit, frames, 1);
    }
    if (round >= warmUps) samples.push(Number(process.hrtime.bigint() - start) / (8 * frames.length));
  }
  line('translated DMA, 4-level walk behind a cached context entry', median(samples));
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
  console.log(`dmarsim run ${scenario}, whole process`.padEnd(58)
    + ` ${median(pairs.map(([ours]) => ours)).toFixed(0).padStart(7)} ms ${ratio.toFixed(2).padStart(8)} `
    + `times node -e 0 (${median(pairs.map(([, node]) => node)).toFixed(0)} ms)`);
}

console.log(`Node ${process.version}, medians; one core unless the command starts its own threads`);
hits();
walks();
wholeCommand();
