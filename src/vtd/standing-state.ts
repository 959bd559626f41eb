/**
 * A unit as it was found at one moment, by what its registers read. This is for whoever builds a machine,
 * before anything in it has run; no software of the machine has a way here. What the caches held cannot
 * be read from outside, so they are empty: a unit may forget at any time.
 */
import { addressIn, field, frameAt, get, isSet, type Word64 } from '../base/word.ts';
import { LATCHED, type UnitCore } from './core.ts';
import { FRCD_HIGH, FSTS, GSTS, IQA, IQH, IRTA, RTADDR } from './registers.ts';

/** What a reading says nothing about: the capabilities are the unit's own, and commands are over. */
const passedOver: ReadonlySet<string> = new Set(['VER', 'CAP', 'ECAP', 'GCMD', 'CCMD', 'IVA', 'IOTLB']);
const DESCRIPTOR_TYPE = field(3, 0);
const waitType = 5;

/** Names of registers as readers write them: `FRCD0.hi` is the upper half of record 0. */
function rowName(name: string): string {
  return name.replace(/^(FRCD\d+)\.lo$/, '$1').replace(/^(FRCD\d+)\.hi$/, '$1_HIGH');
}

export function takeRegisters(core: UnitCore, readings: ReadonlyMap<string, Word64>): void {
  const { registers } = core;
  const rows = new Set(registers.table.filter(({ modelled }) => modelled).map(({ name }) => name));
  for (const [name, value] of readings) {
    const row = rowName(name);
    if (rows.has(row) && !passedOver.has(row)) registers.setValue(row, value);
  }
  latchTables(core);
  latchQueue(core);
  core.latched.set(LATCHED.translationOn, registers.field('GSTS', GSTS.TES));
  core.latched.set(LATCHED.faultIndex, nextRecord(core));
}

/** A pointer counts from the command on that took it; its register may have been written since. */
function latchTables({ registers, latched }: UnitCore): void {
  const status = registers.value('GSTS');
  if (isSet(GSTS.RTPS, status)) {
    latched.set(LATCHED.rootTable, get(RTADDR.RTA, registers.value('RTADDR')));
    latched.set(LATCHED.tableMode, get(RTADDR.TTM, registers.value('RTADDR')));
  }
  if (!isSet(GSTS.IRTPS, status)) return;
  latched.set(LATCHED.interruptTable, get(IRTA.IRTA, registers.value('IRTA')));
  latched.set(LATCHED.interruptOrder, get(IRTA.S, registers.value('IRTA')));
  latched.set(LATCHED.interruptMode, get(IRTA.EIME, registers.value('IRTA')));
}

function latchQueue({ registers, latched, memory }: UnitCore): void {
  if (!isSet(GSTS.QIES, registers.value('GSTS'))) return;
  const base = get(IQA.IQA, registers.value('IQA'));
  latched.set(LATCHED.queueBase, base);
  latched.set(LATCHED.queueOrder, get(IQA.QS, registers.value('IQA')));
  latched.set(LATCHED.queueWide, get(IQA.DW, registers.value('IQA')));
  const size = 2 ** (get(IQA.QS, registers.value('IQA')) + 8);
  const last = (registers.field('IQH', IQH.QH) + size - 1) % size;
  const type = get(DESCRIPTOR_TYPE, memory.read64(addressIn(frameAt(base), 16 * last)));
  latched.set(LATCHED.lastWasWait, type === waitType ? 1 : 0);
}

/** The record that the next fault goes to: the first free one from the oldest pending one on. */
function nextRecord({ registers, capability }: UnitCore): number {
  const first = registers.field('FSTS', FSTS.FRI) % capability.faultRecords;
  for (let step = 0; step < capability.faultRecords; step += 1) {
    const index = (first + step) % capability.faultRecords;
    if (!isSet(FRCD_HIGH.F, registers.value(`FRCD${index}_HIGH`))) return index;
  }
  return first;
}
