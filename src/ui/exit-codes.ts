/** One table of exit codes that serves shells, CI and `git bisect run`. */
export const exitCode = {
  /** Every claim holds. */
  ok: 0,
  /** A claim does not hold, or holds only because nothing happened. */
  violated: 1,
  /** The run did not come to an end within its limits: cannot tell. */
  undecided: 125,
  /** The command line or a scenario file is wrong. */
  usage: 129,
  /** The results could not be written (a full disk): EX_IOERR of sysexits. */
  unwritten: 74,
  /** An assertion of ours failed. */
  internal: 134,
} as const;

/** The graver of two codes, for commands over several files. */
export function worse(left: number, right: number): number {
  return Math.max(left, right);
}
