/** The profiles against the registers of real machines, and as units that software can drive. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBigInt, word } from '../src/base/word.ts';
import { CAP, decodeCapability, ECAP } from '../src/vtd/capability.ts';
import { hardwareChoices, keepsTheLeast, keepsTheMost } from '../src/vtd/choices.ts';
import { departures } from '../src/vtd/departures.ts';
import { profileNamed, unitProfiles, type KnownProfile } from '../src/vtd/profiles/profiles.ts';
import { realMachines } from './support/real-machines.ts';
import { UnitDriver } from './support/unit-driver.ts';

function profile(name: string): KnownProfile {
  const found = profileNamed(name);
  assert.ok(found !== undefined, name);
  return found;
}

/** The choices that are not those of the specification to the letter. */
function ownChoices(name: string): Readonly<Record<string, string>> {
  const usual: Readonly<Record<string, string>> = keepsTheMost;
  return Object.fromEntries(Object.entries(profile(name).choices)
    .filter(([choice, value]) => value !== usual[choice]));
}

test('every profile is in the table of machines, once, and the other way round', () => {
  assert.deepEqual(unitProfiles.map(({ name }) => name), realMachines.map(({ name }) => name));
  assert.equal(new Set(unitProfiles.map(({ name }) => name)).size, unitProfiles.length);
  assert.equal(profileNamed('sandy-bridge'), undefined);
});

for (const machine of realMachines) {
  const { name } = machine;

  test(`${name}: a unit reads its registers and says with them what the machine is`, () => {
    const known = profile(name);
    const width = Math.max(...known.hostAddressWidths);
    const driver = new UnitDriver({ profile: name, hostAddressWidth: width });
    assert.deepEqual([driver.read32(0), driver.read64(0x08), driver.read64(0x10)],
      [machine.version, machine.capability, machine.extended]);
    assert.deepEqual([driver.faultOffset, driver.iotlbOffset], [machine.faultOffset, machine.iotlbOffset]);
    assert.deepEqual([known.hostAddressWidths, known.units], [machine.hostAddressWidths, machine.units]);
    const decoded =
      decodeCapability(known.version, known.capability, known.extendedCapability, width);
    assert.deepEqual({
      levels: decoded.levels, domains: 2 ** decoded.domainIdBits, bits: decoded.addressBits,
      records: decoded.faultRecords, mask: decoded.maximumAddressMask, orders: decoded.superpageOrders,
      fro: decoded.faultOffset, iro: decoded.iotlbOffset,
    }, {
      levels: machine.levels, domains: machine.domains, bits: machine.addressBits,
      records: machine.faultRecords, mask: machine.maximumAddressMask,
      orders: machine.superpages === '1G' ? [0, 9, 18] : [0],
      fro: machine.faultOffset, iro: machine.iotlbOffset,
    });
  });

  test(`${name}: IVA, IOTLB and the fault records lie at IRO and FRO, apart from every other register`, () => {
    const { unit } = new UnitDriver({ profile: name });
    const records = Array.from({ length: machine.faultRecords }, (_, index) => index);
    assert.deepEqual([unit.registerName(machine.iotlbOffset), unit.registerName(machine.iotlbOffset + 8)],
      ['IVA', 'IOTLB']);
    for (const index of records) {
      const at = machine.faultOffset + 16 * index;
      assert.deepEqual([unit.registerName(at), unit.registerName(at + 12)],
        [`FRCD${index}`, `FRCD${index}_HIGH`]);
    }
    const rows = unit.core.registers.table;
    for (const [index, row] of rows.entries()) {
      const next = rows[index + 1];
      const end = row.offset + row.bytes;
      assert.ok(end <= (next?.offset ?? 0x1000), `${row.name} reaches into ${next?.name ?? 'the next page'}`);
    }
    // Every register that Linux touches in legacy mode is there under its own name.
    for (const [offset, register] of [[0x18, 'GCMD'], [0x20, 'RTADDR'], [0x28, 'CCMD'], [0x34, 'FSTS'],
      [0x64, 'PMEN'], [0x80, 'IQH'], [0x88, 'IQT'], [0x90, 'IQA'], [0xb8, 'IRTA']] as const) {
      assert.equal(unit.registerName(offset), register);
    }
  });

  test(`${name}: translates by a table of each width that it has, and faults without one`, () => {
    for (const levels of machine.levels) {
      const driver = new UnitDriver({ profile: name });
      const tree = driver.tree(levels);
      tree.map(0x5000, 0x20_0003n);
      driver.context(0x10, tree.pointer, 0x100n + BigInt(levels - 2));
      driver.start();
      assert.equal(driver.dma(0x10, 0x5004), 'to 0x200004', `${levels} levels`);
      assert.equal(driver.dma(0x10, 0x6000), 'blocked 0x6');
      assert.equal(driver.read32(0x34) % 4, 2);
      const record = driver.read64(machine.faultOffset + 8);
      // FR at 39:32, SID at 15:0.
      assert.deepEqual([(record / 2n ** 32n) % 256n, record % 65536n, driver.read64(machine.faultOffset)],
        [6n, 0x10n, 0x6000n]);
    }
  });
}

