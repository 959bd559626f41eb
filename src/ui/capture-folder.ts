/** The folder of a capture on disk: its files by name, plain or gzipped. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { captureFileBytes, type CaptureFolder } from '../analysis/capture/capture.ts';
import { readPackedFile } from './packed-file.ts';
import { systemText } from './system-text.ts';

/** The folder, or what the system says of it. */
export function openCaptureFolder(path: string): CaptureFolder | string {
  let stored: readonly string[];
  try {
    stored = readdirSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return code === 'ENOTDIR' ? 'is no folder' : systemText(error, 'a folder').replace('no such file', 'no such folder');
  }
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
