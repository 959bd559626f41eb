/**
 * The consoles of both kernels: each line behind the host's time in seconds. A serial port loses
 * characters now and then; the capture kernel's log is read out once more at the end.
 */
export interface KernelConsole {
  /** The line after `Linux version `, as far as it came through. */
  readonly version: string;
  /** Lines without their time stamps, in order. */
  readonly lines: readonly string[];
  /** Whether the lines are those of the log, read out at the end, and not of the serial port as they came. */
  readonly isLog: boolean;
}

export interface Consoles {
  readonly first: KernelConsole;
  readonly capture: KernelConsole;
  /** The capture kernel on the serial port, for what is told outside its log. */
  readonly captureSerial: readonly string[];
}

const lineLimit = 200_000;
const versionLine = /Linux version (\S.*)$/;
const hostTime = /^\d{1,12}\.\d{1,9} /;
const kernelTime = /^\[ *\d+\.\d+\] ?/;
/** The capture kernel's user space reads its log out behind this mark. */
const repeated = 'RIGDMESG ';

/** The consoles, or what is wrong with the file. */
export function readConsoles(text: string): Consoles | string {
  const all = text.split('\n', lineLimit).map((line) => line.replace(/\r$/, '').replace(hostTime, ''));
  const starts = all.flatMap((line, index) => (!line.startsWith(repeated) && versionLine.test(line) ? [index] : []));
  const [first, second] = starts;
  if (first === undefined) return 'has no line `Linux version`: no kernel is heard of';
  if (second === undefined) return 'has one line `Linux version` only: no capture kernel is heard of';
  const log = all.filter((line) => line.startsWith(repeated)).map((line) => line.slice(repeated.length));
  const serial = all.slice(second).filter((line) => !line.startsWith(repeated));
  const isLog = log.length > 0;
  return {
    first: { version: versionOf(all[first]), lines: stripped(all.slice(first, second)), isLog: false },
    capture: { version: versionOf(all[second]), lines: stripped(isLog ? log : serial), isLog },
    captureSerial: stripped(serial),
  };
}

function versionOf(line: string | undefined): string {
  return versionLine.exec(line ?? '')?.[1] ?? '';
}

function stripped(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.replace(kernelTime, ''));
}
