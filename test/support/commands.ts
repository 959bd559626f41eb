/** Invalidation commands as raw bits, for the registers (11.4.6) and for the queue (6.5.2). */
import type { UnitDriver } from './unit-driver.ts';

export type Way = 'registers' | 'queue';
export const ways: readonly Way[] = ['registers', 'queue'];

export interface ContextCommand {
  /** 1 global, 2 domain, 3 device. */
  readonly granularity: number;
  readonly domain?: number;
  readonly source?: number;
  readonly functionMask?: number;
}

export interface IotlbCommand {
  /** 1 global, 2 domain, 3 page. */
  readonly granularity: number;
  readonly domain?: number;
  readonly address?: number;
  readonly mask?: number;
  readonly drains?: boolean;
}

/** CCMD: ICC 63, CIRG 62:61, FM 33:32, SID 31:16, DID 15:0. */
export function contextRegister(command: ContextCommand): bigint {
  const { granularity, domain = 0, source = 0, functionMask = 0 } = command;
  return 2n ** 63n + BigInt(granularity) * 2n ** 61n + BigInt(functionMask) * 2n ** 32n
    + BigInt(source) * 2n ** 16n + BigInt(domain);
}

/** Type 1: G 5:4, DID 31:16, SID 47:32, FM 49:48. */
export function contextDescriptor(command: ContextCommand): readonly [bigint, bigint] {
  const { granularity, domain = 0, source = 0, functionMask = 0 } = command;
  return [1n + BigInt(granularity) * 16n + BigInt(domain) * 2n ** 16n + BigInt(source) * 2n ** 32n
    + BigInt(functionMask) * 2n ** 48n, 0n];
}

/** IOTLB: IVT 63, IIRG 61:60, DR 49, DW 48, DID 47:32. */
export function iotlbRegister(command: IotlbCommand): bigint {
  const { granularity, domain = 0, drains = false } = command;
  return 2n ** 63n + BigInt(granularity) * 2n ** 60n + (drains ? 3n * 2n ** 48n : 0n)
    + BigInt(domain) * 2n ** 32n;
}

/** Type 2: G 5:4, DW 6, DR 7, DID 31:16; AM 69:64, IH 70, ADDR 127:76. */
export function iotlbDescriptor(command: IotlbCommand): readonly [bigint, bigint] {
  const { granularity, domain = 0, address = 0, mask = 0, drains = false } = command;
  return [2n + BigInt(granularity) * 16n + (drains ? 0xc0n : 0n) + BigInt(domain) * 2n ** 16n,
    BigInt(address) + BigInt(mask)];
}

/** Type 5: SW 5, status data 63:32; status address 127:66. */
export function waitDescriptor(address: number, data: number): readonly [bigint, bigint] {
  return [0x25n + BigInt(data) * 2n ** 32n, BigInt(address)];
}

export function invalidateContext(driver: UnitDriver, way: Way, command: ContextCommand): void {
  if (way === 'queue') return driver.submit(contextDescriptor(command));
  driver.write64(0x28, contextRegister(command));
  driver.settle();
}

export function invalidateIotlb(driver: UnitDriver, way: Way, command: IotlbCommand): void {
  if (way === 'queue') return driver.submit(iotlbDescriptor(command));
  const { address = 0, mask = 0 } = command;
  driver.write64(driver.iotlbOffset, BigInt(address) + BigInt(mask));
  driver.write64(driver.iotlbOffset + 8, iotlbRegister(command));
  driver.settle();
}
