/** The commands and their options: the table that parsing, help and suggestions share. */
export interface OptionRow {
  readonly name: string;
  readonly short?: string;
  /** What the value is called; absent for a flag. */
  readonly value?: string;
  readonly about: string;
}

export interface CommandRow {
  readonly name: string;
  /** `[NAME]` may be left out; anything else must be there at least once. */
  readonly operands: string;
  readonly about: string;
  readonly options: readonly OptionRow[];
  readonly examples: readonly string[];
}

const capture: OptionRow = {
  name: 'capture', value: 'RELEASE', about: 'the capture kernel, instead of the one in the file',
};
const crashed: OptionRow = {
  name: 'crashed', value: 'RELEASE', about: 'the crashed kernel, instead of the one in the file',
};
const color: OptionRow = {
  name: 'color', value: 'WHEN', about: 'always, never or auto (default; NO_COLOR and FORCE_COLOR count)',
};
const help: OptionRow = { name: 'help', short: 'h', about: 'this text' };

export const commands: readonly CommandRow[] = [
  {
    name: 'run', operands: 'FILE...', about: 'replay scenarios and judge their claims',
    options: [capture, crashed,
      { name: 'format', value: 'FORMAT', about: 'story (default), dmesg or jsonl' },
      { name: 'json', about: 'one JSON document with the verdicts' },
      { name: 'print-json', about: 'print the scenario itself as JSON and run nothing' },
      color, help],
    examples: [
      'dmarsim run scenarios/hpsa-p420i.dmar',
      'dmarsim run scenarios/hpsa-p420i.dmar --capture linux-4.9-rc5 --format dmesg',
    ],
  },
  {
    name: 'check', operands: 'PATH...', about: 'check scenarios and folders of them, a line each, for CI',
    options: [capture, crashed, color, help],
    examples: ['dmarsim check scenarios'],
  },
  {
    name: 'replay', operands: 'FILE...',
    about: 'tell the story with every release that the file says something about',
    options: [color, help],
    examples: ['dmarsim replay scenarios/hpsa-p420i.dmar'],
  },
  {
    name: 'step', operands: 'FILE', about: 'step through the events of a run, forwards and backwards',
    options: [capture, crashed,
      { name: 'execute', short: 'x', value: 'COMMANDS', about: 'commands from a file, or separated by ;' },
      color, help],
    examples: ["dmarsim step scenarios/hpsa-p420i.dmar --capture linux-4.9-rc5 -x 'break fault; continue; why'"],
  },
  {
    name: 'explore', operands: 'FILE...',
    about: 'try every interleaving of what may happen after the root switch, and judge the claims',
    options: [capture, crashed,
      { name: 'in-flight', value: 'N', about: 'requests that devices may issue at any time (default 1)' },
      { name: 'window', value: 'PLACE', about: 'a phase or a routine from which everything is open' },
      { name: 'open', value: 'CHOICES', about: 'hardware choices to try in every value: names, eviction, or hardware' },
      { name: 'max-combinations', value: 'N', about: 'give up after so many combinations of hardware choices (default 1000)' },
      { name: 'max-states', value: 'N', about: 'give up after so many states (default 100000000)' },
      { name: 'workers', value: 'N', about: 'threads (default 1); what is found does not depend on it' },
      { name: 'max-memory', value: 'MIB', about: 'of the whole process (default 2048)' },
      { name: 'max-seconds', value: 'S', about: 'give up after so long' },
      { name: 'seed', value: 'N', about: 'of the fingerprints (default 0): the result must not depend on it' },
      { name: 'check-fingerprints', about: 'check the checker: work each fingerprint out anew' },
      { name: 'save', value: 'FILE', about: 'write the counterexample as a scenario that dmarsim run replays' },
      { name: 'json', about: 'one JSON document with the verdicts' },
      color, help],
    examples: ['dmarsim explore scenarios/hpsa-p420i.dmar --capture linux-4.9-rc5 --in-flight 2'],
  },
  {
    name: 'matrix', operands: 'PATH...', about: 'releases across, scenarios or hardware choices down: what each comes to',
    options: [
      { name: 'capture', value: 'R1,R2,...', about: 'the capture kernels, instead of all that there are' },
      { name: 'explore', about: 'every interleaving in each cell, not one run' },
      { name: 'vary', value: 'CHOICE,...', about: 'a row for each value of these hardware choices' },
      { name: 'in-flight', value: 'N', about: 'requests that devices may issue at any time (default 1)' },
      { name: 'window', value: 'PLACE', about: 'a phase or a routine from which everything is open' },
      { name: 'workers', value: 'N', about: 'threads (default 1); what is found does not depend on it' },
      { name: 'max-states', value: 'N', about: 'give up a cell after so many states' },
      { name: 'max-seconds', value: 'S', about: 'give up a cell after so long' },
      { name: 'max-memory', value: 'MIB', about: 'of the whole process (default 2048)' },
      { name: 'quick', about: 'the first way that violates a claim, not the shortest' },
      { name: 'json', about: 'one JSON document' },
      { name: 'markdown', about: 'a table for a mail' },
      color, help],
    examples: ['dmarsim matrix scenarios/grid --capture linux-4.9-rc5,patch-v2,linux-6.12 --explore --quick'],
  },
  {
    name: 'conform', operands: 'PATH...',
    about: 'play recorded vectors (plain or gzipped) against the model of the unit',
    options: [
      { name: 'profile', value: 'NAME', about: 'qemu (default) or specification' },
      { name: 'filter', value: 'TEXT', about: 'only cases whose id or quirks contain TEXT' },
      { name: 'json', about: 'one JSON document' }, color, help],
    examples: ['dmarsim conform test/vectors/qemu', 'dmarsim conform test/vectors/qemu --profile specification'],
  },
  {
    name: 'compare', operands: 'FOLDER...', about: 'captures of real handoffs, or folders of them, against the model, side by side',
    options: [
      { name: 'capture', value: 'RELEASE', about: 'compare with this release, not the one of the version line' },
      { name: 'keep', value: 'FOLDER', about: 'write there the scenario that each capture makes, and its image' },
      { name: 'json', about: 'one JSON document' }, color, help],
    examples: ['dmarsim compare test/captures/nvme-in-flight-flush', 'dmarsim compare test/captures'],
  },
  {
    name: 'inspect', operands: 'IMAGE...', about: 'the tables in an image of the hardware, as debugfs shows them',
    options: [
      { name: 'iova', value: 'ADDRESS', about: 'only what this address is mapped to' },
      { name: 'device', value: 'BDF', about: 'only this device\'s tables' },
      { name: 'json', about: 'one JSON document' }, color, help],
    examples: ['dmarsim inspect snap-2-kdump-start.json.gz --device 00:03.0 --iova 0xfffff000'],
  },
  {
    name: 'explain', operands: 'CODE', about: 'what a diagnostic of the scenario reader means',
    options: [color, help],
    examples: ['dmarsim explain S050'],
  },
  {
    name: 'profiles', operands: '[NAME]', about: 'the units of real machines; with a name, every field of one',
    options: [{ name: 'json', about: 'one JSON document' }, color, help],
    examples: ['dmarsim profiles sandy-bridge-ep'],
  },
  {
    name: 'releases', operands: '[NAME] [NAME]',
    about: 'the kernels that a scenario may name; one of them; or what two do differently',
    options: [
      { name: 'unit', value: 'KIND', about: "'not coherent' (default), 'coherent' or 'caching mode'" },
      { name: 'json', about: 'one JSON document' }, color, help],
    examples: ['dmarsim releases linux-4.10 linux-4.12'],
  },
];

export function usageLines(): readonly string[] {
  return [
    'dmarsim: VT-d DMA remapping across a kdump handoff, simulated',
    '',
    ...commands.flatMap(({ examples }) => examples.slice(0, 1).map((example) => `  ${example}`)),
    '',
    'commands:',
    ...commands.map(({ name, operands, about }) => `  ${`${name} ${operands}`.padEnd(23)}${about}`),
    '',
    'dmarsim COMMAND --help tells a command\'s options.',
    'exit codes: 0 every claim holds, 1 one does not, 74 no output possible, 125 cannot tell,',
    '129 wrong command line or scenario, 134 an assertion of dmarsim\'s own failed',
  ];
}

export function commandUsageLines(command: CommandRow): readonly string[] {
  return [
    `usage: dmarsim ${command.name} ${command.operands} [options]`,
    command.about,
    '',
    ...command.options.map(({ name, short, value, about }) => {
      const left = `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
      return `  ${left.padEnd(24)}${about}`;
    }),
    '',
    ...command.examples.map((example) => `example: ${example}`),
  ];
}
