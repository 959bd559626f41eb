/** One capture against the model: who is compared, what agrees, what is explained, what differs. */
import { get, type SourceId } from '../../base/word.ts';
import type { HardwareImage } from '../../scenario/image/hardware-image.ts';
import type { Diagnostic } from '../../scenario/diagnostic.ts';
import { CAP } from '../../vtd/capability.ts';
import type { Capture } from '../capture/capture.ts';
import { contextsOf, isOn } from '../image/image-tables.ts';
import { align, type Explain, type Row } from './align.ts';
import { captureKernelText, firstKernelText, scenarioFrom, type Releases } from './captured-scenario.ts';
import { withLeftBehind } from './left-behind.ts';
import { compareMessages, remappingLines, type MessageRow } from './messages.ts';
import { runCaptureKernel, runFirstKernel, type ModelRun } from './model-run.ts';
import { recordedHandoff, usesScalableMode } from './recorded-handoff.ts';
import { withEntriesFirst } from './floating-entries.ts';
import { isStrict, withoutLazyFlushes } from './lazy-flushes.ts';
import { Roles } from './roles.ts';
import { stepsOf, type RawOperation, type Step } from './step.ts';

export interface LazyFlushes {
  readonly domain: number;
  readonly recorded: number;
  readonly model: number;
}

export type Comparison =
  | { readonly kind: 'not-modelled'; readonly why: string }
  /** The scenario that the capture makes is refused: a fault in the capture or in its reading. */
  | { readonly kind: 'refused'; readonly text: string; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: 'compared'; readonly releases: Releases; readonly versions: Releases; readonly end: string;
      /** What was run, to be kept: the scenario's text, and the image that it names. */
      readonly scenario: string; readonly image: HardwareImage; readonly rows: readonly Row[]; readonly lazyFlushes: readonly LazyFlushes[];
      readonly firstMessages: readonly MessageRow[]; readonly captureMessages: readonly MessageRow[];
      /** Why the model did not come to its end; null: it did. */
      readonly cut: string | null };

/** `name`: of the scenario that the capture makes. `chosen`: the release to compare with, instead of the one that the kernel's version line names. */
export function compareCapture(name: string, capture: Capture, chosen: string | undefined): Comparison {
  if (usesScalableMode(capture)) return { kind: 'not-modelled', why: 'its tables are of scalable mode' };
  const first = releaseOf(capture.consoles.first.version);
  const found = chosen ?? releaseOf(capture.consoles.capture.version);
  if (found === undefined) return { kind: 'not-modelled', why: `its capture kernel is ${capture.consoles.capture.version}; --capture chooses a release` };
  const releases = { first: first ?? found, capture: found };
  const handoff = recordedHandoff(capture);
  const firstText = firstKernelText(capture, handoff, releases);
  const firstScenario = scenarioFrom(firstText, capture.image);
  if (!firstScenario.ok) return refusal(firstText, firstScenario.diagnostics);
  const before = runFirstKernel(firstScenario.scenario);
  const captureText = captureKernelText(name, capture, handoff, releases);
  const image = withLeftBehind(capture.image, before.machine);
  const captureScenario = scenarioFrom(captureText, image);
  if (!captureScenario.ok) return refusal(captureText, captureScenario.diagnostics);
  const model = runCaptureKernel(captureScenario.scenario);
  const roles = new Roles();
  const { rows, lazyFlushes } = compareOperations(capture, handoff.operations, model, roles);
  const { consoles, memoryMap } = capture;
  return {
    kind: 'compared', releases, end: handoff.end, scenario: captureText, image, rows, lazyFlushes,
    versions: { first: consoles.first.version, capture: consoles.capture.version },
    firstMessages: compareMessages(remappingLines(consoles.first.lines), remappingLines(before.lines),
      { roles: new Roles(), serial: consoles.first.lines, isLog: false, memory: memoryMap.memory.at(-1) ?? memoryMap.crashKernel }),
    captureMessages: compareMessages(remappingLines(consoles.capture.lines), remappingLines(model.lines),
      { roles, serial: consoles.captureSerial, isLog: consoles.capture.isLog, memory: memoryMap.crashKernel }),
    cut: before.cut ?? model.cut,
  };
}

/** Codes of what the model does not have: an option of a kernel, a device, a driver. */
const missing: ReadonlySet<string> = new Set(['S052', 'S056', 'S090']);

