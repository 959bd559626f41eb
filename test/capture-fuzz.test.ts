// Protects against captures that are wrong in ways that nobody thought of: recordings with random damage are
// read and compared, refused or told to be beyond the model, and never bring an assertion down.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { readCapture } from '../src/analysis/capture/capture.ts';
import { compareCapture } from '../src/analysis/compare/comparison.ts';
import { root } from './support/dmarsim.ts';

const seed = 20261126;
const rounds = 40;
const captures = join(root, 'test', 'captures');

/** A linear congruential generator: the same damage every time. */
class Chance {
  #state: number;

  constructor(start: number) {
    this.#state = start;
  }

  below(limit: number): number {
    this.#state = (this.#state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((this.#state / 2 ** 31) * limit);
  }
}

function filesOf(name: string): Map<string, string> {
  const folder = join(captures, name);
  return new Map(readdirSync(folder).map((file) => {
    const bytes = readFileSync(join(folder, file));
    return [file.replace(/\.gz$/, ''), (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')];
  }));
}

/** Some characters of a text replaced, or a stretch of its lines cut out. */
function damaged(text: string, chance: Chance): string {
  const lines = text.split('\n');
  const at = chance.below(lines.length);
  if (chance.below(2) === 0) return [...lines.slice(0, at), ...lines.slice(at + 1 + chance.below(12))].join('\n');
  const line = lines[at] ?? '';
  lines[at] = [...line].map((character) => (chance.below(12) === 0 ? String.fromCharCode(32 + chance.below(90)) : character)).join('');
  return lines.join('\n');
}

/** Registers and table pages with other content, still well formed. */
function damagedImage(text: string, chance: Chance): string {
  const image = JSON.parse(text) as { regs: Record<string, unknown>; pages: Record<string, { hex: string }> };
  const names = Object.keys(image.regs).filter((name) => !['_offsets', 'CAP', 'ECAP'].includes(name));
  const register = names[chance.below(names.length)] ?? 'GSTS';
  if (chance.below(2) === 0) {
    image.regs[register] = `0x${chance.below(2 ** 31).toString(16)}${chance.below(3) === 0 ? '000000' : ''}`;
  } else {
    const page = Object.values(image.pages)[chance.below(Object.keys(image.pages).length)];
    const digits = [...(page?.hex ?? '').padEnd(8192, '0')];
    for (let count = 0; count < 24; count += 1) digits[chance.below(1024)] = chance.below(16).toString(16);
    if (page !== undefined) page.hex = digits.join('');
  }
  return JSON.stringify(image);
}

test(`damaged recordings are read or refused, seed ${seed}`, () => {
  const chance = new Chance(seed);
  const names = readdirSync(captures);
  const seen = new Map<string, number>();
  for (let round = 0; round < rounds; round += 1) {
    const name = names[chance.below(names.length)] ?? '';
    const files = filesOf(name);
    const damage: string[] = [];
    for (let count = 0; count < 1 + chance.below(3); count += 1) {
      const file = [...files.keys()][chance.below(files.size)] ?? '';
      const text = files.get(file) ?? '';
      damage.push(file);
      files.set(file, file.startsWith('snap') && chance.below(4) > 0 ? damagedImage(text, chance) : damaged(text, chance));
      // What is no longer JSON is not damaged further.
      if (file.startsWith('snap')) break;
    }
    try {
      const capture = readCapture({ names: [...files.keys()], read: (file) => ({ text: files.get(file) ?? '' }) });
      const result = 'machine' in capture ? compareCapture('damaged', capture, undefined).kind : 'problem';
      seen.set(result, (seen.get(result) ?? 0) + 1);
    } catch (error) {
      assert.fail(`round ${round}, ${name}, damage to ${damage.join(', ')}: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  // The damage is of many kinds: some recordings can still be compared, some can not.
  assert.ok((seen.get('compared') ?? 0) > 5 && (seen.get('problem') ?? 0) > 3, JSON.stringify([...seen]));
});
