/** `domain_context_clear_one`: a device leaves its domain (drivers/iommu/intel-iommu.c, 3.9 to 5.7; intel/iommu.c). */
import { unreachable } from '../../base/assert.ts';
import { bdf, offsetBy, sourceIdOf, zeroWord, type Address, type SourceId } from '../../base/word.ts';
import { routine, store64 } from '../core/bus.ts';
import type { Routine } from '../core/operation.ts';
import { iommuContextAddr, loadContext } from './context-entry.ts';
import { flushContext, flushIotlb, noAddress } from './flush.ts';
import { contextClearPresent, contextDomainId, contextEntryBytes, type ContextEntry } from './formats.ts';
import type { IntelIommu } from './intel-iommu.ts';
import { iommuFlushCache, type Iommu } from './iommu.ts';

export function* domainContextClearOne(driver: IntelIommu, iommu: Iommu, source: SourceId): Routine<void> {
  yield* routine('domain_context_clear_one', bdf(source), function* () {
    const place = yield* iommuContextAddr(iommu, source);
    const entry = yield* loadContext(place);
    const { teardown } = driver.kernel.release;
    switch (teardown) {
      case 'clear-then-global':
        yield* clearEntry(iommu, place);
        yield* flushContext(iommu, 0, sourceIdOf(0), 'global');
        return yield* flushIotlb(iommu, 0, noAddress, 0, 'global');
      case 'clear-then-flush':
        yield* clearEntry(iommu, place);
        return yield* flushByEntry(iommu, source, entry);
      case 'present-first':
        yield* store64(place, contextClearPresent(entry.low));
        yield* iommuFlushCache(iommu, place, contextEntryBytes);
        yield* flushByEntry(iommu, source, entry);
        return yield* clearEntry(iommu, place);
      default: return unreachable(teardown);
    }
  });
}

function* clearEntry(iommu: Iommu, place: Address): Routine<void> {
  yield* store64(place, zeroWord);
  yield* store64(offsetBy(place, 8), zeroWord);
  yield* iommuFlushCache(iommu, place, contextEntryBytes);
}

function* flushByEntry(iommu: Iommu, source: SourceId, entry: ContextEntry): Routine<void> {
  const did = contextDomainId(entry);
  yield* flushContext(iommu, did, source, 'device');
  yield* flushIotlb(iommu, did, noAddress, 0, 'domain');
}
