/** The capture kernel: takes the unit over, and its drivers take the devices over, one by one. */
import { fail, unreachable } from '../base/assert.ts';
import type { CaptureStatement } from '../scenario/scenario.ts';
import { LazyUnmaps } from './dma-ops.ts';
import { hpsaInitOne, type HpsaDriver } from './hpsa.ts';
import { initDmars } from './init-dmars.ts';
import { Kernel, type KernelSettings } from './kernel.ts';
import type { Routine } from './operation.ts';

export function* captureKernel(
  settings: KernelSettings, statements: readonly CaptureStatement[],
): Routine<void> {
  const kernel = new Kernel(settings);
  yield* initDmars(kernel, true);
  const lazy = new LazyUnmaps(kernel);
  const driver: HpsaDriver = { numberOfControllers: 0 };
  for (const statement of statements) {
    switch (statement.kind) {
      case 'wait':
        yield* kernel.sleep(statement.durationNs);
        break;
      case 'probe': {
        const device = settings.devices.find((known) => known.name === statement.device);
        if (device === undefined) fail(`the scenario was checked: ${statement.device} exists`);
        yield* hpsaInitOne(kernel, driver, device, lazy, statement.dmaMaskBits);
        break;
      }
      default:
        unreachable(statement);
    }
  }
}
