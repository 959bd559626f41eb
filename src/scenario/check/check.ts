/**
 * What a scenario must fulfil beyond its grammar, whichever spelling it came in.
 *
 * Properties without a span are defaults or already reported, and are left alone.
 */

import { checkClaims } from './check-claims.ts';
import type { CheckContext, Vocabulary } from './check-context.ts';
import { checkDrivers } from './check-drivers.ts';
import { checkCommandLine, checkCrashedStatements } from './check-kernels.ts';
import { checkBar, checkDeviceRanges, checkIoApics, checkPlatform, checkScopes, checkUnit } from './check-machine.ts';
import { checkDeviceOverlaps } from './check-overlaps.ts';
import { checkTopology } from './check-topology.ts';
import { limits } from '../limits.ts';
import type { BrokenPart, ParsedScenario } from '../parsed.ts';
import { quote } from '../printable.ts';
import type { Problems } from '../problems.ts';
import type { DiagnosticCode } from '../diagnostic-codes.ts';
import { imageRelease, sameRelease, type Expectation, type UnitDescription } from '../scenario.ts';
import { suggestion } from '../suggest.ts';
import { printSourceId } from '../values.ts';

export function checkScenario(
  parsed: ParsedScenario,
  vocabulary: Vocabulary,
  problems: Problems,
): void {
  const context: CheckContext = { ...parsed, problems, vocabulary };
  const { scenario } = parsed;
  // What is over a limit is not looked at further: some checks compare each with each.
  if (!checkCounts(context)) return;
  checkPlatform(context);
  checkTimings(context);
  checkUnits(context);
  checkDevices(context);
  checkTopology(context);
  const { release, imageFile } = scenario.crashed;
  if (release !== sameRelease && (release !== imageRelease || imageFile === null)) {
    checkName(context, scenario.crashed, 'release', scenario.crashed.release, 'S051',
      'kernel release', vocabulary.releases);
  }
  checkName(context, scenario.capture, 'release', scenario.capture.release, 'S051',
    'kernel release', vocabulary.releases);
  checkConfig(context);
  // What an image's kernel was told shows in the image.
  if (scenario.crashed.imageFile === null) checkCommandLine(context, scenario.crashed);
  checkCommandLine(context, scenario.capture);
  checkCrashedStatements(context);
  checkDrivers(context, scenario.crashed.statements);
  checkDrivers(context, scenario.capture.statements);
  checkClaims(context);
  checkExpectations(context);
}

function checkConfig(context: CheckContext): void {
  const { crashed, capture } = context.scenario;
  for (const word of [...crashed.config, ...capture.config]) {
    checkName(context, word, 'word', word.word, 'S057', 'option of a build', context.vocabulary.configs);
  }
}

/** Reports the property if it has a span and its value is not one of `known`. */
function checkName<Node extends object>(
  { spans, problems }: CheckContext,
  node: Node,
  property: keyof Node & string,
  value: string,
  code: DiagnosticCode,
  what: string,
  known: readonly string[],
): void {
  const span = spans.ofProperty(node, property);
  if (span === null || known.includes(value)) return;
  problems.report(span, {
    code, message: `there is no ${what} ${quote(value)}`, label: `unknown ${what}`,
    help: () => suggestion(value, known),
  });
}

/** False when there are too many of anything. */
function checkCounts({ scenario, spans, problems }: CheckContext): boolean {
  let within = true;
  const { platform, crashed, capture } = scenario;
  const lists: readonly (readonly [readonly object[], number, string])[] = [
    [scenario.units, limits.units, 'units'],
    [scenario.devices, limits.devices, 'devices'],
    [scenario.bridges, limits.devices, 'bridges'],
    [crashed.statements, limits.statementsPerKernel, 'statements of the crashed kernel'],
    [capture.statements, limits.statementsPerKernel, 'statements of the capture kernel'],
    [crashed.config, limits.repetitions, 'options of the crashed kernel\'s build'],
    [capture.config, limits.repetitions, 'options of the capture kernel\'s build'],
    [scenario.claims, limits.claims, 'claims'],
    [scenario.expectations, limits.repetitions, 'Result lines'],
    [platform.memory, limits.repetitions, 'memory ranges'],
    [platform.timings, limits.repetitions, 'timings'],
    [platform.pciWindows, limits.repetitions, 'windows of the host bridge'],
    ...scenario.units.map((unit) => [unit.ioapics, limits.repetitions, 'I/O APICs'] as const),
    ...scenario.units.map((unit) => [unit.endpoints, limits.devices, 'endpoints'] as const),
    ...scenario.units.map((unit) => [unit.choices, limits.repetitions, 'choices'] as const),
    ...scenario.devices.map((device) =>
      [device.reservedRegions, limits.repetitions, 'reserved regions'] as const),
  ];
  for (const [nodes, limit, what] of lists) {
    const first = nodes[limit];
    const span = first === undefined ? null : spans.ofNode(first);
    if (span === null) continue;
    problems.report(span, {
      code: 'S006', message: `${nodes.length} ${what} are too many`,
      label: 'one too many', help: `at most ${limit} are allowed`,
    });
    within = false;
  }
  return within;
}

