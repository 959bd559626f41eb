/** The JSON mirror of a scenario to its tree: exactly what `print-json.ts` writes, keys in any order. */

import { isPlainText } from '../decode.ts';
import { isPrintableProse } from '../text/head-comment.ts';
import { readClaim } from './parse-json-claims.ts';
import {
  kindedShape, readCaptureStatement, readCrashedStatement, readDurationNs, readPeriodNs,
} from './parse-json-statements.ts';
import { shapeOf } from './json-shape.ts';
import type { JsonContext } from './json-shape.ts';
import { readJson } from './json-value.ts';
import type { JsonValue } from './json-value.ts';
import { limits } from '../limits.ts';
import type { BrokenPart, ParsedScenario } from '../parsed.ts';
import type { Problems } from '../problems.ts';
import { readAddress, readRegisterValue } from '../quantities.ts';
import { readOrder } from '../text/order-text.ts';
import { readSchedule } from '../text/schedule-text.ts';
import {
  apicModes, bridgeKinds, unitScopes, type AddressRange, type BridgeDescription, type ConfigWord, type DeviceDescription,
  type Endpoint, type Expectation, type IoApic,
  type KernelDescription, type PlatformDescription, type ResetBehaviour, type Scenario, type TimingSetting,
  type UnitDescription,
} from '../scenario.ts';
import { SpanTable } from '../span.ts';
import { bad, checkInteger, checkText, good, readName, readSourceId, readWord } from '../values.ts';
import type { Reading } from '../values.ts';

export const jsonFormat = 'dmarsim-scenario/1';

const scenarioKeys: readonly string[] = [
  'format', 'name', 'about', 'expectations', 'explorations', 'platform', 'units', 'bridges', 'devices', 'crashed', 'capture',
  'claims', 'schedule', 'order',
];

/** Null when the file is not JSON, or not an object; that is reported. */
export function parseJson(source: string, problems: Problems): ParsedScenario | null {
  const json = readJson(source, problems);
  if (json === null) return null;
  const context = { problems, spans: new SpanTable() };
  const shape = shapeOf(context, json, 'a scenario', scenarioKeys);
  if (shape === null) return null;
  const broken = new Set<BrokenPart>();
  function part<Node>(key: BrokenPart, node: Node | null, placeholder: Node): Node {
    if (node === null) broken.add(key);
    return node ?? placeholder;
  }
  function kernel<Statement extends object>(
    key: 'crashed' | 'capture',
    readStatement: (context: JsonContext, json: JsonValue) => Statement | null,
  ): KernelDescription<Statement> {
    const member = shape?.member(key) ?? null;
    const node = member === null ? null : readKernel(context, member, key, readStatement);
    return part(key, node, { release: '', imageFile: null, commandLine: '', config: [], statements: [] });
  }
  shape.string('format', readFormat);
  const platformJson = shape.member('platform');
  const scenario: Scenario = {
    name: shape.string('name', readName)?.value ?? '',
    about: shape.string('about', readProse)?.value ?? '',
    expectations: shape.array('expectations', (item) => readExpectation(context, item)) ?? [],
    explorations: shape.optionalArray('explorations', (item) => readExpectation(context, item)) ?? [],
    platform: part('platform', platformJson === null ? null : readPlatform(context, platformJson), {
      hostAddressWidth: limits.hostAddressWidth.highest, memory: [],
      crashKernel: { first: 0, last: 0 }, pciWindows: [], apic: 'xapic', timings: [],
    }),
    units: part('units', shape.array('units', (item) => readUnit(context, item)), []),
    bridges: part('bridges', shape.array('bridges', (item) => readBridge(context, item)), []),
    devices: part('devices', shape.array('devices', (item) => readDevice(context, item)), []),
    crashed: kernel('crashed', readCrashedStatement),
    capture: kernel('capture', readCaptureStatement),
    claims: part('claims', shape.array('claims', (item) => readClaim(context, item)), []),
    image: null,
    schedule: shape.isNull('schedule')
      ? null : shape.string('schedule', readSchedule)?.value ?? null,
    order: shape.optionalString('order', readOrder)?.value ?? null,
  };
  context.spans.place(scenario, json.span);
  return { scenario, spans: context.spans, broken };
}

function readFormat(text: string): Reading<string> {
  if (text === jsonFormat) return good(text);
  return bad({
    code: 'S046', message: `the format is not \`${jsonFormat}\``, label: 'unknown format',
  });
}

function readProse(text: string): Reading<string> {
  if (!isPlainText(text)) return checkText(text, true);
  if (isPrintableProse(text)) return good(text);
  return bad({
    code: 'S047', message: 'this prose cannot be written in a head comment', label: 'not writable',
    help: 'no comment marks, no lines that begin with `Result:`, no blanks at line ends',
  });
}

