/**
 * The invalidation queue as drivers/iommu/dmar.c uses it (4.9): one descriptor, one wait behind it, and
 * the CPU spins until the unit has written the wait's status word.
 */
import { fail } from '../../base/assert.ts';
import {
  bareHex, isSet, offsetBy, or32, without32, wordOfAddress, type Address, type SourceId,
} from '../../base/word.ts';
import { clear, load64, printk, readl, routine, store32, store64, waitFor, writel, writeq } from '../core/bus.ts';
import {
  DMAR, DMA_FSTS_ICE_BIT, DMA_FSTS_IQE_BIT, DMA_FSTS_ITE_BIT, DMA_GCMD_QIE, DMA_GSTS_QIES, QI_DONE,
  QI_IN_USE, contextDescriptor, interruptDescriptor, iotlbDescriptor, waitDescriptor, type ContextGranularity,
  type Descriptor, type IotlbGranularity,
} from './formats.ts';
import {
  iommuFlushCache, operationTimeoutNs, registerAt, waitStatus, type Iommu, type QueuedInvalidation,
} from './iommu.ts';
import type { Routine } from '../core/operation.ts';

/** QI_LENGTH. */
const queueLength = 256;

/** `dmar_enable_qi`: false when the unit has no queue. */
export function* dmarEnableQi(iommu: Iommu): Routine<boolean> {
  if (!iommu.caps.qis) return false;
  yield* routine('dmar_enable_qi', iommu.name, function* () {
    const descriptors = iommu.newPage();
    yield* clear(descriptors, 4096);
    const status = iommu.newPage();
    yield* clear(status, 4 * queueLength);
    iommu.queue = { descriptors, status, freeHead: 0 };
    yield* writel(registerAt(iommu, DMAR.IQT), 0);
    yield* writeq(registerAt(iommu, DMAR.IQA), wordOfAddress(descriptors));
    iommu.gcmd = or32(iommu.gcmd, DMA_GCMD_QIE);
    yield* writel(registerAt(iommu, DMAR.GCMD), iommu.gcmd);
    yield* waitStatus(iommu, DMAR.GSTS, DMA_GSTS_QIES, true);
  });
  return true;
}

/** `dmar_disable_qi`: lets the unit finish what is queued, then switches the queue off. */
export function* dmarDisableQi(iommu: Iommu): Routine<void> {
  if (!iommu.caps.qis) return;
  yield* routine('dmar_disable_qi', iommu.name, function* () {
    const status = yield* readl(registerAt(iommu, DMAR.GSTS));
    if (!isSet(DMA_GSTS_QIES, { low: status, high: 0 })) return;
    yield* waitFor('pending invalidation requests', operationTimeoutNs, {
      kind: 'registers-agree', left: registerAt(iommu, DMAR.IQT), right: registerAt(iommu, DMAR.IQH),
    });
    iommu.gcmd = without32(iommu.gcmd, DMA_GCMD_QIE);
    yield* writel(registerAt(iommu, DMAR.GCMD), iommu.gcmd);
    yield* waitStatus(iommu, DMAR.GSTS, DMA_GSTS_QIES, false);
  });
}

export function* qiFlushContext(
  iommu: Iommu, domain: number, source: SourceId, type: ContextGranularity,
): Routine<void> {
  const detail = type === 'global' ? 'global' : `device did ${domain}`;
  yield* routine('qi_flush_context', detail, () =>
    qiSubmitSync(iommu, contextDescriptor(type, domain, source)));
}

export function* qiFlushIotlb(
  iommu: Iommu, domain: number, address: Address, order: number, type: IotlbGranularity,
): Routine<void> {
  const detail = type === 'global' ? 'global' : `${type} did ${domain}`;
  yield* routine('qi_flush_iotlb', detail, () =>
    qiSubmitSync(iommu, iotlbDescriptor(type, domain, address, order, iommu.caps)));
}

