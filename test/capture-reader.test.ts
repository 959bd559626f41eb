// Protects the reading of captures: what is taken from which file, and that whatever is wrong with one
// (cut, missing, of another kind, hostile) is said with its file and line, all of it at once.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { readCapture, type Capture } from '../src/analysis/capture/capture.ts';
import { bdf } from '../src/base/word.ts';
import { recordedHandoff, usesScalableMode } from '../src/analysis/compare/recorded-handoff.ts';
import { commandLineText, consoleText, imageText, operationsText, smallFolder } from './support/small-capture.ts';

function captureOf(changes: Readonly<Record<string, string | null>> = {}): Capture {
  const capture = readCapture(smallFolder(changes));
  return 'machine' in capture ? capture : assert.fail(JSON.stringify(capture));
}

/** `file:line message` of each problem. */
function problemsOf(changes: Readonly<Record<string, string | null>>): readonly string[] {
  const capture = readCapture(smallFolder(changes));
  return 'machine' in capture ? [] : capture.map(({ file, line, message }) => `${file}${line === null ? '' : `:${line}`} ${message}`);
}

describe('what is taken from a capture', () => {
  test('machine, memory, command lines, consoles', () => {
    const { machine, memoryMap, commandLines, consoles } = captureOf();
    assert.deepEqual(machine.devices.map(({ source, type }) => `${bdf(source)} ${type}`),
      ['00:00.0 mch', '00:03.0 nvme', '00:1f.0 ICH9-LPC', '00:1f.2 ich9-ahci', '00:1f.3 ICH9-SMB']);
    assert.deepEqual([machine.memoryBytes, machine.unit.addressBits, machine.unit.scalableMode], [2 ** 30, 39, false]);
    assert.deepEqual(memoryMap, {
      memory: [{ first: 0, last: 0x9efff }, { first: 0x100000, last: 0x3ffd6fff }],
      crashKernel: { first: 0x2f000000, last: 0x3effffff },
    });
    assert.equal(commandLines.capture, 'intel_iommu=on nr_cpus=1 reset_devices');
    assert.deepEqual(consoles.first.lines.at(-2), 'DMAR: IOMMU enabled');
    // The log is whole where the serial port was not.
    assert.deepEqual([consoles.capture.lines, consoles.capture.isLog], [['DMAR: IOMMU enabled'], true]);
  });

  test('a lost line of the memory map: QEMU\'s memory stands in for it', () => {
    const { memoryMap } = captureOf({ 'serial.log': consoleText.replace('[mem 0x0000000000100000', '[me000100000') });
    assert.deepEqual(memoryMap.memory, [{ first: 0x100000, last: 0x3fefffff }]);
  });

  test('from the capture kernel\'s start to the first read, with what was in flight', () => {
    const handoff = recordedHandoff(captureOf());
    assert.equal(handoff.operations.length, 7);
    assert.deepEqual(handoff.operations[0], { seconds: 1.1, kind: 'write', offset: 24, bytes: 4, value: { low: 0x82000000, high: 0 } });
    assert.equal(handoff.end, 'RIG[kdump] nvme first read done');
    assert.deepEqual(handoff.takenOver.map(bdf), ['00:03.0']);
    assert.deepEqual(handoff.inFlight, []);
    // After the root table is set, what goes through the entries that were copied is in flight.
    const later = operationsText.replace('[1.6,', '[1.55,"w",32,8,792526848]\n[1.6,');
    const image = imageText.replace('"0x525000":{"kind":["root"],"hex":""}',
      `"0x525000":{"hex":"0160520000000000"},"0x526000":{"hex":"${'0'.repeat(16 * 48)}01205300000000000103000000000000"}`);
    const inFlight = (domain: number): readonly unknown[] => recordedHandoff(captureOf({
      'ops.jsonl': later.replace('0x9000003",3,', `0x9000003",${domain},`), 'snap-2-kdump-start.json': image,
    })).inFlight.map(({ source, pages }) => [bdf(source), pages]);
    assert.deepEqual(inFlight(3), [['00:03.0', [0xffff5]]]);
    assert.deepEqual(inFlight(5), []);
  });

  test('devices where they are put, and where QEMU puts them', () => {
    const devices = (options: string): readonly string[] =>
      captureOf({ 'cmdline.txt': commandLineText.replace('-device nvme,drive=d,addr=3', options) }).machine.devices
        .filter(({ type }) => !/^(mch|ICH9|ich9)/.test(type)).map(({ source, type }) => `${bdf(source)} ${type}`);
    assert.deepEqual(devices('-device e1000e,addr=04.0 -device nvme,drive="a,,b"'), ['00:01.0 nvme', '00:04.0 e1000e']);
    assert.deepEqual(devices('-device ide-hd,drive=d,bus=ide.2'), []);
    assert.deepEqual(devices('-device ahci,id=a,addr=0x5.0x1'), ['00:05.1 ahci']);
    assert.deepEqual(devices('-device pcie-root-port,id=rp,addr=2 -device nvme,drive=d,bus=rp'), ['00:02.0 pcie-root-port']);
  });

  test('devices behind a bridge, where the kernels find them', () => {
    const found = `1.5 [    0.9] pci 0000:01:00.0: [1b36:0010] type 00 class 0x010802
1.5 [    0.9] pci 0000:00:03.0: [1234:5678] type 00 class 0x030000
1.5 [    0.9] pci 0000:02:00.0: [8086:10d3] type 00 class 0x020000
2.000000 [    9.0`;
    const { machine } = captureOf({ 'serial.log': consoleText.replace('2.000000 [    9.0', found) });
    assert.deepEqual(machine.devices.slice(1).map(({ source, type }) => `${bdf(source)} ${type}`), ['00:03.0 nvme',
      '00:1f.0 ICH9-LPC', '00:1f.2 ich9-ahci', '00:1f.3 ICH9-SMB', '01:00.0 nvme', '02:00.0 e1000e']);
  });

  test('scalable mode, by what the unit was told', () => {
    assert.equal(usesScalableMode(captureOf()), false);
    assert.equal(usesScalableMode(captureOf({ 'ops.jsonl': `${operationsText}\n[3,"w",32,8,5395456]` })), true);
    assert.equal(usesScalableMode(captureOf({ 'snap-2-kdump-start.json': imageText.replace('0x525000"', '0x525400"') })), true);
  });

  test('just before the crash will do for a snapshot', () => {
    const image = imageText.replace('kdump-start', 'precrash');
    assert.equal(captureOf({ 'snap-2-kdump-start.json': null, 'snap-1-precrash.json': image }).image.name, 'precrash');
    assert.equal(captureOf({ 'snap-1-precrash.json': image }).image.name, 'kdump-start');
  });
});

