/** `pci_device_group` (drivers/iommu/iommu.c): which devices cannot be told apart, or reach each other directly. */
import { busOf, devfnOf, sourceIdNumber } from '../../base/word.ts';
import type { PciDevice } from '../core/firmware.ts';

export interface IommuGroup {
  readonly id: number;
  readonly devices: readonly [PciDevice, ...PciDevice[]];
}

/**
 * Groups in the order of their first devices; functions of one device without ACS are one group, and so is what
 * has one alias.
 */
export function iommuGroups(devices: readonly PciDevice[]): readonly IommuGroup[] {
  const sorted = [...devices].sort((left, right) => sourceIdNumber(left.source) - sourceIdNumber(right.source));
  const groups = new Map<string, { id: number; devices: [PciDevice, ...PciDevice[]] }>();
  for (const device of sorted) {
    const alias = device.aliases.at(-1) ?? device.source;
    const slot = `${busOf(alias)}:${Math.floor(devfnOf(alias) / 8)}`;
    const known = groups.get(slot);
    if (known === undefined) groups.set(slot, { id: groups.size, devices: [device] });
    else known.devices.push(device);
  }
  return [...groups.values()];
}
