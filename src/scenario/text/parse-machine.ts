/** The blocks of a scenario's text that describe hardware: platform, unit, device. */

import type { Word64 } from '../../base/word.ts';
import type { Cursor, Located } from './cursor.ts';
import { limits } from '../limits.ts';
import { parseBlock } from './parse-block.ts';
import type { StatementRule } from './parse-block.ts';
import { readAddress, readDuration, readPeriod, readRange, readRegisterValue } from '../quantities.ts';
import {
  apicModes, bridgeKinds, unitScopes, type AddressRange, type ApicMode, type BridgeDescription, type BridgeKind,
  type DeviceDescription, type Endpoint, type IoApic,
  type PlatformDescription, type ResetBehaviour, type TimingSetting, type UnitDescription, type UnitScope,
} from '../scenario.ts';
import type { Span } from '../span.ts';
import { readInteger, readName, readSourceId, readWord } from '../values.ts';

/** `whole` is false when something of the block was not understood and has a placeholder. */
export interface ParsedBlock<Node> {
  readonly node: Node;
  readonly whole: boolean;
}

const resetKinds = ['stops', 'leaves-one', 'late', 'ignored'] as const;

export function readWidth(text: string): ReturnType<typeof readInteger> {
  const { lowest, highest } = limits.hostAddressWidth;
  return readInteger(text, 'the host address width', lowest, highest);
}

export function readApicId(text: string): ReturnType<typeof readInteger> {
  return readInteger(text, 'the id of an I/O APIC', 0, limits.ioapicId);
}

export function parsePlatform(cursor: Cursor, header: Span): ParsedBlock<PlatformDescription> {
  const fields: { width: Located<number> | null; crashKernel: AddressRange | null } =
    { width: null, crashKernel: null };
  const memory: AddressRange[] = [];
  const pciWindows: AddressRange[] = [];
  const apic: { mode: Located<ApicMode> | null } = { mode: null };
  const timings: TimingSetting[] = [];
  const rules = new Map<string, StatementRule>([
    ['host-address-width', { occurs: 'once', parse: () => {
      fields.width = cursor.value('a number of bits', readWidth);
      return fields.width !== null;
    } }],
    ['memory', { occurs: 'repeatedly', parse: () => parseRangeInto(cursor, memory) }],
    ['crash-kernel', { occurs: 'once', parse: () => {
      fields.crashKernel = parseRange(cursor);
      return fields.crashKernel !== null;
    } }],
    ['pci-window', { occurs: 'repeatedly', parse: () => parseRangeInto(cursor, pciWindows) }],
    ['apic', { occurs: 'at most once', parse: () => {
      apic.mode = cursor.value('a mode of the APIC', (text) => readWord(text, apicModes));
      return apic.mode !== null;
    } }],
    ['timing', { occurs: 'repeatedly', parse: (keyword) => {
      const name = cursor.value('the name of a timing', readName);
      const value = name === null ? null : cursor.value('a duration', readDuration);
      if (name === null || value === null) return false;
      const timing = { name: name.value, valueNs: value.value };
      timings.push(cursor.spans.place(timing, cursor.since(keyword)));
      cursor.spans.placeProperty(timing, 'name', name.span);
      cursor.spans.placeProperty(timing, 'valueNs', value.span);
      return true;
    } }],
  ]);
  const whole = parseBlock(cursor, 'platform', header, rules);
  const node = {
    hostAddressWidth: fields.width?.value ?? limits.hostAddressWidth.highest, memory,
    crashKernel: fields.crashKernel ?? { first: 0, last: 0 }, pciWindows,
    apic: apic.mode?.value ?? 'xapic', timings,
  };
  cursor.spans.place(node, cursor.since(header));
  placeValue(cursor, node, 'hostAddressWidth', fields.width);
  return { node, whole };
}

