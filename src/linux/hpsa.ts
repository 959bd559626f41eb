/**
 * The Smart Array driver (drivers/scsi/hpsa.c, 3.4.16-0, as in 4.9): what it does to its controller at
 * the probe of a capture kernel, up to the point where the controller answers commands.
 */
import { and32, bytesOf, offsetBy, wordOf, type Address } from '../base/word.ts';
import { clear, printk, readl, routine, store32, waitFor, writel } from './bus.ts';
import { intelMapSingle, intelUnmap, type LazyUnmaps, type Mapping } from './dma-ops.ts';
import type { PciDevice } from './firmware.ts';
import type { Kernel } from './kernel.ts';
import { pciName } from './messages.ts';
import type { Routine } from './operation.ts';

/** SA5 register offsets and values (hpsa_cmd.h). */
const SA5 = {
  DOORBELL: 0x20, REPLY_INTR_MASK: 0x34, REQUEST_PORT: 0x40, REPLY_PORT: 0x44, SCRATCHPAD: 0xb0,
} as const;
const SA5_INTR_OFF = 0x08;
const DOORBELL_CTLR_RESET2 = 0x20;
const HPSA_FIRMWARE_READY = 0xffff0000;
/** The low bits of a reply that are not part of the tag. */
const HPSA_SIMPLE_ERROR_BITS = 0x03;

const second = 1_000_000_000;
const doorbellDelayNs = 10 * second;
const HPSA_POST_RESET_PAUSE_NS = 3 * second;
const boardReadyTimeoutNs = 120 * second;
const HPSA_POST_RESET_NOOP_RETRIES = 12;
const HPSA_MSG_SEND_RETRY_LIMIT = 10;
const HPSA_MSG_SEND_RETRY_INTERVAL_NS = 10 * second;

const commandListBytes = 52;
const inquiryBytes = 64;

/** What the driver's probes share. */
export interface HpsaDriver {
  /** number_of_controllers: those that got through their reset. */
  numberOfControllers: number;
}

/** `hpsa_init_one` of a capture kernel; returns whether the controller came up. */
export function* hpsaInitOne(
  kernel: Kernel, driver: HpsaDriver, device: PciDevice, lazy: LazyUnmaps, dmaMaskBits: number,
): Routine<boolean> {
  return yield* routine('hpsa_init_one', device.name, function* () {
    if (driver.numberOfControllers === 0) yield* printk('HP HPSA Driver (v 3.4.16-0)');
    if (!(yield* hpsaInitResetDevices(kernel, device, lazy, dmaMaskBits))) return false;
    const host = driver.numberOfControllers;
    driver.numberOfControllers += 1;
    if (!(yield* hpsaHbaInquiry(kernel, device, lazy, dmaMaskBits))) return false;
    yield* printk(`scsi host${host}: hpsa`);
    return true;
  });
}

/** `hpsa_init_reset_devices`: only with reset_devices on the command line. */
function* hpsaInitResetDevices(
  kernel: Kernel, device: PciDevice, lazy: LazyUnmaps, dmaMaskBits: number,
): Routine<boolean> {
  if (!kernel.hasOption('reset_devices')) return true;
  return yield* routine('hpsa_init_reset_devices', device.name, function* () {
    yield* writel(offsetBy(device.bar.first, SA5.REPLY_INTR_MASK), SA5_INTR_OFF);
    if (!(yield* hpsaKdumpHardResetController(kernel, device))) return false;
    yield* printk(`hpsa ${pciName(device.source)}: Waiting for controller to respond to no-op`);
    for (let attempt = 0; attempt < HPSA_POST_RESET_NOOP_RETRIES; attempt += 1) {
      if (yield* hpsaMessage(kernel, device, lazy, dmaMaskBits, 3, 0)) return true;
      const last = attempt === HPSA_POST_RESET_NOOP_RETRIES - 1;
      yield* printk(`hpsa ${pciName(device.source)}: no-op failed${last ? '' : '; re-trying'}`);
    }
    return false;
  });
}

/** `hpsa_kdump_hard_reset_controller` by the doorbell; false when the board did not come back. */
function* hpsaKdumpHardResetController(kernel: Kernel, device: PciDevice): Routine<boolean> {
  const name = `hpsa ${pciName(device.source)}`;
  return yield* routine('hpsa_kdump_hard_reset_controller', device.name, function* () {
    yield* printk(`${name}: using doorbell to reset controller`);
    yield* writel(offsetBy(device.bar.first, SA5.DOORBELL), DOORBELL_CTLR_RESET2);
    yield* kernel.sleep(doorbellDelayNs);
    yield* kernel.sleep(HPSA_POST_RESET_PAUSE_NS);
    const ready = yield* waitFor('the board to become ready', boardReadyTimeoutNs, {
      kind: 'register-equals', address: offsetBy(device.bar.first, SA5.SCRATCHPAD), bytes: 4,
      mask: wordOf(0xffffffff), value: wordOf(HPSA_FIRMWARE_READY),
    });
    yield* printk(ready < 0
      ? `${name}: Failed waiting for board to become ready after hard reset`
      : `${name}: board ready after hard reset.`);
    return ready >= 0;
  });
}