/** `qi_flush_iec` for one entry of the interrupt-remapping table. */
export function* qiFlushIec(iommu: Iommu, index: number): Routine<void> {
  yield* routine('qi_flush_iec', `index ${index}`, () => qiSubmitSync(iommu, interruptDescriptor(index)));
}

export function* qiGlobalIec(iommu: Iommu): Routine<void> {
  yield* routine('qi_global_iec', iommu.name, () => qiSubmitSync(iommu, interruptDescriptor(null)));
}

/** `qi_submit_sync`. */
function* qiSubmitSync(iommu: Iommu, descriptor: Descriptor): Routine<void> {
  const { queue } = iommu;
  if (queue === null) fail(`${iommu.name} has no queue`);
  const index = queue.freeHead;
  const waitIndex = (index + 1) % queueLength;
  const waitStatusAddress = offsetBy(queue.status, 4 * waitIndex);
  yield* store32(offsetBy(queue.status, 4 * index), QI_IN_USE);
  yield* store32(waitStatusAddress, QI_IN_USE);
  yield* writeDescriptor(iommu, queue, index, descriptor);
  yield* writeDescriptor(iommu, queue, waitIndex, waitDescriptor(waitStatusAddress));
  queue.freeHead = (index + 2) % queueLength;
  yield* writel(registerAt(iommu, DMAR.IQT), queue.freeHead * 16);
  const faults = DMA_FSTS_IQE_BIT + DMA_FSTS_ITE_BIT + DMA_FSTS_ICE_BIT;
  let held = 1;
  // The CPU spins on the status word, for ever if need be, and looks at FSTS each time round.
  while (held === 1) {
    held = yield* waitFor('the wait descriptor', null,
      { kind: 'memory-equals', address: waitStatusAddress, value: QI_DONE },
      { kind: 'register-any', address: registerAt(iommu, DMAR.FSTS), mask: faults });
    if (held === 1 && (yield* qiCheckFault(iommu, queue, index))) return;
  }
}

function* writeDescriptor(
  iommu: Iommu, queue: QueuedInvalidation, index: number, descriptor: Descriptor,
): Routine<void> {
  const address = offsetBy(queue.descriptors, 16 * index);
  yield* store64(address, descriptor.low);
  yield* store64(offsetBy(address, 8), descriptor.high);
  yield* iommuFlushCache(iommu, address, 16);
}

/**
 * `qi_check_fault`: a refused descriptor is overwritten with the wait behind it, so that the queue goes
 * on; true when it was this one. Time-outs of device-TLBs (ITE) cannot come from a unit without them.
 */
function* qiCheckFault(
  iommu: Iommu, queue: QueuedInvalidation, index: number,
): Routine<boolean> {
  const fault = yield* readl(registerAt(iommu, DMAR.FSTS));
  if (or32(fault, DMA_FSTS_IQE_BIT) === fault) {
    const head = (yield* readl(registerAt(iommu, DMAR.IQH))) / 16;
    if (head === index) {
      const address = offsetBy(queue.descriptors, 16 * index);
      const low = yield* load64(address);
      const high = yield* load64(offsetBy(address, 8));
      yield* printk(`${iommu.messages.tablePrefix}VT-d detected invalid descriptor: low=${bareHex(low)}, high=${bareHex(high)}`);
      const following = offsetBy(queue.descriptors, 16 * ((index + 1) % queueLength));
      yield* writeDescriptor(iommu, queue, index, {
        low: yield* load64(following), high: yield* load64(offsetBy(following, 8)),
      });
      yield* writel(registerAt(iommu, DMAR.FSTS), DMA_FSTS_IQE_BIT);
      return true;
    }
  }
  if (or32(fault, DMA_FSTS_ICE_BIT) === fault) {
    yield* writel(registerAt(iommu, DMAR.FSTS), DMA_FSTS_ICE_BIT);
  }
  return false;
}
