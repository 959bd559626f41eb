/**
 * The machine that a QEMU command line describes, as far as DMA remapping is concerned: the q35 board with
 * its own functions, and what was plugged in.
 */
import { sourceIdAt, sourceIdNumber, type SourceId } from '../../base/word.ts';
import { CaptureFault } from './problem.ts';

export interface EmulatedDevice {
  readonly source: SourceId;
  /** QEMU's name of the device. */
  readonly type: string;
}

export interface EmulatedMachine {
  readonly memoryBytes: number;
  readonly unit: UnitOptions;
  readonly devices: readonly EmulatedDevice[];
}

export interface UnitOptions {
  /** `aw-bits`: also the host address width in the firmware's DMAR table. */
  readonly addressBits: number;
  readonly scalableMode: boolean;
}

/** What a q35 board has without being asked (QEMU, hw/i386/pc_q35.c). */
const board: readonly EmulatedDevice[] = [
  { source: sourceIdAt(0, 0, 0), type: 'mch' }, { source: sourceIdAt(0, 0x1f, 0), type: 'ICH9-LPC' },
  { source: sourceIdAt(0, 0x1f, 2), type: 'ich9-ahci' }, { source: sourceIdAt(0, 0x1f, 3), type: 'ICH9-SMB' },
];
/** Devices that sit on another bus than PCI. */
const notPci = /^(ide-|scsi-|usb-(?!.*hci)|virtio-serial-port|virtconsole|isa-|throttle|intel-iommu|nvme-ns|nvme-subsys)/;

interface Options {
  readonly type: string;
  readonly values: ReadonlyMap<string, string>;
}

export function readEmulatedMachine(file: string, words: readonly string[]): EmulatedMachine {
  const fault = (message: string): never => {
    throw new CaptureFault(file, null, message);
  };
  const machine = optionsOf(argumentsOf(words, '-machine', '-M')[0] ?? '');
  if (!/^(pc-)?q35/.test(machine.type)) fault('the machine is not QEMU\'s q35: no other is known here');
  const added = argumentsOf(words, '-device').map(optionsOf);
  const iommu = added.find(({ type }) => type === 'intel-iommu');
  if (iommu === undefined) return fault('the machine has no `-device intel-iommu`');
  const plugged = added.filter(({ type }) => !notPci.test(type));
  return { memoryBytes: memoryOf(words, fault), unit: unitOf(iommu.values, fault), devices: placed(plugged, fault) };
}

function argumentsOf(words: readonly string[], ...names: readonly string[]): readonly string[] {
  return words.flatMap((each, index) => (names.includes(each.replace(/^--/, '-')) ? [words[index + 1] ?? ''] : []));
}

/** `TYPE,name=value,…`; a doubled comma stands for one. */
function optionsOf(text: string): Options {
  const [type = '', ...parts] = text.replaceAll(',,', '\u0000').split(',').map((part) => part.replaceAll('\u0000', ','));
  const values = new Map(parts.map((part): [string, string] => {
    const at = part.indexOf('=');
    return at < 0 ? [part, 'on'] : [part.slice(0, at), part.slice(at + 1)];
  }));
  return { type: type.replace(/^(type|driver|id)=/, ''), values };
}

type Fault = (message: string) => never;

function memoryOf(words: readonly string[], fault: Fault): number {
  const text = argumentsOf(words, '-m')[0]?.replace(/^size=/, '').split(',')[0] ?? '128M';
  const match = /^(\d{1,9})([KMGT]?)B?$/i.exec(text);
  if (match === null) return fault('the size of memory (`-m`) is not understood');
  const scale = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40, '': 2 ** 20 }[(match[2] ?? '').toUpperCase()] ?? 1;
  const bytes = Number(match[1]) * scale;
  return bytes >= 2 ** 26 && bytes <= 2 ** 42 ? bytes : fault('the size of memory (`-m`) is not one that a kernel boots with');
}

/** What the options say that no register tells; CAP and ECAP are in the snapshots. */
function unitOf(values: ReadonlyMap<string, string>, fault: Fault): UnitOptions {
  const addressBits = Number(values.get('aw-bits') ?? '39');
  if (addressBits !== 39 && addressBits !== 48) fault('the option aw-bits of the unit is neither 39 nor 48');
  return { addressBits, scalableMode: /^(on|true|yes|1)$/.test(values.get('x-scalable-mode') ?? 'off') };
}

/** With their places: what is said, or the lowest slot of bus 0 that is free, in the order of the command line. */
function placed(plugged: readonly Options[], fault: Fault): readonly EmulatedDevice[] {
  const devices = [...board];
  const taken = new Set(devices.map(({ source }) => source));
  const waiting: string[] = [];
  for (const { type, values } of plugged) {
    // Behind a bridge: the firmware numbers that bus, and the kernels say what they find there.
    if ((values.get('bus') ?? 'pcie.0') !== 'pcie.0') continue;
    const address = values.get('addr');
    if (address === undefined) {
      waiting.push(type);
      continue;
    }
    const match = /^(?:0x)?([0-9a-f]{1,2})(?:\.(?:0x)?([0-7]))?$/i.exec(address);
    const device = match === null ? NaN : parseInt(match[1] ?? '', 16);
    if (!(device < 32)) fault('the address of a device (`addr=`) is not understood');
    const source = sourceIdAt(0, device, Number(match?.[2] ?? 0));
    if (taken.has(source)) fault('two devices have one address');
    taken.add(source);
    devices.push({ source, type });
  }
  for (const type of waiting) {
    const slot = Array.from({ length: 31 }, (_, device) => sourceIdAt(0, device, 0)).find((source) => !taken.has(source));
    if (slot === undefined) return fault('the machine has more devices than slots');
    taken.add(slot);
    devices.push({ source: slot, type });
  }
  return devices.sort((left, right) => sourceIdNumber(left.source) - sourceIdNumber(right.source));
}
