import { SwitchbackError } from '../../runbook/errors.ts';
import { onAbort } from '../on-abort.ts';

export interface DeadlineOptions {
  /** Longest wait, in milliseconds. */
  deadlineMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * Runs an action against a clock of our own. A request to a daemon can hang for ever (a body cut half-way, a daemon that dies
 * while it answers), even with the client's own timeout, so the answer is raced, not awaited.
 * Throws `Unreachable` after the deadline, and the signal's reason when it is aborted. The action's own signal fires when it failed or lost
 * the race; an answer that is a stream lives on.
 */
export async function withDeadline<T>(
  what: string,
  options: DeadlineOptions,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { deadlineMs, signal } = options;
  signal?.throwIfAborted();
  const inner = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let leave: (() => void) | undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(
        new SwitchbackError('Unreachable', `${what}: no answer within ${deadlineMs / 1000} s`, {
          hint: 'Look whether the Docker daemon answers: `docker info`.',
        }),
      );
    }, deadlineMs);
    leave = onAbort(signal, () => reject(signal?.reason));
  });
  const running = action(inner.signal);
  // When the race is lost, the late failure of the request has nobody left who wants to hear it.
  running.catch(() => undefined);
  try {
    return await Promise.race([running, stopped]);
  } catch (error) {
    inner.abort();
    throw error;
  } finally {
    clearTimeout(timer);
    leave?.();
  }
}

/** Waits, or throws the signal's reason at once when it is aborted. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const leave = onAbort(signal, () => {
      clearTimeout(timer);
      reject(signal?.reason);
    });
    const timer = setTimeout(() => {
      leave();
      resolve();
    }, milliseconds);
  });
}
