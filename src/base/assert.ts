/** A broken promise of our own code. Never raised for anything a user or a scenario can do. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}

/** Stays on in production: a simulator that goes on after a broken invariant produces fiction. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/**
 * The failing half of an assertion, for conditions that are tested often: `if (…) fail(`…`)` makes its
 * message only when it is needed.
 */
export function fail(message: string): never {
  throw new AssertionFailure(message);
}

/** The scenario needs more than the model has; what the run showed so far decides nothing. */
export class BeyondModel extends Error {
  override readonly name = 'BeyondModel';
}

/** For what a scenario can bring about and the model cannot follow: the run ends as undecided. */
export function beyondModel(what: string): never {
  throw new BeyondModel(what);
}

/** The default arm of a switch over a union: a compile error as soon as a member is not handled. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`unreachable case: ${JSON.stringify(value)}`);
}
