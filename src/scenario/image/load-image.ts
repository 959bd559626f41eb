/** The image that a scenario names: read, and held against the machine that the scenario describes. */
import { equalWords, hex, type Word64 } from '../../base/word.ts';
import type { CheckContext, UnitRegisters } from '../check/check-context.ts';
import type { DiagnosticCode } from '../diagnostic-codes.ts';
import { printAddress } from '../quantities.ts';
import { readHardwareImage, type HardwareImage } from './hardware-image.ts';

/** The unpacked text of a file that a scenario names, or what it holds where that is known; or why not. */
export type ImageFiles = (name: string) => { readonly text: string } | { readonly image: HardwareImage } | string;

const pageBytes = 4096;

/** Null where the crashed kernel is simulated, and where something is wrong, which is reported. */
export function loadImage(context: CheckContext, files: ImageFiles): HardwareImage | null {
  const { imageFile } = context.scenario.crashed;
  if (imageFile === null) return null;
  const file = files(imageFile);
  if (typeof file === 'string') {
    report(context, 'S084', `the image cannot be read: ${file}`, 'not readable',
      'the name is relative to the folder of the scenario');
    return null;
  }
  const image = 'image' in file ? file.image : readHardwareImage(file.text);
  if (typeof image === 'string') {
    report(context, 'S084', `the image is not one: ${image}`, 'not an image',
      'an image has `regs` and `pages`, as the snapshots of a capture do');
    return null;
  }
  checkMachine(context, image);
  return image;
}

function checkMachine(context: CheckContext, image: HardwareImage): void {
  const { units, platform } = context.scenario;
  const [unit] = units;
  if (unit === undefined || units.length > 1) {
    report(context, 'S085', 'an image is of one unit, and the scenario has several', 'several units', null);
    return;
  }
  const known = context.vocabulary.registersOf(unit.profile);
  const rows: readonly (readonly [string, string, keyof UnitRegisters])[] = [
    ['CAP', 'capability', 'capability'], ['ECAP', 'extended-capability', 'extendedCapability'],
  ];
  for (const [register, statement, property] of rows) {
    const seen: Word64 | undefined = image.registers.get(register);
    const said = unit[property] ?? known?.[property];
    if (seen === undefined || said === undefined || equalWords(seen, said)) continue;
    report(context, 'S085', `the image is of a unit whose ${register} reads ${hex(seen)}, not ${hex(said)}`,
      'another unit', `write \`${statement} ${hex(seen)}\` in the block of the unit`);
  }
  const outside = image.pages.find(({ address }) => !platform.memory.some(({ first, last }) =>
    address >= first && address + pageBytes - 1 <= last));
  if (outside === undefined) return;
  report(context, 'S085', `the image has a page at ${printAddress(outside.address)}, where there is no memory`,
    'beyond the memory', 'describe all memory of the machine that the image is from');
}

function report(
  { scenario, spans, problems }: CheckContext, code: DiagnosticCode, message: string, label: string,
  help: string | null,
): void {
  const span = spans.ofProperty(scenario.crashed, 'imageFile') ?? { start: 0, end: 0 };
  problems.report(span, { code, message, label, help });
}
