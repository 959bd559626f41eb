/** The capture kernel: takes the unit over, and its drivers take the devices over, one by one. */
import { unreachable } from '../base/assert.ts';
import type { CaptureStatement } from '../scenario/scenario.ts';
import { Kernel, type KernelSettings } from './core/kernel.ts';
import type { Routine } from './core/operation.ts';
import { Drivers } from './drivers/drivers.ts';
import { resetEndpoints } from './core/pci.ts';
import { quirkUsbEarlyHandoff } from './drivers/usb.ts';
import { intelIommuInit } from './iommu/init-dmars.ts';

export function* captureKernel(
  settings: KernelSettings, statements: readonly CaptureStatement[],
): Routine<void> {
  const kernel = new Kernel(settings);
  yield* kernel.begin();
  if (kernel.release.resetsEndpointsFirst) yield* resetEndpoints(kernel);
  yield* quirkUsbEarlyHandoff(kernel);
  yield* intelIommuInit(kernel);
  const drivers = new Drivers(kernel);
  for (const statement of statements) {
    switch (statement.kind) {
      case 'wait':
        yield* kernel.sleep(statement.durationNs);
        break;
      case 'probe':
        yield* drivers.probe(statement);
        break;
      case 'submit':
        yield* drivers.submit(statement);
        break;
      default:
        unreachable(statement);
    }
  }
}
