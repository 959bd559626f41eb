/**
 * The admin commands of a probe (drivers/nvme/host/core.c, 6.1), with the pages that each maps:
 * `nvme_init_ctrl_finish`, `nvme_hwmon_init`, and what a scan of the one namespace asks.
 */
import { load64, printk } from '../../core/bus.ts';
import type { Direction } from '../../core/dma-ops.ts';
import type { Routine } from '../../core/operation.ts';
import { bit, isSet, offsetBy, type Address } from '../../../base/word.ts';
import type { Answer, NvmeDevice } from './controller.ts';

export const ADMIN = {
  CREATE_SQ: 0x01, GET_LOG_PAGE: 0x02, CREATE_CQ: 0x05, IDENTIFY: 0x06, SET_FEATURES: 0x09, ASYNC_EVENT: 0x0c,
  DBBUF: 0x7c,
} as const;

const CNS = { NS: 0x00, CTRL: 0x01, NS_ACTIVE_LIST: 0x02, NS_DESC_LIST: 0x03, CS_NS: 0x05, CS_CTRL: 0x06 } as const;
const FEATURE = { NUM_QUEUES: 0x07, ASYNC_EVENT: 0x0b, TIMESTAMP: 0x0e, HOST_BEHAVIOR: 0x16 } as const;
const LOG = { SMART: 0x02, CMD_EFFECTS: 0x05 } as const;
const pageBytes = 4096;
const allNamespaces = 0xffffffff;

/** What the identify data says of optional commands. */
export interface Abilities {
  readonly doorbellBuffers: boolean;
  readonly commandEffects: boolean;
  readonly timestamp: boolean;
  readonly extendedFormats: boolean;
}

/** A data structure that lives for one command. */
function* withPage<Result>(device: NvmeDevice, body: (page: Address) => Routine<Result>): Routine<Result> {
  const { pages } = device.kernel;
  const page = pages.allocate();
  const result = yield* body(page);
  pages.free(page);
  return result;
}

function data(physical: Address, bytes: number, direction: Direction) {
  return { physical, bytes, direction };
}

function* identify(device: NvmeDevice, what: string, cns: number, namespace: number, page: Address): Routine<Answer> {
  return yield* device.adminCommand(what, {
    opcode: ADMIN.IDENTIFY, namespace, dwords: new Map([[10, cns]]), data: data(page, pageBytes, 'from-device'),
  });
}

/** `nvme_identify_ctrl`: what follows depends on what it brings. */
export function* nvmeIdentifyCtrl(device: NvmeDevice): Routine<Abilities | Answer> {
  return yield* withPage(device, function* (page): Routine<Abilities | Answer> {
    const answer = yield* identify(device, 'identify controller', CNS.CTRL, 0, page);
    if (answer.error !== 0) {
      yield* printk(`${device.name}: Identify Controller failed (${answer.error})`);
      return answer;
    }
    const attributes = yield* load64(offsetBy(page, 96));
    const oacs = yield* load64(offsetBy(page, 256));
    const oncs = yield* load64(offsetBy(page, 520));
    return {
      doorbellBuffers: isSet(bit(8), oacs), commandEffects: isSet(bit(41), oacs),
      timestamp: isSet(bit(6), oncs), extendedFormats: isSet(bit(15), attributes),
    };
  });
}

function* logPage(device: NvmeDevice, what: string, log: number, bytes: number, page: Address): Routine<Answer> {
  return yield* device.adminCommand(what, {
    opcode: ADMIN.GET_LOG_PAGE, namespace: allNamespaces, dwords: new Map([[10, log + (bytes / 4 - 1) * 0x1_0000]]),
    data: data(page, bytes, 'from-device'),
  });
}

function* setFeature(device: NvmeDevice, what: string, feature: number, value: number, bytes = 0): Routine<Answer> {
  const dwords = new Map([[10, feature], [11, value]]);
  if (bytes === 0) return yield* device.adminCommand(what, { opcode: ADMIN.SET_FEATURES, dwords });
  return yield* withPage(device, (page) => device.adminCommand(what,
    { opcode: ADMIN.SET_FEATURES, dwords, data: data(page, bytes, 'to-device') }));
}

/** The rest of `nvme_init_ctrl_finish`: the effects log, timestamp, host behaviour, and the hwmon's SMART log. */
export function* nvmeInitCtrlFinish(device: NvmeDevice, abilities: Abilities): Routine<Answer> {
  let answer: Answer = { error: 0, value: 0 };
  if (abilities.commandEffects) {
    // Kept for as long as the controller is.
    const effects = device.kernel.pages.allocate();
    answer = yield* logPage(device, 'effects log', LOG.CMD_EFFECTS, pageBytes, effects);
    if (answer.error < 0) return answer;
  }
  if (abilities.timestamp) {
    answer = yield* setFeature(device, 'timestamp', FEATURE.TIMESTAMP, 0, 8);
    if (answer.error < 0) return answer;
  }
  if (abilities.extendedFormats) {
    answer = yield* setFeature(device, 'host behavior', FEATURE.HOST_BEHAVIOR, 0, 512);
    if (answer.error < 0) return answer;
  }
  return yield* withPage(device, (page) => logPage(device, 'SMART log', LOG.SMART, 512, page));
}

/** `nvme_set_queue_count`: how many pairs of queues there may be, less one. */
export function* nvmeSetQueueCount(device: NvmeDevice, count: number): Routine<Answer> {
  return yield* setFeature(device, 'number of queues', FEATURE.NUM_QUEUES, (count - 1) * 0x1_0001);
}

/** `nvme_enable_aen` and the request that reports them. */
export function* nvmeEnableAsyncEvents(device: NvmeDevice): Routine<Answer> {
  const answer = yield* setFeature(device, 'async event config', FEATURE.ASYNC_EVENT, 0x900);
  if (answer.error === 0) yield* device.adminCommandNowait({ opcode: ADMIN.ASYNC_EVENT, dwords: new Map() });
  return answer;
}

/** `nvme_scan_work` with one namespace, up to its disk. */
export function* nvmeScan(device: NvmeDevice, abilities: Abilities): Routine<Answer> {
  const steps: readonly (readonly [string, number, number])[] = [
    ['controller limits', CNS.CS_CTRL, 0], ['namespace list', CNS.NS_ACTIVE_LIST, 0],
    ['namespace descriptors', CNS.NS_DESC_LIST, 1], ['namespace', CNS.NS, 1],
  ];
  let answer: Answer = { error: 0, value: 0 };
  for (const [what, cns, namespace] of steps) {
    answer = yield* withPage(device, (page) => identify(device, what, cns, namespace, page));
    if (answer.error < 0) return answer;
  }
  yield* printk(`${device.name}: Ignoring bogus Namespace Identifiers`);
  answer = yield* withPage(device, (page) => identify(device, 'namespace', CNS.NS, 1, page));
  if (answer.error < 0 || !abilities.extendedFormats) return answer;
  return yield* withPage(device, (page) => identify(device, 'command set of the namespace', CNS.CS_NS, 1, page));
}