test('registers invalidate on units before version 6, and on no later one', () => {
  for (const { name, version, iotlbOffset } of realMachines) {
    const driver = new UnitDriver({ profile: name });
    driver.write64(iotlbOffset + 8, 0x9000_0000_0000_0000n);
    driver.settle();
    // IAIG tells what was done: global, or nothing.
    assert.equal(driver.read64(iotlbOffset + 8), version < 0x60 ? 0x1200_0000_0000_0000n : 0x1000_0000_0000_0000n,
      name);
  }
});

test('the one-bit fields are those of the machine, and no bit that is set has no field', () => {
  for (const machine of realMachines) {
    for (const [fields, value, bits, always] of [[CAP, machine.capability, machine.capabilityBits, ['DWD', 'DRD']],
      [ECAP, machine.extended, machine.extendedBits, []]] as const) {
      let rest = value;
      const set: string[] = [];
      for (const [name, { highBit, lowBit }] of Object.entries(fields)) {
        const part = (value / 2n ** BigInt(lowBit)) % 2n ** BigInt(highBit - lowBit + 1);
        rest -= part * 2n ** BigInt(lowBit);
        if (highBit === lowBit && part === 1n) set.push(name);
      }
      assert.equal(rest, 0n, `${machine.name}: bits without a field`);
      const wanted = [...bits.split(' '), ...always];
      assert.deepEqual([...set].sort(), [...wanted].sort(), machine.name);
    }
    assert.equal(toBigInt(word(machine.capability)), machine.capability);
  }
});

test('a choice is another one only where silicon is known to be otherwise', () => {
  for (const { name, faultRecords, version } of realMachines) {
    if (name.startsWith('qemu') || name.startsWith('specification') || name === 'sandy-bridge-ep') continue;
    assert.deepEqual(ownChoices(name), {
      ...faultRecords === 1 ? { 'same-source-faults': 'collapsed' } : {},
      ...version === 0x10 ? { 'queue-error-code': 'none' } : {},
    }, name);
    assert.deepEqual(profile(name).departures, []);
    assert.equal(profile(name).notes.some((note) => note.startsWith('UNCONFIRMED: that faults of a source')),
      faultRecords === 1, name);
  }
  assert.deepEqual(ownChoices('sandy-bridge-ep'), {
    'device-selective-context': 'by-domain', 'interrupt-entry-invalidation': 'global',
    'set-root-pointer': 'empties-caches', 'register-invalidation-with-queue': 'ignored',
    'queue-error-code': 'none',
  });
});

test("QEMU's units differ in their registers alone, and have every departure", () => {
  for (const { name } of realMachines.filter((machine) => machine.name.startsWith('qemu'))) {
    assert.deepEqual(profile(name).choices, profile('qemu-39').choices);
    assert.deepEqual([...profile(name).departures].sort(), Object.keys(departures).sort());
  }
  assert.equal(profile('qemu-39').choices['device-selective-context'], 'by-source');
  assert.equal(profile('qemu-39').choices['iotlb-entries'], '1024');
});

test('the two ends of what the specification leaves open differ in all that a cache may keep', () => {
  const [most, least] = [profile('specification-keeps-most'), profile('specification-keeps-least')];
  const everything = { ...keepsTheMost, 'paging-structure-cache': 'kept' };
  assert.deepEqual([most.choices, least.choices], [everything, keepsTheLeast]);
  assert.deepEqual([most.departures, least.departures], [[], []]);
  for (const name of ['device-selective-context', 'domain-selective-context', 'set-root-pointer',
    'translation-enable', 'cached-denial', 'same-source-faults', 'partial-superpage-invalidation',
    'page-selective-invalidation', 'interrupt-entry-invalidation', 'paging-structure-cache',
    'context-cache-entries', 'iotlb-entries',
    'when-full'] as const) assert.notEqual(most.choices[name], least.choices[name], name);
  // A command that is carried out removes more than one that is not: both carry it out.
  assert.equal(least.choices['register-invalidation-with-queue'], 'executes');
  assert.deepEqual([most.choices['iotlb-entries'], least.choices['iotlb-entries']],
    ['unlimited', hardwareChoices['iotlb-entries'][1]]);
  assert.deepEqual([most.choices['context-cache-entries'], least.choices['context-cache-entries']],
    ['unlimited', hardwareChoices['context-cache-entries'][1]]);
});

test('a unit that keeps least forgets at SRTP and TE, and by any domain-selective command', () => {
  for (const [name, removed] of [['specification-keeps-most', 0], ['specification-keeps-least', 1]] as const) {
    const driver = new UnitDriver({ profile: name });
    const tree = driver.tree();
    tree.map(0x5000, 0x20_0003n);
    driver.context(0x10, tree.pointer, 0x102n);
    driver.start();
    assert.equal(driver.dma(0x10, 0x5000), 'to 0x200000');
    // CCMD: ICC, domain-selective, domain 9; the entry has domain 1.
    driver.write64(0x28, 0xc000_0000_0000_0009n);
    driver.settle();
    assert.equal(driver.happenings('invalidate').at(-1)?.removed.length, removed, name);
    driver.setRoot();
    const emptied = driver.happenings('invalidate').flatMap(({ cache, removed: gone }) => gone.map(() => cache));
    assert.deepEqual(emptied, removed === 1 ? ['context', 'iotlb'] : [], name);
  }
});
