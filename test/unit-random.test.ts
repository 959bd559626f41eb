/**
 * The unit against a slow, obvious walk: random programs of memory writes, commands and DMA. After a
 * complete invalidation both agree; in between, the unit answers what some order of the writes allows,
 * for whatever a unit of the specification could still have cached (6.1, 6.2, 6.5).
 *
 * A failing program is printed, one step a line: put it into `kept` below, or run its seed alone with
 * UNIT_RANDOM_SEED.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Random } from '../src/base/hash.ts';
import {
  hardwareChoices, keepsTheLeast, keepsTheMost, withChoice, type HardwareChoices,
} from '../src/vtd/choices.ts';
import {
  bothWidths, enhancedSetRoot, fiveLevels, mediumPages, noPageSelective, smallPages,
} from './support/custom-profiles.ts';
import { ProgramRunner } from './support/program-runner.ts';
import { randomProgram } from './support/random-program.ts';
import type { Settings } from './support/unit-driver.ts';

const seed = Number(process.env['UNIT_RANDOM_SEED'] ?? 20251103);
const programs = process.env['UNIT_RANDOM_SEED'] === undefined ? 360 : 1;
const steps = 60;

/** Each unit, with the AW values that its SAGAW has. */
const units: readonly (readonly [profile: NonNullable<Settings['profile']>, widths: readonly number[]])[] = [
  ['ivy-bridge-ep', [2]], [fiveLevels, [1, 2, 3]], [bothWidths, [1, 2]], ['sandy-bridge-ep', [2]],
  [smallPages, [2]], [mediumPages, [2]], [enhancedSetRoot, [2]], [noPageSelective, [2]],
];

/** A value for every choice. */
function anyChoices(random: Random): HardwareChoices {
  return Object.entries(hardwareChoices).reduce<HardwareChoices>((choices, [name, values]) => {
    const value = values[random.below(values.length)];
    return (value === undefined ? undefined : withChoice(choices, name, value)) ?? choices;
  }, keepsTheMost);
}

function settingsFor(own: number): { readonly widths: readonly number[]; readonly all: readonly Settings[] } {
  const unit = units[own % units.length];
  assert.ok(unit !== undefined);
  const [profile, widths] = unit;
  const everything: HardwareChoices = { ...keepsTheMost, 'paging-structure-cache': 'kept' };
  const random = anyChoices(new Random(own));
  const other = own % 5 === 0 ? keepsTheMost : own % 5 === 1 ? keepsTheLeast : random;
  const all = [everything, other].map((choices) => ({ profile, choices }));
  return { widths, all };
}

function report(own: number, program: readonly string[], settings: Settings): string {
  const shortened = ProgramRunner.shortened(program, settings);
  return [
    `UNIT_RANDOM_SEED=${own}: ${ProgramRunner.failureOf(shortened, settings)}`,
    `unit ${typeof settings.profile === 'string' ? settings.profile : settings.profile?.name}`,
    `choices ${JSON.stringify(settings.choices)}`, 'program [', ...shortened.map((line) => `  '${line}',`), ']',
  ].join('\n');
}

/** Programs that failed once, each with its unit and choices. */
const kept: readonly (readonly [Settings, readonly string[]])[] = [];

describe('random programs', () => {
  test('the unit answers as some order of the writes allows', (context) => {
    context.diagnostic(`UNIT_RANDOM_SEED=${seed}`);
    let [answers, translated] = [0, 0];
    for (let own = seed; own < seed + programs; own += 1) {
      const { widths, all } = settingsFor(own);
      const program = randomProgram(own, steps, widths);
      for (const settings of all) {
        const runner = new ProgramRunner(settings);
        const wrong = program.find((line) => runner.run(line) !== undefined);
        if (wrong !== undefined) assert.fail(report(own, program, settings));
        answers += runner.answers;
        translated += runner.translated;
      }
    }
    context.diagnostic(`${programs} programs, ${answers} answers, ${translated} of them translated`);
    // A program in which nothing gets anywhere, or nothing is refused, tests little.
    assert.ok(translated > answers / 10 && translated < answers * 9 / 10);
  });

  test('a unit that nobody watches answers and keeps what a watched one does', (context) => {
    context.diagnostic(`UNIT_RANDOM_SEED=${seed}`);
    for (let own = seed; own < seed + programs / 3; own += 1) {
      const { widths, all } = settingsFor(own);
      for (const settings of all) {
        const [watched, plain] = [true, false].map((recording) => new ProgramRunner({ ...settings, recording }));
        for (const [at, line] of randomProgram(own, steps, widths).entries()) {
          watched?.run(line);
          plain?.run(line);
          assert.equal(plain?.shown, watched?.shown, `UNIT_RANDOM_SEED=${own}, step ${at}: ${line}`);
        }
      }
    }
  });

  test('programs that failed once', () => {
    for (const [settings, program] of kept) {
      assert.equal(ProgramRunner.failureOf(program, settings), undefined);
    }
  });
});
