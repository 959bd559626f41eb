/** The firmware's DMAR table as a kernel takes it in (drivers/iommu/intel/dmar.c). */
import { printk } from '../core/bus.ts';
import type { Routine } from '../core/operation.ts';
import { drhdLine, hostAddressWidthLine, rmrrLine } from './driver-messages.ts';
import type { IntelIommu } from './intel-iommu.ts';
import { allocIommu } from './iommu.ts';

/** `dmar_table_init`, once a kernel: `parse_dmar_table` prints the firmware's table and looks at each unit. */
export function* dmarTableInit(driver: IntelIommu): Routine<void> {
  if (driver.iommus.length > 0) return;
  const { release, settings: { firmware }, pages } = driver.kernel;
  const prefix = driver.messages.tablePrefix;
  yield* printk(hostAddressWidthLine(prefix, firmware.hostAddressWidth));
  for (const [index, unit] of firmware.units.entries()) {
    yield* printk(drhdLine(prefix, unit.base, unit.buses === null && unit.endpoints.length === 0 && !unit.isListed));
    driver.iommus.push(yield* allocIommu(index, unit.base, release, () => pages.allocate()));
  }
  for (const { first, last } of firmware.reservedRegions) yield* printk(rmrrLine(prefix, first, last));
}