/** dma_alloc_coherent: zeroed memory, mapped for both directions. */
function* allocCoherent(
  kernel: Kernel, device: PciDevice, dmaMaskBits: number,
): Routine<{ physical: Address; mapping: Mapping }> {
  const physical = kernel.pages.allocate();
  yield* clear(physical, 4096);
  const mapping = yield* intelMapSingle(kernel, device, physical, 4096, 'bidirectional', dmaMaskBits);
  return { physical, mapping };
}

function* freeCoherent(
  kernel: Kernel, lazy: LazyUnmaps, physical: Address, mapping: Mapping,
): Routine<void> {
  yield* intelUnmap(kernel, lazy, mapping);
  kernel.pages.free(physical);
}

/** What makes up a CommandList in the layout that the controller fetches (struct CommandList). */
function* writeCommandList(
  physical: Address, bus: number, type: number, cdb: number, data: { address: number; length: number },
): Routine<void> {
  const put = (offset: number, value: number): Routine<void> => store32(offsetBy(physical, offset), value);
  yield* put(0, data.length === 0 ? 0 : 0x00010100);
  yield* put(4, bus);
  yield* put(20, 16 + type * 256);
  yield* put(24, cdb);
  yield* put(40, bus + commandListBytes);
  yield* put(48, 48);
  yield* put(52, data.address);
  yield* put(60, data.length);
}

/**
 * Writes a command's address to the request port and polls the reply port, as `hpsa_message` does: ten
 * times, ten seconds apart.
 */
function* submitAndPoll(kernel: Kernel, device: PciDevice, bus: number): Routine<boolean> {
  yield* writel(offsetBy(device.bar.first, SA5.REQUEST_PORT), bus);
  for (let poll = 0; poll < HPSA_MSG_SEND_RETRY_LIMIT; poll += 1) {
    const tag = yield* readl(offsetBy(device.bar.first, SA5.REPLY_PORT));
    if (tag - and32(tag, HPSA_SIMPLE_ERROR_BITS) === bus) return true;
    yield* kernel.sleep(HPSA_MSG_SEND_RETRY_INTERVAL_NS);
  }
  return false;
}

/** `hpsa_message`: the device's first DMA mapping, and so its handoff. */
function* hpsaMessage(
  kernel: Kernel, device: PciDevice, lazy: LazyUnmaps, dmaMaskBits: number, opcode: number,
  type: number,
): Routine<boolean> {
  const name = `hpsa ${pciName(device.source)}: controller message `
    + `${opcode.toString(16).padStart(2, '0')}:${type.toString(16).padStart(2, '0')}`;
  return yield* routine('hpsa_message', device.name, function* () {
    const { physical, mapping } = yield* allocCoherent(kernel, device, dmaMaskBits);
    const bus = bytesOf(mapping.iova);
    yield* writeCommandList(physical, bus, 1, opcode + type * 256, { address: 0, length: 0 });
    if (!(yield* submitAndPoll(kernel, device, bus))) {
      // The buffer is leaked on purpose: the controller could still complete the command.
      yield* printk(`${name} timed out`);
      return false;
    }
    yield* freeCoherent(kernel, lazy, physical, mapping);
    yield* printk(`${name} succeeded`);
    return true;
  });
}

/** `hpsa_hba_inquiry`: one command with data, the first after the probe's no-op. */
function* hpsaHbaInquiry(
  kernel: Kernel, device: PciDevice, lazy: LazyUnmaps, dmaMaskBits: number,
): Routine<boolean> {
  return yield* routine('hpsa_hba_inquiry', device.name, function* () {
    const command = yield* allocCoherent(kernel, device, dmaMaskBits);
    const data = kernel.pages.allocate();
    yield* clear(data, 4096);
    const mapped = yield* intelMapSingle(kernel, device, data, inquiryBytes, 'from-device', dmaMaskBits);
    const bus = bytesOf(command.mapping.iova);
    const target = { address: bytesOf(mapped.iova), length: inquiryBytes };
    yield* writeCommandList(command.physical, bus, 0, 0x12, target);
    const answered = yield* submitAndPoll(kernel, device, bus);
    yield* intelUnmap(kernel, lazy, mapped);
    yield* freeCoherent(kernel, lazy, command.physical, command.mapping);
    return answered;
  });
}

