/** The `DMAR:` lines of a kernel's log against the model's, as text. */
import type { AddressRange } from '../../scenario/scenario.ts';
import type { Roles } from './roles.ts';

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

export interface MessageSettings {
  readonly roles: Roles;
  /** All lines of the recorded kernel on the serial port, which may have lost characters. */
  readonly serial: readonly string[];
  /** The recorded lines are the log itself: what one of them lost must be whole on the serial port. */
  readonly isLog: boolean;
  /** The kernel's own memory: a device that is not translated is given addresses in it. */
  readonly memory: AddressRange;
}

export function compareMessages(
  recorded: readonly string[], model: readonly string[], { roles, serial, isLog, memory }: MessageSettings,
): readonly MessageRow[] {
  const isOwn = (address: bigint): boolean => address >= BigInt(memory.first) && address <= BigInt(memory.last);
  const whole = new Set(serial);
  const mayBeCut = (line: string): boolean => !isLog || whole.has(line);
  const rows: MessageRow[] = [];
  let at = 0;
  for (const line of model) {
    const found = recorded.findIndex((each, index) => index >= at && sameText(each, line, roles, isOwn));
    const next = recorded[at];
    const lost = next !== undefined && found !== at && mayBeCut(line) && isRemainder(next, line);
    if (found >= at && !lost) {
      for (const passed of recorded.slice(at, found)) rows.push({ kind: 'different', recorded: passed, model: null });
      rows.push({ kind: 'same', recorded: recorded[found] ?? '', model: line });
      at = found + 1;
    } else if (lost) {
      rows.push({ kind: 'explained', recorded: next, model: line, rule: 'lost-characters' });
      at += 1;
    } else if (isLog ? whole.has(line) : serial.some((each) => !ours.test(each) && isRemainder(each, line))) {
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
  const kindOf = (line: string | null): string => withoutAddresses(line ?? '');
  const agreed = new Set(rows.flatMap((row) => (row.kind === 'same' && aboutFault.test(row.model) ? [kindOf(row.model)] : [])));
  return rows.map((row) => (row.kind === 'different' && agreed.has(kindOf(row.recorded ?? row.model))
    ? { ...row, kind: 'explained', rule: 'repeated-faults' } : row));
}

/** Whether the lines are one text, but for what the recorded kernel's allocators chose, which keeps its role. */
function sameText(recorded: string, model: string, roles: Roles, isOwn: (address: bigint) => boolean): boolean {
  if (recorded === model) return true;
  if (withoutAddresses(recorded) !== withoutAddresses(model)) return false;
  const [left, right] = [addressesOf(recorded), addressesOf(model)];
  const agree = (known: Roles): boolean => left.every(({ address, isTable }, index) => {
    const other = right[index]?.address ?? 0n;
    if (!isTable && !(isOwn(address) && isOwn(other))) return address === other;
    return address % 4096n === other % 4096n && known.agree('page', Number(address / 4096n), Number(other / 4096n));
  });
  return agree(roles.copy()) && agree(roles);
}

function withoutAddresses(line: string): string {
  return line.replace(tableAddress, '$1').replace(faultAddress, '');
}

function addressesOf(line: string): readonly { readonly address: bigint; readonly isTable: boolean }[] {
  return [
    ...[...line.matchAll(tableAddress)].map((match) => ({ address: BigInt(`0x${match[2] ?? '0'}`), isTable: true })),
    ...[...line.matchAll(faultAddress)].map((match) => ({ address: BigInt(match[0]), isTable: false })),
  ];
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
