/**
 * A crashed kernel of which an image is left: its tables stand in memory, its unit is set up, its devices
 * go on with what it gave them to do. Nothing of it runs any more but the clock.
 */
import { fail, unreachable } from '../base/assert.ts';
import { addressOf } from '../base/word.ts';
import type { CrashedStatement } from '../scenario/scenario.ts';
import { endOf } from './crashed.ts';
import type { DmaMapping } from './core/dma-ops.ts';
import type { PciDevice } from './core/firmware.ts';
import type { Routine } from './core/operation.ts';
import { startOutstandingDma } from './drivers/outstanding-dma.ts';

export function* crashedImage(
  devices: readonly PciDevice[], statements: readonly CrashedStatement[],
): Routine<void> {
  const buffers = new Map<string, DmaMapping>();
  for (const statement of statements) {
    switch (statement.kind) {
      case 'buffer': {
        const device = devices.find(({ name }) => name === statement.device);
        if (device === undefined) fail(`the scenario was checked: ${statement.device} exists`);
        buffers.set(statement.buffer, { device, address: addressOf(statement.address), bytes: statement.bytes });
        break;
      }
      case 'dma': {
        const buffer = buffers.get(statement.buffer);
        if (buffer === undefined) fail(`the scenario was checked: ${statement.buffer} is named before`);
        const { access, periodNs, until } = statement;
        yield* startOutstandingDma(buffer, { access, periodNs, ...endOf(until) });
        break;
      }
      case 'wait':
        // Its interrupts find nobody.
        yield { kind: 'sleep', durationNs: statement.durationNs };
        break;
      case 'panic':
        return;
      case 'map':
      case 'unmap':
      case 'probe':
      case 'submit':
        return fail('the scenario was checked: an image maps nothing more');
      default:
        return unreachable(statement);
    }
  }
}
