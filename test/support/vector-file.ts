/** Small vector files, written as the recorder writes them, and what becomes of their one case. */
import assert from 'node:assert/strict';
import { conformCase, type CaseResult } from '../../src/analysis/conform.ts';
import { readVectors, type VectorFile } from '../../src/analysis/vectors.ts';

export const registersAtReset = { VER: '0x10', CAP: '0xd2008c22260206', ECAP: '0xf42' };

/** A file of one case. */
export function fileWith(
  steps: readonly object[], quirks: readonly object[] = [], registers: object = {}, options: object = {},
): VectorFile | string {
  return readVectors(JSON.stringify({
    format: 'dmar-vectors/1', family: 'own', options: { 'aw-bits': 39, ...options },
    registersAtReset: { ...registersAtReset, ...registers },
    cases: [{ id: 'own/1', about: 'a case', steps, quirks }],
  }));
}

export function only(file: VectorFile | string, profile: 'qemu' | 'specification' = 'qemu'): CaseResult {
  if (typeof file === 'string') assert.fail(file);
  const [vector] = file.cases;
  assert.ok(vector !== undefined);
  return conformCase(file, vector, profile);
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

export function registerWrite(offset: number, width: 32 | 64, value: bigint): object {
  return { op: 'reg.write', offset: hex(BigInt(offset)), width, value: hex(value) };
}

export function registerRead(offset: number, width: 32 | 64, value: bigint): object {
  return { op: 'reg.read', offset: hex(BigInt(offset)), width, value: hex(value) };
}

/** Words in memory, as the CPU writes them. */
export function memoryWrite(address: number, ...words: readonly bigint[]): object {
  return { op: 'mem.write', address: hex(BigInt(address)), hex: littleEndian(words) };
}

export function memoryRead(address: number, ...words: readonly bigint[]): object {
  return { op: 'mem.read', address: hex(BigInt(address)), length: 8 * words.length, hex: littleEndian(words) };
}

/** A DMA of four bytes by 00:04.0. */
export function dma(
  access: 'read' | 'write', address: bigint, outcome: 'ok' | 'blocked' | 'interrupt' | 'abort',
): object {
  const compareData = false;
  return { op: 'dma', source: '00:04.0', access, address: hex(address), length: 4, hex: '00000000', compareData, outcome };
}

function littleEndian(words: readonly bigint[]): string {
  const bytes = new DataView(new ArrayBuffer(8 * words.length));
  words.forEach((value, index) => bytes.setBigUint64(8 * index, value, true));
  return [...new Uint8Array(bytes.buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
