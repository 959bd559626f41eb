/** What is wrong with a file of a capture, and where. */
export interface CaptureProblem {
  readonly file: string;
  /** From one; null where the file as a whole is meant. */
  readonly line: number | null;
  readonly message: string;
}

/** Thrown inside this folder only; a reader of a whole capture turns it into a value. */
export class CaptureFault extends Error {
  readonly problem: CaptureProblem;

  constructor(file: string, line: number | null, message: string) {
    super(message);
    this.problem = { file, line, message };
  }
}
