/**
 * The last step of the build: one script from the compiled modules of `dist/src`, and the machine code
 * that V8 made of it in a first run.
 *
 * A command that ends in a tenth of a second spends most of it on finding, reading and compiling some
 * sixty small modules. In one script with a code cache that is a few milliseconds. V8 refuses a cache
 * that another version of it made, and compiles as usual; the command then starts slower and does the
 * same. Nothing but start-up depends on this file: the tests import the modules themselves.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { Script } from 'node:vm';

const dist = resolve('dist');
const root = join(dist, 'src');
const entry = join(root, 'ui', 'main.js');
const bundleFile = join(dist, 'dmarsim.bundle.js');
const cacheFile = join(dist, 'dmarsim.cache');
const commandFile = join(dist, 'dmarsim.cjs');

const importLine = /^import (?:\{([^}]*)\} from )?'([^']+)';$/gm;
const dynamicImport = /\bimport\('([^']+)'\)/g;
const exportedName = /^export (?:async )?(?:function\*?|const|class) ?\*? ?([A-Za-z_$][\w$]*)/gm;

/** What a module of ours becomes: a function that is called when it is first needed. */
function moduleSource(file: string, found: Map<string, string>): void {
  if (found.has(file)) return;
  found.set(file, '');
  const text = readFileSync(file, 'utf8').replace(/^#!.*\n/, '');
  const nameOf = (specifier: string): string => {
    const target = resolve(dirname(file), specifier);
    moduleSource(target, found);
    return relative(root, target);
  };
  const body = text
    .replace(importLine, (_, names: string | undefined, specifier: string) => {
      const bound = (names ?? '').replace(/ as /g, ': ').replace(/\s+/g, ' ').trim();
      const value = specifier.startsWith('.') ? `need('${nameOf(specifier)}')` : `require('${specifier}')`;
      return `const { ${bound} } = ${value};`;
    })
    .replace(dynamicImport, (_, specifier: string) => specifier.startsWith('.')
      ? `Promise.resolve(need('${nameOf(specifier)}'))` : `Promise.resolve(require('${specifier}'))`);
  const names = [...body.matchAll(exportedName)].map((match) => match[1] ?? '');
  const plain = body.replace(/^export \{\};$/gm, '').replace(/^export (?=async |function|const|class)/gm, '');
  const left = /^(import|export)\b.*$/m.exec(plain);
  if (left !== null) throw new Error(`${file}: cannot bundle '${left[0]}'`);
  found.set(file, `'${relative(root, file)}': () => {\n${plain}\nreturn { ${names.join(', ')} };\n}`);
}

const modules = new Map<string, string>();
moduleSource(entry, modules);
const readable = `(function (require) { 'use strict';
const made = new Map();
const need = (name) => {
  if (!made.has(name)) { made.set(name, undefined); made.set(name, modules[name]()); }
  const value = made.get(name);
  if (value === undefined) throw new Error('modules import each other in a circle: ' + name);
  return value;
};
const modules = {
${[...modules.values()].join(',\n')}
};
return need('${relative(root, entry)}').main;
})`;
/** In ASCII alone: V8 keeps and reads such a script in half the space. */
const bundle = readable.replace(/[^\x00-\x7f]/g,
  (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
writeFileSync(bundleFile, bundle, 'latin1');

const command = `#!/usr/bin/env node
'use strict';
const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');
const filename = join(__dirname, 'dmarsim.bundle.js');
const cache = join(__dirname, 'dmarsim.cache');
const options = existsSync(cache) ? { filename, cachedData: readFileSync(cache) } : { filename };
new Script(readFileSync(filename, 'latin1'), options).runInThisContext()(require)(process.argv.slice(2));
`;
writeFileSync(commandFile, command);
chmodSync(commandFile, 0o755);

// npx looks for a project's own command where those of its packages are.
const linkFile = resolve('node_modules', '.bin', 'dmarsim');
mkdirSync(dirname(linkFile), { recursive: true });
rmSync(linkFile, { force: true });
symlinkSync(relative(dirname(linkFile), commandFile), linkFile);

// The first run compiles what a run needs; what it prints is of no interest.
const script = new Script(bundle, { filename: bundleFile });
type Main = (words: readonly string[]) => Promise<void>;
const start = script.runInThisContext() as (require: NodeJS.Require) => Main;
const write = process.stdout.write;
process.stdout.write = () => true;
await start(createRequire(import.meta.url))(
  ['run', join('scenarios', 'hpsa-p420i.dmar'), '--capture', 'linux-4.9-rc5']);
process.stdout.write = write;
process.exitCode = 0;
writeFileSync(cacheFile, script.createCachedData());
