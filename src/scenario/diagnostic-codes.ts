/**
 * Every code a scenario diagnostic can carry, with the long text that explains it.
 *
 * A code is never given another meaning: people grep for it and link to it.
 */

const table = {
  S001:
    'The file is larger than one mebibyte. A scenario is read whole and may come from a '
    + 'stranger, so its size is bounded. A long schedule is best written with run lengths: '
    + '`0*1000/1`.',
  S002:
    'The file has more than a hundred errors. Only a hundred are printed; one early mistake '
    + 'often brings the others about.',
  S003:
    'The bytes are not UTF-8, or hold U+FFFD, which some program has put in place of bytes '
    + 'that were not.',
  S004:
    'The file holds a character that cannot be seen: a NUL or other control character, a '
    + 'carriage return without a newline, a line separator that editors disagree about, half of '
    + 'a surrogate pair, or a mark that reorders the line. Such a line may read otherwise than '
    + 'it runs.',
  S005:
    'The file begins with a byte order mark. UTF-8 needs none, and the first word of a '
    + 'scenario is `DMAR`.',
  S006:
    'There are more of a thing than a scenario may have: 64 devices, 16 units, 4096 '
    + 'statements in each kernel, 1024 claims, 256 of each statement that may be repeated in a '
    + 'platform, unit or device.',

  S010:
    'A character that no word of the language holds. Words are made of ASCII letters, digits '
    + 'and `_ . : - / *`; text goes in double quotes.',
  S011:
    'A comment that begins with `(*` runs to the end of the file without `*)`.',
  S012:
    'A comment stands inside a comment. Comments do not nest; most often the `*)` of the '
    + 'first one is missing.',
  S013:
    'A string has no closing quote on its line. Strings do not run over lines.',
  S014:
    'A backslash in a string is followed by something else than `"` or `\\` (in JSON: than '
    + 'one of JSON\'s escapes).',
  S015:
    'A text is empty where it may not be, longer than 2048 characters, or holds a character '
    + 'that cannot be printed, such as a tab.',

  S020:
    'A scenario begins with the word `DMAR` and its name: `DMAR hpsa-p420i`.',
  S021:
    'The word that begins a block or a statement is not one of those that may stand here.',
  S022:
    'Something else stands where a certain part of a statement was expected.',
  S023:
    'A statement is complete, but its line goes on. Statements end at the end of the line or '
    + 'at `;`.',
  S024:
    'A block is opened and not closed. When a word that begins another block follows, the `}` '
    + 'is missed before it.',
  S025:
    'A `}` closes nothing; most often the block it was meant for has ended before.',
  S026:
    'A block, statement or scope stands twice where it may stand only once. The first one '
    + 'counts.',
  S027:
    'A block or a statement is missing without which the scenario means nothing.',
  S028:
    'A Result line in the head comment is written `Result: Holds`, `Result: Violated` or, for '
    + 'another capture kernel, `Result with RELEASE: Violated`. What holds in every interleaving is said '
    + 'with `Explored` in its place.',

  S030:
    'A name is made of lower-case letters, digits and `_ . -`, begins with a letter or digit, '
    + 'and has at most 64 characters.',
  S031:
    'An address is a decimal or `0x…` number below 2^52.',
  S032:
    'A range is written `FIRST-LAST` without spaces; both addresses belong to it, as in a '
    + 'kernel log.',
  S033:
    'A duration is a number with a unit, `120ns`, `1.5ms`, `2min`: a whole number of '
    + 'nanoseconds, at most an hour. A period is longer than nothing.',
  S034:
    'A size is a number of bytes or has one of the suffixes K, M and G: `4K`, `0x1000`. It is '
    + 'at least 1.',
  S035:
    'A whole number is malformed or outside what its statement allows.',
  S036:
    'A device is named by bus, device and function as lspci does it: `02:00.0`, the first two '
    + 'hexadecimal, device at most 1f, function at most 7.',
  S037:
    'A schedule is a list of numbers with slashes between them, `0/2/1`; `0*120` stands for '
    + '120 zeros.',
  S038:
    'A schedule or an order has more than 1,000,000 steps once its run lengths are expanded.',
  S039:
    'A word is not one of the few that may stand here.',

  S040:
    'The file begins with `{` and is therefore read as JSON, which it is not.',
  S041:
    'JSON arrays and objects are nested more than 32 deep. A scenario needs 5.',
  S042:
    'An object has one key twice. Readers of JSON disagree about which of the two counts.',
  S043:
    'An object has a key that does not belong to it. Keys are those that `--print-json` '
    + 'writes.',
  S044:
    'An object lacks a key. All keys are always written; what is not there is null or an '
    + 'empty array.',
  S045:
    'A JSON value is of another type than its key asks for. Addresses are strings, '
    + '`"0x1000"`; times are whole numbers of nanoseconds.',
  S046:
    'The key `format` is not `dmarsim-scenario/1`: the file is something else, or of another '
    + 'version.',
  S047:
    'The prose of `about` cannot stand in a head comment as it is: it holds a comment mark, a '
    + 'line that reads like a Result, blanks at the end of a line, or empty lines at its ends.',

  S050:
    'No hardware profile has this name. A profile is what a real unit\'s registers read, and what is '
    + 'known of its silicon; the README lists them.',
  S051:
    'No kernel release or patch has this name. Releases are those whose driver the model knows; the '
    + 'README lists them.',
  S052:
    'No device model has this name. A model is a device together with its driver.',
  S053:
    'Units have no choice of this name. Choices are what the specification leaves to the hardware; '
    + 'everything else is in the profile.',
  S054:
    'The choice has no such value. Each choice has a few named values, none of them a number.',
  S055:
    'The platform has no timing of this name. Timings say what one step of the CPU, the unit or a '
    + 'device takes in simulated time.',

  S056:
    'A kernel command line has an option that changes what the kernel does to the remapping unit '
    + 'and that the model does not follow yet. Passing over it would show another kernel.',

  S057:
    'Builds of a kernel do not differ in an option of this name, as far as the model goes. `dmar-debug` is '
    + 'CONFIG_DMAR_DEBUG, which prints the tables after a fault; `no-svm` is a kernel without '
    + 'CONFIG_INTEL_IOMMU_SVM.',

  S060:
    'Two units or two devices have one name, or a choice or a timing is set twice.',
  S061:
    'A statement or claim is about a device that no block describes.',
  S062:
    'A statement uses a buffer that no earlier `map` of the crashed kernel has made.',
  S063:
    'A buffer name is mapped twice. Each name stands for one mapping, even after its `unmap`, '
    + 'so that a report can tell them apart.',
  S064:
    'A statement uses a buffer after its `unmap`. DMA that was started before may go on; new '
    + 'DMA cannot be started.',
  S065:
    'The crashed kernel ends with `panic`, once.',
  S066:
    'Two devices have one source id. The unit could not tell them apart.',
  S067:
    'One release has two Result or two Explored lines. `Result:` is about the release of the capture block.',
  S068:
    'The units do not share out the devices: each bus belongs to one unit, and the last unit, without '
    + '`buses`, takes every device that is left (INCLUDE_PCI_ALL).',

  S069:
    'Two I/O APICs have one id or one source id. The firmware\'s table names them by their id, and the unit '
    + 'verifies their requests by the source id.',

  S070:
    'A range ends before it begins. Ranges are written as a kernel log has them: both ends belong to '
    + 'them.',
  S071:
    'An address or range is not made of whole pages of 4 KiB: a range begins at a multiple of '
    + '0x1000 and ends one byte before another.',
  S072:
    'Two memory ranges overlap. The memory map says for each address once what is there.',
  S073:
    'The crash kernel\'s memory is not inside one memory range.',
  S074:
    'The crash kernel\'s memory begins below 1 MiB, where it cannot be reserved.',
  S075:
    'The register page of the unit lies in memory. An access there would be to both.',
  S076:
    'An address is beyond the host address width of the platform.',
  S077:
    'A buffer is larger than 16 MiB. A run writes a page-table entry for each of its pages.',

  S078:
    'A device is given more than sixteen buffers to go on using after the crash. Its model holds '
    + 'no more.',

  S079:
    'A window of the host bridge lies in memory. What the bridge passes on to PCI is not memory.',

  S080:
    'There is no claim: without `never`, `sometimes` or `always` there is nothing to check.',
  S081:
    'No moment is both after and before the given phases, so the claim would say nothing.',
  S082:
    'The scope does not apply to what the claim is about: `reason` goes with `fault` only, '
    + 'and a claim about the log can be limited by `after` and `before` only.',
  S083:
    'A crashed kernel that is simulated maps its memory with `map`; one that left an image behind has '
    + 'mapped it already, and `buffer NAME ADDRESS SIZE on DEVICE` says what of it is in use.',
  S084:
    'The image of the hardware cannot be read. It is a file of JSON, plain or gzipped, with the '
    + 'registers of the unit and the pages that its tables reach; its name is relative to the scenario.',
  S085:
    'The image of the hardware is not from the machine that the scenario describes: a page lies where '
    + 'it has no memory, its unit reads other capabilities, or there are several units.',
  S086:
    'CAP and ECAP are not those of any unit that the model can be: it needs a width of tables, and the '
    + 'places of its registers inside its page, apart from each other.',
  S087:
    'An order is a list of actors with slashes between them, each with the way in which it acts where '
    + 'there are several, and with a run length: `cpu*120/hpsa.outstanding0:15/dma16*8`.',
  S088:
    'A BAR lies in memory, or a BAR or an RMRR shares addresses with a BAR, with the registers of a unit or '
    + 'with another RMRR. One thing answers at an address. An RMRR may lie in memory, and devices may share '
    + 'one as a whole.',
  S089:
    'A kernel probes a device that it has probed before. Its driver is bound by then.',

  S090:
    'A probe of a device whose model has no driver. Such a device keeps the context entry that was '
    + 'copied for it, and goes on with what it was told before the crash.',
  S091:
    'A request for a device that is not a disk. What other devices do, they do by themselves, or by '
    + '`map` and `dma`.',
  S092:
    'A request for a device that this kernel has not probed: it has no queues yet.',
  S093:
    'A request moves at most 64 KiB, in whole sectors of 512 bytes.',
  S094:
    'A BAR is smaller than what the model of the device answers, so that its driver would write to '
    + 'registers that are not there.',

  S100:
    'The buses of a bridge are those below it: from its secondary to its subordinate bus, all behind the '
    + 'bus that the bridge itself is on.',
  S101:
    'The buses of two bridges cross. A bus is below one bridge, which may be below another.',
  S102:
    'The alias of a device is the source id of a device or bridge of the scenario. An alias is an id that '
    + 'nobody has: a function that the device does not have, but puts on its requests.',
  S103:
    'Two units name one device in their scopes, or one names it twice.',
  S104:
    'A unit names a device that no block describes.',
} as const satisfies Record<string, string>;

export type DiagnosticCode = keyof typeof table;

/** A map, because the key may be what a user typed. */
export const diagnosticExplanations: ReadonlyMap<string, string> = new Map(Object.entries(table));
