/** Runs test files against a copy of the compiled program in which one module is a mutant. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutant } from './mutants.ts';

/** A test file that passes on the program as it is, and how long that takes. */
export interface TestFile {
  readonly name: string;
  readonly milliseconds: number;
}

export interface Verdict {
  readonly passed: boolean;
  /** The file with the first failure, where the output tells. */
  readonly failing: string | undefined;
  readonly milliseconds: number;
}

const failure = /^ *not ok [^]*?^ *location: '[^']*\/([^/']+\.test\.js):/m;

export class MutantRunner {
  readonly #folder: string;
  readonly #workingFolder: string;

  /** `compiled` holds `src` and `test`; the tests run with `workingFolder` as theirs. */
  constructor(compiled: string, workingFolder: string) {
    this.#folder = mkdtempSync(join(tmpdir(), 'mutants-'));
    this.#workingFolder = workingFolder;
    for (const part of ['src', 'test']) cpSync(join(compiled, part), join(this.#folder, part), { recursive: true });
    writeFileSync(join(this.#folder, 'package.json'), '{"type":"module"}\n');
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /**
   * The files in one process, up to the first failure; one that takes too long has failed. The limit is of
   * processor time, so that a busy machine kills no mutant; the clock only ends what sleeps for ever.
   */
  run(files: readonly string[], limitMs: number): Promise<Verdict> {
    const suite = join(this.#folder, 'test', 'mutant-suite.js');
    writeFileSync(suite, files.map((file) => `import './${file}';\n`).join(''));
    const environment = { ...process.env };
    // A child of a test runner would report to it instead of failing.
    delete environment['NODE_TEST_CONTEXT'];
    const start = process.hrtime.bigint();
    return new Promise((resolve) => {
      const seconds = Math.ceil(limitMs / 1000);
      const child = spawn('sh', ['-c', `ulimit -t ${seconds}; exec "$@"`, 'sh', process.execPath,
        '--max-old-space-size=768', '--test-reporter=tap', suite], {
        cwd: this.#workingFolder, env: environment, stdio: ['ignore', 'pipe', 'ignore'], timeout: 30 * limitMs,
        killSignal: 'SIGKILL',
      });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (failure.test(output)) child.kill('SIGKILL');
      });
      child.on('close', (code) => {
        const milliseconds = Number((process.hrtime.bigint() - start) / 1_000_000n);
        resolve({ passed: code === 0, failing: failure.exec(output)?.[1], milliseconds });
      });
    });
  }

  /** The test file that notices the mutant; undefined when none does. */
  async killer(mutant: Mutant, stages: readonly (readonly TestFile[])[]): Promise<string | undefined> {
    const path = join(this.#folder, mutant.file);
    const original = readFileSync(path, 'utf8');
    writeFileSync(path, mutant.text);
    try {
      for (const tests of stages) {
        const usual = tests.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
        const { passed, failing } = await this.run(tests.map(({ name }) => name), 5_000 + 4 * usual);
        if (!passed) return failing ?? tests[0]?.name ?? 'no file';
      }
      return undefined;
    } finally {
      writeFileSync(path, original);
    }
  }
}

/** Files slower than this run alone, after all others. */
const slowMs = 1500;

/** In which order to try the tests: the quick ones together, and first what killed most of its like. */
export class KillOrder {
  readonly #tests: readonly TestFile[];
  readonly #kills = new Map<string, number>();

  constructor(tests: readonly TestFile[]) {
    this.#tests = tests;
  }

  learn(file: string, test: string): void {
    const key = `${file} ${test}`;
    this.#kills.set(key, (this.#kills.get(key) ?? 0) + 1);
  }

  stagesFor(file: string): readonly (readonly TestFile[])[] {
    const kills = ({ name }: TestFile): number => this.#kills.get(`${file} ${name}`) ?? 0;
    const sorted = [...this.#tests].sort((left, right) => kills(right) - kills(left));
    const isSlow = ({ milliseconds }: TestFile): boolean => milliseconds > slowMs;
    const quick = sorted.filter((test) => !isSlow(test));
    return [...(quick.length === 0 ? [] : [quick]), ...sorted.filter(isSlow).map((test) => [test])];
  }
}
