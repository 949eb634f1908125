/** What was typed cannot be meant: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  constructor(
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** Ctrl-C: exit code 130. What runs on the server goes on. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
