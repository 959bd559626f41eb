// Protects the grammar of `.dmar` files: every statement gives the tree that it promises, and the
// canonical text of a tree reads back as that tree.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { claimLine, printText } from '../src/scenario/text/print-text.ts';
import { readScenario } from '../src/scenario/read.ts';
import type { ScenarioReading, SourceSpan, Vocabulary } from '../src/scenario/read.ts';
import { printJson } from '../src/scenario/json/print-json.ts';
import { crashedReleaseOf, type Scenario } from '../src/scenario/scenario.ts';
import { smallVocabulary } from './support/small-vocabulary.ts';

const vocabulary: Vocabulary = {
  ...smallVocabulary, timings: ['walk-step', 'boot'],
};

/** A scenario in which the pieces given take the place of the usual ones. */
interface Pieces {
  readonly head?: string;
  readonly platform?: string;
  readonly unit?: string;
  readonly device?: string;
  readonly crashed?: string;
  readonly capture?: string;
  readonly claims?: string;
}

function textOf(pieces: Pieces): string {
  return `DMAR small
${pieces.head ?? ''}
platform {
  host-address-width 39
  memory 0x100000-0x7fffffff
  crash-kernel 0x10000000-0x17ffffff
  ${pieces.platform ?? ''}
}
unit dmar0 {
  profile sandy-bridge-ep
  base 0xf4ffe000
  ${pieces.unit ?? ''}
}
device disk 02:00.0 {
  model hpsa
  ${pieces.device ?? ''}
}
crashed linux-4.9-rc5 {
  map ring 8K bidirectional on disk
  ${pieces.crashed ?? ''}
  panic
}
capture patch-v2 {
  ${pieces.capture ?? ''}
}
${pieces.claims ?? 'never fault'}
`;
}

function read(text: string): Scenario {
  return scenarioOf(readScenario('small.dmar', text, vocabulary));
}

function scenarioOf(reading: ScenarioReading): Scenario {
  if (reading.ok) return reading.scenario;
  const [first] = reading.diagnostics;
  return assert.fail(`${first?.code} ${first?.line}:${first?.column} ${first?.message}`);
}

function scenarioWith(pieces: Pieces): Scenario {
  return read(textOf(pieces));
}