/** What is not modelled is no fault of the capture's. */
function refusal(text: string, diagnostics: readonly Diagnostic[]): Comparison {
  const unknown = diagnostics.find(({ code }) => missing.has(code));
  return unknown === undefined ? { kind: 'refused', text, diagnostics } : { kind: 'not-modelled', why: unknown.message };
}

/** By the kernel's own version line: `6.1.192`, `6.1.0-53-amd64`, `6.1.192-noflush`. */
export function releaseOf(version: string): string | undefined {
  const match = /^6\.1(?:\.\d+)?(-\S+)?(?:\s|$)/.exec(version);
  if (match === null) return undefined;
  return match[1]?.endsWith('-noflush') === true ? 'linux-6.1-noflush' : 'linux-6.1';
}

function compareOperations(
  capture: Capture, recorded: readonly RawOperation[], model: ModelRun, roles: Roles,
): { readonly rows: readonly Row[]; readonly lazyFlushes: readonly LazyFlushes[] } {
  const { image } = capture;
  const capability = image.registers.get('CAP') ?? { low: 0, high: 0 };
  const faultOffset = 16 * get(CAP.FRO, capability);
  const oldDomains = new Set(contextsOf(image).map(({ domain }) => domain));
  const sides = [recorded, model.operations].map((operations) =>
    withoutLazyFlushes(stepsOf(operations, faultOffset, isOn(image, 'QIES')), oldDomains, isStrict(capture)));
  const [left, right] = sides;
  if (left === undefined || right === undefined) return { rows: [], lazyFlushes: [] };
  const networkDomains = new Set(model.contexts.filter(({ source }) => isNetworkCard(capture, source))
    .map(({ domain }) => domain));
  const rows = alignEitherWay(left.steps, right.steps, roles, (step, side, { atEnd }) => {
    if (!isPageOfOwn(step, oldDomains)) return undefined;
    if (networkDomains.has(step.domain)) return 'network-buffers';
    return atEnd && side === 'recorded' ? 'readers' : undefined;
  });
  const domains = new Set(model.contexts.map(({ domain }) => domain));
  const flushed = [...new Set([...left.flushes.keys(), ...right.flushes.keys()])].sort((one, other) => one - other);
  return {
    // How often is not compared, but whom it is about is.
    rows: [...rows, ...left.lazy.filter(({ domain }) => !domains.has(domain)).map(({ step }): Row =>
      ({ kind: 'different', recorded: step, model: null, why: 'the model has given no device this domain id' }))],
    lazyFlushes: flushed.map((domain) =>
      ({ domain, recorded: left.flushes.get(domain) ?? 0, model: right.flushes.get(domain) ?? 0 })),
  };
}

/** As it stands; where that leaves a difference, without the places of interrupt entries among flushes of pages. */
function alignEitherWay(recorded: readonly Step[], model: readonly Step[], roles: Roles, explain: Explain): readonly Row[] {
  const count = (rows: readonly Row[]): number => rows.filter(({ kind }) => kind === 'different').length;
  const trial = roles.copy();
  const rows = align(recorded, model, trial, explain);
  const entries = recorded.find(({ kind }) => kind === 'entries') ?? null;
  if (count(rows) === 0 || entries === null) return align(recorded, model, roles, explain);
  const moved = align(withEntriesFirst(recorded), withEntriesFirst(model), roles.copy(), explain);
  if (count(moved) >= count(rows)) return align(recorded, model, roles, explain);
  return [...align(withEntriesFirst(recorded), withEntriesFirst(model), roles, explain),
    { kind: 'explained', recorded: entries, model: null, rule: 'interrupt-places' }];
}

/** What a strict kernel does for a buffer: a page of its own domain is flushed. */
function isPageOfOwn(step: Step, oldDomains: ReadonlySet<number>): step is Extract<Step, { kind: 'iotlb' }> {
  return step.kind === 'iotlb' && step.selection === 'page' && !oldDomains.has(step.domain);
}

function isNetworkCard({ machine }: Capture, source: SourceId): boolean {
  return machine.devices.some((device) => device.source === source && device.type === 'e1000e');
}

export function differs(comparison: Extract<Comparison, { kind: 'compared' }>): boolean {
  return comparison.cut !== null
    || [...comparison.rows, ...comparison.firstMessages, ...comparison.captureMessages].some(({ kind }) => kind === 'different');
}
