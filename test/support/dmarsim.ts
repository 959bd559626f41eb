/** The command as a shell runs it: the built bundle in a process of its own. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from './source-text.ts';

export const root = projectRoot(import.meta.dirname);
const command = join(root, 'dist', 'dmarsim.cjs');

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly talk: string;
}

/** Without what the caller's environment says about colours. */
function environment(extra: Readonly<Record<string, string>>): Record<string, string | undefined> {
  const { NO_COLOR: _no, FORCE_COLOR: _force, NODE_DISABLE_COLORS: _disable, ...rest } = process.env;
  return { ...rest, ...extra };
}

export function dmarsim(
  words: readonly string[], extra: Readonly<Record<string, string>> = {}, input = '',
): Finished {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...words], {
    cwd: root, encoding: 'utf8', env: environment(extra), maxBuffer: 64 * 1024 * 1024, input,
  });
  return { code: status, out: stdout, talk: stderr };
}

/** With the results going to a file that is there already. */
export function dmarsimInto(file: string, words: readonly string[]): Finished {
  const descriptor = openSync(file, 'w');
  try {
    const { status, stderr } = spawnSync(process.execPath, [command, ...words], {
      cwd: root, encoding: 'utf8', env: environment({}), stdio: ['ignore', descriptor, 'pipe'],
    });
    return { code: status, out: '', talk: stderr };
  } finally {
    closeSync(descriptor);
  }
}

/** As `dmarsim … | head -1`: the reader goes away after the first piece of output. */
export function dmarsimUntilFirstOutput(words: readonly string[]): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [command, ...words], { cwd: root, env: environment({}) });
    let out = '';
    let talk = '';
    child.stdout.once('data', (piece: Uint8Array) => {
      out = new TextDecoder().decode(piece);
      child.stdout.destroy();
    });
    child.stderr.on('data', (piece: Uint8Array) => {
      talk += new TextDecoder().decode(piece);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, talk }));
  });
}

/** Sends the signals, a tenth of a second between them, when the command has told how far it is. */
export function dmarsimUntilProgress(
  words: readonly string[], signals: readonly NodeJS.Signals[], wanted = /^\d+ s: .*\b[1-9][\d,]* states/m,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [command, ...words], { cwd: root, env: environment({}) });
    const left = [...signals];
    let out = '';
    let talk = '';
    child.stdout.on('data', (piece: Uint8Array) => {
      out += new TextDecoder().decode(piece);
    });
    child.stderr.on('data', (piece: Uint8Array) => {
      talk += new TextDecoder().decode(piece);
      if (wanted.test(talk)) left.splice(0).forEach((signal, at) => setTimeout(() => child.kill(signal), at * 100));
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, talk }));
  });
}

/** A folder with the given files, for as long as `use` runs. */
export function withFiles<Result>(
  files: Readonly<Record<string, string | Uint8Array>>, use: (folder: string) => Result,
): Result {
  const folder = mkdtempSync(join(tmpdir(), 'dmarsim-test-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function linesOf(text: string): readonly string[] {
  return text.replace(/\n$/, '').split('\n');
}
