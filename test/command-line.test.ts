// Protects the command as shells and CI use it: exit codes, what goes to which stream, and what it says
// of a wrong command line.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dmarsim, dmarsimInto, dmarsimUntilFirstOutput, linesOf, withFiles } from './support/dmarsim.ts';
import { handoffText } from './support/handoff.ts';

const seed = 'scenarios/hpsa-p420i.dmar';

const wrongLines: readonly (readonly [readonly string[], RegExp])[] = [
  [['rnu', seed], /no command 'rnu'; did you mean run\?/],
  [['zzzzzzzz'], /no command 'zzzzzzzz'; there are run, check, replay, step, /],
  [['run'], /run needs FILE/],
  [['check'], /check needs PATH/],
  [['step'], /step needs FILE/],
  [['run', seed, '--captur', 'patch-v2'], /run has no option --captur; did you mean --capture\?/],
  [['run', seed, '-z'], /run has no option -z/],
  [['run', seed, '--capture'], /--capture needs a value: RELEASE/],
  [['run', seed, '--capture', 'patch-v2', '--capture', 'patch-v2'], /--capture is given twice/],
  [['run', seed, '--json=yes'], /--json takes no value/],
  [['run', seed, '--color', 'pink'], /--color is always, never or auto, not 'pink'/],
  [['run', seed, '--format', 'xml'], /--format is story, dmesg, jsonl, not 'xml'/],
  [['run', seed, '--capture', 'linux-4.9-rc6'], /no release 'linux-4\.9-rc6'; did you mean linux-4\.9-rc5\?/],
  [['run', seed, '--crashed', 'zzzzzzzzzzzzzzzz'], /no release 'zzzzzzzzzzzzzzzz'; there are .*linux-4\.9-rc5/],
  [['check', seed, '--capture', 'nothing-like-it'], /no release 'nothing-like-it'/],
  [['step', seed, seed], /step takes one file, not 2/],
  [['run', seed, '--json', '--format', 'dmesg'], /--json is a format of its own/],
  [['run', seed, seed, '--json'], /--json makes one document of one file/],
  [['run', 'nowhere.dmar'], /nowhere\.dmar: there is no such file/],
  [['run', 'scenarios'], /scenarios: is a folder, not a scenario/],
  [['check', 'nowhere'], /nowhere: there is no such file/],
  [['check', 'src'], /src: holds no scenario \(\*\.dmar\)/],
  [['explain', 'S999'], /there is no diagnostic 'S999'/],
];

for (const [words, message] of wrongLines) {
  test(`${words.join(' ')}: exit code 129, the reason on stderr`, () => {
    const { code, out, talk } = dmarsim(words);
    assert.equal(code, 129);
    assert.match(talk, message);
    assert.match(talk, /^error: /);
    if (words[0] !== 'check') assert.equal(out, '');
  });
}

test('no command at all shows the usage and is wrong; asking for help is right', () => {
  const { code, out } = dmarsim([]);
  assert.equal(code, 129);
  for (const words of [['help'], ['--help'], ['-h']]) {
    const asked = dmarsim(words);
    assert.deepEqual([asked.code, asked.out, asked.talk], [0, out, '']);
  }
  assert.match(out, /exit codes: 0 every claim holds, 1 one does not/);
  for (const command of ['run', 'check', 'replay', 'step', 'explain']) {
    const own = dmarsim([command, '--help']);
    assert.equal(own.code, 0);
    assert.match(own.out, new RegExp(`^usage: dmarsim ${command} `));
    assert.equal(dmarsim(['help', command]).out, own.out);
    assert.match(out, new RegExp(`^ {2}${command} `, 'm'));
  }
});

test('run: 0 when every claim holds, 1 when one does not, the graver of several files', () => {
  assert.equal(dmarsim(['run', seed]).code, 0);
  assert.equal(dmarsim(['run', seed, '--capture', 'linux-4.9-rc5']).code, 1);
  withFiles({ 'good.dmar': handoffText({ release: 'patch-v2' }), 'bad.dmar': handoffText({}) }, (folder) => {
    assert.equal(dmarsim(['run', `${folder}/bad.dmar`, `${folder}/good.dmar`]).code, 1);
    assert.equal(dmarsim(['run', `${folder}/bad.dmar`, `${folder}/missing.dmar`, `${folder}/good.dmar`]).code, 129);
  });
});

test('a claim that holds only because nothing happened is a failure', () => {
  withFiles({ 'empty.dmar': handoffText({ crashed: 'panic', capture: 'wait 1s' }) }, (folder) => {
    const { code, out } = dmarsim(['run', `${folder}/empty.dmar`]);
    assert.equal(code, 1);
    assert.match(out, /No {2}never fault +nothing happened/);
  });
});

