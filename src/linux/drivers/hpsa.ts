/**
 * The Smart Array driver (drivers/scsi/hpsa.c, 3.4.16-0, as in 4.9): what it does to its controller at
 * the probe of a capture kernel, up to the point where the controller answers commands.
 */
import { and32, offsetBy, wordOf, type Address } from '../../base/word.ts';
import { clear, printk, readl, routine, store32, waitFor, writel } from '../core/bus.ts';
import {
  busAddress, dmaAllocCoherent, dmaFreeCoherent, dmaMapSingle, dmaUnmapSingle,
} from '../core/dma-api.ts';
import type { PciDevice } from '../core/firmware.ts';
import type { Kernel } from '../core/kernel.ts';
import { pciName } from '../core/print-formats.ts';
import type { Routine } from '../core/operation.ts';
import type { ProbeOrder } from '../../scenario/scenario.ts';
import type { PciDriver } from './driver.ts';

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

export class HpsaDriver implements PciDriver {
  readonly #kernel: Kernel;
  /** number_of_controllers: those that got through their reset. */
  #numberOfControllers = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** `hpsa_init_one` of a capture kernel. */
  * probe(device: PciDevice, order: ProbeOrder): Routine<void> {
    const kernel = this.#kernel;
    const isFirst = this.#numberOfControllers === 0;
    const host = this.#numberOfControllers;
    this.#numberOfControllers += (yield* routine('hpsa_init_one', device.name, function* () {
      if (isFirst) yield* printk('HP HPSA Driver (v 3.4.16-0)');
      // No kernel maps first; a command that the reset then forgets shows what that would do.
      if (order === 'map-then-reset') yield* dmaAllocCoherent(kernel, device, 4096);
      if (!(yield* hpsaInitResetDevices(kernel, device))) return 0;
      if (yield* hpsaHbaInquiry(kernel, device)) yield* printk(`scsi host${host}: hpsa`);
      return 1;
    }));
  }
}

/** `hpsa_init_reset_devices`: only with reset_devices on the command line. */
function* hpsaInitResetDevices(kernel: Kernel, device: PciDevice): Routine<boolean> {
  if (!kernel.commandLine.has('reset_devices')) return true;
  return yield* routine('hpsa_init_reset_devices', device.name, function* () {
    yield* writel(offsetBy(device.bar.first, SA5.REPLY_INTR_MASK), SA5_INTR_OFF);
    if (!(yield* hpsaKdumpHardResetController(kernel, device))) return false;
    yield* printk(`hpsa ${pciName(device.source)}: Waiting for controller to respond to no-op`);
    for (let attempt = 0; attempt < HPSA_POST_RESET_NOOP_RETRIES; attempt += 1) {
      if (yield* hpsaMessage(kernel, device, 3, 0)) return true;
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
  kernel: Kernel, device: PciDevice, opcode: number, type: number,
): Routine<boolean> {
  const name = `hpsa ${pciName(device.source)}: controller message `
    + `${opcode.toString(16).padStart(2, '0')}:${type.toString(16).padStart(2, '0')}`;
  return yield* routine('hpsa_message', device.name, function* () {
    const command = yield* dmaAllocCoherent(kernel, device, 4096);
    const bus = busAddress(command.mapping);
    yield* writeCommandList(command.physical, bus, 1, opcode + type * 256, { address: 0, length: 0 });
    if (!(yield* submitAndPoll(kernel, device, bus))) {
      // The buffer is leaked on purpose: the controller could still complete the command.
      yield* printk(`${name} timed out`);
      return false;
    }
    yield* dmaFreeCoherent(kernel, command);
    yield* printk(`${name} succeeded`);
    return true;
  });
}

/** `hpsa_hba_inquiry`: one command with data, the first after the probe's no-op. */
function* hpsaHbaInquiry(kernel: Kernel, device: PciDevice): Routine<boolean> {
  return yield* routine('hpsa_hba_inquiry', device.name, function* () {
    const command = yield* dmaAllocCoherent(kernel, device, 4096);
    const data = kernel.pages.allocate();
    yield* clear(data, 4096);
    const mapped = yield* dmaMapSingle(kernel, device, data, inquiryBytes, 'from-device');
    const bus = busAddress(command.mapping);
    const target = { address: busAddress(mapped), length: inquiryBytes };
    yield* writeCommandList(command.physical, bus, 0, 0x12, target);
    const answered = yield* submitAndPoll(kernel, device, bus);
    yield* dmaUnmapSingle(kernel, mapped);
    yield* dmaFreeCoherent(kernel, command);
    return answered;
  });
}

