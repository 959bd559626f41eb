/** Reading a file that may be anything: a folder, a pipe without end, far too large. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { printable } from './terminal.ts';

const firstBytes = 64 * 1024;

/** The first `limit` bytes of the file, or what is wrong with it; `wanted` says what it should be. */
export function readFileHead(path: string, limit: number, wanted: string): Uint8Array | string {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    if (fstatSync(file).isDirectory()) return `${printable(path)}: is a folder, not ${wanted}`;
    let bytes = new Uint8Array(Math.min(limit, firstBytes));
    let length = 0;
    for (;;) {
      const count = readSync(file, bytes, length, bytes.length - length, null);
      length += count;
      if (count === 0 || length === limit) return bytes.subarray(0, length);
      if (length < bytes.length) continue;
      const larger = new Uint8Array(Math.min(limit, 2 * bytes.length));
      larger.set(bytes);
      bytes = larger;
    }
  } catch (error) {
    return `${printable(path)}: ${systemText(error)}`;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

export function systemText(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT': return 'there is no such file';
    case 'EACCES': return 'may not be read';
    default: return code === '' ? 'cannot be read' : `cannot be read (${code})`;
  }
}
