/** Files of data, plain or gzipped, that may be anything: bounded before they are read and unpacked. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { systemText } from './system-text.ts';

export interface SizeLimits {
  readonly stored: number;
  readonly unpacked: number;
}

/** The text of the file, or why there is none. */
export function readPackedFile(path: string, limits: SizeLimits): { readonly text: string } | string {
  let bytes: Uint8Array | string;
  try {
    bytes = readWhole(path, limits.stored);
  } catch (error) {
    return systemText(error, 'a file');
  }
  if (typeof bytes === 'string') return bytes;
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!isPacked) return bytes.length > limits.unpacked ? 'is too large' : { text: decode(bytes) };
  try {
    return { text: decode(gunzipSync(bytes, { maxOutputLength: limits.unpacked })) };
  } catch (error) {
    const tooLarge = error instanceof RangeError;
    return tooLarge ? 'is too large unpacked' : 'cannot be unpacked; it may be cut short';
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function readWhole(path: string, most: number): Uint8Array | string {
  // Looked at before it is opened: opening a pipe waits for its writer.
  const status = statSync(path);
  if (status.isDirectory()) return 'is a folder, not a file';
  if (!status.isFile()) return 'is no regular file';
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size > most) return 'is too large';
    const bytes = new Uint8Array(size);
    let length = 0;
    for (let count = -1; count !== 0 && length < size; length += count) {
      count = readSync(file, bytes, length, size - length, null);
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(file);
  }
}
