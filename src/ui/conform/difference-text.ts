/** What differs between the record and the model, field by field. */
import { unreachable } from '../../base/assert.ts';
import type { Difference } from '../../analysis/conform.ts';
import { hex, toBigInt, wideHex, type Word64 } from '../../base/word.ts';

function fieldValue(bits: Word64, lowBit: number): string {
  return `0x${(toBigInt(bits) / 2n ** BigInt(lowBit)).toString(16)}`;
}

function hexBytes(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** A few bytes around the first one that differs. */
function byteLines(expected: Uint8Array, got: Uint8Array, what: string): readonly string[] {
  const first = expected.findIndex((byte, index) => byte !== got[index]);
  const start = Math.floor(Math.max(first, 0) / 16) * 16;
  return [
    `     ${what}, first difference at +0x${Math.max(first, 0).toString(16)}; from +0x${start.toString(16)}:`,
    `     recorded ${hexBytes(expected.subarray(start, start + 16))}`,
    `     model    ${hexBytes(got.subarray(start, start + 16))}`,
  ];
}

export function differenceLines(difference: Difference): readonly string[] {
  switch (difference.kind) {
    case 'register': {
      const { register, expected, got, fields } = difference;
      return [
        `     ${register} recorded ${wideHex(expected)}, model ${wideHex(got)}`,
        ...fields.map(({ name, highBit, lowBit, expected: left, got: right }) =>
          `       ${name} (${highBit === lowBit ? highBit : `${highBit}:${lowBit}`}) recorded `
          + `${fieldValue(left, lowBit)}, model ${fieldValue(right, lowBit)}`),
      ];
    }
    case 'memory':
      return difference.got === null ? [`     memory at ${hex(difference.address)} does not answer`]
        : byteLines(difference.expected, difference.got, `memory at ${hex(difference.address)}`);
    case 'outcome':
      return [`     the DMA recorded ${difference.expected}, model ${difference.got}`];
    case 'data':
      return byteLines(difference.expected, difference.got, 'data read');
    default:
      return unreachable(difference);
  }
}