export function parseUnit(cursor: Cursor, header: Span): ParsedBlock<UnitDescription> {
  const name = cursor.value('the name of the unit', readName);
  const headed = parseRestOfHeader(cursor, name !== null);
  const headerSpan = cursor.since(header);
  const fields: {
    base: Located<number> | null; profile: Located<string> | null; buses: AddressRange | null;
    capability: Located<Word64> | null; extendedCapability: Located<Word64> | null; scope: Located<UnitScope> | null;
  } = { base: null, profile: null, buses: null, capability: null, extendedCapability: null, scope: null };
  const ioapics: IoApic[] = [];
  const endpoints: Endpoint[] = [];
  const choices: { readonly name: string; readonly value: string }[] = [];
  const rules = new Map<string, StatementRule>([
    ['profile', { occurs: 'once', parse: () => {
      fields.profile = cursor.value('the name of a profile', readName);
      return fields.profile !== null;
    } }],
    ['capability', { occurs: 'at most once', parse: () => {
      fields.capability = cursor.value('what CAP reads', readRegisterValue);
      return fields.capability !== null;
    } }],
    ['extended-capability', { occurs: 'at most once', parse: () => {
      fields.extendedCapability = cursor.value('what ECAP reads', readRegisterValue);
      return fields.extendedCapability !== null;
    } }],
    ['base', { occurs: 'once', parse: () => {
      fields.base = cursor.value('an address', readAddress);
      return fields.base !== null;
    } }],
    ['buses', { occurs: 'at most once', parse: () => {
      fields.buses = parseRange(cursor);
      return fields.buses !== null;
    } }],
    ['endpoint', { occurs: 'repeatedly', parse: (keyword) => {
      const sourceId = cursor.value('a bus:device.function', readSourceId);
      if (sourceId === null) return false;
      endpoints.push(cursor.spans.place({ sourceId: sourceId.value }, cursor.since(keyword)));
      return true;
    } }],
    ['scope', { occurs: 'at most once', parse: () => {
      fields.scope = cursor.value('how the firmware lists devices', (text) => readWord(text, unitScopes));
      return fields.scope !== null;
    } }],
    ['ioapic', { occurs: 'repeatedly', parse: (keyword) => {
      const id = cursor.value('the id of an I/O APIC', readApicId);
      const sourceId = id === null ? null : cursor.value('a bus:device.function', readSourceId);
      if (id === null || sourceId === null) return false;
      const node = { id: id.value, sourceId: sourceId.value };
      ioapics.push(cursor.spans.place(node, cursor.since(keyword)));
      cursor.spans.placeProperty(node, 'id', id.span);
      cursor.spans.placeProperty(node, 'sourceId', sourceId.span);
      return true;
    } }],
    ['choice', { occurs: 'repeatedly', parse: (keyword) => {
      const choice = cursor.value('the name of a choice', readName);
      const value = choice === null ? null : cursor.value('a value', readName);
      if (choice === null || value === null) return false;
      const node = { name: choice.value, value: value.value };
      choices.push(cursor.spans.place(node, cursor.since(keyword)));
      cursor.spans.placeProperty(node, 'name', choice.span);
      cursor.spans.placeProperty(node, 'value', value.span);
      return true;
    } }],
  ]);
  const whole = parseBlock(cursor, 'unit', headerSpan, rules);
  const node = {
    name: name?.value ?? '', base: fields.base?.value ?? 0, profile: fields.profile?.value ?? '',
    capability: fields.capability?.value ?? null, extendedCapability: fields.extendedCapability?.value ?? null,
    buses: fields.buses, endpoints, scope: fields.scope?.value ?? 'all', ioapics, choices,
  };
  cursor.spans.place(node, cursor.since(header));
  placeValue(cursor, node, 'name', name);
  placeValue(cursor, node, 'base', fields.base);
  placeValue(cursor, node, 'profile', fields.profile);
  placeValue(cursor, node, 'capability', fields.capability);
  placeValue(cursor, node, 'extendedCapability', fields.extendedCapability);
  placeValue(cursor, node, 'scope', fields.scope);
  return { node, whole: whole && headed };
}

export function parseBridge(cursor: Cursor, header: Span): ParsedBlock<BridgeDescription> {
  const name = cursor.value('the name of the bridge', readName);
  const sourceId = name === null ? null : cursor.value('a bus:device.function', readSourceId);
  const headed = parseRestOfHeader(cursor, sourceId !== null);
  const headerSpan = cursor.since(header);
  const fields: { kind: Located<BridgeKind> | null; buses: AddressRange | null } = { kind: null, buses: null };
  const rules = new Map<string, StatementRule>([
    ['kind', { occurs: 'once', parse: () => {
      fields.kind = cursor.value('a kind of bridge', (text) => readWord(text, bridgeKinds));
      return fields.kind !== null;
    } }],
    ['buses', { occurs: 'once', parse: () => {
      fields.buses = parseRange(cursor);
      return fields.buses !== null;
    } }],
  ]);
  const whole = parseBlock(cursor, 'bridge', headerSpan, rules);
  const node = {
    name: name?.value ?? '', sourceId: sourceId?.value ?? 0, kind: fields.kind?.value ?? 'pcie',
    buses: fields.buses ?? { first: 1, last: 1 },
  };
  cursor.spans.place(node, cursor.since(header));
  placeValue(cursor, node, 'name', name);
  placeValue(cursor, node, 'sourceId', sourceId);
  return { node, whole: whole && headed };
}

