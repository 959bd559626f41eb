// Protects scenarios that start from an image of the hardware: an image taken at the panic leads to the
// capture kernel's same operations and the same end as the crashed kernel that it was taken from, and
// whatever is wrong with an image is said where the scenario names it.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { run, traced, type Run } from '../src/analysis/run.ts';
import { vocabulary } from '../src/analysis/vocabulary.ts';
import type { Event } from '../src/base/event.ts';
import { Machine } from '../src/machine/machine.ts';
import { printJson } from '../src/scenario/json/print-json.ts';
import { printText } from '../src/scenario/text/print-text.ts';
import { readScenario, type ScenarioReading } from '../src/scenario/read.ts';
import type { Scenario } from '../src/scenario/scenario.ts';
import { dmarsim, withFiles } from './support/dmarsim.ts';
import { handoffText } from './support/handoff.ts';
import { imageOf } from './support/machine-image.ts';

const simulated = handoffText({ capture: 'wait 1500ms\n probe hpsa', release: 'linux-4.9-rc5' });
/** The same machine, with an image in the place of the crashed kernel. */
const fromImage = simulated.replace(/crashed linux-4\.9-rc5 \{[^}]*\}/, `crashed image "panic.json" {
  buffer events 0xfffff000 4K on hpsa
  dma write events every 100ms until reset
  panic
}`);

function read(text: string, image?: string): ScenarioReading {
  return readScenario('x.dmar', text, vocabulary,
    (name) => (name === 'panic.json' && image !== undefined ? { text: image } : 'there is no such file'));
}

function scenarioOf(text: string, image?: string): Scenario {
  const reading = read(text, image);
  return reading.ok ? reading.scenario : assert.fail(JSON.stringify(reading.diagnostics[0]));
}

function problemsOf(text: string, image?: string): readonly string[] {
  const reading = read(text, image);
  return reading.ok ? [] : reading.diagnostics.map(({ code, line, column, message }) => `${code} ${line}:${column} ${message}`);
}

/** The machine of a scenario as it stands when the crashed kernel has panicked. */
function imageAtPanic(scenario: Scenario): string {
  const machine = new Machine(scenario, traced);
  while (!machine.trace.events.some(({ what }) => what.kind === 'panic')) {
    machine.step(machine.agenda.earliest() ?? assert.fail('the crashed kernel panics'));
  }
  return imageOf(machine);
}

const image = imageAtPanic(scenarioOf(simulated));

/** What the capture kernel does to the unit and what becomes of its DMA, without times. */
function captureStory({ events }: Run): readonly string[] {
  const start = events.findIndex(({ actor, what }) => actor === 'capture' && what.kind === 'kernel-start');
  return events.slice(start).flatMap((event: Event) => {
    const { what } = event;
    switch (what.kind) {
      case 'register-write': return [`${what.target} ${what.register} ${JSON.stringify(what.value)}`];
      case 'descriptor': return [what.text];
      case 'log': return [what.text];
      case 'fault': return [`fault ${what.reason} ${JSON.stringify(what.frame)} ${what.access} ${what.freshness.kind}`];
      default: return [];
    }
  });
}

function edited(change: (document: { regs: Record<string, unknown>; pages: Record<string, unknown> }) => void): string {
  const document = JSON.parse(image) as { regs: Record<string, unknown>; pages: Record<string, unknown> };
  change(document);
  return JSON.stringify(document);
}

describe('a run from an image', () => {
  const original = run(scenarioOf(simulated), traced);
  const again = run(scenarioOf(fromImage, image), traced);

  test('the capture kernel does the same, and its DMA faults for the same stale entry', () => {
    const story = captureStory(original);
    assert.ok(story.some((line) => line.startsWith('fault 6') && line.endsWith('stale')));
    assert.deepEqual(captureStory(again), story);
  });

  test('without the DMA that was in flight nothing is stale', () => {
    const quiet = run(scenarioOf(fromImage.replace(/dma write.*\n/, '\n'), image), traced);
    assert.equal(quiet.events.some(({ what }) => what.kind === 'fault'), false);
  });

  test('tables that lead beyond all memory are more than the model follows, and no failure of its own', () => {
    const beyond = edited(({ regs }) => { regs['RTADDR'] = '0xfffffffffffff000'; });
    const { end } = run(scenarioOf(fromImage, beyond), traced);
    assert.deepEqual(end, { kind: 'limit', what: 'addresses of tables beyond 52 bits' });
  });

  test('text and JSON give back the scenario', () => {
    const scenario = scenarioOf(fromImage, image);
    assert.equal(scenario.crashed.imageFile, 'panic.json');
    assert.equal(scenario.image?.name, 'at the panic');
    assert.deepEqual(scenarioOf(printText(scenario), image), scenario);
    assert.deepEqual(scenarioOf(printJson(scenario), image), scenario);
  });

  test('the command reads images beside the scenario, packed too, and --crashed has no place', () => {
    withFiles({ 'x.dmar': fromImage.replaceAll('panic.json', 'panic.json.gz'), 'panic.json.gz': gzipSync(image) }, (folder) => {
      const done = dmarsim(['run', join(folder, 'x.dmar'), '--format', 'dmesg']);
      assert.match(done.out, /Copied translation tables from previous kernel/);
      const wrong = dmarsim(['run', join(folder, 'x.dmar'), '--crashed', 'linux-4.9-rc5']);
      assert.equal(wrong.code, 129);
      assert.match(wrong.talk, /is an image, not a release/);
    });
  });
});

