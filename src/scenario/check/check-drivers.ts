/** Checks of what asks something of a device's driver: probes, and requests handed to it. */

import type { CheckContext, ModelTraits } from './check-context.ts';
import { checkDeviceName } from './check-kernels.ts';
import { limits, sectorBytes } from '../limits.ts';
import { printSize } from '../quantities.ts';
import { quote } from '../printable.ts';
import type { CaptureStatement, CrashedStatement, SubmitStatement } from '../scenario.ts';

/** Both kernels begin without drivers, so each is looked at by itself. */
export function checkDrivers(
  context: CheckContext,
  statements: readonly (CrashedStatement | CaptureStatement)[],
): void {
  const probed = new Set<string>();
  for (const statement of statements) {
    switch (statement.kind) {
      case 'probe':
        checkDeviceName(context, statement, 'device', statement.device);
        checkDriver(context, statement);
        if (probed.has(statement.device)) reportSecondProbe(context, statement);
        probed.add(statement.device);
        break;
      case 'submit':
        checkDeviceName(context, statement, 'device', statement.device);
        checkSubmit(context, statement, probed.has(statement.device));
        break;
      default:
        break;
    }
  }
}

/** What is known of the model of a device; undefined when that was reported already. */
function traitsOf({ scenario, vocabulary }: CheckContext, name: string): ModelTraits | undefined {
  const device = scenario.devices.find((known) => known.name === name);
  return device === undefined ? undefined : vocabulary.models.get(device.model);
}

function checkDriver(context: CheckContext, statement: { readonly device: string }): void {
  const span = context.spans.ofProperty(statement, 'device');
  const traits = traitsOf(context, statement.device);
  if (span === null || traits === undefined || traits.hasDriver) return;
  context.problems.report(span, {
    code: 'S090', message: `no driver takes over ${quote(statement.device)}`, label: 'its model has no driver',
    help: 'leave the probe out: the device keeps what the crashed kernel set up for it',
  });
}

function reportSecondProbe({ spans, problems }: CheckContext, statement: { readonly device: string }): void {
  const span = spans.ofProperty(statement, 'device');
  if (span === null) return;
  problems.report(span, {
    code: 'S089', message: `${quote(statement.device)} is probed already`, label: 'probed twice',
    help: 'a kernel binds its driver to a device once',
  });
}

function checkSubmit(context: CheckContext, statement: SubmitStatement, isProbed: boolean): void {
  const span = context.spans.ofProperty(statement, 'device');
  const traits = traitsOf(context, statement.device);
  if (span !== null && traits !== undefined) {
    if (!traits.takesRequests) {
      context.problems.report(span, {
        code: 'S091', message: `${quote(statement.device)} takes no requests`, label: 'not a disk',
        help: 'use `map` and `dma`, or a device with another model',
      });
    } else if (!isProbed) {
      context.problems.report(span, {
        code: 'S092', message: `nobody has probed ${quote(statement.device)} here`, label: 'no `probe` before this',
        help: `put \`probe ${statement.device}\` before it`,
      });
    }
  }
  const sizeSpan = context.spans.ofProperty(statement, 'bytes');
  if (sizeSpan === null) return;
  if (statement.bytes <= limits.requestBytes && statement.bytes % sectorBytes === 0) return;
  context.problems.report(sizeSpan, {
    code: 'S093', message: 'this is not the size of a request', label: 'too large, or not whole sectors',
    help: `at most ${printSize(limits.requestBytes)}, in steps of ${sectorBytes}`,
  });
}