function readExpectation(context: JsonContext, json: JsonValue): Expectation | null {
  const shape = shapeOf(context, json, 'an expectation', ['release', 'result']);
  if (shape === null) return null;
  const unnamed = shape.isNull('release');
  const release = unnamed ? null : shape.string('release', readName);
  const results: readonly Expectation['result'][] = ['Holds', 'Violated'];
  const result = shape.string('result', (text) => readWord(text, results));
  if (result === null || (release === null && !unnamed)) return null;
  return shape.place({ release: release?.value ?? null, result: result.value });
}

function readPlatform(context: JsonContext, json: JsonValue): PlatformDescription | null {
  const keys = ['hostAddressWidth', 'memory', 'crashKernel', 'pciWindows', 'apic', 'timings'];
  const shape = shapeOf(context, json, 'a platform', keys);
  if (shape === null) return null;
  const { lowest, highest } = limits.hostAddressWidth;
  const width = shape.number('hostAddressWidth', (value) =>
    checkInteger(value, 'the host address width', lowest, highest));
  const memory = shape.array('memory', (item) => readJsonRange(context, item));
  const crashJson = shape.member('crashKernel');
  const crashKernel = crashJson === null ? null : readJsonRange(context, crashJson);
  const pciWindows = shape.array('pciWindows', (item) => readJsonRange(context, item));
  const apic = shape.string('apic', (text) => readWord(text, apicModes));
  const timings = shape.array('timings', (item) => readTiming(context, item));
  if (width === null || memory === null || crashKernel === null || timings === null) return null;
  if (pciWindows === null || apic === null) return null;
  return shape.place({
    hostAddressWidth: width.value, memory, crashKernel, pciWindows, apic: apic.value, timings,
  });
}

function readJsonRange(context: JsonContext, json: JsonValue): AddressRange | null {
  const shape = shapeOf(context, json, 'a range', ['first', 'last']);
  const first = shape?.string('first', readAddress) ?? null;
  const last = shape?.string('last', readAddress) ?? null;
  if (shape === null || first === null || last === null) return null;
  return shape.place({ first: first.value, last: last.value });
}

function readTiming(context: JsonContext, json: JsonValue): TimingSetting | null {
  const shape = shapeOf(context, json, 'a timing', ['name', 'valueNs']);
  const name = shape?.string('name', readName) ?? null;
  const value = shape?.number('valueNs', readDurationNs) ?? null;
  if (shape === null || name === null || value === null) return null;
  return shape.place({ name: name.value, valueNs: value.value });
}

function readUnit(context: JsonContext, json: JsonValue): UnitDescription | null {
  const shape = shapeOf(context, json, 'a unit', [
    'name', 'base', 'profile', 'capability', 'extendedCapability', 'buses', 'endpoints', 'scope', 'ioapics', 'choices',
  ]);
  if (shape === null) return null;
  const name = shape.string('name', readName);
  const base = shape.string('base', readAddress);
  const profile = shape.string('profile', readName);
  const busesJson = shape.member('buses');
  const takesTheRest = busesJson?.kind === 'null';
  const buses = busesJson === null || takesTheRest ? null : readJsonRange(context, busesJson);
  const scope = shape.string('scope', (text) => readWord(text, unitScopes));
  const endpoints = shape.array('endpoints', (item) => readEndpoint(context, item));
  const ioapics = shape.array('ioapics', (item) => readIoApic(context, item));
  const choices = shape.array('choices', (item) => readChoice(context, item));
  const capability = shape.optionalString('capability', readRegisterValue);
  const extendedCapability = shape.optionalString('extendedCapability', readRegisterValue);
  if (name === null || base === null || profile === null || choices === null) return null;
  if ((buses === null && !takesTheRest) || scope === null || ioapics === null || endpoints === null) return null;
  return shape.place({
    name: name.value, base: base.value, profile: profile.value, capability: capability?.value ?? null,
    extendedCapability: extendedCapability?.value ?? null, buses, endpoints,
    scope: scope.value, ioapics, choices,
  });
}

function readEndpoint(context: JsonContext, json: JsonValue): Endpoint | null {
  const shape = shapeOf(context, json, 'an endpoint', ['sourceId']);
  const sourceId = shape?.string('sourceId', readSourceId) ?? null;
  return shape === null || sourceId === null ? null : shape.place({ sourceId: sourceId.value });
}