describe('what is wrong with a capture', () => {
  test('files that are not there, all of them at once', () => {
    assert.deepEqual(problemsOf({ 'cmdline.txt': null, 'serial.log': null, 'ops.jsonl': null, 'snap-2-kdump-start.json': null }), [
      'cmdline.txt there is no such file in the folder, packed or plain',
      'serial.log there is no such file in the folder, packed or plain',
      'ops.jsonl there is no such file in the folder, packed or plain',
      'snap-N-kdump-start.json there is no snapshot of the capture kernel\'s start, nor one of just before the crash (snap-N-precrash.json)',
    ]);
  });

  test('command lines', () => {
    const line = (text: string): readonly string[] => problemsOf({ 'cmdline.txt': text });
    assert.deepEqual(line(''), ['cmdline.txt has no command line of QEMU (a line behind its heading)']);
    assert.deepEqual(line(commandLineText.replace('first kernel:', 'kernel:')),
      ['cmdline.txt has no command line of the first kernel (a line behind its heading)']);
    assert.deepEqual(line(commandLineText.replace('intel_iommu=on nr_cpus', '\u001b[2Jnr_cpus')),
      ['cmdline.txt:8 the command line of the capture kernel has characters that no kernel is given']);
    assert.deepEqual(line(commandLineText.replace('intel_iommu=on nr_cpus', 'x'.repeat(2049))),
      ['cmdline.txt:8 the command line of the capture kernel is too long']);
    assert.deepEqual(line(commandLineText.replace("crashkernel=256M'", 'crashkernel=256M')), ['cmdline.txt:2 a quote is not closed']);
    assert.deepEqual(line(`${commandLineText}${' '.repeat(65536)}`), ['cmdline.txt has more than 65536 characters']);
  });

  test('machines that are not known', () => {
    const machine = (find: string, replacement: string): readonly string[] =>
      problemsOf({ 'cmdline.txt': commandLineText.replace(find, replacement) });
    assert.deepEqual(machine('-machine q35', '-machine virt'), ["cmdline.txt the machine is not QEMU's q35: no other is known here"]);
    assert.deepEqual(machine('-device intel-iommu', '-device amd-iommu'), ['cmdline.txt the machine has no `-device intel-iommu`']);
    assert.deepEqual(machine('intremap=on', 'aw-bits=57'), ['cmdline.txt the option aw-bits of the unit is neither 39 nor 48']);
    assert.deepEqual(machine('-m 1G', '-m much'), ['cmdline.txt the size of memory (`-m`) is not understood']);
    assert.deepEqual(machine('-m 1G', '-m 999999T'), ['cmdline.txt the size of memory (`-m`) is not one that a kernel boots with']);
    assert.deepEqual(machine('addr=3', 'addr=1f'), ['cmdline.txt two devices have one address']);
  });

  test('consoles of one kernel or none, and nothing set apart', () => {
    assert.deepEqual(problemsOf({ 'serial.log': 'x' }), ['serial.log has no line `Linux version`: no kernel is heard of']);
    assert.deepEqual(problemsOf({ 'serial.log': consoleText.split('2.000000')[0] ?? '' }),
      ['serial.log has one line `Linux version` only: no capture kernel is heard of']);
    assert.deepEqual(problemsOf({ 'serial.log': consoleText.replace('Reserving', 'Reser') }),
      ['serial.log the first kernel does not say where it reserves memory for the capture kernel']);
    assert.deepEqual(problemsOf({ 'serial.log': consoleText.replace('at 752MB', 'at 7520MB') }),
      ["serial.log the memory for the capture kernel is not in the machine's memory"]);
  });

  test('operations, with their line', () => {
    const operation = (line: string): readonly string[] => problemsOf({ 'ops.jsonl': `[0,"m","x"]\n${line}` });
    assert.deepEqual(operation('[1,"w",24,4,'), ['ops.jsonl:2 not JSON']);
    assert.deepEqual(operation('{"w":1}'), ['ops.jsonl:2 the line is not a list']);
    assert.deepEqual(operation('["1","w",24,4,0]'), ['ops.jsonl:2 the time is not a number']);
    assert.deepEqual(operation('[1,"w",25,4,0]'), ['ops.jsonl:2 the write is not of an aligned dword or qword']);
    assert.deepEqual(operation('[1,"w",5000,4,0]'), ['ops.jsonl:2 the offset is not a whole number from 0 to 4092']);
    assert.deepEqual(operation('[1,"w",24,4,1.5]'), ['ops.jsonl:2 the value is not a whole number from 0 to 9007199254740991']);
    assert.deepEqual(operation('[1,"d","0x1"]'), ['ops.jsonl:2 the high half is not a string']);
    assert.deepEqual(operation('[1,"d","1","0x0"]'), ['ops.jsonl:2 the low half is not a word in hexadecimal']);
    assert.deepEqual(operation('[1,"c","00:20.0","0x1","0x1"]'), ['ops.jsonl:2 the source is not bus:device.function']);
    assert.deepEqual(operation('[1,"x","00:03.0","0x1","0x1",70000,"hit"]'), ['ops.jsonl:2 the domain id is not a whole number from 0 to 65535']);
    assert.deepEqual(operation(`[1,"m","${'x'.repeat(4097)}"]`), ['ops.jsonl:2 the mark has more than 4096 characters']);
    assert.deepEqual(operation('['.repeat(100_000)), ['ops.jsonl:2 not JSON']);
    // A deep line that is JSON is a list of no known kind of operation.
    assert.deepEqual(operation(`${'['.repeat(10_000)}${']'.repeat(10_000)}`), ['ops.jsonl:2 the time is not a number']);
  });

  test('a snapshot that is none', () => {
    assert.deepEqual(problemsOf({ 'snap-2-kdump-start.json': '{}' }), ['snap-2-kdump-start.json regs is not an object']);
    assert.deepEqual(problemsOf({ 'snap-2-kdump-start.json': imageText.slice(0, 99) }), ['snap-2-kdump-start.json not JSON']);
  });
});
