/** The scenarios that the operands of a command name. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemText } from './system-text.ts';
import { printable } from './terminal.ts';

/** The file itself, or every scenario below the folder, in the order of their names; or what is wrong. */
export function scenarioFiles(path: string): readonly string[] | string {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const found = readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.dmar'))
      .sort()
      .map((name) => join(path, name));
    return found.length === 0 ? `${printable(path)}: holds no scenario (*.dmar)` : found;
  } catch (error) {
    return `${printable(path)}: ${systemText(error)}`;
  }
}
