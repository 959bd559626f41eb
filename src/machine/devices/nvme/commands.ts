/**
 * Commands of an NVMe controller (NVM Express base specification 1.4): submission entries, and what each
 * admin command moves and answers, for the controller that QEMU 7.2 emulates (hw/nvme).
 */
import { and32 } from '../../../base/word.ts';

export const submissionBytes = 64;
export const completionBytes = 16;

/** A submission queue entry, as far as it is looked at. */
export interface NvmeCommand {
  readonly opcode: number;
  readonly id: number;
  readonly prp1: number;
  readonly prp2: number;
  readonly dword10: number;
  readonly dword11: number;
  readonly dword12: number;
}

export function decodeCommand(entry: Uint8Array): NvmeCommand {
  const view = new DataView(entry.buffer, entry.byteOffset, entry.byteLength);
  const dword = (index: number): number => view.getUint32(4 * index, true);
  const address = (index: number): number => (dword(index + 1) % 0x10_0000) * 0x1_0000_0000 + dword(index);
  return {
    opcode: and32(dword(0), 0xff), id: Math.floor(dword(0) / 0x1_0000), prp1: address(6), prp2: address(8),
    dword10: dword(10), dword11: dword(11), dword12: dword(12),
  };
}

export const ADMIN = {
  deleteSubmissionQueue: 0x00, createSubmissionQueue: 0x01, getLogPage: 0x02, deleteCompletionQueue: 0x04,
  createCompletionQueue: 0x05, identify: 0x06, abort: 0x08, setFeatures: 0x09, asyncEvent: 0x0c,
  doorbellBufferConfig: 0x7c,
} as const;
export const IO = { flush: 0x00, write: 0x01, read: 0x02 } as const;

const FEATURE = { numberOfQueues: 0x07, timestamp: 0x0e, hostBehaviour: 0x16 } as const;
const IDENTIFY_CONTROLLER = 0x01;
const identifyBytes = 4096;
const sectorBytes = 512;

export interface Transfer {
  readonly access: 'read' | 'write';
  readonly bytes: number;
  readonly purpose: string;
}

/** What a command of the admin queue moves; null: nothing. */
export function adminTransfer({ opcode, dword10, dword11 }: NvmeCommand): Transfer | null {
  switch (opcode) {
    case ADMIN.identify:
      return { access: 'write', bytes: identifyBytes, purpose: 'identify data' };
    case ADMIN.getLogPage: {
      const count = Math.floor(dword10 / 0x1_0000) + and32(dword11, 0xffff) * 0x1_0000;
      return { access: 'write', bytes: Math.min(4 * (count + 1), identifyBytes), purpose: 'log page' };
    }
    case ADMIN.setFeatures: {
      const feature = and32(dword10, 0xff);
      if (feature === FEATURE.timestamp) return { access: 'read', bytes: 8, purpose: 'feature data' };
      if (feature === FEATURE.hostBehaviour) return { access: 'read', bytes: 512, purpose: 'feature data' };
      return null;
    }
    default:
      return null;
  }
}

export function ioTransfer({ opcode, dword12 }: NvmeCommand): Transfer | null {
  const bytes = (and32(dword12, 0xffff) + 1) * sectorBytes;
  if (opcode === IO.read) return { access: 'write', bytes, purpose: 'disk data' };
  if (opcode === IO.write) return { access: 'read', bytes, purpose: 'disk data' };
  return null;
}

/** Dword 0 of the completion: only the number of queues that were granted says anything. */
export function adminResult({ opcode, dword10, dword11 }: NvmeCommand): number {
  return opcode === ADMIN.setFeatures && and32(dword10, 0xff) === FEATURE.numberOfQueues ? dword11 : 0;
}

const opcodeNames: ReadonlyMap<number, string> = new Map([
  [ADMIN.createSubmissionQueue, 'create submission queue'], [ADMIN.getLogPage, 'get log page'],
  [ADMIN.createCompletionQueue, 'create completion queue'], [ADMIN.identify, 'identify'],
  [ADMIN.deleteSubmissionQueue, 'delete submission queue'], [ADMIN.deleteCompletionQueue, 'delete completion queue'],
  [ADMIN.abort, 'abort'], [ADMIN.setFeatures, 'set features'], [ADMIN.asyncEvent, 'asynchronous event request'],
  [ADMIN.doorbellBufferConfig, 'doorbell buffer config'],
]);
const ioNames: ReadonlyMap<number, string> = new Map([[IO.flush, 'flush'], [IO.write, 'write'], [IO.read, 'read']]);

export function commandText({ opcode, id, dword10 }: NvmeCommand, isAdmin: boolean): string {
  const name = (isAdmin ? opcodeNames : ioNames).get(opcode) ?? `opcode 0x${opcode.toString(16)}`;
  const sector = !isAdmin && opcode !== IO.flush ? `, sector ${dword10}` : '';
  return `${name} (command ${id}${sector})`;
}

/** Fields of the identify data that a driver acts on. */
const CONTROLLER = {
  MDTS: 77, CTRATT: 96, CNTRLTYPE: 111, OACS: 256, LPA: 261, SQES: 512, CQES: 513, NN: 516, ONCS: 520,
} as const;

/** As hw/nvme/ctrl.c fills it in: doorbell buffers, command effects, SMART, timestamps, extended formats. */
function identifyController(): Uint8Array {
  const data = new Uint8Array(identifyBytes);
  const view = new DataView(data.buffer);
  view.setUint16(0, 0x1b36, true);
  view.setUint8(CONTROLLER.MDTS, 7);
  view.setUint32(CONTROLLER.CTRATT, 0x8000, true);
  view.setUint8(CONTROLLER.CNTRLTYPE, 1);
  view.setUint16(CONTROLLER.OACS, 0x10a, true);
  view.setUint8(CONTROLLER.LPA, 0x07);
  view.setUint8(CONTROLLER.SQES, 0x66);
  view.setUint8(CONTROLLER.CQES, 0x44);
  view.setUint32(CONTROLLER.NN, 256, true);
  view.setUint16(CONTROLLER.ONCS, 0x15d, true);
  return data;
}

/** What an admin command that writes to memory writes. */
export function adminData({ opcode, dword10 }: NvmeCommand, bytes: number): Uint8Array {
  const isController = opcode === ADMIN.identify && and32(dword10, 0xff) === IDENTIFY_CONTROLLER;
  if (isController) return identifyController();
  const data = new Uint8Array(bytes);
  // One namespace, number 1, in every list and descriptor.
  if (bytes > 0) data[0] = 1;
  return data;
}

export function dwordOf(data: Uint8Array): number {
  return new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(0, true);
}

export function dwordBytes(value: number): Uint8Array {
  const data = new Uint8Array(4);
  new DataView(data.buffer).setUint32(0, value, true);
  return data;
}
