/**
 * Mutation of the unit: `npm run mutation -- [--count N | --all] [--file NAME] [--seed S]`. Changes the
 * compiled modules of src/vtd at one place at a time and runs the unit's tests against each; what no
 * test notices is a hole in the tests, or changes nothing (`mutation-survivors.json` says why).
 *
 * Exit code 1 when less than 95 in a hundred are noticed.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../src/base/hash.ts';
import { hardwareChoices } from '../src/vtd/choices.ts';
import { REASON } from '../src/vtd/fault-reasons.ts';
import { mutantsOf, sampleOf, type Mutant } from './support/mutants.ts';
import { KillOrder, MutantRunner, type TestFile } from './support/mutant-runner.ts';
import { filesBelow, projectRoot, readText } from './support/source-text.ts';

const root = projectRoot(import.meta.dirname);
const compiled = join(import.meta.dirname, '..');
const needed = 0.95;
const workers = 2;

/** Facts about machines and texts: rows that tests of their own hold, and no rules of the unit. */
const data = /\/(?:profile[^/]*|choices|departures|timing)\.js$/;

const families: readonly (readonly string[])[] = [
  ['global', 'domain', 'device'], ['global', 'domain', 'page'],
  ['read', 'write', 'atomic', 'zero-length-read'], ['low', 'high'],
  ...Object.values(hardwareChoices),
];

/** A mutant that behaves as the original does, by the text of its line. */
interface Explained {
  readonly file: string;
  readonly original: string;
  readonly mutated: string;
  /** "equivalent: …" */
  readonly reason: string;
}

function explanations(): readonly Explained[] {
  const path = join(root, 'test', 'mutation-survivors.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) as readonly Explained[] : [];
}

function isSame(explained: Explained, mutant: Mutant): boolean {
  return explained.file === mutant.file && explained.original === mutant.original
    && explained.mutated === mutant.mutated;
}

function seconds(since: bigint): string {
  return `${(Number((process.hrtime.bigint() - since) / 1_000_000n) / 1000).toFixed(1)} s`;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${text.padEnd(78).slice(0, 78)}`);
}

/** The unit's tests, each run once on the program as it is. */
async function baseline(runner: MutantRunner): Promise<readonly TestFile[]> {
  const names = readdirSync(join(compiled, 'test'))
    .filter((name) => /^(?:unit-.*|profiles|conform|conform-departures)\.test\.js$/.test(name));
  const tests: TestFile[] = [];
  for (const name of names) {
    const { passed, milliseconds } = await runner.run([name], 300_000);
    if (!passed) throw new Error(`${name} fails on the program as it is`);
    tests.push({ name, milliseconds });
  }
  return tests;
}

async function survivorsOf(mutants: readonly Mutant[], runners: readonly MutantRunner[], tests: readonly TestFile[]) {
  const order = new KillOrder(tests);
  const survivors: Mutant[] = [];
  const waiting = [...mutants];
  let done = 0;
  await Promise.all(runners.map(async (runner) => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const killer = await runner.killer(mutant, order.stagesFor(mutant.file));
      if (killer === undefined) survivors.push(mutant);
      else order.learn(mutant.file, killer);
      done += 1;
      progress(`${done} of ${mutants.length}, ${survivors.length} survived`);
    }
  }));
  progress('');
  return survivors;
}

function listed(mutant: Mutant): string {
  return `${mutant.file}:${mutant.line}\n    ${mutant.original}\n    ${mutant.mutated}`;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '300' }, all: { type: 'boolean', default: false },
      file: { type: 'string', default: '' }, seed: { type: 'string', default: '1' },
    },
  });
  const random = new Random(Number(values.seed));
  const byFile = new Map(filesBelow(compiled, 'src/vtd', '.js').filter((file) => !data.test(file))
    .filter((file) => file.includes(values.file))
    .map((file) => [file, mutantsOf(file, readText(compiled, file), families, Object.keys(REASON), random)]));
  const places = [...byFile.values()].reduce((sum, mutants) => sum + mutants.length, 0);
  const mutants = sampleOf(byFile, values.all ? places : Number(values.count), random);
  const start = process.hrtime.bigint();
  const runners = Array.from({ length: workers }, () => new MutantRunner(compiled, root));
  try {
    const [first] = runners;
    const tests = first === undefined ? [] : await baseline(first);
    console.log(`${mutants.length} mutants of ${places} places, seed ${values.seed}, ${tests.length} test files `
      + `(${seconds(start)} on the program as it is)`);
    const all = await survivorsOf(mutants, runners, tests);
    const known = explanations();
    const explained = all.filter((mutant) => known.some((entry) => isSame(entry, mutant)));
    const survivors = all.filter((mutant) => !explained.includes(mutant));
    for (const file of byFile.keys()) {
      const own = mutants.filter((mutant) => mutant.file === file);
      const left = [survivors, explained].map((some) => some.filter((mutant) => mutant.file === file).length);
      if (own.length > 0) {
        console.log(`${file.padEnd(36)} ${String(own.length).padStart(5)} mutants, ${left[0]} survived`
          + `${left[1] === 0 ? '' : `, ${left[1]} explained`}`);
      }
    }
    for (const mutant of survivors) console.log(`survived ${listed(mutant)}`);
    for (const mutant of explained) {
      console.log(`explained ${listed(mutant)}\n    ${known.find((entry) => isSame(entry, mutant))?.reason}`);
    }
    const counted = mutants.length - explained.length;
    const rate = counted === 0 ? 1 : (counted - survivors.length) / counted;
    console.log(`killed ${counted - survivors.length} of ${counted} (${(100 * rate).toFixed(1)} %), `
      + `${explained.length} explained, in ${seconds(start)}`);
    return rate < needed ? 1 : 0;
  } finally {
    for (const runner of runners) runner.remove();
  }
}

process.exitCode = await main();
