/** Whether a recorded step and one of the model's are the same. */
import { equalWords, field, get, maskOf, without, type Field } from '../../base/word.ts';
import type { Roles } from './roles.ts';
import type { Step } from './step.ts';

/** Parts of registers that an allocator of the kernel's chose: pages, and the CPU's vectors. */
const chosen: ReadonlyMap<string, readonly [kind: string, part: Field]> = new Map([
  ['RTADDR', ['page', field(63, 12)]],
  ['IQA', ['page', field(63, 12)]],
  ['IRTA', ['page', field(63, 12)]],
  ['FEDATA', ['vector', field(7, 0)]],
]);

/** Undefined where the steps agree, or else in what they differ. */
export function stepDifference(recorded: Step, model: Step, roles: Roles): string | undefined {
  if (recorded.kind !== model.kind) return 'another operation';
  if (recorded.waited !== model.waited) return 'one of them is waited for';
  switch (recorded.kind) {
    case 'write': {
      if (model.kind !== 'write' || recorded.register !== model.register) return 'another register';
      if (recorded.bytes !== model.bytes) return `${recorded.bytes * 8} bits, not ${model.bytes * 8}`;
      return valueDifference(recorded, model, roles);
    }
    case 'context': {
      if (model.kind !== 'context' || recorded.selection !== model.selection) return 'another granularity';
      if (recorded.domain !== model.domain) return 'another domain id';
      return recorded.source === model.source && recorded.functionMask === model.functionMask ? undefined : 'another device';
    }
    case 'iotlb': {
      if (model.kind !== 'iotlb' || recorded.selection !== model.selection) return 'another granularity';
      if (recorded.domain !== model.domain) return 'another domain id';
      if (recorded.drains !== model.drains) return 'other drains';
      if (recorded.leafOnly !== model.leafOnly) return 'another invalidation hint';
      if (recorded.order !== model.order) return 'another number of pages';
      return recorded.selection !== 'page' || roles.agree(`IOVA of did ${recorded.domain}`, recorded.page, model.page)
        ? undefined : 'another page than before';
    }
    case 'entries':
    case 'all-entries':
      return undefined;
    case 'descriptor':
      return model.kind === 'descriptor' && equalWords(recorded.low, model.low) && equalWords(recorded.high, model.high)
        ? undefined : 'another descriptor';
  }
}

function valueDifference(
  recorded: Extract<Step, { kind: 'write' }>, model: Extract<Step, { kind: 'write' }>, roles: Roles,
): string | undefined {
  const role = chosen.get(recorded.register);
  if (role === undefined) return equalWords(recorded.value, model.value) ? undefined : 'another value';
  const [kind, part] = role;
  const fixed = maskOf(part);
  if (!equalWords(without(recorded.value, fixed), without(model.value, fixed))) return 'another value beside the address';
  return roles.agree(kind, get(part, recorded.value), get(part, model.value)) ? undefined : 'another address than before';
}
