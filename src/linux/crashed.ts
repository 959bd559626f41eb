/** The crashed kernel's life: it boots, its drivers map and use memory, it panics. */
import { fail, unreachable } from '../base/assert.ts';
import { word } from '../base/word.ts';
import type { CrashedStatement, DmaEnd } from '../scenario/scenario.ts';
import { store64 } from './core/bus.ts';
import { dmaMapSingle, dmaUnmapSingle } from './core/dma-api.ts';
import type { DmaMapping } from './core/dma-ops.ts';
import { Kernel, type KernelSettings } from './core/kernel.ts';
import type { Routine } from './core/operation.ts';
import { Drivers } from './drivers/drivers.ts';
import { deviceShutdown } from './core/pci.ts';
import { startOutstandingDma, type OutstandingDma } from './drivers/outstanding-dma.ts';
import { quirkUsbEarlyHandoff } from './drivers/usb.ts';
import { intelIommuInit } from './iommu/init-dmars.ts';
import type { IntelIommu } from './iommu/intel-iommu.ts';
import { intelIommuShutdown, vtdCrashShutdown } from './iommu/shutdown.ts';

/** A running system's drivers have set 64-bit masks. */
const dmaMaskBits = 64;
/** "CRASHED!" in memory order, so that a dump shows whose page it is. */
const pageMark = word(0x21444548_53415243n);

/** The end of an outstanding command, as the device is told it. */
export function endOf(until: DmaEnd): Pick<OutstandingDma, 'count' | 'afterPanicNs'> {
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
  yield* kernel.begin();
  yield* quirkUsbEarlyHandoff(kernel);
  const driver = yield* intelIommuInit(kernel);
  const drivers = new Drivers(kernel);
  const buffers = new Map<string, DmaMapping>();
  for (const statement of statements) {
    if (statement.kind === 'panic') break;
    yield* carryOut(kernel, drivers, buffers, statement);
  }
  yield* leave(kernel, driver);
}

/** The way from the last statement to the next kernel. */
function* leave(kernel: Kernel, driver: IntelIommu): Routine<void> {
  switch (kernel.release.atCrash) {
    case 'nothing':
      // native_machine_crash_shutdown leaves unit, devices and bus mastering as they are.
      return;
    case 'flush-and-off':
      return yield* vtdCrashShutdown(driver);
    case 'orderly':
      yield* deviceShutdown(kernel);
      return yield* intelIommuShutdown(driver);
  }
}

function bufferNamed(buffers: Map<string, DmaMapping>, name: string): DmaMapping {
  const buffer = buffers.get(name);
  if (buffer === undefined) fail(`the scenario was checked: ${name} is mapped here`);
  return buffer;
}

function* carryOut(
  kernel: Kernel, drivers: Drivers, buffers: Map<string, DmaMapping>,
  statement: Exclude<CrashedStatement, { kind: 'panic' }>,
): Routine<void> {
  switch (statement.kind) {
    case 'map': {
      const device = kernel.deviceNamed(statement.device);
      const { bytes, direction } = statement;
      const physical = kernel.pages.allocateContiguous(Math.ceil(bytes / 4096));
      yield* store64(physical, pageMark);
      kernel.setDmaMask(device, dmaMaskBits);
      buffers.set(statement.buffer, yield* dmaMapSingle(kernel, device, physical, bytes, direction));
      return;
    }
    case 'unmap':
      yield* dmaUnmapSingle(kernel, bufferNamed(buffers, statement.buffer));
      buffers.delete(statement.buffer);
      return;
    case 'dma': {
      const { access, periodNs } = statement;
      yield* startOutstandingDma(bufferNamed(buffers, statement.buffer),
        { access, periodNs, ...endOf(statement.until) });
      return;
    }
    case 'probe':
      return yield* drivers.probe(statement);
    case 'submit':
      return yield* drivers.submit(statement);
    case 'wait':
      yield* kernel.sleep(statement.durationNs);
      return;
    case 'buffer':
      return fail('the scenario was checked: only an image has buffers that nobody maps');
    default:
      return unreachable(statement);
  }
}
