/** The machine's registers by physical address: who answers where. */
import type { Owner } from '../base/event.ts';
import { bytesOf, zeroWord, type Address, type Word64 } from '../base/word.ts';
import type { RegisterBus } from './cpu.ts';

/** Somebody with registers: a unit, a device, a device's second window. */
export interface RegisterTarget {
  readonly name: string;
  read(offset: number, bytes: 4 | 8, cause: number): Word64;
  /** `kernel`: which one is running, and so asks for whatever the write sets off. */
  write(offset: number, bytes: 4 | 8, value: Word64, kernel: Owner, cause: number): void;
  registerName(offset: number): string;
}

export interface RegisterWindow {
  readonly first: number;
  readonly last: number;
  readonly target: RegisterTarget;
}

/** Where windows overlap, the first one answers. What nobody answers reads as zero. */
export class AddressMap implements RegisterBus {
  readonly #windows: readonly RegisterWindow[];

  constructor(windows: readonly RegisterWindow[]) {
    this.#windows = windows;
  }

  read(address: Address, bytes: 4 | 8, cause: number): Word64 {
    const window = this.#windowAt(address);
    return window === undefined ? zeroWord : window.target.read(bytesOf(address) - window.first, bytes, cause);
  }

  write(address: Address, bytes: 4 | 8, value: Word64, kernel: Owner, cause: number): void {
    const window = this.#windowAt(address);
    window?.target.write(bytesOf(address) - window.first, bytes, value, kernel, cause);
  }

  name(address: Address): { readonly target: string; readonly register: string; readonly offset: number } {
    const window = this.#windowAt(address);
    if (window === undefined) return { target: 'nobody', register: 'nothing', offset: bytesOf(address) };
    const offset = bytesOf(address) - window.first;
    return { target: window.target.name, register: window.target.registerName(offset), offset };
  }

  #windowAt(address: Address): RegisterWindow | undefined {
    const at = bytesOf(address);
    return this.#windows.find(({ first, last }) => at >= first && at <= last);
  }
}
