/** Configuration space of PCI devices (drivers/pci/pci.c, pci-driver.c): who may put requests on the bus. */
import { and32, offsetBy, or32, type Address } from '../../base/word.ts';
import { readl, routine, writel } from './bus.ts';
import type { PciDevice } from './firmware.ts';
import type { Kernel } from './kernel.ts';
import type { Routine } from './operation.ts';

const PCI_COMMAND = 0x04;
const PCI_COMMAND_MASTER = 0x04;
/** Bridge Control of the port above the device, the upper half of its dword. */
const PORT_BRIDGE_CONTROL = 0x3c;
const PCI_BRIDGE_CTL_BUS_RESET = 0x0040_0000;

function at(device: PciDevice, register: number): Address {
  return offsetBy(device.config, register);
}

/** `pci_set_master`. */
export function* pciSetMaster(device: PciDevice): Routine<void> {
  const command = yield* readl(at(device, PCI_COMMAND));
  if (and32(command, PCI_COMMAND_MASTER) !== 0) return;
  yield* writel(at(device, PCI_COMMAND), or32(command, PCI_COMMAND_MASTER));
}

/** `device_shutdown` under kexec: `pci_device_shutdown` clears Bus Master of every device, the last one first. */
export function* deviceShutdown(kernel: Kernel): Routine<void> {
  for (const device of [...kernel.settings.devices].reverse()) {
    yield* routine('pci_device_shutdown', device.name, () => pciClearMaster(device));
  }
}

/** `pci_clear_master`. */
function* pciClearMaster(device: PciDevice): Routine<void> {
  const command = yield* readl(at(device, PCI_COMMAND));
  yield* writel(at(device, PCI_COMMAND), and32(command, 0xffff_ffff - PCI_COMMAND_MASTER));
}

/**
 * "Reset PCIe devices to address DMA problem on kdump with iommu" (Takao Indoh, 2012): with reset_devices a hot
 * reset of whatever is below each downstream port.
 */
export function* resetEndpoints(kernel: Kernel): Routine<void> {
  if (!kernel.commandLine.has('reset_devices')) return;
  for (const device of kernel.settings.devices) {
    yield* routine('reset_pcie_devices', device.name, () => hotReset(device));
  }
}

function* hotReset(device: PciDevice): Routine<void> {
  yield* writel(at(device, PORT_BRIDGE_CONTROL), PCI_BRIDGE_CTL_BUS_RESET);
  yield* writel(at(device, PORT_BRIDGE_CONTROL), 0);
}
