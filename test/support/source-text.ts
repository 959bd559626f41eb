/** Source files of the project as text, with what is not code taken out. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** The directory of the package, wherever the compiled tests lie. */
export function projectRoot(from: string): string {
  for (let at = from; at !== dirname(at); at = dirname(at)) {
    if (existsSync(join(at, 'package.json')) && existsSync(join(at, 'tsconfig.json'))) return at;
  }
  return process.cwd();
}

/** Files below `folder` with the ending, as sorted paths relative to `root`. */
export function filesBelow(root: string, folder: string, ending: string): readonly string[] {
  const start = join(root, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

export function readText(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Words after which a slash begins a regular expression. */
const beforeOperand = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|throw|yield|await|void))$/;

/** What a quoted, commented or regular-expression text at `at` spans; 0 when none begins there. */
function spanOfText(text: string, at: number, code: string): number {
  const rest = text.slice(at, at + 2);
  if (rest === '//') {
    const end = text.indexOf('\n', at);
    return (end === -1 ? text.length : end) - at;
  }
  if (rest === '/*') return text.indexOf('*/', at + 2) + 2 - at;
  const quote = text[at];
  if (quote === "'" || quote === '"') return 1 + untilClosed(text, at + 1, quote);
  if (quote === '/' && beforeOperand.test(code.trimEnd())) return 1 + untilClosed(text, at + 1, '/');
  return 0;
}

/** Length up to and including the closing character, over escapes and character classes. */
function untilClosed(text: string, start: number, close: string): number {
  let inClass = false;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (close === '/' && text[at] === '[') inClass = true;
    else if (close === '/' && text[at] === ']') inClass = false;
    else if (text[at] === close && !inClass) return at + 1 - start;
  }
  return text.length - start;
}

/** The code alone: comments, strings, regular expressions and the texts of templates are left out. */
export function codeOf(text: string): string {
  let code = '';
  // How many braces are open inside each `${`; a template's own text is outside of all of them.
  const open: number[] = [];
  let inTemplate = false;
  for (let at = 0; at < text.length;) {
    const here = text[at] ?? '';
    if (inTemplate) {
      if (here === '\\') at += 2;
      else if (here === '`') {
        inTemplate = false;
        at += 1;
      } else if (text.startsWith('${', at)) {
        inTemplate = false;
        open.push(0);
        code += '(';
        at += 2;
      } else at += 1;
      continue;
    }
    const span = spanOfText(text, at, code.slice(-40));
    if (span > 0) {
      // A string leaves an operand behind, a comment leaves white space.
      code += text[at] === '/' && (text[at + 1] === '/' || text[at + 1] === '*') ? ' ' : "''";
      at += span;
      continue;
    }
    const depth = open.at(-1);
    if (here === '`') {
      inTemplate = true;
      code += "''";
    } else if (here === '}' && depth === 0) {
      open.pop();
      inTemplate = true;
      code += ')';
    } else {
      if (depth !== undefined && here === '{') open[open.length - 1] = depth + 1;
      if (depth !== undefined && here === '}') open[open.length - 1] = depth - 1;
      code += here;
    }
    at += 1;
  }
  return code;
}

/** What a module imports, as written. */
export function importsOf(text: string): readonly string[] {
  const found = [
    ...text.matchAll(/^\s*(?:import|export)\s[^;]*?\bfrom\s*'([^']+)'/gm),
    ...text.matchAll(/^\s*import\s*'([^']+)'/gm),
    ...text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g),
  ];
  return found.map((match) => match[1] ?? '');
}

/** The path, relative to `root`, of what `importer` means by a relative import. */
export function resolveImport(root: string, importer: string, wanted: string): string {
  return relative(root, resolve(join(root, dirname(importer)), wanted));
}