describe('what is wrong with an image', () => {
  const at = fromImage.split('\n').findIndex((line) => line.includes('"panic.json"')) + 1;

  test('a file that is not there, is no JSON or holds what is no image', () => {
    assert.deepEqual(problemsOf(fromImage), [`S084 ${at}:15 the image cannot be read: there is no such file`]);
    assert.deepEqual(problemsOf(fromImage, '{'), [`S084 ${at}:15 the image is not one: not JSON`]);
    assert.deepEqual(problemsOf(fromImage, '[]'), [`S084 ${at}:15 the image is not one: the image is not an object`]);
    assert.deepEqual(problemsOf(fromImage, edited(({ regs }) => { regs['GSTS'] = 7; })),
      [`S084 ${at}:15 the image is not one: regs.GSTS is not a string`]);
    assert.deepEqual(problemsOf(fromImage, edited(({ regs }) => { regs['GSTS'] = '0x1ffffffffffffffff'; })),
      [`S084 ${at}:15 the image is not one: regs.GSTS has more than 18 characters`]);
    assert.deepEqual(problemsOf(fromImage, edited(({ pages }) => { pages['0x1001'] = {}; })),
      [`S084 ${at}:15 the image is not one: pages has a member that is no page's address`]);
    assert.deepEqual(problemsOf(fromImage, edited(({ pages }) => { pages['0x100000'] = { hex: '0' }; })),
      [`S084 ${at}:15 the image is not one: pages.0x100000.hex is not bytes in hexadecimal`]);
    assert.deepEqual(problemsOf(fromImage, edited(({ pages }) => { pages['0x100000'] = { hex: '00'.repeat(4097) }; })),
      [`S084 ${at}:15 the image is not one: pages.0x100000.hex has more than 8192 characters`]);
    assert.deepEqual(problemsOf(fromImage, edited(({ pages }) => { pages['0x100000'] = { hex: '' }; pages['0x0100000'] = { hex: '' }; })),
      [`S084 ${at}:15 the image is not one: pages has 0x100000 twice`]);
  });

  test('names that mean something to JavaScript, deep nesting, too much of anything', () => {
    const hostile = image.replace('"regs":{', '"regs":{"__proto__":"0x1","constructor":"0x2",');
    assert.deepEqual(problemsOf(fromImage, hostile),
      [`S084 ${at}:15 the image is not one: regs has a member that is no register`]);
    assert.deepEqual(problemsOf(fromImage, image.replace('"pages":{', '"pages":{"__proto__":{"hex":""},')),
      [`S084 ${at}:15 the image is not one: pages has a member that is no page's address`]);
    assert.equal(problemsOf(fromImage, '['.repeat(1e6)).length, 1);
    assert.equal(problemsOf(fromImage, `{"regs":${'['.repeat(5e4)}${']'.repeat(5e4)}}`).length, 1);
    const many = Object.fromEntries(Array.from({ length: 8193 }, (_, page) => [`0x${(page * 4096).toString(16)}`, { hex: '' }]));
    assert.deepEqual(problemsOf(fromImage, edited((document) => { document.pages = many; })),
      [`S084 ${at}:15 the image is not one: pages has more than 8192 members`]);
  });

  test('an image of another machine', () => {
    assert.deepEqual(problemsOf(fromImage, edited(({ regs }) => { regs['CAP'] = '0xd2008c22260206'; })),
      [`S085 ${at}:15 the image is of a unit whose CAP reads 0xd2008c22260206, not 0xd2078c106f0462`]);
    assert.deepEqual(problemsOf(fromImage, edited(({ pages }) => { pages['0xa0000'] = { hex: '' }; })),
      [`S085 ${at}:15 the image has a page at 0xa0000, where there is no memory`]);
  });

  test('an image maps nothing more, and a simulated kernel has no buffers beside its mappings', () => {
    const line = (text: string, word: string): number => text.split('\n').findIndex((each) => each.includes(word)) + 1;
    const maps = fromImage.replace('buffer events 0xfffff000 4K', 'map events 4K from-device');
    assert.deepEqual(problemsOf(maps, image),
      [`S083 ${line(maps, 'map events')}:3 \`map\` is for a crashed kernel that is simulated`]);
    const buffers = simulated.replace('map events 4K from-device', 'buffer events 0xfffff000 4K');
    assert.deepEqual(problemsOf(buffers),
      [`S083 ${line(buffers, 'buffer events')}:3 \`buffer\` names memory that an image has mapped`]);
  });

  test('registers that no unit has', () => {
    const at86 = (statement: string): readonly string[] =>
      problemsOf(simulated.replace('base 0xf4ffe000', `base 0xf4ffe000\n  ${statement}`)).map((text) => text.replace(/\d+:/, ''));
    assert.deepEqual(at86('capability 0x0'), ['S086 14 no unit reads this: CAP.SAGAW names no width of tables']);
    assert.deepEqual(at86('extended-capability 0x2'), ['S086 23 no unit reads this: ECAP.IRO is too small']);
    assert.deepEqual(at86('extended-capability 1234'), ["S031 23 `1234` is not a register's value"]);
    assert.deepEqual(at86('capability 0xd2078c106f0466'), []);
    for (const name of vocabulary.profiles) {
      const registers = vocabulary.registersOf(name) ?? assert.fail(name);
      assert.equal(vocabulary.capabilityProblem(registers), undefined, name);
    }
  });
});
