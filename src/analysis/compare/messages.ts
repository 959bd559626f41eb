/** The `DMAR:` lines of a kernel's log against the model's, as text. */
import { Roles } from './roles.ts';

export type MessageRow =
  | { readonly kind: 'same'; readonly recorded: string; readonly model: string }
  | { readonly kind: 'different'; readonly recorded: string | null; readonly model: string | null }
  | { readonly kind: 'explained'; readonly recorded: string | null; readonly model: string | null;
      readonly rule: 'lost-characters' | 'repeated-faults' };

const ours = /^DMAR(-IR)?: /;
/** Addresses of tables in the kernel's dump of them: the page is the allocator's. */
const tableAddress = /(entry: |low |value: )0x([0-9a-f]{16})/g;
const aboutFault = /^DMAR: (DRHD: handling fault|\[DMA |\[INTR-REMAP\] |Dump |root entry|context entry|pte level|.* is not present)/;
const faultAddress = /(?<=fault addr |for IOVA )0x[0-9a-f]+/g;
/** What is left of a line that lost characters is at least this much of it. */
const leastLeft = 0.6;

export function remappingLines(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => ours.test(line)).map((line) => line.trimEnd());
}

/** `console`: all lines of the recorded kernel, where the serial port may have lost characters; null: it has not. */
export function compareMessages(
  recorded: readonly string[], model: readonly string[], roles: Roles, console: readonly string[] | null,
): readonly MessageRow[] {
  const rows: MessageRow[] = [];
  let at = 0;
  for (const line of model) {
    const found = recorded.findIndex((each, index) => index >= at && sameText(each, line, roles));
    const next = recorded[at];
    const lost = console !== null && next !== undefined && found !== at && isRemainder(next, line);
    if (found >= at && !lost) {
      for (const passed of recorded.slice(at, found)) rows.push({ kind: 'different', recorded: passed, model: null });
      rows.push({ kind: 'same', recorded: recorded[found] ?? '', model: line });
      at = found + 1;
    } else if (lost) {
      rows.push({ kind: 'explained', recorded: next, model: line, rule: 'lost-characters' });
      at += 1;
    } else if (console?.some((each) => !ours.test(each) && isRemainder(each, line)) === true) {
      rows.push({ kind: 'explained', recorded: null, model: line, rule: 'lost-characters' });
    } else {
      rows.push({ kind: 'different', recorded: null, model: line });
    }
  }
  for (const passed of recorded.slice(at)) rows.push({ kind: 'different', recorded: passed, model: null });
  return withRepeatedFaults(rows);
}

/** What is said of a fault comes again with the next one like it. */
function withRepeatedFaults(rows: readonly MessageRow[]): readonly MessageRow[] {
  const kindOf = (line: string | null): string => (line ?? '').replace(tableAddress, '$1').replace(faultAddress, '');
  const agreed = new Set(rows.flatMap((row) => (row.kind === 'same' && aboutFault.test(row.model) ? [kindOf(row.model)] : [])));
  return rows.map((row) => (row.kind === 'different' && agreed.has(kindOf(row.recorded ?? row.model))
    ? { ...row, kind: 'explained', rule: 'repeated-faults' } : row));
}

/** Whether the lines are one text, but for addresses of tables, which keep their roles. */
function sameText(recorded: string, model: string, roles: Roles): boolean {
  if (recorded === model) return true;
  if (recorded.replace(tableAddress, '$1') !== model.replace(tableAddress, '$1')) return false;
  const trial = roles.copy();
  const [left, right] = [addressesOf(recorded), addressesOf(model)];
  const agree = (known: Roles): boolean => left.every((entry, index) => {
    const other = right[index] ?? 0n;
    return entry % 4096n === other % 4096n && known.agree('page', Number(entry / 4096n), Number(other / 4096n));
  });
  return agree(trial) && agree(roles);
}

function addressesOf(line: string): readonly bigint[] {
  return [...line.matchAll(tableAddress)].map((match) => BigInt(`0x${match[2] ?? '0'}`));
}

/** Whether `line` is what is left of `whole` after some characters were lost. */
function isRemainder(line: string, whole: string): boolean {
  if (line.length < whole.length * leastLeft || line.length >= whole.length) return false;
  let at = 0;
  for (const character of line) {
    at = whole.indexOf(character, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
