/**
 * Which source-ids a device's requests can carry. A conventional PCI bus has no requester-ids: a bridge
 * from it answers for everything behind it, with its own id or, as a PCIe-to-PCI bridge, with the first
 * function of the bus below it (PCI Express to PCI Bridge 1.0, 2.3).
 */

import type { BridgeDescription, DeviceDescription, Scenario, UnitDescription } from './scenario.ts';

const busOf = (sourceId: number): number => Math.floor(sourceId / 0x100);

/** The bridges above a bus, the nearest first. */
export function bridgesAbove({ bridges }: Pick<Scenario, 'bridges'>, bus: number): readonly BridgeDescription[] {
  return bridges.filter(({ buses }) => bus >= buses.first && bus <= buses.last)
    .sort((left, right) => right.buses.first - left.buses.first || left.buses.last - right.buses.last);
}

function aliasOf({ kind, sourceId, buses }: BridgeDescription): number | null {
  switch (kind) {
    case 'pcie': return null;
    case 'pci': return sourceId;
    case 'pcie-to-pci': return buses.first * 0x100;
  }
}

/**
 * In the order of `pci_for_each_dma_alias`: the device's own id, the one that a quirk adds, then those of
 * the bridges above it, upwards.
 */
export function dmaAliases(scenario: Pick<Scenario, 'bridges'>, device: DeviceDescription): readonly number[] {
  const above = bridgesAbove(scenario, busOf(device.sourceId)).map(aliasOf);
  return [device.sourceId, device.alias, ...above].filter((id) => id !== null);
}

/**
 * What a request carries at the unit. Behind a conventional bus it is what the topmost bridge makes of it;
 * a device with a quirk is taken to read with its own id and to write with the other.
 */
export function requesterIds(
  scenario: Pick<Scenario, 'bridges'>, device: DeviceDescription,
): { readonly read: number; readonly write: number } {
  const bridged = bridgesAbove(scenario, busOf(device.sourceId)).map(aliasOf).findLast((id) => id !== null);
  if (bridged !== undefined && bridged !== null) return { read: bridged, write: bridged };
  return { read: device.sourceId, write: device.alias ?? device.sourceId };
}

/** The unit whose scope has the source-id: by name, by its bus, or because nobody else has it. */
export function unitServing(units: readonly UnitDescription[], sourceId: number): number {
  const named = units.findIndex(({ endpoints }) => endpoints.some((endpoint) => endpoint.sourceId === sourceId));
  if (named >= 0) return named;
  const bus = busOf(sourceId);
  return units.findIndex(({ buses, endpoints }) =>
    (buses === null ? endpoints.length === 0 : bus >= buses.first && bus <= buses.last));
}
