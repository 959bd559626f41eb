/**
 * Kernel routines without a machine: memory and registers are maps, waits are answered from a script,
 * and every operation is kept as a line of text in raw numbers.
 */
import { addressOf, and32, bytesOf, sourceIdOf, type Word64 } from '../../src/base/word.ts';
import type { Domain } from '../../src/linux/iommu/dmar-domain.ts';
import { allocDomain } from '../../src/linux/iommu/domain.ts';
import { IntelIommu } from '../../src/linux/iommu/intel-iommu.ts';
import { allocIommu, type Iommu } from '../../src/linux/iommu/iommu.ts';
import type { PciDevice } from '../../src/linux/core/firmware.ts';
import { Kernel } from '../../src/linux/core/kernel.ts';
import type { Answer, Operation, Routine } from '../../src/linux/core/operation.ts';
import { dmarEnableQi } from '../../src/linux/iommu/queued-invalidation.ts';
import { releaseNamed } from '../../src/linux/releases/releases.ts';

export const unitBase = 0xf4ffe000;
/** Sandy Bridge-EP: 256 domains, 4 levels, 8 fault records at 0x100, page-selective, both drains, queue. */
export const usualCap = 0xd2078c106f0462n;
export const usualEcap = 0xf020fen;

export interface Setup {
  readonly cap?: bigint;
  readonly ecap?: bigint;
  readonly release?: string;
  readonly options?: string;
  readonly isKdump?: boolean;
  /** Switch the invalidation queue on first; else flushes go by registers. */
  readonly queue?: boolean;
  /** The unit has an I/O APIC in its scope. */
  readonly ioapic?: boolean;
}

export class KernelDriver {
  readonly kernel: Kernel;
  readonly driver: IntelIommu;
  readonly iommu: Iommu;
  readonly device: PciDevice;
  readonly operations: string[] = [];
  readonly logged: string[] = [];
  /** Answers to the next waits; then 0, the first condition. */
  readonly waits: number[] = [];
  nowNs = 0;
  /** Called before each register write takes its place. */
  onWrite: (offset: number, value: bigint) => void = () => {};
  readonly #words = new Map<number, number>();

  constructor(setup: Setup = {}) {
    const release = releaseNamed(setup.release ?? 'linux-4.9-rc5');
    if (release === undefined) throw new Error('no such release');
    this.device = {
      name: 'hpsa', source: sourceIdOf(0x0200), aliases: [sourceIdOf(0x0200)], config: addressOf(0xfd800000), model: 'hpsa', isIsaBridge: false,
      bar: { first: addressOf(0xf7f00000), last: addressOf(0xf7ffffff) }, messageTable: addressOf(0xf7f01000),
      outstandingPorts: addressOf(0xfd000000),
    };
    this.kernel = new Kernel({
      release, isKdump: setup.isKdump ?? false, commandLine: setup.options ?? 'intel_iommu=on', devices: [this.device],
      firmware: {
        hostAddressWidth: 46, units: [{ base: addressOf(unitBase), buses: null, endpoints: [], isListed: false, ioapics: setup.ioapic === true ? [{ id: 0, source: sourceIdOf(0xff00) }] : [] }],
        reservedRegions: [],
      },
      config: { dmarDebug: false, svm: true, copiedIds: null },
      platform: { pciWindows: [], x2apic: false },
      memory: [{ first: addressOf(0x1000), last: addressOf(0xff_ffff) }],
      pages: { first: addressOf(0x10_0000), end: addressOf(0x100_0000) },
    });
    this.setRegister(0x08, setup.cap ?? usualCap);
    this.setRegister(0x10, setup.ecap ?? usualEcap);
    this.setRegister(0x00, 0x10n, 4);
    this.iommu = this.run(allocIommu(0, addressOf(unitBase), release, () => this.kernel.pages.allocate()));
    this.driver = new IntelIommu(this.kernel);
    this.driver.iommus.push(this.iommu);
    if (setup.queue === true) this.run(dmarEnableQi(this.iommu));
    this.forget();
  }

  /** A domain with the given id, as `alloc_domain` and `domain_attach_iommu` leave it. */
  domain(id: number): Domain {
    const domain = this.run(allocDomain(this.driver, this.device));
    domain.did = id;
    this.forget();
    return domain;
  }

  forget(): void {
    this.operations.length = 0;
    this.logged.length = 0;
  }

  // --- memory and registers ------------------------------------------------------------------

