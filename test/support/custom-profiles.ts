/** Units that no profile of the program describes, by raw capability words. */
import { keepsTheMost } from '../../src/vtd/choices.ts';
import type { UnitProfile } from '../../src/vtd/profiles/profiles.ts';

function profile(name: string, capability: readonly [number, number], extended: number): UnitProfile {
  return {
    name, about: name, version: 0x10, capability: { high: capability[0], low: capability[1] },
    extendedCapability: { low: extended, high: 0 }, choices: keepsTheMost, departures: [],
  };
}

/** SAGAW 39 and 48 bits, no device-TLB, no snoop control, ZLR 0: QEMU with aw-bits=48. */
export const bothWidths = profile('39 and 48 bits', [0x00d2_008c, 0x222f_0606], 0x00f0_0f4a);

/** SAGAW 39, 48 and 57 bits, MGAW 57; otherwise ivy-bridge-ep. */
export const fiveLevels = profile('57 bits', [0x00d2_078c, 0x1078_0e66], 0x00f0_20de);

/** ivy-bridge-ep without large pages (SLLPS 0). */
export const smallPages = profile('4 KiB pages', [0x00d2_0780, 0x106f_0466], 0x00f0_20de);

/** ivy-bridge-ep with 2 MiB pages and without 1 GiB ones (SLLPS 1). */
export const mediumPages = profile('2 MiB pages', [0x00d2_0784, 0x106f_0466], 0x00f0_20de);

/** ivy-bridge-ep with CAP.ESRTPS. */
export const enhancedSetRoot = profile('ESRTPS', [0x80d2_078c, 0x106f_0466], 0x00f0_20de);

/** ivy-bridge-ep without page-selective invalidation (PSI 0). */
export const noPageSelective = profile('PSI 0', [0x00d2_070c, 0x106f_0466], 0x00f0_20de);

/** ivy-bridge-ep whose walks snoop (ECAP.C). */
export const coherent = profile('coherent', [0x00d2_078c, 0x106f_0466], 0x00f0_20df);

/** ivy-bridge-ep without interrupt remapping (ECAP.IR). */
export const noInterruptRemapping = profile('IR 0', [0x00d2_078c, 0x106f_0466], 0x00f0_20d6);

/** ivy-bridge-ep without drains (DWD 0, DRD 0). */
export const noDrain = profile('no drains', [0x0012_078c, 0x106f_0466], 0x00f0_20de);

/** ivy-bridge-ep with a write buffer (CAP.RWBF). */
export const writeBuffer = profile('RWBF', [0x00d2_078c, 0x106f_0476], 0x00f0_20de);
