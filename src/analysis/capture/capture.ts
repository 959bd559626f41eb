/**
 * A capture of a real handoff: a folder of files, each of which comes from outside and is checked before
 * anything is made of it.
 */
import { readHardwareImage, type HardwareImage } from '../../scenario/image/hardware-image.ts';
import { readCommandLines, type CommandLines } from './command-lines.ts';
import { readConsoles, type Consoles } from './console.ts';
import { readEmulatedMachine, type EmulatedMachine } from './emulated-machine.ts';
import { withFoundDevices } from './found-devices.ts';
import { readMemoryMap, type MemoryMap } from './memory-map.ts';
import { readOperations, type RecordedOperation } from './operations.ts';
import { CaptureFault, type CaptureProblem } from './problem.ts';

export type { CaptureProblem } from './problem.ts';

export interface Capture {
  readonly commandLines: CommandLines;
  readonly machine: EmulatedMachine;
  readonly memoryMap: MemoryMap;
  readonly consoles: Consoles;
  readonly operations: readonly RecordedOperation[];
  /** The hardware when the capture kernel started, or just before the crash. */
  readonly image: HardwareImage;
}

/** A folder as its reader sees it: names without `.gz`, texts unpacked. */
export interface CaptureFolder {
  readonly names: readonly string[];
  readonly read: (name: string) => { readonly text: string } | string;
}

/** Unpacked, of any one file. The largest seen has five. */
export const captureFileBytes = 128 * 1024 * 1024;

/** Snapshots that can be started from, the better one first. */
const startingPoints = ['kdump-start', 'precrash'];

/** Whether a folder of these files is meant as a capture: it has at least one of those that make one. */
export function looksLikeCapture(names: readonly string[]): boolean {
  return names.some((name) => /^(cmdline\.txt|serial\.log|ops\.jsonl|snap-\d{1,3}-[a-z-]+\.json)(\.gz)?$/.test(name));
}

export function readCapture(folder: CaptureFolder): Capture | readonly CaptureProblem[] {
  const problems: CaptureProblem[] = [];
  const part = <Part>(read: () => Part): Part | null => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof CaptureFault)) throw error;
      problems.push(error.problem);
      return null;
    }
  };
  const commandLines = part(() => readCommandLines('cmdline.txt', textOf(folder, 'cmdline.txt')));
  const consoles = part(() => orFault('serial.log', readConsoles(textOf(folder, 'serial.log'))));
  const operations = part(() => readOperations('ops.jsonl', textOf(folder, 'ops.jsonl')));
  const image = part(() => startingImage(folder));
  const machine = commandLines === null ? null : part(() => readEmulatedMachine('cmdline.txt', commandLines.qemu));
  const memoryMap = consoles === null || machine === null ? null
    : part(() => orFault('serial.log', readMemoryMap(consoles.first, machine.memoryBytes)));
  if (commandLines === null || consoles === null || operations === null || image === null || machine === null
    || memoryMap === null) return problems;
  return {
    commandLines, machine: { ...machine, devices: withFoundDevices(machine.devices, consoles) }, memoryMap, consoles, operations, image,
  };
}

function textOf(folder: CaptureFolder, name: string): string {
  if (!folder.names.includes(name)) throw new CaptureFault(name, null, 'there is no such file in the folder, packed or plain');
  const file = folder.read(name);
  if (typeof file === 'string') throw new CaptureFault(name, null, file);
  return file.text;
}

function orFault<Part>(file: string, part: Part | string): Part {
  if (typeof part === 'string') throw new CaptureFault(file, null, part);
  return part;
}

function startingImage(folder: CaptureFolder): HardwareImage {
  for (const point of startingPoints) {
    const name = folder.names.find((each) => new RegExp(`^snap-\\d{1,3}-${point}\\.json$`).test(each));
    if (name !== undefined) return orFault(name, readHardwareImage(textOf(folder, name)));
  }
  throw new CaptureFault('snap-N-kdump-start.json', null,
    'there is no snapshot of the capture kernel\'s start, nor one of just before the crash (snap-N-precrash.json)');
}
