/** Checks of what the two kernels do, statement by statement. */

import type { CheckContext } from './check-context.ts';
import { limits } from '../limits.ts';
import { quote } from '../printable.ts';
import { suggestion } from '../suggest.ts';
import type { CrashedStatement } from '../scenario.ts';

type BufferState = 'mapped' | 'unmapped';

export function checkCrashedStatements(context: CheckContext): void {
  const buffers = new Map<string, BufferState>();
  for (const statement of context.scenario.crashed.statements) {
    switch (statement.kind) {
      case 'buffer':
        checkOrigin(context, statement, 'buffer');
        checkMap(context, statement, buffers);
        checkDeviceName(context, statement, 'device', statement.device);
        break;
      case 'map':
        checkOrigin(context, statement, 'map');
        checkMap(context, statement, buffers);
        checkDeviceName(context, statement, 'device', statement.device);
        break;
      case 'unmap':
        checkOrigin(context, statement, 'unmap');
        checkBuffer(context, statement, statement.buffer, buffers);
        if (buffers.has(statement.buffer)) buffers.set(statement.buffer, 'unmapped');
        break;
      case 'dma':
        checkBuffer(context, statement, statement.buffer, buffers);
        break;
      // `checkDrivers` looks at the rest of these.
      case 'probe':
      case 'submit':
        checkOrigin(context, statement, statement.kind);
        break;
      case 'wait':
      case 'panic':
        break;
    }
  }
  checkOutstanding(context);
  checkPanic(context);
}

function checkMap(
  { spans, problems }: CheckContext,
  statement: Extract<CrashedStatement, { kind: 'map' | 'buffer' }>,
  buffers: Map<string, BufferState>,
): void {
  const nameSpan = spans.ofProperty(statement, 'buffer');
  if (nameSpan !== null && buffers.has(statement.buffer)) {
    problems.report(nameSpan, {
      code: 'S063', message: `the buffer ${quote(statement.buffer)} is mapped already`,
      label: 'mapped twice', help: 'give each mapping its own name',
    });
  }
  buffers.set(statement.buffer, 'mapped');
  const sizeSpan = spans.ofProperty(statement, 'bytes');
  if (sizeSpan === null || statement.bytes <= limits.bufferBytes) return;
  problems.report(sizeSpan, {
    code: 'S077', message: 'the buffer is larger than 16 MiB', label: 'too large',
    help: 'at most `16M`; map several buffers instead',
  });
}

/** A kernel that is simulated maps; one that left an image has mapped. */
function checkOrigin(
  { scenario, spans, problems }: CheckContext,
  statement: object,
  word: Exclude<CrashedStatement['kind'], 'dma' | 'wait' | 'panic'>,
): void {
  const span = spans.ofNode(statement);
  const isImage = scenario.crashed.imageFile !== null;
  if (span === null || isImage === (word === 'buffer')) return;
  problems.report(span, {
    code: 'S083', label: isImage ? 'an image does nothing more' : 'without an image',
    message: isImage ? `\`${word}\` is for a crashed kernel that is simulated`
      : '`buffer` names memory that an image has mapped',
    help: isImage ? 'name what the image has mapped: `buffer NAME ADDRESS SIZE on DEVICE`'
      : 'map it: `map NAME SIZE DIRECTION on DEVICE`',
  });
}

/** Whether a buffer is mapped where a statement uses it. */
function checkBuffer(
  { spans, problems, broken }: CheckContext,
  statement: object,
  buffer: string,
  buffers: ReadonlyMap<string, BufferState>,
): void {
  const span = spans.ofProperty(statement, 'buffer');
  if (span === null) return;
  switch (buffers.get(buffer)) {
    case 'mapped':
      return;
    case 'unmapped':
      problems.report(span, {
        code: 'S064', message: `the buffer ${quote(buffer)} is used after its \`unmap\``,
        label: 'unmapped before', help: 'start the DMA before the `unmap`; it goes on after it',
      });
      return;
    case undefined:
      // The `map` may be the statement that was not understood.
      if (broken.has('crashed')) return;
      problems.report(span, {
        code: 'S062', message: `the buffer ${quote(buffer)} is not mapped here`,
        label: 'no `map` before this',
        help: () => suggestion(buffer, [...buffers.keys()]) ?? 'map it first: `map NAME 4K …`',
      });
  }
}

function checkPanic({ scenario, spans, problems, broken }: CheckContext): void {
  const { statements } = scenario.crashed;
  const first = statements.findIndex(({ kind }) => kind === 'panic');
  if (first < 0) {
    const span = spans.ofNode(scenario.crashed);
    if (span === null || broken.has('crashed')) return;
    problems.report(span, {
      code: 'S065', message: 'the crashed kernel never panics', label: 'needs a `panic`',
      help: 'end the block with `panic`',
    });
    return;
  }
  for (const statement of statements.slice(first + 1)) {
    const span = spans.ofNode(statement);
    if (span === null) continue;
    const again = statement.kind === 'panic';
    problems.report(span, {
      code: 'S065', label: again ? 'the second `panic`' : 'never reached',
      message: again ? 'the crashed kernel panics twice' : 'a statement after `panic` is never reached',
      help: 'let one `panic` be the last statement of the block',
    });
    return;
  }
}

/** Options that would change what a kernel does to the unit must not be passed over. */
export function checkCommandLine(
  { spans, problems, vocabulary }: CheckContext,
  kernel: { readonly commandLine: string },
): void {
  const span = spans.ofProperty(kernel, 'commandLine');
  const word = vocabulary.unmodelledOption(kernel.commandLine);
  if (span === null || word === undefined) return;
  problems.report(span, {
    code: 'S056', message: `the option ${quote(word)} is not modelled yet`,
    label: 'changes what the kernel does to the unit', help: 'leave it out',
  });
}

/** A controller has so many outstanding buffers and no more. */
function checkOutstanding({ scenario, spans, problems }: CheckContext): void {
  const devices = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const statement of scenario.crashed.statements) {
    if (statement.kind === 'map' || statement.kind === 'buffer') devices.set(statement.buffer, statement.device);
    if (statement.kind !== 'dma') continue;
    const device = devices.get(statement.buffer) ?? '';
    const count = (counts.get(device) ?? 0) + 1;
    counts.set(device, count);
    const span = spans.ofNode(statement);
    if (span === null || count !== limits.outstandingBuffers + 1) continue;
    problems.report(span, {
      code: 'S078', message: `${quote(device)} has more than ${limits.outstandingBuffers} buffers in use`,
      label: 'one too many', help: 'map one larger buffer, or use another device',
    });
  }
}

/** Whether a device that a node names is described; silent while a device block is broken. */
export function checkDeviceName(
  { scenario, spans, problems, broken }: CheckContext,
  node: object,
  property: string,
  name: string,
): void {
  const span = spans.ofProperty(node, property);
  if (span === null || broken.has('devices')) return;
  const known = scenario.devices.map((device) => device.name);
  if (known.includes(name)) return;
  problems.report(span, {
    code: 'S061', message: `there is no device ${quote(name)}`, label: 'unknown device',
    help: () => suggestion(name, known),
  });
}
