/** The crashed kernel's life: it boots, its drivers map and use memory, it panics. */
import { fail, unreachable } from '../base/assert.ts';
import type { CrashedStatement, DmaEnd } from '../scenario/scenario.ts';
import { word } from '../base/word.ts';
import { store64 } from './bus.ts';
import { LazyUnmaps, intelMapSingle, intelUnmap, type Mapping } from './dma-ops.ts';
import { initDmars } from './init-dmars.ts';
import type { PciDevice } from './firmware.ts';
import { Kernel, type KernelSettings } from './kernel.ts';
import type { Routine } from './operation.ts';
import { startOutstandingDma, type OutstandingDma } from './outstanding-dma.ts';

/** The controller has a 64-bit mask in a running system. */
const dmaMaskBits = 64;
/** "CRASHED!" in memory order, so that a dump shows whose page it is. */
const pageMark = word(0x21444548_53415243n);

interface Buffer {
  readonly device: PciDevice;
  readonly mapping: Mapping;
  readonly bytes: number;
}

function endOf(until: DmaEnd): Pick<OutstandingDma, 'count' | 'afterPanicNs'> {
  switch (until.kind) {
    case 'reset': return { count: 0, afterPanicNs: null };
    case 'panic': return { count: 0, afterPanicNs: until.afterNs };
    case 'count': return { count: until.count, afterPanicNs: null };
    default: return unreachable(until);
  }
}

export function* crashedKernel(
  settings: KernelSettings, statements: readonly CrashedStatement[],
): Routine<void> {
  const kernel = new Kernel(settings);
  yield* initDmars(kernel, false);
  const lazy = new LazyUnmaps(kernel);
  const buffers = new Map<string, Buffer>();
  for (const statement of statements) {
    if (statement.kind === 'panic') break;
    yield* carryOut(kernel, lazy, buffers, statement);
  }
  // native_machine_crash_shutdown leaves unit, devices and bus mastering as they are.
}

function bufferNamed(buffers: Map<string, Buffer>, name: string): Buffer {
  const buffer = buffers.get(name);
  if (buffer === undefined) fail(`the scenario was checked: ${name} is mapped here`);
  return buffer;
}

function* carryOut(
  kernel: Kernel, lazy: LazyUnmaps, buffers: Map<string, Buffer>,
  statement: Exclude<CrashedStatement, { kind: 'panic' }>,
): Routine<void> {
  switch (statement.kind) {
    case 'map': {
      const device = kernel.settings.devices.find((known) => known.name === statement.device);
      if (device === undefined) fail(`the scenario was checked: ${statement.device} exists`);
      const { bytes, direction } = statement;
      const physical = kernel.pages.allocateContiguous(Math.ceil(bytes / 4096));
      yield* store64(physical, pageMark);
      const mapping = yield* intelMapSingle(kernel, device, physical, bytes, direction, dmaMaskBits);
      buffers.set(statement.buffer, { device, mapping, bytes });
      return;
    }
    case 'unmap':
      yield* intelUnmap(kernel, lazy, bufferNamed(buffers, statement.buffer).mapping);
      buffers.delete(statement.buffer);
      return;
    case 'dma': {
      const { device, mapping, bytes } = bufferNamed(buffers, statement.buffer);
      const { access, periodNs } = statement;
      yield* startOutstandingDma(device, mapping, bytes, { access, periodNs, ...endOf(statement.until) });
      return;
    }
    case 'wait':
      yield* kernel.sleep(statement.durationNs);
      return;
    default:
      return unreachable(statement);
  }
}
