/**
 * Checks that one thing answers at an address: BARs and reserved regions of devices, the registers of
 * units, memory. Reserved regions lie in memory or beside it, and devices may share one.
 */

import type { CheckContext } from './check-context.ts';
import { pageBytes } from '../limits.ts';
import { printAddress } from '../quantities.ts';
import type { AddressRange } from '../scenario.ts';

interface Occupied {
  readonly what: 'bar' | 'rmrr' | 'the registers of a unit' | 'memory';
  readonly range: AddressRange;
}

/** Reports each BAR and reserved region that shares an address with something before it. */
export function checkDeviceOverlaps({ scenario, spans, problems }: CheckContext): void {
  const occupied: Occupied[] = [
    ...scenario.platform.memory.map((range) => ({ what: 'memory', range }) as const),
    ...scenario.units.map(({ base }) => (
      { what: 'the registers of a unit', range: { first: base, last: base + pageBytes - 1 } }) as const),
  ];
  const ranges = scenario.devices.flatMap(({ bar, reservedRegions }): readonly Occupied[] => [
    ...bar === null ? [] : [{ what: 'bar', range: bar } as const],
    ...reservedRegions.map((range) => ({ what: 'rmrr', range }) as const),
  ]);
  for (const own of ranges) {
    const span = spans.ofNode(own.range);
    const other = occupied.find((earlier) => collide(earlier, own));
    occupied.push(own);
    if (span === null || other === undefined) continue;
    const another = other.what === 'bar' || other.what === 'rmrr' ? `another ${other.what}` : other.what;
    problems.report(span, {
      code: 'S088', message: `this ${own.what} overlaps ${another}`,
      label: `overlaps ${printAddress(other.range.first)}-${printAddress(other.range.last)}`,
      help: other.what === 'rmrr' && own.what === 'rmrr'
        ? 'devices that share a reserved region have all of it in common' : null,
    });
  }
}

function collide(earlier: Occupied, own: Occupied): boolean {
  const [left, right] = [earlier.range, own.range];
  if (left.first > right.last || right.first > left.last) return false;
  // A range that runs backwards was told already.
  if (left.first > left.last || right.first > right.last) return false;
  if (own.what === 'bar') return true;
  if (earlier.what === 'memory') return false;
  return earlier.what !== 'rmrr' || left.first !== right.first || left.last !== right.last;
}
