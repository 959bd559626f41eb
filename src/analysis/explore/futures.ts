/**
 * What may still be touched from each entry on: by it, and by everything that comes after it. Entries of
 * one region come after each other.
 */
import type { CellBits } from './bits.ts';
import type { Entry } from './knowledge.ts';

/** Entries that lead to each other, taken as one. */
interface Group {
  readonly entries: Entry[];
  own: CellBits | null;
  future: CellBits | null;
  readonly next: Set<Group>;
  /** For Tarjan's algorithm: when it was found, and the earliest group that it leads back to. */
  index: number;
  low: number;
  onStack: boolean;
}

export function futuresOf(
  byActor: readonly (readonly Entry[])[], owns: ReadonlyMap<Entry, CellBits | null>,
): ReadonlyMap<Entry, CellBits | null> {
  const groups = groupsOf(byActor, owns);
  const order: Group[] = [];
  for (const group of groups) if (group.index < 0) visit(group, order);
  return new Map(groups.flatMap(({ entries, future }) => entries.map((entry) => [entry, future] as const)));
}

function groupsOf(
  byActor: readonly (readonly Entry[])[], owns: ReadonlyMap<Entry, CellBits | null>,
): readonly Group[] {
  const groupOf = new Map<Entry, Group>();
  const groups: Group[] = [];
  for (const entries of byActor) {
    const regions = new Map<number, Group>();
    for (const entry of entries) {
      let group = regions.get(entry.region);
      if (group === undefined) {
        group = { entries: [], own: null, future: null, next: new Set(), index: -1, low: -1, onStack: false };
        regions.set(entry.region, group);
        groups.push(group);
      }
      group.entries.push(entry);
      group.own = joined(group.own, owns.get(entry) ?? null);
      groupOf.set(entry, group);
    }
  }
  for (const [entry, group] of groupOf) {
    for (const next of entry.next) {
      const other = groupOf.get(next);
      if (other !== undefined && other !== group) group.next.add(other);
    }
  }
  return groups;
}

/** Tarjan's strongly connected components, without recursion: ways are thousands of entries long. */
function visit(root: Group, order: Group[]): void {
  const stack: Group[] = [];
  const path: { readonly group: Group; readonly rest: Iterator<Group> }[] = [];
  const open = (group: Group): void => {
    group.index = order.length;
    group.low = order.length;
    group.onStack = true;
    order.push(group);
    stack.push(group);
    path.push({ group, rest: group.next.values() });
  };
  open(root);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const { group, rest } = top;
    const step = rest.next();
    if (step.done !== true) {
      const other = step.value;
      if (other.index < 0) open(other);
      else if (other.onStack) group.low = Math.min(group.low, other.index);
      continue;
    }
    path.pop();
    const parent = path.at(-1)?.group;
    if (parent !== undefined) parent.low = Math.min(parent.low, group.low);
    if (group.low === group.index) close(group, stack);
  }
}

/** A component is complete: all of it has one future. */
function close(root: Group, stack: Group[]): void {
  const members = stack.splice(stack.indexOf(root));
  let future: CellBits | null = null;
  for (const { own, next } of members) {
    future = joined(future, own);
    for (const other of next) future = joined(future, other.future);
  }
  for (const member of members) {
    member.future = future;
    member.onStack = false;
  }
}

/** Shares what it can: nearly all entries of a kernel have the future of the next. */
export function joined(left: CellBits | null, right: CellBits | null): CellBits | null {
  if (left === null || right === null) return left ?? right;
  if (left.includes(right)) return left;
  if (right.includes(left)) return right;
  const sum = left.copy();
  sum.join(right);
  return sum;
}
