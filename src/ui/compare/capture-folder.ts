/** The folder of a capture on disk: its files by name, plain or gzipped. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { captureFileBytes, looksLikeCapture, type CaptureFolder } from '../../analysis/capture/capture.ts';
import { readPackedFile } from '../packed-file.ts';
import { systemText } from '../system-text.ts';

/** What a path is that is a file. */
export const noFolder = 'is no folder';

/**
 * The folder itself when it is a capture's, else the captures below it in the order of their names; where there
 * is none the folder again, whose reader says what is missing. Or what the system says.
 */
export function captureFolders(path: string): readonly string[] | string {
  const own = namesIn(path, false);
  if (typeof own === 'string' || looksLikeCapture(own)) return typeof own === 'string' ? own : [path];
  const all = namesIn(path, true);
  if (typeof all === 'string') return all;
  const folders = new Set(all.filter((name) => looksLikeCapture([basename(name)])).map((name) => dirname(name)));
  return folders.size === 0 ? [path] : [...folders].sort().map((name) => join(path, name));
}

/** The folder, or what the system says of it. */
export function openCaptureFolder(path: string): CaptureFolder | string {
  const stored = namesIn(path, false);
  if (typeof stored === 'string') return stored;
  // A plain file is nearer than its packed copy.
  const files = new Map([...stored].sort().reverse().map((name) => [name.replace(/\.gz$/, ''), name]));
  return {
    names: [...files.keys()].sort(),
    read: (name) => {
      const file = files.get(name);
      if (file === undefined) return 'there is no such file in the folder';
      return readPackedFile(join(path, file), { stored: captureFileBytes, unpacked: captureFileBytes });
    },
  };
}

function namesIn(path: string, below: boolean): readonly string[] | string {
  try {
    return readdirSync(path, { recursive: below, encoding: 'utf8' });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return code === 'ENOTDIR' ? noFolder : systemText(error, 'a folder').replace('no such file', 'no such folder');
  }
}
