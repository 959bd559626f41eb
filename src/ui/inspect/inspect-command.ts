/** `dmarsim inspect`: an image of hardware in the columns of the kernel's own debugfs files. */
import { contextsOf, isOn, usesScalableTables } from '../../analysis/image/image-tables.ts';
import { bdf, sourceIdNumber } from '../../base/word.ts';
import { readHardwareImage, type HardwareImage } from '../../scenario/image/hardware-image.ts';
import { readAddress } from '../../scenario/quantities.ts';
import { readSourceId } from '../../scenario/values.ts';
import type { CommandLine } from '../command-line.ts';
import { exitCode, worse } from '../exit-codes.ts';
import { imageDocument } from './inspect-json.ts';
import type { InspectSelection } from './inspect-selection.ts';
import { contextLines, domainLines, interruptLines, registerLines } from './inspect-tables.ts';
import { readImageFile } from '../load.ts';
import type { Output } from '../output.ts';
import { printable } from '../terminal.ts';

export function inspectCommand(line: CommandLine, output: Output): number {
  const selection = selectionOf(line, output);
  if (selection === undefined) return exitCode.usage;
  let code: number = exitCode.ok;
  for (const path of line.operands) {
    const file = readImageFile(path);
    const image = typeof file === 'string' ? file : readHardwareImage(file.text);
    if (typeof image === 'string') {
      output.talk(`error: ${printable(path)}: ${image}`);
      code = worse(code, exitCode.usage);
    } else if (usesScalableTables(image)) {
      output.talk(`error: ${printable(path)}: its tables are of scalable mode, which is not modelled`);
      code = worse(code, exitCode.undecided);
    } else if (line.flags.has('json')) {
      output.result(JSON.stringify(imageDocument(image, selection), null, 2));
    } else {
      if (line.operands.length > 1) output.result(`==> ${printable(path)} <==`);
      print(image, selection, output);
    }
  }
  return code;
}

function selectionOf(line: CommandLine, output: Output): InspectSelection | undefined {
  const iova = line.options.get('iova');
  const device = line.options.get('device');
  const address = iova === undefined ? null : readAddress(iova);
  const source = device === undefined ? null : readSourceId(device);
  for (const [option, reading] of [['--iova', address], ['--device', source]] as const) {
    if (reading === null || reading.ok) continue;
    output.talk(`error: ${option}: ${reading.problem.message}`);
    return undefined;
  }
  return {
    frame: address?.ok === true ? Math.floor(address.value / 4096) : null,
    source: source?.ok === true ? source.value : null,
  };
}

function print(image: HardwareImage, selection: InspectSelection, output: Output): void {
  const all = selection.frame === null && selection.source === null;
  if (all) registerLines(image).forEach(output.result);
  const contexts = contextsOf(image).filter(({ source }) => selection.source === null || sourceIdNumber(source) === selection.source);
  if (!isOn(image, 'TES')) output.result('DMA Remapping is not enabled on dmar0');
  else contextLines(image, contexts).forEach(output.result);
  if (selection.source !== null && contexts.length === 0) {
    output.result(`there is no context entry of that device; there are ${contextsOf(image).map(({ source }) => bdf(source)).join(', ')}`);
  }
  for (const context of contexts) domainLines(image, context, selection.frame).forEach(output.result);
  if (all) interruptLines(image).forEach(output.result);
}
