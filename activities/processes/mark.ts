import { AsyncLocalStorage } from 'node:async_hooks';

/** Variables that every child process of an operation carries, so that a successor finds it after the worker was killed. */
export const operationVariable = 'SWITCHBACK_OPERATION';
export const attemptVariable = 'SWITCHBACK_ATTEMPT';

export interface ProcessMark {
  /** `TARGET/RUN/OPERATION`. */
  operation: string;
  attempt: number;
}

const current = new AsyncLocalStorage<ProcessMark>();

/** Runs work whose child processes carry the mark of an operation's attempt. */
export function runMarked<T>(mark: ProcessMark, work: () => Promise<T>): Promise<T> {
  return current.run(mark, work);
}

/** The mark as environment variables; empty outside of an operation. */
export function markVariables(): Record<string, string> {
  const mark = current.getStore();
  return mark ? { [operationVariable]: mark.operation, [attemptVariable]: String(mark.attempt) } : {};
}
