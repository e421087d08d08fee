/** What a person typed cannot be: one line says what is wrong and what to do. Exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** It was asked for rightly and did not work, or a check found a violation: one line says why. Exit status 1. */
export class Failure extends Error {
  override readonly name = "Failure";
}

/** Exit statuses of every command. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;
