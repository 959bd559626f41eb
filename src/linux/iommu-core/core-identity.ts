/**
 * The identity domain of 5.3 and later, `si_domain` (drivers/iommu/intel/iommu.c): pass-through where every unit
 * has it, else a table in which all memory is mapped to itself. It has an id of its own at each unit.
 */
import { beyondModel } from '../../base/assert.ts';
import { addressOf, frameNumber, frameOf } from '../../base/word.ts';
import { routine } from '../core/bus.ts';
import type { PciDevice } from '../core/firmware.ts';
import type { Routine } from '../core/operation.ts';
import { AnchoredIova } from '../iova/anchored-iova.ts';
import { mapDirectly, type Region } from './direct-mapping.ts';
import type { Domain } from '../iommu/dmar-domain.ts';
import type { IntelIommu } from '../iommu/intel-iommu.ts';
import { allocTablePage, type Iommu } from '../iommu/iommu.ts';

/** FLPT_DEFAULT_DID. */
const FLPT_DEFAULT_DID = 1;
/** 16 GiB: a table for more would be most of a run. */
const framesMost = 2 ** 22;

export class CoreIdentity {
  readonly #driver: IntelIommu;
  readonly #domains = new Map<Iommu, Domain>();

  constructor(driver: IntelIommu) {
    this.#driver = driver;
  }

  * at(iommu: Iommu, device: PciDevice): Routine<Domain> {
    const known = this.#domains.get(iommu);
    if (known !== undefined) return known;
    const hardware = this.#driver.iommus.every(({ caps }) => caps.passThrough);
    const [first] = this.#domains.values();
    const domain: Domain = {
      iommu, device, iova: new AnchoredIova(), isIdentity: true, translation: hardware ? 'pass-through' : 'multi-level',
      agaw: iommu.agaw, pgd: hardware ? addressOf(0) : first?.pgd ?? (yield* allocTablePage(iommu)),
      addressBits: iommu.caps.mgaw,
      did: this.#driver.kernel.release.identityId === 'fixed' ? FLPT_DEFAULT_DID : 0,
    };
    this.#domains.set(iommu, domain);
    if (!hardware && first === undefined) yield* this.#mapAllMemory(domain);
    return domain;
  }

  /** `si_domain_init` without pass-through: the memory of this kernel, and every reserved region. */
  * #mapAllMemory(domain: Domain): Routine<void> {
    const { kernel, reservedRegions } = this.#driver;
    const regions: readonly Region[] = [...kernel.settings.memory, ...reservedRegions];
    const frames = regions.reduce((sum, { first, last }) => sum + frameNumber(frameOf(last)) - frameNumber(frameOf(first)), 0);
    if (frames > framesMost) beyondModel('an identity domain in software for so much memory');
    yield* routine('si_domain_init', '', function* () {
      for (const region of regions) yield* mapDirectly(domain, region);
    });
  }
}