describe('the blocks', () => {
  test('a minimal scenario has the documented defaults', () => {
    assert.deepEqual(scenarioWith({}), {
      name: 'small',
      about: '',
      expectations: [],
      explorations: [],
      platform: {
        hostAddressWidth: 39,
        memory: [{ first: 0x100000, last: 0x7fffffff }],
        crashKernel: { first: 0x10000000, last: 0x17ffffff },
        pciWindows: [],
        apic: 'xapic',
        timings: [],
      },
      units: [{
        name: 'dmar0', base: 0xf4ffe000, profile: 'sandy-bridge-ep', capability: null, extendedCapability: null,
        buses: null, endpoints: [], scope: 'all', ioapics: [], choices: [],
      }],
      bridges: [],
        devices: [{
        name: 'disk', sourceId: 0x0200, alias: null, model: 'hpsa', bar: null, reservedRegions: [],
        reset: { kind: 'stops' }, paceNs: null,
      }],
      crashed: {
        release: 'linux-4.9-rc5', imageFile: null, commandLine: '', config: [],
        statements: [
          { kind: 'map', buffer: 'ring', bytes: 8192, direction: 'bidirectional', device: 'disk' },
          { kind: 'panic' },
        ],
      },
      capture: { release: 'patch-v2', imageFile: null, commandLine: '', config: [], statements: [] },
      claims: [{
        quantifier: 'never', what: { kind: 'dma', outcome: 'fault' },
        scope: {
          device: null, kernel: null, after: null, before: null, reason: null, address: null,
        },
      }],
      image: null,
      schedule: null,
      order: null,
    });
  });

  test('platform and unit take repeated settings', () => {
    const scenario = scenarioWith({
      platform: 'timing walk-step 120ns; timing boot 1.5ms; memory 0x1000-0x9bfff',
      unit: 'choice caching by-domain',
    });
    assert.deepEqual(scenario.platform.timings, [
      { name: 'walk-step', valueNs: 120 }, { name: 'boot', valueNs: 1_500_000 },
    ]);
    assert.deepEqual(scenario.platform.memory[1], { first: 0x1000, last: 0x9bfff });
    assert.deepEqual(scenario.units[0]?.choices, [{ name: 'caching', value: 'by-domain' }]);
  });

  test('a unit has I/O APICs in its scope and may be listed device by device; a platform has windows', () => {
    const scenario = scenarioWith({
      platform: 'pci-window 0xc0000000-0xfebfffff; apic x2apic',
      unit: 'scope listed; ioapic 8 f0:1f.7; ioapic 0 ff:00.0',
    });
    assert.deepEqual(scenario.platform.pciWindows, [{ first: 0xc0000000, last: 0xfebfffff }]);
    assert.equal(scenario.platform.apic, 'x2apic');
    assert.equal(scenario.units[0]?.scope, 'listed');
    assert.deepEqual(scenario.units[0].ioapics, [{ id: 8, sourceId: 0xf0ff }, { id: 0, sourceId: 0xff00 }]);
  });

  test('a device has a bar, regions in file order, and a way to reset', () => {
    const [device] = scenarioWith({
      device: 'bar 0xf7f00000-0xf7ffffff\nrmrr 0xf4000-0xf4fff\nrmrr 0xe8000-0xe8fff\nreset ignored',
    }).devices;
    assert.deepEqual(device?.bar, { first: 0xf7f00000, last: 0xf7ffffff });
    assert.deepEqual(device.reservedRegions.map(({ first }) => first), [0xf4000, 0xe8000]);
    assert.deepEqual(device.reset, { kind: 'ignored' });
    const [late] = scenarioWith({ device: 'reset late 500ms' }).devices;
    assert.deepEqual(late?.reset, { kind: 'late', afterNs: 500_000_000 });
    const [one] = scenarioWith({ device: 'reset leaves-one' }).devices;
    assert.deepEqual(one?.reset, { kind: 'leaves-one' });
  });

  test('bridges have a kind and buses; a device may have an alias, a unit single devices', () => {
    const scenario = read(textOf({ device: 'alias 02:00.1', unit: 'endpoint 02:00.0' }).replace('device disk',
      'unit rest { profile sandy-bridge-ep; base 0xf4fff000 }\nbridge port 00:02.2 { kind pcie; buses 0x2-0x3 }\ndevice disk'));
    assert.deepEqual(scenario.bridges, [{ name: 'port', sourceId: 0x12, kind: 'pcie', buses: { first: 2, last: 3 } }]);
    assert.equal(scenario.devices[0]?.alias, 0x0201);
    assert.deepEqual(scenario.units.map(({ endpoints }) => endpoints), [[{ sourceId: 0x0200 }], []]);
    assert.deepEqual(read(printText(scenario)), scenario);
  });

  test('a device acts at the pace of its model, or at one of its own', () => {
    assert.equal(scenarioWith({}).devices[0]?.paceNs, null);
    assert.equal(scenarioWith({ device: 'pace 25ms' }).devices[0]?.paceNs, 25_000_000);
  });

  test('source ids are packed bus 15:8, device 7:3, function 2:0', () => {
    const text = textOf({}).replace('02:00.0', '3e:1f.7');
    assert.equal(read(text).devices[0]?.sourceId, 0x3eff);
  });
});