test('results go to stdout alone, talk to stderr alone', () => {
  const good = dmarsim(['run', seed]);
  assert.equal(good.talk, '');
  assert.match(good.out, /Observation hpsa-p420i patch-v2 Holds, as the file expects\n$/);
  const mixed = dmarsim(['run', 'nowhere.dmar', seed]);
  assert.equal(mixed.out, good.out);
  assert.match(mixed.talk, /^error: nowhere\.dmar/);
});

test('the replay line of a violated run is a command that works', () => {
  const { out } = dmarsim(['run', seed, '--capture', 'linux-4.9-rc5']);
  const [, file = '', release = '', script = ''] =
    /^replay: dmarsim step (\S+) --capture (\S+) -x '([^']*)'$/m.exec(out) ?? [];
  const replayed = dmarsim(['step', file, '--capture', release, '-x', script]);
  assert.equal(replayed.code, 0);
  assert.match(replayed.out, /answered by the IOTLB entry of 02:00\.0 0xfffff000/);
});

test('an impossible schedule is a wrong scenario and is named', () => {
  withFiles({ 'far.dmar': handoffText({ claims: 'never fault\nschedule 0*5/9' }) }, (folder) => {
    const { code, talk } = dmarsim(['run', `${folder}/far.dmar`]);
    assert.equal(code, 129);
    assert.match(talk, /the schedule takes choice 9 at step 5, where the machine offers 0 to \d/);
  });
});

test('a scenario that asks for more than the model has is refused or undecided, not our failure', () => {
  const many = (count: number, line: (index: number) => string): string =>
    `${Array.from({ length: count }, (_, index) => line(index)).join('\n')}\npanic`;
  withFiles({
    'dma.dmar': handoffText({
      crashed: many(17, (index) => `map b${index} 4K to-device on hpsa\ndma read b${index} every 1s until reset`),
    }),
    'memory.dmar': handoffText({ crashed: many(300, (index) => `map b${index} 16M to-device on hpsa`) }),
    'small.dmar': handoffText({}).replace('0xb3000000-0xbcffffff', '0xb3000000-0xb3000fff'),
    'whole.dmar': handoffText({}).replace('crash-kernel 0xb3000000-0xbcffffff', 'crash-kernel 0x100000-0xbddabfff'),
    'iova.dmar': handoffText({}).replace('bar 0xf7f00000-0xf7ffffff', 'bar 0x0-0xffffffff'),
  }, (folder) => {
    // What the file alone shows is a diagnostic; what only the run shows ends the run.
    for (const [name, expected] of [['dma', 129], ['memory', 125], ['small', 125], ['iova', 129]] as const) {
      const { code, talk } = dmarsim(['run', `${folder}/${name}.dmar`]);
      assert.equal(code, expected, `${name}: ${talk}`);
      assert.doesNotMatch(talk, /please report/);
    }
    assert.match(dmarsim(['run', `${folder}/small.dmar`]).out, /^ {2}\?\?  never fault .*\n\nObservation .* Undecided$/m);
    assert.notEqual(dmarsim(['run', `${folder}/whole.dmar`]).code, 134);
  });
});

test('options that are not modelled are refused, not ignored', () => {
  withFiles({ 'soft.dmar': handoffText({ captureOptions: 'iommu=soft' }) }, (folder) => {
    const { code, talk } = dmarsim(['run', `${folder}/soft.dmar`]);
    assert.equal(code, 129);
    assert.match(talk, /iommu=soft/);
  });
});

test('a reader that goes away early is no error', async () => {
  const { code, out, talk } = await dmarsimUntilFirstOutput(['run', seed, '--capture', 'linux-4.9-rc5', '--format', 'jsonl']);
  assert.match(linesOf(out)[0] ?? '', /^\{"event":0,/);
  assert.equal(talk, '');
  assert.equal(code, 1, 'the verdict stands');
});

test('output that cannot be written is told, with a code that is no verdict', () => {
  const { code, talk } = dmarsimInto('/dev/full', ['run', seed]);
  assert.equal(code, 74);
  assert.match(talk, /^error: the output cannot be written: ENOSPC/);
});

test('explain tells what a diagnostic means, in either case', () => {
  const { code, out } = dmarsim(['explain', 's071']);
  assert.equal(code, 0);
  assert.match(out, /^S071: ./);
});

test('a release on the command line that is the file\'s own still has the file\'s expectation', () => {
  for (const [release, end] of [['patch-v2', 'Holds'], ['linux-4.9-rc5', 'Violated']]) {
    const { out } = dmarsim(['run', seed, '--capture', release ?? '']);
    assert.ok(out.includes(`Observation hpsa-p420i ${release} ${end}, as the file expects`), release);
  }
});

test('replay tells both stories of the seed and exits 0 when they end as the file says', () => {
  const { code, out, talk } = dmarsim(['replay', seed]);
  assert.equal(code, 0);
  assert.equal(talk, '');
  assert.match(out, /Observation hpsa-p420i linux-4\.9-rc5 Violated, as the file expects/);
  assert.match(out, /Observation hpsa-p420i patch-v2 Holds, as the file expects/);
});
