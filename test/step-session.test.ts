// Protects the debugger's words: sessions as golden files, in test/golden; with UPDATE_GOLDEN=1 the test
// writes what it sees. The scenario is the test's own, so that only a change of the model shows.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dmarsim, linesOf, root, withFiles } from './support/dmarsim.ts';
import { handoffText } from './support/handoff.ts';

const scenario = handoffText({ device: 'rmrr 0xe8000-0xe8fff\nreset stops' });

function session(commands: readonly string[], expectedCode = 0): string {
  return withFiles({ 'handoff.dmar': scenario, 'script.txt': `# a script\n${commands.join('\n')}\n` }, (folder) => {
    const { code, out, talk } = dmarsim(['step', `${folder}/handoff.dmar`, '-x', `${folder}/script.txt`]);
    assert.equal(talk, '');
    assert.equal(code, expectedCode, out);
    return out;
  });
}

function golden(name: string, actual: string): void {
  const file = join(root, 'test', 'golden', name);
  if (process.env['UPDATE_GOLDEN'] === '1') {
    mkdirSync(join(root, 'test', 'golden'), { recursive: true });
    writeFileSync(file, actual);
  }
  assert.equal(actual, readFileSync(file, 'utf8'), `test/golden/${name}; UPDATE_GOLDEN=1 writes it anew`);
}

const sessions: readonly (readonly [string, readonly string[]])[] = [
  ['to-the-fault-and-back-to-the-fill', [
    'break capture:domain_context_mapping_one', 'continue', 'info context', 'info iotlb', 'when', 'break fault',
    'continue', 'info faults', 'why', 'info walk 02:00.0 0xfffff000', 'delete', 'break iotlb-fill',
    'reverse-continue', 'info iotlb', 'when', 'info breakpoints',
  ]],
  ['the-handoff-store-by-store', [
    'b capture:domain_context_mapping_one', 'c', 'n', 's 2', 's', 's', 's', 's', 's', 's', 's', 's',
    'x/2gx 0xb4003000', 'rs 6', 'x/2gx 0xb4003000', 'finish', 'x/2gx 0xb4003000', 'rn', 'rn',
  ]],
  ['registers', [
    'print GSTS', 'info regs', 'break *SRTP: root table latched*', 'continue', 'step', 'print GSTS', 'print gsts.tes',
    'continue', 'print RTADDR', 'info queue', 'run 100', 'print time', 'print event', 'rc', 'when',
  ]],
  ['the-ends', ['reverse-step', 'when', 'continue', 'step 5', 'rs 999999999', 'when', 'help', 'quit', 'step']],
];

for (const [name, commands] of sessions) {
  test(`session ${name}`, () => {
    golden(`${name}.txt`, session(commands));
  });
}

test('a wrong command ends the script with 129 and says what is right', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['stpe', /there is no command 'stpe'/],
    ['re', /'re' could be reverse-step, reverse-next, reverse-continue/],
    ['step many', /'many' is not a number of events/],
    ['run', /run takes the number of an event, 0 to \d+/],
    ['run 99999999', /run takes the number of an event/],
    ['break', /break takes a pattern/],
    ['delete 3', /there is no breakpoint 3/],
    ['info', /info knows regs, iotlb, context, walk SOURCE ADDRESS/],
    ['info walk 02:00.0', /info walk takes a source and an address/],
    ['info walk 2:20.0 0', /info walk takes a source and an address/],
    ['print NOTHING', /there is no register 'NOTHING'/],
    ['print GSTS.NOTHING', /GSTS has no field 'NOTHING'; it has .*TES/],
    ['print GSTS.toString', /GSTS has no field/],
    ['x/8gx', /memory is examined as x\/8gx ADDRESS/],
    ['x/8gz 0x1000', /memory is examined as/],
    ['why', /nothing has happened yet/],
    ['why 99999999', /why takes the number of an event/],
    ['finish', /no routine is open here/],
  ];
  for (const [command, message] of wrong) {
    const out = session([command, 'when'], 129);
    assert.match(out, message, command);
    assert.equal(linesOf(out).length, 2, 'nothing after it is carried out');
  }
});

test('commands may stand on the command line, separated by semicolons', () => {
  withFiles({ 'handoff.dmar': scenario }, (folder) => {
    const { code, out } = dmarsim(['step', `${folder}/handoff.dmar`, '-x', 'run 3; when;; # note; step']);
    assert.equal(code, 0);
    assert.deepEqual(linesOf(out).filter((line) => line.startsWith('(dmarsim)')),
      ['(dmarsim) run 3', '(dmarsim) when', '(dmarsim) step']);
  });
});

test('a conversation over a pipe: an empty line repeats, the prompt is talk, the end of input the end', () => {
  withFiles({ 'handoff.dmar': scenario }, (folder) => {
    const { code, out } = dmarsim(['step', `${folder}/handoff.dmar`], {}, 'step\n\nwhen\nnonsense\nwhen\n');
    assert.equal(code, 0);
    assert.equal(out.match(/^#1 of #\d+/gm)?.length, 2);
    assert.match(out, /error: there is no command 'nonsense'/);
    assert.doesNotMatch(out, /\(dmarsim\)/);
  });
});

test('a pattern made to take long takes no time, and one of many colons ends as any other', () => {
  const stars = `x${'*a'.repeat(2000)}*y`;
  const colons = 'capture:'.repeat(5000);
  withFiles({ 'handoff.dmar': scenario, 'long.txt': `break ${stars}\nbreak ${colons}fault\nwhen\n` }, (folder) => {
    const before = process.hrtime.bigint();
    const { code, out } = dmarsim(['step', `${folder}/handoff.dmar`, '-x', `${folder}/long.txt`]);
    assert.equal(code, 0);
    assert.equal(out.match(/: 0 events of the run/g)?.length, 2, out.slice(-400));
    assert.ok(process.hrtime.bigint() - before < 10_000_000_000n);
  });
});

test('a pattern may have stars at its ends and between its words', () => {
  const counted = session(['break domain_context_*_one', 'break *context_mapping_one', 'break iotlb-*',
    'break capture:*map*', 'break SRTP: *latched', 'break *nothing*of*the*kind*']);
  assert.match(counted, /breakpoint 1, .*: [1-9]\d* events? of the run/);
  const counts = [...counted.matchAll(/^breakpoint \d, .*: (\d+) events?/gm)].map(([, count]) => count);
  assert.equal(counts.length, 6);
  assert.deepEqual(counts.map((count) => count === '0'), [false, false, false, false, false, true]);
});

test('a long chain of causes is shown by its ends', () => {
  const long = handoffText({ crashed: 'map events 64K from-device on hpsa\ndma write events every 1s until reset\nwait 1s\npanic' });
  withFiles({ 'long.dmar': long }, (folder) => {
    const { out } = dmarsim(['step', `${folder}/long.dmar`, '-x',
      'break IOTLB takes 02:00.0 0xfffff000*; continue; why']);
    const lines = linesOf(out);
    const chain = lines.slice(lines.indexOf('(dmarsim) why') + 1);
    assert.equal(chain.length, 6 + 1 + 14 + 1);
    assert.match(chain[0] ?? '', /^#\d+ .* \{$/);
    assert.match(chain[6] ?? '', /^ {2}\.\.\. \d+ more causes$/);
    const [, number = ''] = /^#(\d+) .*IOTLB takes 02:00\.0 0xfffff000/.exec(chain.at(-2) ?? '') ?? [];
    // The answer to this page is the next event, not the one to the page before.
    assert.equal(chain.at(-1), `  #${Number(number) + 1} went where the tables in memory lead it; no cache misled the unit.`);
  });
});
