/** How the driver flushes: by the queue where the unit has one, else by registers (4.9). */
import { beyondModel } from '../../base/assert.ts';
import {
  addressOf, frameNumber, frameOf, maskOf, orderOf, powerOfTwo, zeroWord, type Address, type Field,
  type SourceId,
} from '../../base/word.ts';
import { routine, waitFor, writeq } from '../core/bus.ts';
import {
  DMAR, DMA_CCMD_ICC, DMA_TLB_IVT, ccmdValue, iotlbValue, ivaValue, type ContextGranularity,
  type IotlbGranularity,
} from './formats.ts';
import { operationTimeoutNs, registerAt, type Iommu } from './iommu.ts';
import type { Routine } from '../core/operation.ts';
import { qiFlushContext, qiFlushIotlb } from './queued-invalidation.ts';

/** For flushes whose granularity needs no address. */
export const noAddress = addressOf(0);

/** `iommu->flush.flush_context`: by the queue where there is one, else by CCMD. */
export function* flushContext(
  iommu: Iommu, domain: number, source: SourceId, type: ContextGranularity,
): Routine<void> {
  if (iommu.queue !== null) return yield* qiFlushContext(iommu, domain, source, type);
  yield* routine('__iommu_flush_context', describeContextFlush(domain, type), function* () {
    yield* writeq(registerAt(iommu, DMAR.CCMD), ccmdValue(type, domain, source));
    yield* waitQword(iommu, DMAR.CCMD, DMA_CCMD_ICC);
  });
}

/** `iommu->flush.flush_iotlb`; `address` and `order` count for page granularity alone. */
export function* flushIotlb(
  iommu: Iommu, domain: number, address: Address, order: number, type: IotlbGranularity,
): Routine<void> {
  if (iommu.queue !== null) return yield* qiFlushIotlb(iommu, domain, address, order, type);
  const offset = iommu.caps.iotlbOffset;
  yield* routine('__iommu_flush_iotlb', `${type} did ${domain}`, function* () {
    if (type === 'page') yield* writeq(registerAt(iommu, offset), ivaValue(address, order));
    yield* writeq(registerAt(iommu, offset + 8), iotlbValue(type, domain, iommu.caps));
    yield* waitQword(iommu, offset + 8, DMA_TLB_IVT);
  });
}

function describeContextFlush(domain: number, type: ContextGranularity): string {
  return type === 'global' ? 'global' : `device did ${domain}`;
}

function* waitQword(iommu: Iommu, offset: number, part: Field): Routine<void> {
  const held = yield* waitFor(`${iommu.name} invalidation`, operationTimeoutNs, {
    kind: 'register-equals', address: registerAt(iommu, offset), bytes: 8, mask: maskOf(part),
    value: zeroWord,
  });
  if (held < 0) beyondModel('what follows a panic (DMAR hardware is malfunctioning)');
}

/**
 * `iommu_flush_iotlb_psi`: one page-selective flush that covers the range, or the whole domain where
 * the unit cannot select pages or not so many.
 */
export function* iommuFlushIotlbPsi(
  iommu: Iommu, domain: number, first: Address, pages: number,
): Routine<void> {
  const order = coveringOrder(frameNumber(frameOf(first)), pages);
  if (!iommu.caps.pgselInv || order > iommu.caps.maxAmaskVal) {
    return yield* flushIotlb(iommu, domain, noAddress, 0, 'domain');
  }
  yield* flushIotlb(iommu, domain, first, order, 'page');
}

/**
 * The order of the aligned block around a range: wider than its size where the range is not aligned to it
 * (`shared_bits`, 5.18; before, ranges were aligned).
 */
function coveringOrder(first: number, pages: number): number {
  let order = orderOf(pages);
  while (Math.floor(first / powerOfTwo(order)) !== Math.floor((first + pages - 1) / powerOfTwo(order))) order += 1;
  return order;
}