describe('the statements of the kernels', () => {
  function crashed(statement: string): unknown {
    return scenarioWith({ crashed: statement }).crashed.statements[1];
  }

  test('map takes the three directions and sizes in bytes or with a suffix', () => {
    const directions = ['to-device', 'from-device', 'bidirectional'];
    for (const direction of directions) {
      assert.deepEqual(crashed(`map events 4K ${direction} on disk`),
        { kind: 'map', buffer: 'events', bytes: 4096, direction, device: 'disk' });
    }
    for (const [written, bytes] of [['64K', 65536], ['2M', 2097152], ['0x1000', 4096], ['17', 17]]) {
      assert.equal((crashed(`map events ${written} to-device on disk`) as { bytes: number }).bytes,
        bytes);
    }
  });

  test('dma has each of its ends, and goes on until the reset by default', () => {
    const ends = [
      ['', { kind: 'reset' }],
      ['until reset', { kind: 'reset' }],
      ['until panic', { kind: 'panic', afterNs: 0 }],
      ['until panic + 300ms', { kind: 'panic', afterNs: 300_000_000 }],
      ['until panic+300ms', { kind: 'panic', afterNs: 300_000_000 }],
      ['times 12', { kind: 'count', count: 12 }],
    ] as const;
    for (const [written, until] of ends) {
      assert.deepEqual(crashed(`dma read ring every 20us ${written}`),
        { kind: 'dma', access: 'read', buffer: 'ring', periodNs: 20_000, until });
    }
    assert.deepEqual(crashed('dma write ring every 20us'),
      { kind: 'dma', access: 'write', buffer: 'ring', periodNs: 20_000, until: { kind: 'reset' } });
  });

  test('unmap and wait', () => {
    assert.deepEqual(crashed('unmap ring'), { kind: 'unmap', buffer: 'ring' });
    assert.deepEqual(crashed('wait 0ns'), { kind: 'wait', durationNs: 0 });
  });

  test('both kernels wait, probe and submit', () => {
    const probes: readonly (readonly [string, object])[] = [
      ['probe disk', { dmaMaskBits: null, order: 'as-written' }],
      ['probe disk dma-mask 31', { dmaMaskBits: 31, order: 'as-written' }],
      ['probe disk order map-then-reset dma-mask 30', { dmaMaskBits: 30, order: 'map-then-reset' }],
    ];
    for (const [probe, said] of probes) {
      const statements = `wait 2min; ${probe}; submit read 8K on disk; submit write 512 on disk times 3`;
      const expected = [
        { kind: 'wait', durationNs: 120_000_000_000 },
        { kind: 'probe', device: 'disk', ...said },
        { kind: 'submit', access: 'read', bytes: 8192, device: 'disk', count: 1 },
        { kind: 'submit', access: 'write', bytes: 512, device: 'disk', count: 3 },
      ];
      assert.deepEqual(scenarioWith({ capture: statements }).capture.statements, expected);
      assert.deepEqual(scenarioWith({ crashed: statements }).crashed.statements.slice(1, -1), expected);
    }
  });

  test('command lines keep quotes and backslashes', () => {
    const scenario = scenarioWith({
      crashed: 'command-line "a=\\"b\\" c\\\\d // (* not a comment *)"', capture: 'command-line ""',
    });
    assert.equal(scenario.crashed.commandLine, 'a="b" c\\d // (* not a comment *)');
    assert.equal(scenario.capture.commandLine, '');
  });

  test('durations are exact, whatever their unit', () => {
    const durations = [
      ['1ns', 1], ['0.001us', 1], ['1.5ms', 1_500_000], ['0.1s', 100_000_000],
      ['0.00000000005min', 3], ['60min', 3_600_000_000_000], ['0001.50s', 1_500_000_000],
    ] as const;
    for (const [written, durationNs] of durations) {
      assert.deepEqual(crashed(`wait ${written}`), { kind: 'wait', durationNs });
    }
  });
});

describe('the claims', () => {
  test('every quantifier, every outcome', () => {
    for (const quantifier of ['never', 'sometimes', 'always']) {
      for (const outcome of ['dma', 'fault', 'stale', 'foreign', 'translated', 'fresh']) {
        const [claim] = scenarioWith({ claims: `${quantifier} ${outcome}` }).claims;
        assert.equal(claim?.quantifier, quantifier);
        assert.deepEqual(claim.what, { kind: 'dma', outcome });
      }
    }
  });

  test('scopes stand in any order', () => {
    const scope = {
      device: 'disk', kernel: 'crashed', after: 'crash', before: 'root-switch', reason: 6,
      address: 0xfffff000,
    };
    for (const claims of [
      'never fault on disk of crashed after crash before root-switch reason 6 at 0xfffff000',
      'never fault at 4294963200 reason 0x06 before root-switch after crash of crashed on disk',
    ]) assert.deepEqual(scenarioWith({ claims }).claims[0]?.scope, scope);
  });

  test('every phase', () => {
    for (const phase of ['crash', 'capture-start', 'root-switch', 'reset', 'handoff']) {
      const claims = `always fresh after ${phase}\nalways fresh before ${phase}`;
      assert.deepEqual(scenarioWith({ claims }).claims.map(({ scope }) => [scope.after, scope.before]),
        [[phase, null], [null, phase]]);
    }
  });

  test('a claim about the log has a text', () => {
    const [claim] = scenarioWith({ claims: 'never log "no-op \\"failed\\"" after reset' }).claims;
    assert.deepEqual(claim?.what, { kind: 'log', text: 'no-op "failed"' });
    assert.equal(claim.scope.after, 'reset');
  });

  test('claimLine is the statement as it would be written', () => {
    const line = 'sometimes translated on disk of capture after handoff';
    const [claim] = scenarioWith({ claims: line }).claims;
    assert.ok(claim !== undefined);
    assert.equal(claimLine(claim), line);
  });

  test('a schedule is expanded', () => {
    const { schedule } = scenarioWith({ claims: 'never fault\nschedule 0*3/12/0/2*2' });
    assert.deepEqual(schedule, [0, 0, 0, 12, 0, 2, 2]);
  });
});

