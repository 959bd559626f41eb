/** Checks of bridges, of source-ids that stand for others, and of devices that a unit names one by one. */

import type { CheckContext } from './check-context.ts';
import { quote } from '../printable.ts';
import type { BridgeDescription } from '../scenario.ts';
import { printSourceId } from '../values.ts';

const lastBus = 0xff;

export function checkTopology(context: CheckContext): void {
  checkBridges(context);
  checkAliases(context);
  checkEndpoints(context);
}

function checkBridges({ scenario, spans, problems }: CheckContext): void {
  const sound: BridgeDescription[] = [];
  for (const bridge of scenario.bridges) {
    const span = spans.ofNode(bridge.buses);
    if (span === null) continue;
    const { first, last } = bridge.buses;
    if (first > last || last > lastBus || first <= Math.floor(bridge.sourceId / 0x100)) {
      problems.report(span, {
        code: 'S100', message: 'these are not the buses below a bridge', label: 'beyond 0xff, or not below it',
        help: 'a bridge on bus 0 has the buses 0x1-0x3 below it, the first of them directly',
      });
      continue;
    }
    const crossing = sound.find((other) => overlaps(other, bridge) && !isInside(other, bridge) && !isInside(bridge, other));
    if (crossing !== undefined) {
      problems.report(span, {
        code: 'S101', message: `one bus is below ${quote(crossing.name)} and below this bridge`,
        label: 'neither is below the other', help: 'buses of bridges nest or are apart',
      });
    }
    sound.push(bridge);
  }
}

function overlaps(left: BridgeDescription, right: BridgeDescription): boolean {
  return left.buses.first <= right.buses.last && right.buses.first <= left.buses.last;
}

/** Whether the inner bridge's buses are a part of the outer one's, with room for the inner bridge itself. */
function isInside(outer: BridgeDescription, inner: BridgeDescription): boolean {
  return inner.buses.first > outer.buses.first && inner.buses.last <= outer.buses.last;
}

function checkAliases({ scenario, spans, problems }: CheckContext): void {
  for (const device of scenario.devices) {
    const span = spans.ofProperty(device, 'alias');
    if (span === null || device.alias === null) continue;
    const other = [...scenario.devices, ...scenario.bridges].find(({ sourceId }) => sourceId === device.alias);
    if (other === undefined) continue;
    problems.report(span, {
      code: 'S102', message: `${printSourceId(device.alias)} is the source id of ${quote(other.name)}`,
      label: 'not free', help: 'an alias is an id that no device or bridge of the scenario has',
    });
  }
}

function checkEndpoints({ scenario, spans, problems, broken }: CheckContext): void {
  const seen = new Set<number>();
  for (const { endpoints } of scenario.units) {
    for (const endpoint of endpoints) {
      const span = spans.ofNode(endpoint);
      if (span === null) continue;
      const { sourceId } = endpoint;
      if (seen.has(sourceId)) {
        problems.report(span, {
          code: 'S103', message: `two units serve ${printSourceId(sourceId)}`, label: 'the second time',
          help: 'name each device in one unit',
        });
      } else if (!broken.has('devices') && !scenario.devices.some((device) => device.sourceId === sourceId)) {
        problems.report(span, {
          code: 'S104', message: `there is no device ${printSourceId(sourceId)}`, label: 'nobody has this source id',
          help: 'describe the device, or leave the line out',
        });
      }
      seen.add(sourceId);
    }
  }
}
