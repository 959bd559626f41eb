/** The rules that the code has for itself, held over its own text. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, filesBelow, importsOf, projectRoot, readText, resolveImport } from './support/source-text.ts';

const root = projectRoot(import.meta.dirname);
/** Where tsc put what is running: compiled `src` and `test` lie beside each other. */
const compiled = join(import.meta.dirname, '..');
const sources = filesBelow(root, 'src', '.ts');
const tests = filesBelow(root, 'test', '.ts');

/** Lower layers first; a file may import from its own folder and from lower ones. */
const layers: Readonly<Record<string, number>> = {
  base: 0, scenario: 1, vtd: 2, linux: 2, machine: 3, analysis: 4, ui: 5,
  // The last step of the build, which imports nothing of ours.
  build: 6,
};

function folderOf(path: string): string {
  return path.split('/')[1] ?? '';
}

/** Lines of the files' code that match, as `path:line text`. */
function findings(paths: readonly string[], pattern: RegExp, directory = root): readonly string[] {
  return paths.flatMap((path) => codeOf(readText(directory, path)).split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])));
}

test('the stripper keeps code and drops comments, strings, templates and regular expressions', () => {
  const text = [
    "const a = 'x & y' + \"p | q\"; // a ^ b", '/* ~ */ const b = `c & ${d + `e | ${f}`} ^ g`;',
    'const c = /[/&]|\\/^/.test(h) && i / j / k;', 'if (l) { m({ n: `${{ o: 1 }.o}` }); }',
  ].join('\n');
  assert.equal(codeOf(text), [
    "const a = '' + '';  ", "  const b = ''(d + ''(f));", "const c = ''.test(h) && i / j / k;",
    "if (l) { m({ n: ''({ o: 1 }.o) }); }",
  ].join('\n'));
});

test('bit operators are in src/base/word.ts and src/base/hash.ts alone', () => {
  // In the compiled files: types are gone there, so that every & and | is an operator.
  const isOperator = /[~^]|<<|>>|(?<!&)&(?!&)|(?<!\|)\|(?!\|)/;
  const modules = [...filesBelow(compiled, 'src', '.js'), ...filesBelow(compiled, 'test', '.js')];
  for (const path of [...sources, ...tests]) {
    assert.ok(modules.includes(path.replace(/\.ts$/, '.js')), `${path} is not compiled`);
  }
  const allowed = ['src/base/word.js', 'src/base/hash.js'];
  assert.deepEqual(findings(modules.filter((path) => !allowed.includes(path)), isOperator, compiled), []);
  for (const path of allowed) assert.notDeepEqual(findings([path], isOperator, compiled), [], path);
});

test('the simulator asks neither the clock nor chance', () => {
  assert.deepEqual(findings(sources.filter((path) => folderOf(path) !== 'ui'),
    /\bDate\b|\bMath\.random\b|\bperformance\b|\bcrypto\b/), []);
  assert.deepEqual(findings(sources, /\bDate\b|\bMath\.random\b/), []);
});

test('nothing is typed any, and no complaint of the compiler is silenced', () => {
  assert.deepEqual(findings([...sources, ...tests], /\bany\b/), []);
  for (const path of [...sources, ...tests]) {
    const directive = ['@ts', '-'].join('');
    assert.ok(!readText(root, path).includes(directive), path);
  }
});

test('no test is skipped, left open or run alone', () => {
  assert.deepEqual(findings(tests, /\b(?:test|describe|it)\.(?:skip|todo|only)\b|\bskip:|\btodo:|\bonly:/), []);
});

test('no file of src has more than 450 lines', () => {
  const long = sources.map((path) => [path, readText(root, path).split('\n').length] as const)
    .filter(([, lines]) => lines > 450);
  assert.deepEqual(long, []);
});

test('every file of src lies in a layer', () => {
  assert.notEqual(sources.length, 0);
  assert.deepEqual(sources.filter((path) => layers[folderOf(path)] === undefined || path.split('/').length < 3), []);
});

test('imports point one way: base, scenario, vtd and linux, machine, analysis, ui', () => {
  const wrong = sources.flatMap((path) => importsOf(readText(root, path))
    .filter((wanted) => !wanted.startsWith('node:'))
    .filter((wanted) => {
      if (!wanted.startsWith('.')) return true;
      const target = resolveImport(root, path, wanted);
      if (!sources.includes(target)) return true;
      const [own = -1, other = 99] = [layers[folderOf(path)], layers[folderOf(target)]];
      return folderOf(path) !== folderOf(target) && other >= own;
    })
    .map((wanted) => `${path} imports ${wanted}`));
  assert.deepEqual(wrong, []);
});

test('no files import each other in a circle, not even for types', () => {
  const targets = new Map(sources.map((path) => [path, importsOf(readText(root, path))
    .filter((wanted) => wanted.startsWith('.')).map((wanted) => resolveImport(root, path, wanted))]));
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): readonly string[] | undefined => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const target of targets.get(path) ?? []) {
      const circle = visit(target, [...way, path]);
      if (circle !== undefined) return circle;
    }
    done.add(path);
    return undefined;
  };
  for (const path of sources) assert.equal(visit(path, [])?.join(' -> '), undefined);
});

test('only the user interface and the build know Node; everything that computes runs in a browser', () => {
  const inside = sources.filter((path) => folderOf(path) !== 'ui' && folderOf(path) !== 'build');
  const imports = inside.flatMap((path) => importsOf(readText(root, path))
    .filter((wanted) => wanted.startsWith('node:')).map((wanted) => `${path} imports ${wanted}`));
  assert.deepEqual(imports, []);
  assert.deepEqual(findings(inside, /\b(?:process|Buffer|require|__dirname|setImmediate|globalThis)\b\s*[.(]/), []);
});

test('every file of src is reached from src/ui/main.ts', () => {
  const start = 'src/ui/main.ts';
  assert.ok(sources.includes(start), `there is no ${start}`);
  const reached = new Set([start]);
  for (const path of reached) {
    if (!sources.includes(path)) continue;
    for (const wanted of importsOf(readText(root, path))) {
      if (wanted.startsWith('.')) reached.add(resolveImport(root, path, wanted));
    }
  }
  assert.deepEqual(sources.filter((path) => !reached.has(path) && folderOf(path) !== 'build'), []);
});

test('the package runs on Node alone: the compiler and Node\'s types are for development', () => {
  const description: unknown = JSON.parse(readText(root, 'package.json'));
  assert.ok(typeof description === 'object' && description !== null);
  const fields = new Map<string, unknown>(Object.entries(description));
  for (const name of ['dependencies', 'optionalDependencies', 'peerDependencies', 'bundledDependencies']) {
    assert.equal(fields.get(name), undefined, name);
  }
  const development = fields.get('devDependencies');
  assert.ok(typeof development === 'object' && development !== null);
  assert.deepEqual(Object.keys(development).sort(), ['@types/node', 'typescript']);
});
