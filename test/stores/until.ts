import { setTimeout as pause } from 'node:timers/promises';

/** Waits for a state, looking again and again. Throws when it does not come within half a minute. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`it did not come to this: ${what}`);
    await pause(10);
  }
}