describe('comments and layout', () => {
  test('the head comment gives Result lines and prose', () => {
    const scenario = scenarioWith({ head: `
      (* Result: Holds
       * Result with linux-4.9-rc5: Violated
       *
       * First line,
       *   indented.
       *
       * Last.
       *)` });
    assert.deepEqual(scenario.expectations, [
      { release: null, result: 'Holds' }, { release: 'linux-4.9-rc5', result: 'Violated' },
    ]);
    assert.equal(scenario.about, 'First line,\n  indented.\n\nLast.');
  });

  test('the head comment gives Explored lines, apart from Result lines, and they are printed again', () => {
    const scenario = scenarioWith({ head: '(* Result: Holds\n * Explored with patch-v2: Violated\n * Explored with linux-4.9-rc5: Holds\n *\n * Prose. *)' });
    assert.deepEqual(scenario.expectations, [{ release: null, result: 'Holds' }]);
    assert.deepEqual(scenario.explorations, [
      { release: 'patch-v2', result: 'Violated' }, { release: 'linux-4.9-rc5', result: 'Holds' },
    ]);
    assert.equal(scenario.about, 'Prose.');
    assert.deepEqual(read(printText(scenario)), scenario);
    assert.deepEqual(read(printJson(scenario)), scenario);
  });

  test('`crashed same` is the capture kernel\'s release, whichever that is', () => {
    const scenario = scenarioOf(readScenario('small.dmar', textOf({}).replace('crashed linux-4.9-rc5', 'crashed same'), vocabulary));
    assert.equal(scenario.crashed.release, 'same');
    assert.equal(crashedReleaseOf(scenario), 'patch-v2');
    assert.equal(crashedReleaseOf({ ...scenario, capture: { ...scenario.capture, release: 'linux-4.12' } }), 'linux-4.12');
    assert.deepEqual(read(printText(scenario)), scenario);
  });

  test('only the first comment after the name is the head comment', () => {
    const scenario = scenarioWith({ head: '(* Prose. *) (* Result: Violated *)' });
    assert.equal(scenario.about, 'Prose.');
    assert.deepEqual(scenario.expectations, []);
  });

  test('comments may stand anywhere, before the name too', () => {
    const text = textOf({ claims: 'never (* a\n comment *) fault // to the end\n' });
    assert.equal(read(`// licence\n(* more *)\n${text}`).claims.length, 1);
  });

  test('newlines and semicolons are the same, and so are line endings', () => {
    const text = textOf({ capture: 'wait 1ms; probe disk;;' });
    const expected = read(text);
    assert.deepEqual(read(text.replaceAll('\n', '\r\n')), expected);
    assert.deepEqual(read(text.replaceAll('\n', '\n\n')), expected);
    const oneLine = text.replaceAll('\n', ';').replaceAll('{;', '{');
    assert.deepEqual(read(oneLine), expected);
  });

  test('blocks may stand in any order', () => {
    const [head, ...blocks] = textOf({}).split(/(?=^(?:platform|unit|device|crashed|capture|never))/m);
    assert.equal(blocks.length, 6);
    assert.deepEqual(read(`${head}${blocks.reverse().join('\n')}`), read(textOf({})));
  });
});