function checkTimings(context: CheckContext): void {
  const { timings } = context.scenario.platform;
  for (const timing of timings) {
    checkName(context, timing, 'name', timing.name, 'S055', 'timing', context.vocabulary.timings);
  }
  checkDistinct(context, timings, 'timing');
}

function checkUnits(context: CheckContext): void {
  const { scenario, vocabulary } = context;
  requireOne(context, scenario.units, 'units', 'unit');
  checkDistinct(context, scenario.units, 'unit');
  for (const unit of scenario.units) {
    checkName(context, unit, 'profile', unit.profile, 'S050', 'profile', vocabulary.profiles);
    checkDistinct(context, unit.choices, 'choice');
    for (const choice of unit.choices) {
      const values = vocabulary.choices.get(choice.name);
      if (values === undefined) {
        checkName(context, choice, 'name', choice.name, 'S053', 'choice',
          [...vocabulary.choices.keys()]);
      } else {
        checkName(context, choice, 'value', choice.value, 'S054',
          `value of \`${choice.name}\``, values);
      }
    }
    checkUnitRegisters(context, unit);
    checkUnit(context, unit);
  }
  checkScopes(context);
  checkIoApics(context);
}

/** Registers that the scenario states must be those of a unit that can be. */
function checkUnitRegisters({ spans, problems, vocabulary }: CheckContext, unit: UnitDescription): void {
  const known = vocabulary.registersOf(unit.profile);
  const capability = unit.capability ?? known?.capability;
  const extendedCapability = unit.extendedCapability ?? known?.extendedCapability;
  const span = spans.ofProperty(unit, 'capability') ?? spans.ofProperty(unit, 'extendedCapability');
  if (span === null || capability === undefined || extendedCapability === undefined) return;
  const problem = vocabulary.capabilityProblem({ capability, extendedCapability });
  if (problem === undefined) return;
  problems.report(span, {
    code: 'S086', message: `no unit reads this: ${problem}`, label: 'not possible',
    help: 'take both values from the kernel\'s log: `reg_base_addr … cap … ecap …`',
  });
}

function checkDevices(context: CheckContext): void {
  const { scenario, vocabulary } = context;
  requireOne(context, scenario.devices, 'devices', 'device');
  checkDistinct(context, scenario.devices, 'device');
  checkDistinct(context, scenario.bridges, 'bridge');
  const names = new Map<number, string>();
  for (const bridge of scenario.bridges) checkSourceId(context, bridge, names);
  for (const device of scenario.devices) {
    checkName(context, device, 'model', device.model, 'S052', 'model', [...vocabulary.models.keys()]);
    checkBar(context, device);
    checkDeviceRanges(context, device);
    checkSourceId(context, device, names);
  }
  checkDeviceOverlaps(context);
}

function checkSourceId(
  { spans, problems }: CheckContext,
  node: { readonly name: string; readonly sourceId: number },
  names: Map<number, string>,
): void {
  const span = spans.ofProperty(node, 'sourceId');
  if (span === null) return;
  const other = names.get(node.sourceId);
  if (other === undefined) {
    names.set(node.sourceId, node.name);
    return;
  }
  problems.report(span, {
    code: 'S066', label: 'the same source id',
    message: `${printSourceId(node.sourceId)} is the source id of ${quote(other)} already`,
  });
}

function requireOne(
  { scenario, spans, broken, problems }: CheckContext,
  nodes: readonly object[],
  part: BrokenPart,
  word: string,
): void {
  const span = spans.ofNode(scenario);
  if (nodes.length > 0 || broken.has(part) || span === null) return;
  problems.report(span, {
    code: 'S027', message: `the scenario has no \`${word}\``, label: `needs a \`${word}\``,
  });
}

function checkDistinct(
  { spans, problems }: CheckContext,
  nodes: readonly { readonly name: string }[],
  what: string,
): void {
  const seen = new Set<string>();
  for (const node of nodes) {
    const span = spans.ofProperty(node, 'name');
    if (span === null) continue;
    if (seen.has(node.name)) {
      problems.report(span, {
        code: 'S060', message: `the ${what} ${quote(node.name)} is there already`,
        label: 'the second of this name',
      });
    }
    seen.add(node.name);
  }
}

function checkExpectations(context: CheckContext): void {
  checkReleases(context, context.scenario.expectations, 'Result');
  checkReleases(context, context.scenario.explorations, 'Explored');
}

function checkReleases(context: CheckContext, expectations: readonly Expectation[], line: string): void {
  const { scenario, spans, broken, problems, vocabulary } = context;
  const seen = new Set<string>();
  for (const expectation of expectations) {
    const span = spans.ofNode(expectation);
    if (span === null) continue;
    const written = expectation.release;
    if (written !== null && !vocabulary.releases.includes(written)) {
      problems.report(span, {
        code: 'S051', message: `there is no kernel release ${quote(written)}`,
        label: 'unknown kernel release', help: () => suggestion(written, vocabulary.releases),
      });
      continue;
    }
    if (written === null && broken.has('capture')) continue;
    const release = written ?? scenario.capture.release;
    if (seen.has(release)) {
      problems.report(span, {
        code: 'S067', message: `${quote(release)} has ${line === 'Result' ? 'a' : 'an'} ${line} line already`,
        label: `the second ${line}`,
      });
    }
    seen.add(release);
  }
}