  peek(address: number): bigint {
    return BigInt(this.#words.get(address + 4) ?? 0) * 2n ** 32n + BigInt(this.#words.get(address) ?? 0);
  }

  poke(address: number, value: bigint, bytes: 4 | 8 = 8): void {
    this.#words.set(address, Number(value % 2n ** 32n));
    if (bytes === 8) this.#words.set(address + 4, Number(value / 2n ** 32n));
  }

  setRegister(offset: number, value: bigint, bytes: 4 | 8 = 8): void {
    this.poke(unitBase + offset, value, bytes);
  }

  // --- running ---------------------------------------------------------------------------------

  run<Result>(routine: Routine<Result>): Result {
    let step = routine.next();
    while (step.done !== true) step = routine.next(this.#answer(step.value));
    return step.value;
  }

  #answer(operation: Operation): Answer {
    this.operations.push(operationText(operation));
    switch (operation.kind) {
      case 'load':
      case 'register-read': {
        const value = this.peek(bytesOf(operation.address));
        const low = Number(value % 2n ** 32n);
        return operation.bytes === 4 ? low : { low, high: Number(value / 2n ** 32n) };
      }
      case 'register-write':
        this.onWrite(bytesOf(operation.address) - unitBase, bigOf(operation.value));
        this.poke(bytesOf(operation.address), bigOf(operation.value), operation.bytes);
        return 0;
      case 'store':
        this.poke(bytesOf(operation.address), bigOf(operation.value), operation.bytes);
        return 0;
      case 'clear':
        for (let at = 0; at < operation.length; at += 4) this.#words.delete(bytesOf(operation.address) + at);
        return 0;
      case 'copy':
        for (let at = 0; at < operation.length; at += 4) {
          this.poke(bytesOf(operation.to) + at, this.peek(bytesOf(operation.from) + at) % 2n ** 32n, 4);
        }
        return 0;
      case 'fill':
        for (let index = 0; index < operation.count; index += 1) {
          this.poke(bytesOf(operation.address) + 8 * index, bigOf(operation.first) + BigInt(4096 * index));
        }
        return 0;
      case 'find': {
        let index = operation.start;
        const has = (entry: number): boolean =>
          and32(Number(this.peek(bytesOf(operation.address) + 16 * entry) % 2n ** 32n), operation.mask) !== 0;
        while (index < operation.count && !has(index)) index += 1;
        return index < operation.count ? index : -1;
      }
      case 'wait': return this.waits.shift() ?? 0;
      case 'clock': return this.nowNs;
      case 'log':
        this.logged.push(operation.text);
        return 0;
      default:
        return 0;
    }
  }
}

function bigOf(value: Word64): bigint {
  return BigInt(value.high) * 2n ** 32n + BigInt(value.low);
}

function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}

/** Registers are named by their offset in the unit's page. */
export function operationText(operation: Operation): string {
  switch (operation.kind) {
    case 'enter': return `{ ${operation.routine}`;
    case 'leave': return `} ${operation.routine}`;
    case 'load': return `load${operation.bytes * 8} ${hex(bytesOf(operation.address))}`;
    case 'store':
      return `store${operation.bytes * 8} ${hex(bytesOf(operation.address))} ${hex(bigOf(operation.value))}`;
    case 'copy': return `copy ${hex(bytesOf(operation.from))} ${operation.length} to ${hex(bytesOf(operation.to))}`;
    case 'fill':
      return `fill ${hex(bytesOf(operation.address))} ${operation.count} from ${hex(bigOf(operation.first))}`;
    case 'find': return `find ${hex(bytesOf(operation.address))} from ${operation.start}`;
    case 'clear':
    case 'write-back': return `${operation.kind} ${hex(bytesOf(operation.address))} ${operation.length}`;
    case 'register-read': return `read${operation.bytes * 8} +${hex(bytesOf(operation.address) - unitBase)}`;
    case 'register-write':
      return `write${operation.bytes * 8} +${hex(bytesOf(operation.address) - unitBase)} ${hex(bigOf(operation.value))}`;
    case 'wait': return `wait ${operation.conditions.map(({ kind }) => kind).join(' ')}`;
    case 'log': return `log ${operation.text}`;
    case 'sleep': return `sleep ${operation.durationNs}`;
    case 'arm-timer': return `arm-timer ${operation.delayNs}`;
    default: return operation.kind;
  }
}
