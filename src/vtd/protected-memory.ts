/**
 * The protected memory regions (specification 11.4.8, PMEN and its base and limit registers): physical ranges that DMA must not
 * reach. A blocked request is not logged. The unit's own accesses are exempt.
 */
import { and32, frameNumber, isSet, or32, toBigInt, type Frame } from '../base/word.ts';
import { LATCHED, type UnitCore } from './core.ts';
import { PMEN } from './registers.ts';

/** Regions begin and end at multiples of a mebibyte. */
const frameOfRegion = 256;

export class ProtectedMemory {
  readonly #core: UnitCore;

  constructor(core: UnitCore) {
    this.#core = core;
  }

  /** PRS follows EPM. */
  follow(): void {
    const { registers, latched } = this.#core;
    const control = registers.value('PMEN').low;
    const enabled = isSet(PMEN.EPM, { low: control, high: 0 });
    const without = and32(control, 0xffff_fffe);
    registers.setValue('PMEN', { low: enabled ? or32(without, PMEN.PRS.lowMask) : without, high: 0 });
    latched.set(LATCHED.protectedOn, enabled ? 1 : 0);
  }

  /** Whether a request that comes out at `target` is blocked. */
  blocks(target: Frame, remapped: boolean): boolean {
    const { latched, choices } = this.#core;
    if (latched.get(LATCHED.protectedOn) === 0) return false;
    if (remapped && choices['protected-memory-with-translation'] === 'remapped-passes') return false;
    return this.#contains('PLMBASE', 'PLMLIMIT', target) || this.#contains('PHMBASE', 'PHMLIMIT', target);
  }

  /** Low bits of the base count as zeros, those of the limit as ones; a limit below disables. */
  #contains(base: string, limit: string, target: Frame): boolean {
    const { registers } = this.#core;
    const first = this.#mebibyte(toBigInt(registers.value(base)));
    const last = this.#mebibyte(toBigInt(registers.value(limit)));
    const here = Math.floor(frameNumber(target) / frameOfRegion);
    return last > 0 && here >= first && here <= last;
  }

  #mebibyte(address: bigint): number {
    return Number(address / 0x10_0000n);
  }
}