function readBridge(context: JsonContext, json: JsonValue): BridgeDescription | null {
  const shape = shapeOf(context, json, 'a bridge', ['name', 'sourceId', 'kind', 'buses']);
  if (shape === null) return null;
  const name = shape.string('name', readName);
  const sourceId = shape.string('sourceId', readSourceId);
  const kind = shape.string('kind', (text) => readWord(text, bridgeKinds));
  const busesJson = shape.member('buses');
  const buses = busesJson === null ? null : readJsonRange(context, busesJson);
  if (name === null || sourceId === null || kind === null || buses === null) return null;
  return shape.place({ name: name.value, sourceId: sourceId.value, kind: kind.value, buses });
}

function readIoApic(context: JsonContext, json: JsonValue): IoApic | null {
  const shape = shapeOf(context, json, 'an I/O APIC', ['id', 'sourceId']);
  const id = shape?.number('id', (value) => checkInteger(value, 'the id of an I/O APIC', 0, limits.ioapicId)) ?? null;
  const sourceId = shape?.string('sourceId', readSourceId) ?? null;
  if (shape === null || id === null || sourceId === null) return null;
  return shape.place({ id: id.value, sourceId: sourceId.value });
}

function readChoice(
  context: JsonContext,
  json: JsonValue,
): UnitDescription['choices'][number] | null {
  const shape = shapeOf(context, json, 'a choice', ['name', 'value']);
  const name = shape?.string('name', readName) ?? null;
  const value = shape?.string('value', readName) ?? null;
  if (shape === null || name === null || value === null) return null;
  return shape.place({ name: name.value, value: value.value });
}

function readDevice(context: JsonContext, json: JsonValue): DeviceDescription | null {
  const keys = ['name', 'sourceId', 'alias', 'model', 'bar', 'reservedRegions', 'reset', 'paceNs'];
  const shape = shapeOf(context, json, 'a device', keys);
  if (shape === null) return null;
  const name = shape.string('name', readName);
  const sourceId = shape.string('sourceId', readSourceId);
  const model = shape.string('model', readName);
  const barJson = shape.member('bar');
  const withoutBar = barJson?.kind === 'null';
  const bar = barJson === null || withoutBar ? null : readJsonRange(context, barJson);
  const regions = shape.array('reservedRegions', (item) => readJsonRange(context, item));
  const resetJson = shape.member('reset');
  const reset = resetJson === null ? null : readReset(context, resetJson);
  const withoutAlias = shape.isNull('alias');
  const alias = withoutAlias ? null : shape.string('alias', readSourceId);
  const atOwnPace = shape.isNull('paceNs');
  const pace = atOwnPace ? null : shape.number('paceNs', readPeriodNs);
  if (name === null || sourceId === null || model === null || regions === null || reset === null) {
    return null;
  }
  if ((bar === null && !withoutBar) || (pace === null && !atOwnPace)) return null;
  if (alias === null && !withoutAlias) return null;
  return shape.place({
    name: name.value, sourceId: sourceId.value, alias: alias?.value ?? null, model: model.value, bar, reservedRegions: regions,
    reset, paceNs: pace?.value ?? null,
  });
}

const resetKeys = {
  stops: ['kind'],
  'leaves-one': ['kind'],
  late: ['kind', 'afterNs'],
  ignored: ['kind'],
} as const satisfies Record<ResetBehaviour['kind'], readonly string[]>;

function readReset(context: JsonContext, json: JsonValue): ResetBehaviour | null {
  const kinded = kindedShape(context, json, 'the reset', resetKeys);
  if (kinded === null) return null;
  const { kind, shape } = kinded;
  if (kind !== 'late') return shape.place({ kind });
  const after = shape.number('afterNs', readDurationNs);
  return after === null ? null : shape.place({ kind, afterNs: after.value });
}

function readKernel<Statement extends object>(
  context: JsonContext,
  json: JsonValue,
  what: 'crashed' | 'capture',
  readStatement: (context: JsonContext, json: JsonValue) => Statement | null,
): KernelDescription<Statement> | null {
  const shape = shapeOf(context, json, `\`${what}\``, [
    'release', 'imageFile', 'commandLine', 'config', 'statements',
  ]);
  if (shape === null) return null;
  const release = shape.string('release', readName);
  const commandLine = shape.string('commandLine', (text) => checkText(text, true));
  const statements = shape.array('statements', (item) => readStatement(context, item));
  const config = shape.array('config', (item) => readConfigWord(context, item));
  const imageFile = shape.optionalString('imageFile', (text) => checkText(text, false));
  if (release === null || commandLine === null || config === null || statements === null) return null;
  return shape.place({
    release: release.value, imageFile: imageFile?.value ?? null, commandLine: commandLine.value, config, statements,
  });
}

function readConfigWord(context: JsonContext, json: JsonValue): ConfigWord | null {
  const shape = shapeOf(context, json, 'an option of a build', ['word']);
  const word = shape?.string('word', readName) ?? null;
  return shape === null || word === null ? null : shape.place({ word: word.value });
}
