/** What a CPU polls for: a word of memory, or registers of the machine. */
import { unreachable } from '../base/assert.ts';
import { noCause, type Owner } from '../base/event.ts';
import type { PhysicalMemory } from '../base/memory.ts';
import { and, and32, equalWords, type Address, type Word64 } from '../base/word.ts';
import type { Condition } from '../linux/core/operation.ts';

/** Registers of the machine by physical address. */
export interface RegisterBus {
  read(address: Address, bytes: 4 | 8, cause: number): Word64;
  write(address: Address, bytes: 4 | 8, value: Word64, kernel: Owner, cause: number): void;
  name(address: Address): { readonly target: string; readonly register: string; readonly offset: number };
}

export function holds(condition: Condition, memory: PhysicalMemory, bus: RegisterBus): boolean {
  switch (condition.kind) {
    case 'memory-equals':
      return memory.read32(condition.address) === condition.value;
    case 'register-equals': {
      const { address, bytes, mask, value } = condition;
      return equalWords(and(bus.read(address, bytes, noCause), mask), value);
    }
    case 'register-any':
      return and32(bus.read(condition.address, 4, noCause).low, condition.mask) !== 0;
    case 'registers-agree':
      return bus.read(condition.left, 4, noCause).low === bus.read(condition.right, 4, noCause).low;
    default:
      return unreachable(condition);
  }
}
