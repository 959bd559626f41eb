/**
 * The PCI functions that the kernels found, by their consoles: what QEMU's command line puts behind a bridge
 * has its place from the firmware.
 */
import { sourceIdNumber, sourceIdOf } from '../../base/word.ts';
import type { Consoles } from './console.ts';
import type { EmulatedDevice } from './emulated-machine.ts';

const foundLine = new RegExp('^pci 0000:([0-9a-f]{2}):([01][0-9a-f])\\.([0-7]): '
  + '\\[([0-9a-f]{4}:[0-9a-f]{4})\\] type 0[01] class 0x([0-9a-f]{6})');

/** QEMU's names, by class or by vendor and device. */
const types: ReadonlyMap<string, string> = new Map([
  ['010802', 'nvme'], ['010601', 'ahci'], ['8086:10d3', 'e1000e'], ['060000', 'mch'], ['060100', 'ICH9-LPC'],
  ['060400', 'pcie-root-port'], ['0c0500', 'ICH9-SMB'],
]);
const deviceLimit = 64;

/** The devices of the command line and the others that were found, by their addresses. */
export function withFoundDevices(devices: readonly EmulatedDevice[], consoles: Consoles): readonly EmulatedDevice[] {
  const all = new Map(devices.map((device) => [sourceIdNumber(device.source), device]));
  for (const line of [...consoles.first.lines, ...consoles.captureSerial]) {
    const match = foundLine.exec(line);
    if (match === null || all.size >= deviceLimit) continue;
    const [, bus = '', device = '', number = '', id = '', kind = ''] = match;
    const source = Number.parseInt(bus, 16) * 256 + Number.parseInt(device, 16) * 8 + Number(number);
    if (all.has(source)) continue;
    all.set(source, { source: sourceIdOf(source), type: types.get(id) ?? types.get(kind) ?? `pci-${kind}` });
  }
  return [...all.values()].sort((left, right) => sourceIdNumber(left.source) - sourceIdNumber(right.source));
}