describe('printing', () => {
  const everything: Pieces = {
    head: '(* Result: Violated\n * Result with linux-4.9-rc5: Holds\n * * starred\n *   (prose) *)',
    platform: 'timing walk-step 1.5us\napic x2apic\nmemory 0x1000-0x9bfff\npci-window 0x80000000-0xfebfffff',
    unit: 'choice caching by-domain\nioapic 0x8 f0:1f.7\nscope listed',
    device: 'bar 0xf7f00000-0xf7ffffff\nrmrr 0xe8000-0xe8fff\npace 0.5ms\nreset late 1234567ns',
    crashed: 'command-line "a \\"b\\" \\\\"\nmap big 16M from-device on disk\nmap odd 1000 to-device '
      + 'on disk\ndma write big every 90s times 3\ndma read odd every 1ns until panic + 0.5ms\n'
      + 'dma write ring every 60min until panic\nunmap big\nwait 0ms\nprobe disk\nsubmit read 0x2000 on disk',
    capture: 'config debug\ncommand-line "reset_devices"\nwait 1500ms\nprobe disk order reset-then-map dma-mask 24',
    claims: 'never fault on disk of crashed after crash before reset reason 0xff at 0xfffff000\n'
      + 'sometimes log "\\\\ \\"x\\""\nschedule 0*120/1/0/2',
  };

  test('the canonical text reads back as the same tree, and prints the same again', () => {
    const scenario = scenarioWith(everything);
    const printed = printText(scenario);
    assert.deepEqual(read(printed), scenario);
    assert.equal(printText(read(printed)), printed);
  });

  test('prose survives printing, blank lines, stars and indentation included', () => {
    for (const about of ['x', 'a\n\n\nb', '* star', '  indented', ')', '*', '(', 'a\n)\nb', '"q"']) {
      const scenario = { ...scenarioWith({}), about };
      assert.equal(read(printText(scenario)).about, about);
      const expectations = [{ release: null, result: 'Holds' }] as const;
      assert.equal(read(printText({ ...scenario, expectations })).about, about);
    }
  });

  test('the canonical form is this', () => {
    assert.equal(printText(scenarioWith(everything)), `DMAR small

(* Result: Violated
 * Result with linux-4.9-rc5: Holds
 *
 * * starred
 *   (prose) *)

platform {
  host-address-width 39
  memory 0x100000-0x7fffffff
  memory 0x1000-0x9bfff
  crash-kernel 0x10000000-0x17ffffff
  pci-window 0x80000000-0xfebfffff
  apic x2apic
  timing walk-step 1500ns
}

unit dmar0 {
  profile sandy-bridge-ep
  base 0xf4ffe000
  scope listed
  ioapic 8 f0:1f.7
  choice caching by-domain
}

device disk 02:00.0 {
  model hpsa
  bar 0xf7f00000-0xf7ffffff
  rmrr 0xe8000-0xe8fff
  reset late 1234567ns
  pace 500us
}

crashed linux-4.9-rc5 {
  command-line "a \\"b\\" \\\\"
  map ring 8K bidirectional on disk
  map big 16M from-device on disk
  map odd 1000 to-device on disk
  dma write big every 90s times 3
  dma read odd every 1ns until panic + 500us
  dma write ring every 60min until panic
  unmap big
  wait 0ns
  probe disk
  submit read 8K on disk times 1
  panic
}

capture patch-v2 {
  command-line "reset_devices"
  config debug
  wait 1500ms
  probe disk dma-mask 24 order reset-then-map
}

never fault on disk of crashed after crash before reset reason 255 at 0xfffff000
sometimes log "\\\\ \\"x\\""

schedule 0*120/1/0/2
`);
  });
});

describe('the seed scenario', () => {
  const file = 'scenarios/hpsa-p420i.dmar';

  test('reads, and round-trips through its canonical text', () => {
    const scenario = scenarioOf(readScenario(file, readFileSync(file), vocabulary));
    assert.deepEqual(read(printText(scenario)), scenario);
  });

  test('is the machine of the report', () => {
    const scenario = scenarioOf(readScenario(file, readFileSync(file), vocabulary));
    assert.equal(scenario.name, 'hpsa-p420i');
    assert.equal(scenario.crashed.release, 'linux-4.9-rc5');
    assert.equal(scenario.capture.release, 'patch-v2');
    const { crashKernel } = scenario.platform;
    assert.equal(crashKernel.last - crashKernel.first + 1, 160 * 1024 * 1024);
    // The log shows them in the opposite order of the firmware's table.
    assert.deepEqual(scenario.devices[0]?.reservedRegions.map(({ first }) => first).reverse(),
      [0xe8000, 0xf4000, 0xbdf6e000, 0xbdf6f000, 0xbdf7f000, 0xbdf83000]);
    assert.deepEqual(scenario.expectations, [
      { release: 'linux-4.9-rc5', result: 'Violated' }, { release: null, result: 'Holds' },
    ]);
  });

  test('spans lead back to the lines of the file', () => {
    const source = readFileSync(file, 'utf8');
    const reading = readScenario(file, source, vocabulary);
    assert.ok(reading.ok);
    const lines = source.split('\n');
    const nodes: readonly (readonly [object | undefined, string])[] = [
      [reading.scenario.claims[3], 'sometimes translated on hpsa of capture after handoff'],
      [reading.scenario.crashed.statements[1], 'dma write events every 1s until reset'],
      [reading.scenario.expectations[0], 'Result with linux-4.9-rc5: Violated'],
      [reading.scenario.platform.memory[0], '0x1000-0x9bfff'],
    ];
    for (const [node, text] of nodes) {
      const span: SourceSpan | null = node === undefined ? null : reading.spans.spanOf(node);
      assert.ok(span !== null, text);
      assert.equal(lines[span.line - 1]?.slice(span.column - 1, span.endColumn - 1), text);
    }
    const [unit] = reading.scenario.units;
    assert.ok(unit !== undefined);
    const base = reading.spans.spanOfProperty(unit, 'base');
    assert.equal(lines[(base?.line ?? 0) - 1]?.slice((base?.column ?? 0) - 1), '0xfbafe000');
    assert.equal(reading.spans.spanOf({}), null);
  });
});
