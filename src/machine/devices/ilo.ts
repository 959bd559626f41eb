/**
 * The management function of an iLO (103c:3307, HP Gen8): it reads the reserved regions that it shares
 * with the firmware, one line of 64 bytes of each in turn, from power-on for ever. That it does so is
 * known from DMAR faults of such machines ([DMA Read] 01:00.2 at f4000, December 2019); how often is not.
 */
import { noCause } from '../../base/event.ts';
import { digest } from '../../base/hash.ts';
import type { Device } from './device.ts';
import { JobEngine, type Step } from './job-engine.ts';
import { OutstandingDma } from './outstanding-dma.ts';
import type { Activity } from './reset-line.ts';
import type { DeviceSettings, Surroundings } from './settings.ts';

const lineBytes = 64;
const defaultPaceNs = 1_000_000_000;

interface Round {
  readonly region: number;
  readonly isRead: boolean;
}

export class IloFunction implements Device {
  readonly name: string;
  readonly activities: readonly Activity[];
  readonly outstanding: OutstandingDma;

  constructor(settings: DeviceSettings, surroundings: Surroundings) {
    this.name = settings.name;
    this.outstanding = new OutstandingDma(settings, surroundings, 'iLO shared page ');
    const { reservedRegions, paceNs } = settings;
    const delayNs = paceNs ?? defaultPaceNs;
    const next = ({ region, isRead }: Round): Step<Round> => {
      if (isRead) return { kind: 'delay', delayNs, job: { region: (region + 1) % reservedRegions.length, isRead: false } };
      const address = reservedRegions[region]?.first ?? 0;
      return {
        kind: 'dma', job: { region, isRead: true },
        part: { access: 'read', address, length: lineBytes, data: null, purpose: 'shared page' },
      };
    };
    const engine = new JobEngine<Round>(settings, surroundings, 1,
      { next, weigh: ({ region, isRead }) => digest([region, isRead ? 1 : 0]) });
    this.activities = [engine, this.outstanding];
    if (reservedRegions.length > 0) engine.start({ region: 0, isRead: false }, delayNs, 'crashed', noCause);
  }

  /** Its registers are a mailbox for hpilo, which no crash kernel loads. */
  readRegister(): number {
    return 0;
  }

  writeRegister(): void {
    // Nobody asks it anything.
  }

  registerName(): string {
    return 'mailbox';
  }
}