export function parseDevice(cursor: Cursor, header: Span): ParsedBlock<DeviceDescription> {
  const name = cursor.value('the name of the device', readName);
  const sourceId = name === null ? null : cursor.value('a bus:device.function', readSourceId);
  const headed = parseRestOfHeader(cursor, sourceId !== null);
  const headerSpan = cursor.since(header);
  const fields: {
    model: Located<string> | null; bar: AddressRange | null; reset: ResetBehaviour; pace: Located<number> | null;
    alias: Located<number> | null;
  } = { model: null, bar: null, reset: { kind: 'stops' }, pace: null, alias: null };
  const reservedRegions: AddressRange[] = [];
  const rules = new Map<string, StatementRule>([
    ['model', { occurs: 'once', parse: () => {
      fields.model = cursor.value('the name of a model', readName);
      return fields.model !== null;
    } }],
    ['bar', { occurs: 'at most once', parse: () => {
      fields.bar = parseRange(cursor);
      return fields.bar !== null;
    } }],
    ['rmrr', { occurs: 'repeatedly', parse: () => parseRangeInto(cursor, reservedRegions) }],
    ['reset', { occurs: 'at most once', parse: (keyword) => {
      const reset = parseReset(cursor);
      if (reset === null) return false;
      fields.reset = cursor.spans.place(reset, cursor.since(keyword));
      return true;
    } }],
    ['alias', { occurs: 'at most once', parse: () => {
      fields.alias = cursor.value('a bus:device.function', readSourceId);
      return fields.alias !== null;
    } }],
    ['pace', { occurs: 'at most once', parse: () => {
      fields.pace = cursor.value('a duration', readPeriod);
      return fields.pace !== null;
    } }],
  ]);
  const whole = parseBlock(cursor, 'device', headerSpan, rules);
  const node = {
    name: name?.value ?? '', sourceId: sourceId?.value ?? 0, alias: fields.alias?.value ?? null,
    model: fields.model?.value ?? '',
    bar: fields.bar, reservedRegions, reset: fields.reset, paceNs: fields.pace?.value ?? null,
  };
  cursor.spans.place(node, cursor.since(header));
  placeValue(cursor, node, 'name', name);
  placeValue(cursor, node, 'sourceId', sourceId);
  placeValue(cursor, node, 'model', fields.model);
  placeValue(cursor, node, 'paceNs', fields.pace);
  placeValue(cursor, node, 'alias', fields.alias);
  return { node, whole: whole && headed };
}

function parseReset(cursor: Cursor): ResetBehaviour | null {
  const kind = cursor.value('what a reset does', (text) => readWord(text, resetKinds));
  if (kind === null) return null;
  switch (kind.value) {
    case 'stops':
    case 'leaves-one':
    case 'ignored':
      return { kind: kind.value };
    case 'late': {
      const after = cursor.value('a duration', readDuration);
      return after === null ? null : { kind: 'late', afterNs: after.value };
    }
  }
}

/** What stands before the `{`; after a fault in it, up to the `{` or the end of the line. */
export function parseRestOfHeader(cursor: Cursor, good: boolean): boolean {
  if (good) return true;
  for (;;) {
    const { kind } = cursor.peek();
    if (kind === 'open' || kind === 'close' || kind === 'end' || kind === 'eof') return false;
    cursor.next();
  }
}

function parseRange(cursor: Cursor): AddressRange | null {
  const range = cursor.value('a range of addresses', readRange);
  return range === null ? null : cursor.spans.place(range.value, range.span);
}

function parseRangeInto(cursor: Cursor, list: AddressRange[]): boolean {
  const range = parseRange(cursor);
  if (range !== null) list.push(range);
  return range !== null;
}

export function placeValue<Node extends object>(
  cursor: Cursor,
  node: Node,
  property: keyof Node & string,
  value: Located<unknown> | null,
): void {
  if (value !== null) cursor.spans.placeProperty(node, property, value.span);
}
